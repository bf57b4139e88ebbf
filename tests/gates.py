"""The gate of one provider account on a real server, and time that passes there when a test says so."""

from typing import Final
from uuid import uuid4

import redis

from podmill.limits.gate import KEYS, Answer, Caller, Gate, Limit, Outcome, Pace

PREFIX: Final = "test:"
MOMENTS: Final = ("blocked_until", "open_until", "told_at", "cap_at")
US: Final = 1_000_000


def pace(
    *, per_minute: int = 5, at_once: int = 3, window_s: float = 60.0, transit_s: float = 0.0, lease_s: float = 10.0
) -> Pace:
    return Pace(Limit(per_minute, at_once), window_s, transit_s, lease_s, breaker_failures=3, breaker_s=30.0)


class Account:
    """A provider account whose server is filled, and empty."""

    def __init__(self, url: str, limits: Pace, name: str = "voices") -> None:
        self.client = redis.Redis.from_url(url)
        self.gate = Gate(self.client, PREFIX, name, limits)
        self.gate.refill(None)
        self._keys = dict(zip(KEYS, (f"{PREFIX}limit:{{{name}}}:{key}" for key in KEYS), strict=True))
        self.granted_us: dict[str, int] = {}

    def enter(
        self,
        caller: str = "a",
        *,
        group: str = "g",
        interactive: bool = False,
        patience_s: float = 0.0,
        next_patience_s: float = 0.0,
    ) -> tuple[Answer, str]:
        """The gate's answer to a new request, and the name of its slot."""
        name = uuid4().hex
        answer = self.gate.enter(name, Caller(caller, group, interactive), patience_s, next_patience_s)
        if answer.kind == "granted":
            self.granted_us[name] = answer.time_us
        return answer, name

    def granted(self, caller: str = "a", *, group: str = "g", interactive: bool = False) -> str:
        """A slot that the gate must grant."""
        answer, name = self.enter(caller, group=group, interactive=interactive)
        assert answer.kind == "granted", answer
        return name

    def release(
        self,
        slot: str,
        outcome: Outcome = "ok",
        *,
        retry_after_s: float | None = None,
        at_once: int | None = None,
        at_once_max: int | None = None,
    ) -> None:
        granted_us = self.granted_us.pop(slot)
        self.gate.release(
            slot, granted_us, outcome, retry_after_s=retry_after_s, at_once=at_once, at_once_max=at_once_max
        )

    def told(self, *callers: str) -> list[str]:
        """Those of some callers, all of one batch or person, whose turn it is by what the gate has told them."""
        return [each for each in callers if self.gate.await_turn(Caller(each, "g", interactive=False), 0.01)]

    def renew(self, *slots: str) -> None:
        self.gate.renew({slot: self.granted_us[slot] for slot in slots})

    def block(self, seconds: float) -> None:
        """The provider wants to be left alone for so long from now; 0: no more."""
        until_us = int(self.client.time()[0] + seconds) * US if seconds else 0
        self.client.hset(self._keys["state"], "blocked_until", until_us)

    def pass_time(self, seconds: float, *, waiters_stay: bool = False) -> None:
        """Everything the gate remembers is this much longer ago; but not when waiters last asked, if they stay."""
        by = round(seconds * US)
        self.granted_us = {slot: granted_us - by for slot, granted_us in self.granted_us.items()}
        for key in ("log", "slots", "away") if waiters_stay else ("log", "slots", "away", "live"):
            for member in self.client.zrange(self._keys[key], 0, -1):
                self.client.zincrby(self._keys[key], -by, member)
        state = self.client.hgetall(self._keys["state"])
        for name in MOMENTS:
            if int(float(state.get(name.encode(), 0))):
                self.client.hincrby(self._keys["state"], name, -by)
        for field in self.client.hgetall(self._keys["kept"]):
            if field.startswith(b"d:"):
                self.client.hincrby(self._keys["kept"], field, -by)

    def size(self, key: str) -> int:
        """Entries of one of its sorted sets."""
        return int(self.client.zcard(self._keys[key]))

    def keys(self) -> dict[str, int]:
        """Every key on the server and its time to live in seconds."""
        return {key.decode(): int(self.client.ttl(key)) for key in self.client.scan_iter()}

    def close(self) -> None:
        self.client.close()
