"""Personas in batch files."""

from pathlib import Path

import pytest

from podmill.briefs.reading import read_submission
from podmill.briefs.rows import cast_members
from podmill.errors import InputError
from podmill.settings import Settings

BATCH = """
defaults:
  cast:
    - name: Ana
      persona: |
        A retired captain,
        dry and exact.
    - {name: Ben, voice: "piper:joe"}
episodes:
  - topic: Tides
    sources: [tides.md]
    writer: gemini
"""


def test_a_cast_with_personas(tmp_path: Path) -> None:
    """A member that says who they are keeps it, on one line; others have none. The writer is the one that was named."""
    (tmp_path / "tides.md").write_text("# Tides\n\nThe Moon is the main cause of the tides.\n")
    (tmp_path / "batch.yaml").write_text(BATCH)
    episode = read_submission(tmp_path / "batch.yaml", Settings(home=tmp_path)).episodes[0]

    assert episode.cast
    members = cast_members(episode.cast)
    assert [member.persona for member in members] == ["A retired captain, dry and exact.", None]
    assert episode.writer == "gemini"


def test_a_cast_with_voices_of_other_engines(tmp_path: Path) -> None:
    """A voice for each engine that may stand in; an engine that does not exist is named, with what was meant."""
    (tmp_path / "tides.md").write_text("# Tides\n\nThe Moon is the main cause of the tides.\n")
    voices = "{minimax: English_Graceful_Lady, azure: en-US-AvaMultilingualNeural}"
    cast = f'- {{name: Ben, voice: "piper:joe", voices: {voices}}}'
    (tmp_path / "batch.yaml").write_text(BATCH.replace('- {name: Ben, voice: "piper:joe"}', cast))
    episode = read_submission(tmp_path / "batch.yaml", Settings(home=tmp_path)).episodes[0]
    assert episode.cast
    assert [member.voices for member in cast_members(episode.cast)] == [
        (),
        ("minimax:English_Graceful_Lady", "azure:en-US-AvaMultilingualNeural"),
    ]

    (tmp_path / "batch.yaml").write_text(
        BATCH.replace('- {name: Ben, voice: "piper:joe"}', cast.replace("minimax", "minmax"))
    )
    with pytest.raises(InputError, match="Did you mean 'minimax'"):
        read_submission(tmp_path / "batch.yaml", Settings(home=tmp_path), strict=True)


def test_a_field_that_casts_do_not_have(tmp_path: Path) -> None:
    """What is misspelt is named, with what was meant."""
    (tmp_path / "tides.md").write_text("# Tides\n\nThe Moon is the main cause of the tides.\n")
    (tmp_path / "batch.yaml").write_text(BATCH.replace("persona:", "personna:"))
    with pytest.raises(InputError, match="Did you mean 'persona'"):
        read_submission(tmp_path / "batch.yaml", Settings(home=tmp_path), strict=True)
