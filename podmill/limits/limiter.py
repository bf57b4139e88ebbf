"""The limiter of requests to providers: exact over all workers and hosts, and fair between those who wait.

Never more than ``requests_per_minute`` in any minute and ``requests_at_once`` at once for one provider account. A
request counts from the moment it is granted until a minute after it was answered, or until a minute and ``transit_s``
after it was granted, whichever comes first: so the provider, which sees it somewhere in between, never counts more
than the limit in any minute of its own, as long as no request is longer than ``transit_s`` on its way there.

A slot lapses with its holder, ``lease_s`` after the holder's process last renewed it. What a killed worker had asked
may still run at the provider then; its answer to the next one (busy, and how many it allows) lowers the concurrency,
which rises again by one every 10 s, never above the setting.
"""

import logging
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from podmill.errors import (
    BusyError,
    InDoubtError,
    LeftAloneError,
    LimitedError,
    ProviderDownError,
    TransientError,
    WaitError,
)
from podmill.limits.gate import Answer, Caller, Gate, Limit, Outcome, Pace, Recent
from podmill.limits.keeper import Keeper
from podmill.settings import Settings

__all__ = ["Caller", "Limit", "Limiter", "Recent", "Slot", "connect"]

log = logging.getLogger(__name__)

WINDOW_S: Final = 60.0
TRANSIT_SHARE: Final = 0.03
STALE_SHARE: Final = 0.25
"""Of the transit: a grant that took longer to arrive is given back. The rest is for the intent and the wire."""
LEASE_S: Final = 10.0
TIMEOUT_S: Final = 3.0
CHECK_EVERY_S: Final = 0.25
AWAY_S: Final = 3.0
JITTER: Final = 0.1
DOWN_JITTER: Final = 0.5
"""Share of a wait by which it may be longer, so that not everybody comes back at the same moment."""
JITTER_MAX_S: Final = 1.0
"""Of the first: those are told different times already, and slots stay empty for as long as all are late."""


class Slot:
    """Leave to make one request.

    Args:
        answered: to be called when its answer is here, where reading that takes a while: another request may be made
            meanwhile. It returns at once.
    """

    def __init__(self, name: str, granted_us: int, answered: Callable[[], None]) -> None:
        self.name = name
        self.granted_us = granted_us
        self.answered = answered
        self.at_once: int | None = None
        self.at_once_max: int | None = None

    def tell(self, *, at_once: int | None, at_once_max: int | None) -> None:
        """What the provider said of the account: requests it is working on, and would work on. None: it did not."""
        self.at_once = at_once
        self.at_once_max = at_once_max


def connect(url: str) -> redis.Redis:
    """A client for the limiter: one that says within seconds when the server is away. Threads may share it."""
    return redis.Redis.from_url(
        url, socket_connect_timeout=TIMEOUT_S, socket_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 1)
    )


class Limiter:
    """The limits and circuits of all provider accounts.

    Args:
        recent: what the ledger knows of an account's last minute. A server that was wiped, restarted or replaced is
            filled from it; without it such a server starts from nothing.
        window_s: seconds in which ``requests_per_minute`` may be made; a benchmark shortens the minute.
        transit_s: longest time from a grant to the provider's own count. Unset: 3 % of the window, 1.8 s of a minute.
        lease_s: seconds after which the slots of a dead process are free.
    """

    def __init__(
        self,
        client: redis.Redis,
        settings: Settings,
        recent: Callable[[str], Recent] | None = None,
        *,
        window_s: float = WINDOW_S,
        transit_s: float | None = None,
        lease_s: float = LEASE_S,
    ) -> None:
        self.limit = Limit(settings.requests_per_minute, settings.requests_at_once)
        self._client = client
        self._prefix = settings.broker_prefix
        self._recent = recent
        self._pace = Pace(
            limit=self.limit,
            window_s=window_s,
            transit_s=window_s * TRANSIT_SHARE if transit_s is None else transit_s,
            lease_s=lease_s,
            breaker_failures=settings.breaker_failures,
            breaker_s=settings.breaker_s,
        )
        self._gates: dict[str, Gate] = {}
        self._keeper = Keeper(self._renew, lease_s)

    @contextmanager
    def slot(
        self,
        account: str,
        caller: Caller,
        *,
        patience_s: float,
        next_patience_s: float = 0.0,
        check: Callable[[], None],
    ) -> Iterator[Slot]:
        """Leave to make one request, held until the block is left.

        An error that leaves the block says how the request went: a BusyError or a Retry-After holds everybody back, a
        failure counts for the circuit, anything that says nothing about the provider does neither.

        Args:
            account: whose limits they are: ``elevenlabs``.
            patience_s: longest time to wait here.
            next_patience_s: longest time, if longer, for those who get the slots of the requests that are under way:
                a slot that is given back is theirs at once.
            check: called again and again while waiting; what it raises ends the wait.

        Raises:
            LimitedError: there is no room within the patience, and the caller keeps its place; or the limits cannot be
                asked.
            LeftAloneError: likewise, because the provider said so.
            ProviderDownError: the circuit is open.
        """
        gate = self._gate(account)
        slot = self._enter(gate, account, caller, (patience_s, next_patience_s), check)
        outcome: Outcome = "neutral"
        retry_after_s: float | None = None
        try:
            yield slot
            outcome = "ok"
        except TransientError as error:
            outcome = _outcome(error)
            retry_after_s = None if outcome == "neutral" else error.retry_after_s
            if isinstance(error, BusyError) and error.at_once_max is not None:
                slot.at_once_max = error.at_once_max
            raise
        except InDoubtError:
            outcome = "failed"
            raise
        finally:
            self._give_back(gate, account, slot, outcome, retry_after_s)

    def _enter(
        self, gate: Gate, account: str, caller: Caller, patience_s: Sequence[float], check: Callable[[], None]
    ) -> Slot:
        name = uuid.uuid4().hex
        began_at = time.monotonic()
        check()
        while True:
            asked_at = time.monotonic()
            try:
                left_s = (max(0.0, began_at + longest_s - asked_at) for longest_s in patience_s)
                answer = gate.enter(name, caller, *left_s)
            except redis.RedisError as exc:
                raise _away(exc) from exc
            if answer.kind == "granted":
                slot = Slot(name, answer.time_us, partial(self._answered, gate, account, name, answer.time_us))
                self._keeper.hold(account, name, slot.granted_us)
                if time.monotonic() - asked_at <= self._pace.transit_s * STALE_SHARE:
                    return slot
                # This process stood still: its request could reach the provider later than the count allows for.
                self._give_back(gate, account, slot)
                name = uuid.uuid4().hex
            elif answer.kind == "empty":
                self._refill(gate, account)
            elif answer.kind == "wait":
                self._wait(gate, caller, answer, check)
            else:
                raise self._refusal(account, answer)

    def _wait(self, gate: Gate, caller: Caller, answer: Answer, check: Callable[[], None]) -> None:
        # Always a little late: early is a round trip for nothing.
        until = time.monotonic() + answer.wait_s * random.uniform(1.0, 1.02) + 0.001  # noqa: S311
        may_be_told = answer.reason == "at_once"
        try:
            while (left_s := until - time.monotonic()) > 0:
                pause_s = min(left_s, CHECK_EVERY_S)
                if may_be_told:
                    try:
                        if gate.await_turn(caller, pause_s):
                            return
                    except redis.RedisError as exc:
                        # Its next answer says what that means.
                        log.debug("could not wait for a turn: %s", exc)
                        may_be_told = False
                else:
                    time.sleep(pause_s)
                check()
        except BaseException:
            try:
                gate.leave(caller)
            except redis.RedisError as exc:
                log.debug("could not leave the line: %s", exc)
            raise

    def _refill(self, gate: Gate, account: str) -> None:
        # The ledger is asked first: whatever it raises ends the attempt, and nothing was let through.
        recent = self._recent(account) if self._recent else None
        try:
            gate.refill(recent)
        except redis.RedisError as exc:
            raise _away(exc) from exc
        log.info("filled the limits of %s with %d requests", account, len(recent.ages_s) if recent else 0)

    def _give_back(
        self, gate: Gate, account: str, slot: Slot, outcome: Outcome = "neutral", retry_after_s: float | None = None
    ) -> None:
        self._keeper.drop(account, slot.name)
        try:
            gate.release(
                slot.name,
                slot.granted_us,
                outcome,
                retry_after_s=retry_after_s,
                at_once=slot.at_once,
                at_once_max=slot.at_once_max,
            )
        except redis.RedisError as exc:
            # The request was made, whatever becomes of its slot: that lapses by itself.
            log.warning("could not give back a slot of %s: %s", account, exc)

    def _answered(self, gate: Gate, account: str, name: str, granted_us: int) -> None:
        # Not by the thread that has the answer: until that is kept it is in memory only, and this asks another server.
        threading.Thread(target=self._free, args=(gate, account, name, granted_us), daemon=True).start()

    def _free(self, gate: Gate, account: str, name: str, granted_us: int) -> None:
        self._keeper.drop(account, name)
        try:
            gate.answered(name, granted_us)
        except redis.RedisError as exc:
            log.debug("a slot of %s is given back only when its answer has been read: %s", account, exc)

    def _renew(self, account: str, slots: Mapping[str, int]) -> None:
        self._gate(account).renew(slots)

    def _gate(self, account: str) -> Gate:
        if account not in self._gates:
            self._gates[account] = Gate(self._client, self._prefix, account, self._pace)
        return self._gates[account]

    def _refusal(self, account: str, answer: Answer) -> WaitError:
        wait_s = answer.wait_s
        if answer.kind == "down":
            return ProviderDownError(
                f"{account} failed again and again; nobody asks it anything for {wait_s:.0f} s.",
                action="Nothing to do: it is tried again by itself. Look at the provider's status page if it lasts.",
                retry_after_s=_later(wait_s, DOWN_JITTER),
            )
        kind = LeftAloneError if answer.reason == "blocked" else LimitedError
        message = {
            "rate": f"The limit of {self.limit.per_minute} requests a minute to {account} is reached.",
            "at_once": f"The limit of simultaneous requests to {account} is reached.",
        }.get(answer.reason or "", f"{account} asked to be left alone for {wait_s:.0f} s.")
        later_s = _later(wait_s, min(JITTER, JITTER_MAX_S / max(wait_s, JITTER_MAX_S)))
        return kind(message, action="Nothing to do: its turn comes by itself.", retry_after_s=later_s)


def _outcome(error: TransientError) -> Outcome:
    if isinstance(error, BusyError):
        return "busy"
    return "neutral" if isinstance(error, WaitError) else "failed"


def _away(error: redis.RedisError) -> LimitedError:
    return LimitedError(
        f"The limits cannot be asked, so nothing is let through: {error}.",
        action="Start the broker again; its address is PODMILL_BROKER_URL.",
        retry_after_s=_later(AWAY_S, DOWN_JITTER),
    )


def _later(wait_s: float, jitter: float) -> float:
    return max(0.01, wait_s) * random.uniform(1.0, 1.0 + jitter)  # noqa: S311
