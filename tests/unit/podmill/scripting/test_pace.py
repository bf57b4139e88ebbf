"""How long lines take."""

import pytest

from models.script import Line
from podmill.scripting.pace import speaking_s


def line(spoken: str) -> Line:
    return Line(index=0, speaker="S1", text=spoken, spoken=spoken, chapter=0)


def test_measured_scripts() -> None:
    """Three episodes that Piper spoke, and the seconds of the joined recordings: within four per cent."""
    for characters, lines, measured_s in ((841, 9, 50.0), (1974, 22, 114.2), (2127, 21, 121.3)):
        text = "a" * (characters // lines)
        assert speaking_s([line(text)] * lines) == pytest.approx(measured_s, rel=0.04)


def test_wide_scripts_are_slower() -> None:
    """A Chinese character takes as long as several letters."""
    assert speaking_s([line("测试" * 50)]) > 2 * speaking_s([line("ab" * 50)])
