"""Submission: what a request becomes."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipelines.batch import brief_of
from podmill.briefs import read_submission
from podmill.settings import Settings


@pytest.mark.parametrize(
    ("name", "text", "topic"),
    [
        ("why_it_rains.txt", "[S1] Why does it rain?\n[S2] Clouds grow heavy.\n", "Why it rains"),
        ("rain.md", "# Rain\n\nRain is water that falls from clouds.\n", None),
    ],
)
def test_a_script_is_called_as_its_file(
    engine: Engine, settings: Settings, show: str, tmp_path: Path, name: str, text: str, topic: str | None
) -> None:
    """A script need not have a heading; a document's subject is found by research."""
    (tmp_path / name).write_text(text)
    (request,) = read_submission(tmp_path / name, settings, show=show).episodes
    assert brief_of(engine, request, settings).topic == topic
