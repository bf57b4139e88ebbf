"""Sound that is pulled, and sound that begins anew."""

from collections.abc import Iterator

import numpy as np
import pytest

from podmill.mastering.meter import Samples
from podmill.mastering.tape import Loop, Tape


def numbered(count: int, block: int) -> Iterator[Samples]:
    frames = np.arange(1, count + 1, dtype=np.float32)[:, None]
    yield from (frames[first : first + block] for first in range(0, count, block))


@pytest.mark.parametrize("block", [1, 3, 100])
def test_any_number_of_frames_from_blocks_of_any_size(block: int):
    """In order, none twice; silence once it is over."""
    tape = Tape(numbered(10, block), 1)
    taken = [tape.take(frames)[:, 0].tolist() for frames in (1, 0, 4, 7, 2)]
    assert taken == [[1], [], [2, 3, 4, 5], [6, 7, 8, 9, 10, 0, 0], [0, 0]]


@pytest.mark.parametrize("fade", [0, 3, 5])
def test_a_loop_is_its_sound_but_for_the_seam(fade: int):
    """The same frames each time round; where end and beginning meet, their gains have the power of one."""
    loop = Loop(lambda: numbered(10, 4), 10, fade, 1)
    heard = Tape(loop.blocks(), 1).take(30)[:, 0]
    one_round = 10 - fade
    assert heard[:one_round].tolist() == list(range(1, one_round + 1))
    for number in (1, 2):
        start = number * one_round
        assert heard[start + fade : start + one_round].tolist() == list(range(fade + 1, one_round + 1))
    share = (np.arange(fade) + 0.5) / max(fade, 1)
    old, new = np.cos(share * np.pi / 2), np.sin(share * np.pi / 2)
    expected = np.arange(one_round + 1, 11) * old + np.arange(1, fade + 1) * new
    np.testing.assert_allclose(heard[one_round : one_round + fade], expected, rtol=1e-5)
    assert sum(len(block) for block in loop.once()) == 10
