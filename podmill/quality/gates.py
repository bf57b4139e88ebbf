"""Which limits hold for a show, and what is to be done after a measurement."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from models.gates import ACTIONS, AT_MOST, GATES, SAMPLE_RATE_HZ, Action, Gate, Gates, StatedGates
from models.recording import Recording
from models.score import Score
from models.script import Script
from podmill.settings import Settings

HOSTS_MAX_LU: Final = 1.0
"""More, and a listener who sets the volume for one host has it wrong for the other."""
LOUDNESS_TOLERANCE_LU: Final = 0.1
CLIPPING_MAX: Final = 6.0
"""Stretches at full scale a minute: one in ten seconds is heard as a crackle."""
BRAND_MIN: Final = 0.85
PLANNED_MIN_S: Final = 120.0
"""Five per cent of less are a few seconds. Seven scripts of 45 to 52 s, in voices that were heard for two minutes each,
missed their plan by 1.0 to 4.9 %; one of three minutes, of longer lines than before, by 4.2 % (21 November 2026)."""


def gates_of(settings: Settings, stated: StatedGates | None = None, *, paced: bool = True) -> Gates:
    """The gates of a show: as it says, else as the settings say.

    Args:
        paced: of the episode (``is_paced``). Where it is not, a length that is off is no fault of the episode, and is
            only noted unless the show says otherwise.
    """
    usual = Gates(
        word_accuracy=Gate(limit=settings.word_accuracy_min, action="respeak"),
        clarity=Gate(limit=settings.clarity_min, action="review"),
        voice_lines=Gate(limit=settings.voice_consistency_min, action="respeak"),
        voice_reference=Gate(limit=settings.voice_consistency_min, action="review"),
        duration=Gate(limit=settings.duration_tolerance, action="review" if paced else "note"),
        sample_rate=Gate(limit=float(SAMPLE_RATE_HZ), action="review"),
        clipping=Gate(limit=CLIPPING_MAX, action="respeak"),
        loudness=Gate(limit=LOUDNESS_TOLERANCE_LU, action="review"),
        true_peak=Gate(limit=settings.true_peak_dbtp, action="review"),
        hosts=Gate(limit=HOSTS_MAX_LU, action="review"),
        brand=Gate(limit=BRAND_MIN, action="review"),
        unmeasured=settings.unmeasured,
    )
    if stated is None:
        return usual
    changed: dict[str, Any] = {
        name: getattr(usual, name).model_copy(update=getattr(stated, name).model_dump(exclude_none=True))
        for name in GATES
    }
    return Gates(**changed, unmeasured=stated.unmeasured or usual.unmeasured)


def is_paced(script: Script, recording: Recording | None) -> bool:
    """Whether a length was planned by the pace of the voices that speak it, and is long enough to tell."""
    long = script.estimated_s >= PLANNED_MIN_S
    return script.paced and long and recording is not None and not recording.passed_over


def score(name: str, value: float, gates: Gates, said: str, *, lines: tuple[int, ...] = ()) -> Score:
    """A measure held against its gate."""
    limit = getattr(gates, name).limit
    passed = value <= limit if name in AT_MOST else value >= limit
    return Score(name=name, value=value, limit=limit, passed=passed, said=said, lines=lines)


def unmeasured(name: str, gates: Gates, why: str) -> Score:
    """A measure that could not be taken: it neither passed nor failed."""
    return Score(name=name, value=None, limit=getattr(gates, name).limit, passed=None, said=f"Not measured: {why}")


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about an episode."""

    action: Action | None
    """None: every gate was passed."""
    lines: tuple[int, ...] = ()
    """To speak again."""
    reason: str = ""


def decide(scores: Iterable[Score], gates: Gates) -> Decision:
    """The severest of what the gates ask for. Where no line is named there is nothing to speak again: a person decides.

    A score without a limit, such as of a voice that is heard for the first time, asks for nothing. One that failed by
    its lines alone has no value.
    """
    asked: list[tuple[Action, Score]] = []
    for each in scores:
        if each.limit is None or each.passed:
            continue
        action = gates.unmeasured if each.passed is None else getattr(gates, each.name).action
        asked.append(("review" if action == "respeak" and not each.lines else action, each))
    if not asked:
        return Decision(None)
    worst = max((action for action, _ in asked), key=ACTIONS.index)
    lines = {line for action, each in asked if action == "respeak" for line in each.lines}
    told = [each.said for action, each in asked if action == worst]
    return Decision(worst, tuple(sorted(lines)), " ".join(told))
