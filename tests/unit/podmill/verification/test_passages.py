"""Cutting a recording where nobody speaks."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from models.recording import LineTime
from podmill.errors import TranscriberError
from podmill.verification.passages import Passage, alone, later, together, windows
from podmill.verification.transcriber import SAMPLE_RATE_HZ, WINDOW_MAX_S


def line(index: int, start_s: float, end_s: float) -> LineTime:
    return LineTime(index=index, start_s=start_s, end_s=end_s, take="t", voice="v")


def times(lengths: list[tuple[float, float]]) -> tuple[list[LineTime], float]:
    lines, now = [], 0.0
    for index, (spoken_s, pause_s) in enumerate(lengths):
        lines.append(line(index, now, now + spoken_s))
        now += spoken_s + pause_s
    return lines, now


def test_a_line_is_heard_anew_a_moment_later() -> None:
    """Within the pause before it, as long as there is one; its end stays."""
    long, short, none = (Passage((line(0, start_s, 9.0),), 1.0, 9.5) for start_s in (2.0, 1.1, 1.0))

    assert later(long) == Passage(long.lines, 1.1, 9.5)
    assert later(short) == Passage(short.lines, pytest.approx(1.05), 9.5)
    assert later(none) == none


@given(st.lists(st.tuples(st.floats(0.2, 40), st.floats(0, 5)), min_size=1, max_size=30))
def test_passages_hold_every_line_whole_and_once(lengths: list[tuple[float, float]]) -> None:
    """In order, never overlapping, and none longer than a window unless one line is."""
    lines, duration_s = times(lengths)

    passages = together(alone(lines, duration_s))

    assert lines == [one for passage in passages for one in passage.lines]
    for passage in passages:
        assert passage.start_s <= passage.lines[0].start_s
        assert passage.end_s >= passage.lines[-1].end_s - 1e-9
        assert len(passage.lines) == 1 or passage.end_s - passage.start_s <= WINDOW_MAX_S
    for before, after in itertools.pairwise(passages):
        assert before.end_s <= after.start_s + 1e-9


def test_lines_without_time_are_in_no_passage() -> None:
    """A line of no length cannot be heard."""
    assert [[one.index for one in p.lines] for p in together(alone([line(0, 3, 3), line(1, 3, 5)], 6))] == [[1]]


def test_no_lines_no_passages() -> None:
    """An empty recording is not an error here."""
    assert together(alone([], 0.0)) == []


@pytest.fixture
def long_line(tmp_path: Path) -> Path:
    """Seventy seconds of stereo noise at 22.05 kHz that falls silent for 0.3 s at 24, 47 and 68 s."""
    rate = 22050
    noise = np.random.default_rng(7).uniform(-0.3, 0.3, (70 * rate, 2)).astype(np.float32)
    for second in (24, 47, 68):
        noise[second * rate : round((second + 0.3) * rate)] = 0
    path = tmp_path / "long.flac"
    soundfile.write(path, noise, rate)
    return path


def test_a_line_longer_than_a_window_is_cut_in_its_pauses(long_line: Path) -> None:
    """Windows follow one another without a gap, each within the limit, cut where it is quiet."""
    found = list(windows(long_line, Passage((line(0, 0, 70),), 0.0, 70.0)))

    starts = [start_s for start_s, _ in found]
    assert starts == pytest.approx([0.0, 24.15, 47.15], abs=0.15)
    assert all(len(samples) <= WINDOW_MAX_S * SAMPLE_RATE_HZ for _, samples in found)
    assert sum(len(samples) for _, samples in found) == pytest.approx(70 * SAMPLE_RATE_HZ, abs=4)
    assert all(samples.dtype == np.float32 and samples.ndim == 1 for _, samples in found)


def test_a_passage_beyond_the_file_gives_what_there_is(long_line: Path) -> None:
    """A recording shorter than it says is heard to its end; the rest will be missing."""
    found = list(windows(long_line, Passage((line(0, 69, 120),), 69.0, 120.0)))

    assert [(start_s, len(samples)) for start_s, samples in found] == [(69.0, SAMPLE_RATE_HZ)]


def test_a_damaged_file_is_explained(tmp_path: Path) -> None:
    """Bytes that are no audio name what to do, without a traceback of the library."""
    path = tmp_path / "broken.flac"
    path.write_bytes(b"fLaC but not really")

    with pytest.raises(TranscriberError, match="cannot be read"):
        list(windows(path, Passage((line(0, 0, 1),), 0.0, 1.0)))
