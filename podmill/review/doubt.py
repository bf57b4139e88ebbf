"""Doubt: what passed its gates, and may not be right."""

from collections.abc import Iterable
from typing import Final

from models.gates import AT_MOST, Gates
from models.score import Score

MARGINS: Final = {
    "word_accuracy": 0.01,
    "clarity": 0.02,
    "voice_lines": 0.02,
    "voice_reference": 0.02,
    "duration": 0.005,
}
"""By gate: how near its limit a measure is in doubt, in the gate's own unit. About as far apart as two measures of the
same words spoken twice. Gates that are exact, as loudness is, have none."""


def doubts(scores: Iterable[Score], gates: Gates) -> tuple[Score, ...]:
    """Measures that are just inside their limit, or beyond it and yet let pass; or that name lines though the whole is
    good. What is only to be noted raises none: the report tells it."""
    return tuple(
        score
        for score in scores
        if getattr(gates, score.name).action != "note" and (score.passed is False or _only_just(score))
    )


def figure(value: float | None) -> str:
    """A measure for a person: ``0.945``, ``44,100``; a dash for none."""
    if value is None:
        return "\u2013"
    whole, point, rest = f"{value:,.3f}".partition(".")
    return f"{whole}{(point + rest).rstrip('0').rstrip('.')}"


def said(score: Score) -> str:
    """A doubt in words."""
    name = score.name.replace("_", " ")
    how = "only just passed" if score.passed else "did not pass"
    measured = score.value is not None and score.limit is not None
    figures = f" at {figure(score.value)}; the limit is {figure(score.limit)}" if measured else ""
    return f"{name[:1].upper()}{name[1:]} {how}{figures}.{f' {score.said}' if score.said else ''}"


def _only_just(score: Score) -> bool:
    margin = MARGINS.get(score.name)
    if margin is None or not score.passed or score.value is None or score.limit is None:
        return False
    inside = score.limit - score.value if score.name in AT_MOST else score.value - score.limit
    return inside <= margin or bool(score.lines)
