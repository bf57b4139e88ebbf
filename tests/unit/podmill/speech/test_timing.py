"""When lines are heard."""

import math

import pytest

from podmill.speech.timing import Alignment, line_times

LINES = ("ab", "c")
TEXT = ["a", "b", "\n", "c"]
STARTS = [0.0, 0.5, 1.0, 3.0]
ENDS = [0.5, 1.0, 3.0, 4.5]


def test_lines_begin_and_end_with_their_characters() -> None:
    """The line end between two lines belongs to neither; nothing lies beyond the sound."""
    assert line_times(LINES, 4.0, Alignment(TEXT, STARTS, ENDS)) == ((0.0, 1.0), (3.0, 4.0))


def test_without_an_alignment_time_is_shared_out() -> None:
    """By characters, the line ends counted."""
    assert line_times(LINES, 4.0) == ((0.0, 2.0), (3.0, 4.0))


@pytest.mark.parametrize(
    ("characters", "starts", "ends"),
    [
        (["a", "b", "c"], STARTS, ENDS),
        (["a", "x", "\n", "c"], STARTS, ENDS),
        (TEXT, STARTS[:3], ENDS),
        (TEXT, [0.0, 0.5, math.nan, 3.0], ENDS),
        (TEXT, [0.0, 0.5, math.inf, 3.0], ENDS),
        (TEXT, [0.0, 0.5, "1.0", 3.0], ENDS),
        (TEXT, [0.0, 0.5, None, 3.0], ENDS),
        (TEXT, [0.0, 0.5, 0.2, 3.0], ENDS),
        (TEXT, [-1.0, 0.5, 1.0, 3.0], ENDS),
        (TEXT, STARTS, [0.5, 0.4, 3.0, 4.5]),
        ([], [], []),
    ],
)
def test_an_alignment_that_makes_no_sense_is_not_used(
    characters: list[object], starts: list[object], ends: list[object]
) -> None:
    """Another text, missing, wrong or backward times: the audio is good, only its times are estimated."""
    assert line_times(LINES, 4.0, Alignment(characters, starts, ends)) == line_times(LINES, 4.0)
