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
        players = [_Player(track, self.channels) for track in self.tracks]
        for start in range(0, self.frames, BLOCK):
            block = np.zeros((min(BLOCK, self.frames - start), self.channels), np.float32)
            for player in players:
                player.add_to(block, start)
            yield block


class _Player:
    """Plays a track; its file is open from the first stretch to the last."""

    def __init__(self, track: Track, channels: int) -> None:
        self._track, self._channels = track, channels
        self._tape: Tape | None = None

    def add_to(self, block: Samples, start: int) -> None:
        """Add what is heard of it in a block that begins at ``start``; blocks come in order."""
        for span in self._track.spans:
            first, end = max(span.start, start), min(span.end, start + len(block))
            if first < end:
                self._tape = self._tape or Tape(self._track.opened(), self._channels)
                block[first - start : end - start] += self._tape.take(end - first) * self._gains(span, first, end)
        if self._tape and self._track.spans[-1].end <= start + len(block):
            self._tape = None

    def _gains(self, span: Span, first: int, end: int) -> Samples:
        gains, gain = _fading(span, first, end), self._track.gain
        gains *= (
            gain(np.arange(first, end, dtype=np.float64)).astype(np.float32) if callable(gain) else np.float32(gain)
        )
        return gains[:, None]


def _fading(span: Span, first: int, end: int) -> Samples:
    """Gains of some frames of a span: up at its beginning, down at its end."""
    gains = np.ones(end - first, np.float32)
    if first < span.start + span.fade_in:
        gains *= rising((np.arange(first, end) + 0.5 - span.start) / span.fade_in)
    if end > span.end - span.fade_out:
        gains *= rising((span.end - 0.5 - np.arange(first, end)) / span.fade_out)
    return gains
