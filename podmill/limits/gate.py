"""The gate of one provider account on Redis: typed calls of the script that decides everything, in one round trip each.

Times are the server's, in microseconds; a worker's clock is never asked. Keys share a hash tag, so that a cluster keeps
them together, and all of them end by themselves when an account is idle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Literal, cast

import redis

US: Final = 1_000_000
KEYS: Final = ("state", "log", "slots", "live", "away", "kept", "line", "turns:interactive", "turns:batch")
IDLE_S: Final = 3600.0
"""An account that nobody asks for this long is forgotten: longer than any wait that is kept in it."""
UNLISTED_S: Final = 5.0
"""A request this young may not be in the ledger yet."""

Outcome = Literal["ok", "busy", "failed", "neutral"]


@dataclass(frozen=True, slots=True)
class Limit:
    """What a provider account allows."""

    per_minute: int
    at_once: int


@dataclass(frozen=True, slots=True)
class Caller:
    """Who wants to ask a provider."""

    id: str
    """Of the step or part; the same again keeps its place in the line."""
    group: str
    """The batch, or the episode when it has none: groups take turns."""
    interactive: bool
    """A person waits: it goes before every batch."""


@dataclass(frozen=True, slots=True)
class Recent:
    """What the ledger knows of an account's requests."""

    ages_s: Sequence[float]
    """Of every request of the last minute, open ones too."""
    open: int
    """Requests that have no outcome yet."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How the limits are counted."""

    limit: Limit
    window_s: float
    transit_s: float
    lease_s: float
    breaker_failures: int
    breaker_s: float

    def arguments(self) -> list[int]:
        """As the script takes them."""
        return [
            *(self.limit.per_minute, _us(self.window_s), _us(self.transit_s), self.limit.at_once, _us(self.lease_s)),
            *(self.breaker_failures, _us(self.breaker_s)),
            round(1000 * max(IDLE_S, 20 * self.breaker_s, 2 * self.window_s)),
        ]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate said to one who wants to enter."""

    kind: Literal["granted", "wait", "left", "down", "empty"]
    """``wait``: ask again; ``left``: not within the patience; ``empty``: the server knows nothing, refill it first."""
    time_us: int = 0
    """When it was granted, by the server's clock; else how long until one should come again."""
    reason: Literal["rate", "at_once", "blocked"] | None = None

    @property
    def wait_s(self) -> float:
        return self.time_us / US


class Gate:
    """One account. Every method raises ``redis.RedisError`` when the server is away."""

    def __init__(self, client: redis.Redis, prefix: str, account: str, pace: Pace) -> None:
        self._script = client.register_script(files("podmill.limits").joinpath("gate.lua").read_text("utf-8"))
        self._client = client
        self._keys = [f"{prefix}limit:{{{account}}}:{name}" for name in KEYS]
        self._wake = f"{prefix}limit:{{{account}}}:wake:"
        self._pace = pace.arguments()

    def enter(self, slot: str, caller: Caller, patience_s: float, next_patience_s: float = 0.0) -> Answer:
        """Ask for a slot; asked again with the same name it is the same slot.

        Args:
            next_patience_s: patience, if longer, of those who are next: as many as there may be requests at once.
        """
        patience_us = _us(patience_s), _us(next_patience_s)
        kind, *rest = self._run("enter", slot, caller.id, _class(caller), caller.group, *patience_us)
        return Answer(kind, *rest)

    def await_turn(self, caller: Caller, longest_s: float) -> bool:
        """Wait until a slot that was given back may be this caller's, which should ask for it then.

        Returns:
            False when so long a time has passed.
        """
        return self._client.blpop([f"{self._wake}{caller.id}"], max(longest_s, 0.001)) is not None

    def leave(self, caller: Caller) -> None:
        """Wait no longer; the place is kept."""
        self._run("leave", caller.id, _class(caller), caller.group)

    def answered(self, slot: str, granted_us: int) -> None:
        """The provider is done with a request, whose outcome ``release`` tells later: another one may be made."""
        self._run("answered", slot, granted_us)

    def release(
        self,
        slot: str,
        granted_us: int,
        outcome: Outcome,
        *,
        retry_after_s: float | None = None,
        at_once: int | None = None,
        at_once_max: int | None = None,
    ) -> None:
        """Give a slot back, with what was learned from the provider."""
        retry = "" if retry_after_s is None else _us(retry_after_s)
        told = ["" if value is None else value for value in (at_once, at_once_max)]
        self._run("release", slot, granted_us, outcome, retry, *told)

    def renew(self, slots: Mapping[str, int]) -> None:
        """Keep slots, by name and when each was granted; a server that forgot them takes them up again."""
        self._run("renew", *(part for pair in slots.items() for part in pair))

    def refill(self, recent: Recent | None) -> None:
        """Fill a server that knows nothing, or not the latest; None: keep what it has. Does nothing when filled."""
        if recent is None:
            self._run("refill", 0, 2**52)
        else:
            self._run("refill", recent.open, _us(UNLISTED_S), *(_us(age_s) for age_s in recent.ages_s))

    def _run(self, operation: str, *arguments: str | int) -> list[Any]:
        reply = cast(list[Any], self._script(keys=self._keys, args=[operation, *self._pace, *arguments]))
        return [part.decode() if isinstance(part, bytes) else part for part in reply]


def _class(caller: Caller) -> str:
    return "i" if caller.interactive else "b"


def _us(seconds: float) -> int:
    return round(seconds * US)
