"""A passage: the line and two seconds around it, no more of it in memory than is heard."""

import io
from pathlib import Path

import pytest
import soundfile

from podmill.errors import InputError, StoreError
from podmill.review import passage
from podmill.review.passage import cut
from podmill.store.local import LocalStore
from tests import reviews


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


@pytest.mark.parametrize(("line", "length_s"), [(0, 5.0), (1, 7.0), (2, 5.0)])
def test_a_line_and_what_is_around_it(store: LocalStore, tmp_path: Path, line: int, length_s: float) -> None:
    """As far as there is something around it."""
    samples, rate_hz = soundfile.read(io.BytesIO(cut(reviews.record(store, tmp_path), line, store)))

    assert (len(samples) / rate_hz, rate_hz) == (length_s, reviews.RATE_HZ)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3"])
def test_kinds_of_file(store: LocalStore, tmp_path: Path, suffix: str) -> None:
    """By the ending of the name."""
    sound = cut(reviews.record(store, tmp_path), 1, store, suffix=suffix)

    assert soundfile.info(io.BytesIO(sound)).format == suffix[1:].upper()


def test_it_is_bounded(store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line may be as long as a person likes."""
    monkeypatch.setattr(passage, "LONGEST_S", 1.5)
    samples, rate_hz = soundfile.read(io.BytesIO(cut(reviews.record(store, tmp_path), 1, store)))

    assert len(samples) / rate_hz == 1.5


def test_what_cannot_be_cut(store: LocalStore, tmp_path: Path) -> None:
    """A line that is not there, a kind that is unknown, a recording that is gone."""
    recording = reviews.record(store, tmp_path)
    with pytest.raises(InputError, match="Line 4"):
        cut(recording, 3, store)
    with pytest.raises(InputError, match=r"'\.xyz'"):
        cut(recording, 0, store, suffix=".xyz")
    store.path(recording.sound).unlink()
    with pytest.raises(StoreError):
        cut(recording, 0, store)
