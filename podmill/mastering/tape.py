"""Sound that is pulled, as many frames at a time as are wanted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from podmill.mastering.meter import Numbers, Samples
from podmill.mastering.source import BLOCK

Opener = Callable[[], Iterator[Samples]]
"""Begins a sound: its blocks, frames by channels."""


class Tape:
    """A sound that is played once, from its beginning; silence follows its end."""

    def __init__(self, blocks: Iterator[Samples], channels: int) -> None:
        self._blocks = blocks
        self._pending = np.zeros((0, channels), np.float32)

    def take(self, frames: int) -> Samples:
        """The next frames."""
        parts, wanted = [self._pending[:frames]], frames
        wanted -= len(parts[0])
        self._pending = self._pending[frames:]
        while wanted and (block := next(self._blocks, None)) is not None:
            parts.append(block[:wanted])
            self._pending = block[wanted:]
            wanted -= len(parts[-1])
        taken = np.concatenate(parts)
        return np.pad(taken, ((0, wanted), (0, 0))) if wanted else taken


@dataclass(frozen=True, slots=True)
class Loop:
    """A sound again and again; ``fade`` frames of its end and its new beginning are heard together.

    Their powers add up to one, as those of two different passages of music must for neither to stand out.
    """

    opened: Opener
    frames: int
    """Of the sound; at least twice ``fade``."""
    fade: int
    channels: int

    def blocks(self) -> Iterator[Samples]:
        """Without an end."""
        ending: Samples | None = None
        while True:
            tape = Tape(self.opened(), self.channels)
            yield from self._round(tape, ending)
            ending = tape.take(self.fade)

    def once(self) -> Iterator[Samples]:
        """All that is ever heard of it: from its beginning until it has begun anew."""
        tape = Tape(self.blocks(), self.channels)
        for start in range(0, self.frames, BLOCK):
            yield tape.take(min(BLOCK, self.frames - start))

    def _round(self, tape: Tape, ending: Samples | None) -> Iterator[Samples]:
        head = tape.take(self.fade)
        if ending is not None:
            share = (np.arange(self.fade) + 0.5) / self.fade
            head = head * rising(share)[:, None] + ending * rising(1 - share)[:, None]
        yield head
        for start in range(0, self.frames - 2 * self.fade, BLOCK):
            yield tape.take(min(BLOCK, self.frames - 2 * self.fade - start))


def rising(share: Numbers) -> Samples:
    """Gain of what is faded in, by how much of the fade is over; the other way round it falls, of equal power."""
    return np.sin(np.clip(share, 0, 1) * (np.pi / 2)).astype(np.float32)
