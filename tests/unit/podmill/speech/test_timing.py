"""Times of characters, from what a provider says of passages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podmill.speech.timing import line_times, of_passages

TEXT = "One two.\nThree."


def test_passages_become_lines() -> None:
    """White space may differ; each line begins with its first character."""
    alignment = of_passages(TEXT, [("One", 0.1, 0.4), ("two.", 0.5, 1.0), (" Three. ", 1.5, 2.0)])
    starts, ends = zip(*line_times(TEXT.split("\n"), 2.2, alignment), strict=True)
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
    """Too few, other, too many: there is no alignment, and the time is shared out."""
    assert of_passages(TEXT, passages) is None


@given(
    lines=st.lists(st.text("ab. ", min_size=1, max_size=12).filter(str.strip), min_size=1, max_size=6),
    data=st.data(),
)
def test_any_times_give_lines_in_order(lines: list[str], data: st.DataObject) -> None:
    """Whatever is said of the times, lines lie within the sound and none ends before it begins."""
    number = st.floats(allow_nan=True, allow_infinity=True)
    passages = [(line, data.draw(number), data.draw(number)) for line in lines]
    times = line_times(lines, 10.0, of_passages("\n".join(lines), passages))
    assert len(times) == len(lines)
    assert all(0 <= start <= end <= 10 for start, end in times)


def test_nothing_to_say() -> None:
    """No text has no times."""
    assert of_passages(" ", []) is None
