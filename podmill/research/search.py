"""What a search service gives: pages that may hold facts, and claims about the topic."""

from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from models.brief import Brief
from podmill.context import StepContext
from podmill.errors import (
    BudgetExceededError,
    LeaseLostError,
    PodmillError,
    PriceUnknownError,
    ProviderDownError,
    StoppingError,
    StoreError,
    WaitError,
)
from podmill.settings import Settings

ENDS_THE_STEP: Final = (BudgetExceededError, LeaseLostError, PriceUnknownError, StoppingError, StoreError, WaitError)
"""What no other service makes up for: the step is over, or must wait for something of our own."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A page that was named. Nothing of it is believed before it was read."""

    url: str
    title: str = ""
    author: str | None = None
    date: str | None = None
    """ISO date."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence about the topic that pages are said to bear out."""

    text: str
    leads: tuple[int, ...]
    """Places in ``Found.leads``."""


@dataclass(frozen=True, slots=True)
class Found:
    """The answer of one search service."""

    service: str
    """``google``."""
    label: str
    """With its model: ``google:gemini-3.8-flash``."""
    leads: tuple[Lead, ...]
    """Best first."""
    claims: tuple[Claim, ...] = ()
    queries: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    """Name and version of what a model was given."""


class SearchService(Protocol):
    """Searches the web. Asking it costs money."""

    name: ClassVar[str]
    key_setting: ClassVar[str]
    """The setting that holds its key, as a person sets it."""

    def configured(self, settings: Settings) -> bool:
        """Whether there is a key."""
        ...

    def search(self, topic: str, brief: Brief, context: StepContext) -> Found:
        """What it finds, paid for once however often the step is tried.

        Raises:
            HeldError: the topic is refused, or the outcome of the request is not known.
            PodmillError: it cannot be asked.
        """
        ...


def can_do_without(exc: PodmillError) -> bool:
    """Whether research may go on without what failed. A provider that fails again and again is not waited for."""
    return isinstance(exc, ProviderDownError) or not isinstance(exc, ENDS_THE_STEP)
