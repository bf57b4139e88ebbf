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


@dataclass(frozen=True, slots=True)
class Credit:
    """What was bought of a provider and is not used yet."""

    left: float
    """In the units that a receipt counts."""
    share: float = 1.0
    """How much of it one unit that is promised is likely to use."""
    until: str = ""
    """The day on which it is renewed: ``2026-12-01``."""


@runtime_checkable
class CreditEngine(Protocol):
    """An engine whose account has so much credit and no more."""

    def credit(self) -> Credit | None:
        """Ask for it: this costs nothing. None: it has no limit, or does not tell.

        Raises:
            PodmillError: as ``CheckedEngine.check``.
        """
        ...
