"""What a provider itself says that it billed: to hold the ledger against."""

from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Used:
    """One request, or a part of a day, as a provider counts it. None: it does not say."""

    at: float
    """Seconds since 1970; the beginning of a day where it says no more."""
    lasts_s: float = 0.0
    """How much later it may have been: a day where it says no more."""
    request_id: str | None = None
    quantity: float | None = None
    """In the unit that a receipt counts."""
    cost_microusd: int | None = None
    slack_microusd: float = 0.0
    """How far the cost may be off, because it was rounded."""


@dataclass(frozen=True, slots=True)
class Record:
    """Everything a provider billed in a period."""

    source: str
    """Where it was read, for people."""
    used: tuple[Used, ...]
    by_request: bool = True
    """Whether each entry names its request; else it has sums of days, and each has its day."""
    elsewhere: float = 0.0
    """What its own count has beyond that."""
    counted: float | None = None
    """What its own count says since it began anew; None: it has none."""


@runtime_checkable
class RecordedProvider(Protocol):
    """A provider that tells what it billed for each request."""

    def record(self, since: float) -> Record:
        """All since a time (seconds since 1970), newest or oldest first. Costs nothing.

        Raises:
            TransientError: it cannot be read now.
            ConfigurationError: the key does not work, or may not read it.
        """
        ...
