"""Several sounds added up into one, block by block."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from podmill.mastering.meter import Numbers, Samples
from podmill.mastering.source import BLOCK
from podmill.mastering.tape import Opener, Tape, rising

Gain = Callable[[Numbers], Numbers]
"""Amplification at frames of the program."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a stretch of a sound is heard: frames on the clock of the program."""

    start: int
    frames: int
    fade_in: int = 0
    fade_out: int = 0

    @property
    def end(self) -> int:
        return self.start + self.frames


@dataclass(frozen=True, slots=True)
class Track:
    """A sound that is played in stretches, one after the other: each goes on where the one before it stopped."""

    opened: Opener
    spans: tuple[Span, ...]
    """In order; none over the next."""
    gain: Gain | float = 1.0


@dataclass(frozen=True, slots=True)
class Mix:
    """The sum of its tracks; each iteration begins at its beginning and takes the memory of a few blocks a track."""

    tracks: tuple[Track, ...]
    frames: int
    channels: int

    def __iter__(self) -> Iterator[Samples]:
        players = [_player(track, self.channels) for track in self.tracks]
        for start in range(0, self.frames, BLOCK):
            sum_ = np.zeros((min(BLOCK, self.frames - start), self.channels), np.float32)
            for player in players:
                player(start, sum_)
            yield sum_


def _player(track: Track, channels: int) -> Callable[[int, Samples], None]:
    tape = Tape(track.opened(), channels)

    def add(start: int, sum_: Samples) -> None:
        for span in track.spans:
            first, end = max(span.start, start), min(span.end, start + len(sum_))
            if first < end:
                sound = tape.take(end - first) * _fading(span, first, end)[:, None]
                if callable(track.gain):
                    sound *= track.gain(np.arange(first, end, dtype=np.float64))[:, None].astype(np.float32)
                else:
                    sound *= np.float32(track.gain)
                sum_[first - start : end - start] += sound

    return add


def _fading(span: Span, first: int, end: int) -> Samples:
    """Gains of some frames of a span: up at its beginning, down at its end."""
    gains = np.ones(end - first, np.float32)
    if first < span.start + span.fade_in:
        gains *= rising((np.arange(first, end) + 0.5 - span.start) / span.fade_in)
    if end > span.end - span.fade_out:
        gains *= rising((span.end - 0.5 - np.arange(first, end)) / span.fade_out)
    return gains
