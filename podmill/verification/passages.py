"""Cutting a recording where nobody speaks, so that it can be heard piece by piece."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from models.recording import LineTime
from podmill.errors import TranscriberError
from podmill.verification.transcriber import SAMPLE_RATE_HZ, WINDOW_MAX_S

PAD_S: Final = 0.5
"""Silence kept around a passage; line times may be off by a few tenths of a second."""

LATER_S: Final = 0.1
"""Enough to be heard anew: of 120 sound lines two numbers were misheard alone, and neither once more."""

_HOP_S: Final = 0.05
_CUT_FROM_S: Final = 18.0
"""A line longer than a window is cut at the quietest moment from here on."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Whole lines that follow one another, and the stretch of the recording that holds them, in seconds."""

    lines: tuple[LineTime, ...]
    start_s: float
    end_s: float


def alone(lines: Sequence[LineTime], duration_s: float) -> list[Passage]:
    """One passage for every line, in the order of time. Borders lie in the middle of the pauses."""
    ordered = sorted((line for line in lines if line.end_s > line.start_s), key=lambda line: line.start_s)
    pauses = [(before.end_s + after.start_s) / 2 for before, after in pairwise(ordered)]
    return [
        Passage((line,), max(left, line.start_s - PAD_S), min(right, line.end_s + PAD_S))
        for line, left, right in zip(ordered, (0.0, *pauses), (*pauses, duration_s), strict=False)
    ]


def together(singles: Iterable[Passage]) -> list[Passage]:
    """As few passages as fit the window: the cost of hearing is by window, not by second."""
    joined: list[Passage] = []
    for single in singles:
        if joined and single.end_s - joined[-1].start_s <= WINDOW_MAX_S:
            last = joined.pop()
            single = Passage(last.lines + single.lines, last.start_s, single.end_s)  # noqa: PLW2901
        joined.append(single)
    return joined


def later(single: Passage) -> Passage:
    """The same, begun a moment later, within the pause before it."""
    pause_s = max(0.0, single.lines[0].start_s - single.start_s)
    return replace(single, start_s=single.start_s + min(LATER_S, pause_s / 2))


def windows(audio: Path, passage: Passage) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """The audio of a passage as 16 kHz mono, one window at a time, with the second each window starts at.

    Memory is that of one window, whatever the length of the recording.

    Raises:
        TranscriberError: the file cannot be read.
    """
    try:
        with soundfile.SoundFile(audio) as file:
            position_s = passage.start_s
            while passage.end_s - position_s > _HOP_S:
                samples = _read(file, position_s, min(position_s + WINDOW_MAX_S, passage.end_s))
                if not len(samples):
                    return
                if passage.end_s - position_s > WINDOW_MAX_S and len(samples) > (WINDOW_MAX_S - 1) * SAMPLE_RATE_HZ:
                    samples = samples[: _quietest(samples)]
                yield position_s, samples
                position_s += len(samples) / SAMPLE_RATE_HZ
    except soundfile.SoundFileError as exc:
        raise TranscriberError(f"The recording cannot be read: {exc}", action="Run: podmill retry") from exc


def _read(file: soundfile.SoundFile, start_s: float, end_s: float) -> NDArray[np.float32]:
    first = min(round(start_s * file.samplerate), file.frames)
    file.seek(first)
    frames = file.read(round(end_s * file.samplerate) - first, dtype="float32", always_2d=True)
    mono = frames.mean(axis=1, dtype=np.float32)
    resampled: NDArray[np.float32] = soxr.resample(mono, file.samplerate, SAMPLE_RATE_HZ)
    return resampled


def _quietest(samples: NDArray[np.float32]) -> int:
    """Index of the quietest moment in the last third of a full window."""
    hop = round(_HOP_S * SAMPLE_RATE_HZ)
    first = round(_CUT_FROM_S * SAMPLE_RATE_HZ)
    hops = samples[first : first + (len(samples) - first) // hop * hop].reshape(-1, hop)
    around = np.convolve(np.square(hops).sum(axis=1), np.ones(3), mode="valid")
    return first + (int(np.argmin(around)) + 1) * hop + hop // 2
