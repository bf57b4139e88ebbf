"""How an account or a server stands, as it tells at no cost: plan, credit, whether the model is there."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Standing:
    """For a person."""

    found: str
    """``creator plan, 99,900 of 100,000 credits left``; empty where it tells nothing."""
    problem: str = ""
    """What keeps it from being used."""
    action: str = ""


@runtime_checkable
class StandingEngine(Protocol):
    """An engine that can say how its account or server stands."""

    def standing(self) -> Standing:
        """Ask for it: this costs nothing.

        Raises:
            PodmillError: as ``CheckedEngine.check``.
        """
        ...
