"""When lines are heard, from what a provider says of characters or of passages."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podmill.speech.timing import Alignment, line_times, of_passages

LINES = ("ab", "c")
TEXT = ["a", "b", "\n", "c"]
STARTS = [0.0, 0.5, 1.0, 3.0]
ENDS = [0.5, 1.0, 3.0, 4.5]
SAID = "One two.\nThree."


def test_lines_begin_and_end_with_their_characters() -> None:
    """The line end between two lines belongs to neither; nothing lies beyond the sound."""
    assert line_times(LINES, 4.0, Alignment(TEXT, STARTS, ENDS)) == ((0.0, 1.0), (3.0, 4.0))


def test_without_an_alignment_there_are_no_times() -> None:
    """They are found in the sound, later."""
    assert line_times(LINES, 4.0) == ()


def test_rounded_times_are_used() -> None:
    """Times that run backwards by less than a millisecond are put in order."""
    starts = [0.0, 0.5, 0.4999, 3.0]
    assert line_times(LINES, 4.0, Alignment(TEXT, starts, ENDS)) == ((0.0, 1.0), (3.0, 4.0))


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
    """Another text, missing, wrong or backward times: the audio is good, only its times are found another way."""
    assert line_times(LINES, 4.0, Alignment(characters, starts, ends)) == ()


def test_passages_become_lines() -> None:
    """White space may differ; each line begins with its first character."""
    alignment = of_passages(SAID, [("One", 0.1, 0.4), ("two.", 0.5, 1.0), (" Three. ", 1.5, 2.0)])
    starts, ends = zip(*line_times(SAID.split("\n"), 2.2, alignment), strict=True)
    assert (starts, ends) == (pytest.approx((0.1, 1.5)), pytest.approx((1.0, 2.0)))


@pytest.mark.parametrize(
    "passages",
    [
        [],
        [("One two.", 0.0, 1.0)],
        [("One two.", 0.0, 1.0), ("Four.", 1.0, 2.0)],
        [("One two.", 0.0, 1.0), ("Three. Four.", 1.0, 2.0)],
        [("", 0.0, 1.0)],
    ],
)
def test_passages_of_another_text(passages: list[tuple[str, float, float]]) -> None:
    """Too few, other, too many: there is no alignment."""
    assert of_passages(SAID, passages) is None


@given(
    lines=st.lists(st.text("ab. ", min_size=1, max_size=12).filter(str.strip), min_size=1, max_size=6),
    data=st.data(),
)
def test_any_times_give_lines_in_order(lines: list[str], data: st.DataObject) -> None:
    """Whatever is said of the times, it is not used, or lines lie within the sound and none ends before it begins."""
    number = st.floats(allow_nan=True, allow_infinity=True)
    passages = [(line, data.draw(number), data.draw(number)) for line in lines]
    times = line_times(lines, 10.0, of_passages("\n".join(lines), passages))
    assert len(times) in (0, len(lines))
    assert all(0 <= start <= end <= 10 for start, end in times)


def test_nothing_to_say() -> None:
    """No text has no times."""
    assert of_passages(" ", []) is None
