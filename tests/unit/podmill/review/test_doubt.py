"""What is in doubt: just inside a limit, or beyond it and let pass."""

from pathlib import Path

import pytest

from models.gates import GATES, Gates, StatedGate, StatedGates
from models.score import Score
from podmill.quality import gates_of
from podmill.review.doubt import MARGINS, doubts, figure, said
from podmill.settings import Settings


@pytest.fixture
def gates(tmp_path: Path) -> Gates:
    return gates_of(Settings(home=tmp_path), StatedGates(duration=StatedGate(action="review")))


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
        ("clarity", 0.77, 0.8, True, True),
        ("voice_lines", None, 0.85, False, True),
        ("clarity", None, 0.8, None, False),
        ("clarity", 0.8, None, None, False),
    ],
)
def test_margins(
    name: str, value: float | None, limit: float | None, passed: bool | None, doubtful: bool, gates: Gates
) -> None:
    """Each gate has its own; what is exact, or was not measured, has none; what is beyond its limit always is."""
    score = Score(name=name, value=value, limit=limit, passed=passed)

    assert bool(doubts([score], gates)) is doubtful


def test_lines_that_are_named_are_in_doubt(gates: Gates) -> None:
    """A stretch of noise in an hour that is clear."""
    score = Score(name="clarity", value=0.84, limit=0.8, passed=True, lines=(7,))

    assert doubts([score], gates) == (score,)


def test_what_is_only_noted_raises_no_doubt(tmp_path: Path) -> None:
    """A show that wants no more than to be told of it is told in the report."""
    gates = gates_of(Settings(home=tmp_path), StatedGates(clarity=StatedGate(action="note")))
    scores = [Score(name="clarity", value=value, limit=0.8, passed=value > 0.8) for value in (0.7, 0.81)]

    assert doubts(scores, gates) == ()


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
