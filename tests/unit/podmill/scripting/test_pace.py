"""How long lines take."""

import pytest

from models.documents import Artifact
from models.recording import LineTime, Recording
from models.script import Line, Script
from podmill.scripting.pace import ELSEWHERE_PER_S, USUAL, measured, rates_of, speaking_s
from tests.dossiers import CAST


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


def test_a_slow_voice_takes_longer() -> None:
    """Half the characters a second, twice the time, pauses left out."""
    usual_s = speaking_s([line("a" * 186)], {}) - speaking_s([line("")])
    slow_s = speaking_s([line("a" * 186)], {"S1": 9.3}) - speaking_s([line("")])

    assert slow_s == pytest.approx(2 * usual_s)


def recording(voice: str, seconds: float) -> Recording:
    time = LineTime(index=0, start_s=1.0, end_s=1.0 + seconds, take="t", voice=voice)
    audio = Artifact(sha256="0" * 64, size_bytes=1)
    return Recording(audio=audio, sample_rate_hz=1, channels=1, duration_s=seconds, lines=(time,), requests=1)


def script(characters: int) -> Script:
    lines = (line("a" * characters),)
    return Script(
        title="t", summary="", language="en", chapters=(), lines=lines, speakers={}, writer="offline", estimated_s=1
    )


def test_the_rate_of_a_voice() -> None:
    """Over all recordings in the language; a voice heard for less than a minute, or at a rate nobody speaks, is not."""
    assert measured([(script(900), recording("v", 60))], "de") == {}
    assert measured([(script(600), recording("v", 40)), (script(900), recording("v", 60))], "en") == {"v": 15.0}
    assert measured([(script(600), recording("v", 59))], "en") == {}
    assert measured([(script(60), recording("v", 90))], "en") == {}


def test_the_rate_of_a_cast() -> None:
    """As measured; of a voice never heard that of its engine; of an engine never heard slower than local voices."""
    voices = ("a:x", "piper:joe", "b:y")
    cast = [member.model_copy(update={"voice": voice}) for member, voice in zip(CAST, voices, strict=False)]

    assert rates_of(cast, {"a:x": 12.0}) == {"S1": 12.0, "S2": USUAL["piper"], "S3": ELSEWHERE_PER_S}
    assert ELSEWHERE_PER_S < min(USUAL.values())
