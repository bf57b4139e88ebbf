"""Scores: what was measured of an episode, and what it had to reach."""

from models.documents import Document


class Score(Document):
    """One gate's measure of an episode."""

    name: str
    """``word_accuracy``, ``clarity``, ``voice_lines``, ``duration``, ..."""
    value: float | None
    """None: it could not be measured."""
    limit: float | None = None
    """What it has to reach, or stay below; None: it is only kept."""
    passed: bool | None = None
    """None: there is no limit, or nothing was measured."""
    said: str = ""
    """For a person: what is wrong, and where."""
    lines: tuple[int, ...] = ()
    """Those it is about; none: all of it."""
