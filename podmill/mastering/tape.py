"""Sound that is pulled, as many frames at a time as are wanted."""

from collections.abc import Callable, Iterator

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


def looped(opened: Opener, frames: int, fade: int, channels: int) -> Iterator[Samples]:
    """A sound again and again without an end; ``fade`` frames of its end and its new beginning are heard together.

    Their powers add up to one, as those of two different passages of music must for none to stand out.

    Args:
        frames: its length; at least twice ``fade``.
    """
    share = (np.arange(fade) + 0.5) / fade
    up, down = rising(share)[:, None], rising(1 - share)[:, None]
    ending: Samples | None = None
    while True:
        blocks = opened()
        beginning = Tape(blocks, channels)
        head = beginning.take(fade)
        yield head if ending is None else head * up + ending * down
        left = frames - 2 * fade
        while left:
            block = beginning.take(min(left, BLOCK))
            left -= len(block)
            yield block
        ending = beginning.take(fade)


def rising(share: Numbers) -> Samples:
    """Gain of what is faded in, by how much of the fade is over; the other way round it falls, of equal power."""
    return np.sin(np.clip(share, 0, 1) * (np.pi / 2)).astype(np.float32)
