"""What is in doubt: just inside a limit, or outside of one that stops nothing."""

import pytest

from models.gates import GATES
from models.score import Score
from podmill.review.doubt import MARGINS, doubts, figure, said


@pytest.mark.parametrize(
    ("name", "value", "limit", "passed", "doubtful"),
    [
        ("word_accuracy", 0.945, 0.94, True, True),
        ("word_accuracy", 0.99, 0.94, True, False),
        ("duration", 0.048, 0.05, True, True),
        ("duration", 0.01, 0.05, True, False),
        ("duration", 0.2, 0.05, False, True),
        ("loudness", 0.1, 0.1, True, False),
        ("true_peak", -1.0, -1.0, True, False),
        ("clarity", None, 0.8, None, False),
        ("clarity", 0.8, None, None, False),
    ],
)
def test_margins(name: str, value: float | None, limit: float | None, passed: bool | None, doubtful: bool) -> None:
    """Each gate has its own; what is exact, or was not measured, has none."""
    score = Score(name=name, value=value, limit=limit, passed=passed)

    assert bool(doubts([score])) is doubtful


def test_margins_are_of_gates() -> None:
    """A name that no gate has would never be in doubt."""
    assert MARGINS.keys() <= set(GATES)


def test_it_is_said_in_words() -> None:
    """What was measured, and against what."""
    score = Score(name="word_accuracy", value=0.945, limit=0.94, passed=True, said="Line 3.")
    assert said(score) == "Word accuracy only just passed at 0.945; the limit is 0.94. Line 3."
    assert said(Score(name="clarity", value=None, passed=False)) == "Clarity did not pass."


def test_figures() -> None:
    """No more digits than say something."""
    assert [figure(each) for each in (None, 0.9451, 44_100.0, -1.0, 0.0, 0.0458, 10.5)] == [
        *("\u2013", "0.945", "44,100", "-1", "0", "0.046", "10.5")
    ]
