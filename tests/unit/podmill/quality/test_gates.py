"""Limits of shows, and what follows from scores."""

from pathlib import Path

import pytest

from models.gates import BOUNDS, GATES, SAMPLE_RATE_HZ, Action, Gates, StatedGate, StatedGates
from models.recording import PassedOver, Recording
from models.score import Score
from podmill.mastering import source
from podmill.quality import decide, gates_of, is_paced, score
from podmill.quality.gates import unmeasured
from podmill.settings import Settings
from tests import recordings


@pytest.fixture
def gates(tmp_path: Path) -> Gates:
    return gates_of(Settings(home=tmp_path))


def test_a_show_changes_only_what_it_states(tmp_path: Path) -> None:
    """A limit without an action keeps ours, and the other gates are as the settings say."""
    settings = Settings(home=tmp_path, clarity_min=0.7)
    gates = gates_of(settings, StatedGates(duration=StatedGate(limit=0.1), unmeasured="fail"))

    assert (gates.duration.limit, gates.duration.action) == (0.1, "review")
    assert gates.clarity.limit == 0.7
    assert gates.unmeasured == "fail"


@pytest.mark.parametrize(
    ("paced", "stated", "action"), [(True, None, "review"), (False, None, "note"), (False, "review", "review")]
)
def test_a_plan_is_held_against_only_where_it_is_one(
    tmp_path: Path, paced: bool, stated: Action | None, action: str
) -> None:
    """Voices that nobody has heard yet take as long as they take; a show may want to be asked all the same."""
    said = StatedGates(duration=StatedGate(action=stated))

    assert gates_of(Settings(home=tmp_path), said, paced=paced).duration.action == action


def test_who_speaks_instead_was_not_planned_for() -> None:
    """Another voice has another pace."""
    planned = recordings.script(["x"]).model_copy(update={"paced": True, "estimated_s": 120.0})
    spoken = Recording(audio=None, sample_rate_hz=1, channels=1, duration_s=1, lines=(), requests=1)
    instead = spoken.model_copy(update={"passed_over": (PassedOver(voices={}, code="quota", reason="Used up."),)})

    assert [is_paced(planned, each) for each in (spoken, instead, None)] == [True, False, False]


def test_short_episodes_have_no_plan() -> None:
    """Five per cent of a minute are two breaths."""
    spoken = Recording(audio=None, sample_rate_hz=1, channels=1, duration_s=1, lines=(), requests=1)
    short = recordings.script(["x"]).model_copy(update={"paced": True, "estimated_s": 119.0})

    assert not is_paced(short, spoken)


def test_a_number_is_a_limit_and_a_word_an_action() -> None:
    """The short way to state a gate in a file."""
    stated = StatedGates.model_validate({"clarity": "0.75", "duration": "review"})

    assert stated.clarity == StatedGate(limit=0.75)
    assert stated.duration == StatedGate(action="review")


def test_every_gate_has_bounds_that_hold_ours(gates: Gates) -> None:
    """No limit of ours is beyond them, and none asks for more than the files have."""
    assert BOUNDS.keys() == set(GATES)
    assert all(low <= getattr(gates, name).limit <= high for name, (low, high) in BOUNDS.items())
    assert SAMPLE_RATE_HZ == source.SAMPLE_RATE_HZ


@pytest.mark.parametrize(("name", "value", "passed"), [("clarity", 0.8, True), ("clarity", 0.79, False)])
def test_floors(gates: Gates, name: str, value: float, passed: bool) -> None:
    """What reaches the limit passes."""
    assert score(name, value, gates, "").passed is passed


@pytest.mark.parametrize(("value", "passed"), [(0.05, True), (0.06, False)])
def test_ceilings(gates: Gates, value: float, passed: bool) -> None:
    """What stays at the limit passes."""
    assert score("duration", value, gates, "").passed is passed


def test_nothing_is_done_about_what_passed(gates: Gates) -> None:
    """A voice that is heard for the first time has no limit yet."""
    new = Score(name="voice_reference", value=None, said="Heard for the first time: piper:joe.")

    assert decide([score("clarity", 0.9, gates, ""), new], gates).action is None


def test_lines_can_fail_where_the_whole_has_no_figure(gates: Gates) -> None:
    """Of few lines in a voice one is another's: that is measured, and the gate says what is done."""
    wrong = Score(name="voice_lines", value=None, limit=0.85, passed=False, said="Wrong voice.", lines=(1,))

    assert decide([wrong], gates).action == "respeak"


def test_the_severest_action_is_taken_and_all_bad_lines_are_named(gates: Gates) -> None:
    """Lines that are to be spoken again are named even where a person decides."""
    wrong = score("voice_lines", 0.5, gates, "Wrong voice.", lines=(4,))
    cut = score("clipping", 60.0, gates, "Cut.", lines=(2, 4))
    dull = score("clarity", 0.5, gates, "Dull.")

    assert decide([wrong, cut], gates).action == "respeak"
    both = decide([wrong, cut, dull], gates)
    assert (both.action, both.lines, both.reason) == ("review", (2, 4), "Dull.")


def test_nothing_can_be_spoken_again_where_no_line_is_named(gates: Gates) -> None:
    """Then a person decides."""
    assert decide([score("voice_lines", 0.5, gates, "Off.")], gates).action == "review"


@pytest.mark.parametrize("action", ["note", "review", "fail"])
def test_what_cannot_be_measured_does_not_pass(tmp_path: Path, action: str) -> None:
    """It is told, and a setting says whether that stops the episode."""
    gates = gates_of(Settings(home=tmp_path, unmeasured=action))
    found = unmeasured("clarity", gates, "run: pip install speechmos")

    assert found.passed is None
    assert "pip install" in found.said
    assert decide([found], gates).action == action
