"""Whether every line is in its voice, and every voice the one that listeners know."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import soundfile

from models.recording import LineTime
from podmill.quality import voices
from podmill.quality.hearing import stretch
from podmill.quality.mel import RATE_HZ
from podmill.quality.voices import Embedding

LINE_MAX_S: Final = 20.0
"""Heard of a line, from its beginning: what bounds memory, and more does not tell more of a voice."""
PARTIAL_S: Final = 1.6
"""Shorter speech is repeated up to here: the network was never trained on less."""

LEVEL: Final = 0.1
"""RMS at which every line is heard, -20 dBFS: how loud a line is must not make it another voice. Of -30, -26, -20 and
-15 dBFS this told the voices below apart best."""

APART: Final = 0.85
"""Cosine of two voices from which on lines are not told apart by which of them they are nearer to."""
NEARER: Final = 0.05
"""By so much a line must be nearer to another voice of the cast to be in that one."""
STRANGE: Final = ((1.5, 0.82), (0.8, 0.75))
"""Seconds of speech from which on, and cosine to its own voice below which, a line is in a voice that nobody has.

Of 48 lines in six voices (four of Kokoro, Piper's joe as it is and lower), 21 November 2026: lines of 1.5 s and more
were like their own voice by 0.88 to 0.97 and like another by 0.76 at most; lines of 0.9 to 1.5 s by 0.79 to 0.91 and
0.71. Those of 0.4 to 0.7 s overlap, with 0.61 to 0.76 and 0.63: they are only compared with the rest of the cast."""
COUNTED_S: Final = 5.0
"""A line counts for its voice as so long at most: none is to make up the voice by itself."""
AVERAGED_MIN: Final = 5
"""Lines of 1.5 s and more from which on a voice is judged by their average: each is held against the others, and few of
them are not yet the voice. Drawn from 42 lines of Piper's joe, two were like each other by 0.84, and of five none was
below 0.90 (1,200 draws each, 21 November 2026)."""
_ROUNDS: Final = 3
"""In which a voice is found without the lines that are not in it."""


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """A line as its voice is heard."""

    index: int
    voice: str
    """``engine:voice`` that is said to have spoken it."""
    speech_s: float
    """Without pauses."""
    embedding: Embedding


def listen(file: soundfile.SoundFile, times: Iterable[LineTime]) -> Iterator[SpokenLine]:
    """Every line that has sound, one after another."""
    for time in times:
        speech = voices.without_pauses(stretch(file, time.start_s, min(time.end_s, time.start_s + LINE_MAX_S)))
        if not speech.any():
            continue
        seconds = len(speech) / RATE_HZ
        level = float(np.mean(np.square(speech, dtype=np.float64))) ** 0.5
        filled = np.resize(speech, max(len(speech), round(PARTIAL_S * RATE_HZ)))
        yield SpokenLine(time.index, time.voice, seconds, voices.embed(filled * np.float32(LEVEL / level)))


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice as it is heard in an episode."""

    embedding: Embedding
    """As most of its lines have it."""
    likeness: dict[int, float]
    """By line: its cosine to the rest of the voice. 1 where that is shorter than 1.5 s, and tells nothing."""
    kept: float | None
    """Likeness on average over its lines of 1.5 s and more, long ones counting for more; None where there are too few
    for it to say anything."""
    speech_s: float
    """Of all its lines."""


def voices_of(lines: Sequence[SpokenLine]) -> dict[str, Voice]:
    """Each voice, found without the lines that are not in it, however long they are."""
    return {name: _voice([line for line in lines if line.voice == name]) for name in {line.voice: 0 for line in lines}}


def strayed(lines: Sequence[SpokenLine], known: Mapping[str, Voice]) -> dict[int, str]:
    """Lines that are not in their voice, and the voice they are in instead; empty where nobody of the cast has it."""
    found = {}
    for line in lines:
        voice = known[line.voice]
        own = voice.likeness[line.index]
        others = {
            name: float(line.embedding @ other.embedding)
            for name, other in known.items()
            if name != line.voice and float(other.embedding @ voice.embedding) < APART
        }
        nearest = max(others, key=lambda name: others[name], default="")
        if nearest and others[nearest] > own + NEARER:
            found[line.index] = nearest if others[nearest] >= STRANGE[-1][1] else ""
        elif own < next((limit for from_s, limit in STRANGE if line.speech_s >= from_s), -1.0):
            found[line.index] = ""
    return found


def _voice(lines: Sequence[SpokenLine]) -> Voice:
    matrix = np.stack([line.embedding for line in lines])
    seconds = np.array([line.speech_s for line in lines], np.float32)
    weights = np.minimum(seconds, COUNTED_S)
    kept, likeness = weights, np.ones_like(weights)
    for _ in range(_ROUNDS):
        rest = kept @ matrix - kept[:, None] * matrix
        cosines = np.sum(matrix * rest, axis=1) / np.maximum(np.linalg.norm(rest, axis=1), 1e-9)
        likeness = np.where(kept.sum() - kept >= STRANGE[0][0], cosines, 1.0)
        near = likeness >= STRANGE[-1][1]
        kept = weights * near if near.any() else weights
    total = kept @ matrix
    by_line = {line.index: float(value) for line, value in zip(lines, likeness, strict=True)}
    long = seconds >= STRANGE[0][0]
    enough = np.count_nonzero(long) >= AVERAGED_MIN
    kept_by = float(np.average(likeness[long], weights=seconds[long])) if enough else None
    return Voice(total / np.linalg.norm(total), by_line, kept_by, float(seconds.sum()))
