"""What dead workers leave is removed, what live ones use is not."""

import os
import time
from pathlib import Path

import pytest

from podcast_tasks.upkeep import ABANDONED_AFTER_S, remove_abandoned
from podmill.settings import Settings, load

TOKEN, OTHER = "a" * 32, "b" * 32


@pytest.fixture
def settings(podmill_home: Path) -> Settings:
    return load({"PODMILL_HOME": str(podmill_home)})[0]


def folder(settings: Settings, token: str) -> Path:
    made = settings.temp / f"11f0c1d2e3-synthesis-{token}"
    made.mkdir(parents=True)
    (made / "recording.flac").write_bytes(b"half")
    return made


def test_the_folder_of_a_lost_lease_is_removed(settings: Settings):
    """That of a live one stays; what is not a step run's is nobody's business here."""
    live, dead = folder(settings, TOKEN), folder(settings, OTHER)
    foreign = settings.temp / "notes"
    foreign.mkdir()
    remove_abandoned(settings, lambda: {TOKEN})

    assert live.exists()
    assert not dead.exists()
    assert foreign.exists()


def test_a_passage_that_nobody_could_play_is_removed(settings: Settings, caplog: pytest.LogCaptureFixture):
    """Once, when it is old; it is no folder of a step run."""
    settings.temp.mkdir(parents=True)
    old, young = settings.temp / "review-12-line-3.wav", settings.temp / "review-12-line-4.wav"
    for path in (old, young):
        path.write_bytes(b"sound")
    moment = time.time() - ABANDONED_AFTER_S - 1
    os.utime(old, (moment, moment))
    with caplog.at_level("INFO"):
        remove_abandoned(settings, set)

    assert (old.exists(), young.exists(), caplog.messages) == (False, True, [])


def test_a_folder_made_while_the_database_is_asked_stays(settings: Settings):
    """A step that is claimed just now is not in the answer, and not among the folders either."""
    dead = folder(settings, OTHER)
    new: list[Path] = []

    def ask() -> set[str]:
        new.append(folder(settings, TOKEN))
        return set()

    remove_abandoned(settings, ask)

    assert not dead.exists()
    assert new[0].exists()


def test_a_half_written_artifact_is_removed_when_it_is_old(settings: Settings):
    """A young one may be growing."""
    settings.store_dir.mkdir()
    old, young = settings.store_dir / ".incoming-old", settings.store_dir / ".incoming-young"
    for path in (old, young):
        path.write_bytes(b"half")
    moment = time.time() - ABANDONED_AFTER_S - 1
    os.utime(old, (moment, moment))
    remove_abandoned(settings, set)

    assert not old.exists()
    assert young.exists()
