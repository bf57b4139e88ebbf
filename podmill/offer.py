"""What a step may buy: one request to a paid provider, and all that can be done with its answer."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from podmill.errors import ConfigurationError

Answer = TypeVar("Answer")

_ON_ANSWER: ContextVar[Callable[[], None] | None] = ContextVar("_ON_ANSWER", default=None)


@contextmanager
def awaiting(on_answer: Callable[[], None] | None) -> Iterator[None]:
    """While a request is made: what is called, by the client that makes it, as soon as its answer is here."""
    token = _ON_ANSWER.set(on_answer)
    try:
        yield
    finally:
        _ON_ANSWER.reset(token)


def answered() -> None:
    """The answer to the request of an offer is here, whole, and no refusal: the provider is done, we are not."""
    on_answer = _ON_ANSWER.get()
    if on_answer is not None:
        on_answer()


@dataclass(frozen=True, slots=True)
class StatedCost:
    """What the provider itself says a request cost, whatever the price list says."""

    usd: Decimal


class Receipt(Protocol):
    """What a provider said of a request besides its answer; None where it said nothing."""

    @property
    def request_id(self) -> str | None: ...

    @property
    def billed(self) -> float | Mapping[str, float] | StatedCost | None:
        """How much of the one unit the request is priced by, or of each unit: one that is not named was not billed."""
        ...

    @property
    def at_once(self) -> int | None:
        """Requests it is working on for this account."""
        ...

    @property
    def at_once_max(self) -> int | None:
        """Requests it would work on for this account."""
        ...


class Offer(Protocol[Answer]):
    """One request to one provider."""

    record_after_s: float | None
    """Seconds after which a request that is not in the provider's own record was never made. None: it keeps none."""

    def ask(self) -> Answer:
        """Make the request: it is paid for.

        Raises:
            PodmillError: one of ``money.purchase.UNCHARGED`` says that nothing was made or charged.
            WastedError: it was charged, and gave nothing of use.
            Exception: any other leaves the request in doubt.
        """
        ...

    def receipt(self, answer: Answer) -> Receipt | None: ...

    def keep(self, answer: Answer) -> dict[str, Any]:
        """Put the answer where it outlives this process; what ``restore`` needs, as JSON."""
        ...

    def restore(self, reply: dict[str, Any]) -> Answer:
        """The answer that was kept.

        Raises:
            StoreError: it is not there any more.
        """
        ...

    def find(self, since: float, taken: Callable[[str], bool]) -> Answer | None:
        """The answer from the provider's own record, not charged again; only called where it keeps one.

        Args:
            since: seconds since 1970 of the intent.
            taken: whether a request id belongs to another charge.
        """
        ...


class Purchases(Protocol):
    """Where a step buys. Safe to use from several threads of one step."""

    def buy(
        self,
        offer: Offer[Answer],
        *,
        provider: str,
        quantities: Mapping[str, float],
        content: str,
        part: int,
        own: bool = False,
    ) -> Answer:
        """The answer to a request that is made and paid for at most once, however often the step is tried.

        Args:
            provider: as the price list names it: ``exa``, or ``gemini:MODEL``. What stands before a colon is the
                account whose limits the request counts for.
            quantities: how much it is expected to use of each unit it may be billed for, at most; the first names
                what the ledger counts. They are only a promise: the receipt says what it was.
            content: hash of all that the answer depends on. The same content gets the answer that was paid for.
            part: tells the requests of a step apart, for people.
            own: it is answered by a server of our own, without limits; what it did not deliver was never charged.

        Raises:
            BudgetExceededError: neither reservation nor account covers it; nothing was asked.
            HeldError: its outcome, or that of an earlier one, is not known, and a person must say.
            LeaseLostError: another worker owns the step; nothing was asked.
            PriceUnknownError: the price list does not have the provider or a unit.
            TransientError: it may work later, and nothing was charged.
            Exception: as the offer raised it.
        """
        ...


class NothingForSale:
    """Stands where nothing may be bought."""

    def buy(self, offer: Offer[Answer], *, provider: str, **_terms: object) -> Answer:
        """
        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError(f"{type(offer).__name__}: no request to {provider} can be paid for here.")
