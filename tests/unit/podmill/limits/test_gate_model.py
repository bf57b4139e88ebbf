"""The gate against a model of it: whatever callers do, and however time passes, both let the same ones through."""

from dataclasses import dataclass, field
from functools import partial
from random import Random
from time import monotonic
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from podmill.limits.gate import Caller
from tests.effort import examples
from tests.gates import Account, pace

# Time passes in whole seconds and every limit is a fraction more, so that the milliseconds a test takes never decide.
WINDOW_S: Final = 10.5
TRANSIT_S: Final = 2.25
LEASE_S: Final = 6.75
CALLERS: Final = [
    *(Caller(f"{group}{number}", group, interactive=False) for group in "ABC" for number in range(3)),
    *(Caller(f"p{number}", f"p{number}", interactive=True) for number in range(2)),
]


@dataclass
class Model:
    """The rules in plain Python: lists, and no thought for speed."""

    per_window: int
    at_once: int
    now_s: int = 0
    blocked: bool = False
    counted_s: dict[str, float] = field(default_factory=dict)
    """Requests by when they reached the provider at the latest."""
    lapses_s: dict[str, float] = field(default_factory=dict)
    arrived: list[Caller] = field(default_factory=list)
    """Everybody who was not served yet, in order of arrival, here or away."""
    live: set[str] = field(default_factory=set)
    rota: list[tuple[bool, str]] = field(default_factory=list)
    """Groups that were not served since they came, or that have waiters, in turn."""

    def line(self) -> list[Caller]:
        """The live waiters in the order in which they are to be served."""
        ordered: list[Caller] = []
        for interactive in (True, False):
            queues = {
                group: [c for c in self.arrived if c.id in self.live and (c.interactive, c.group) == group]
                for group in self.rota
                if group[0] == interactive
            }
            while any(queues.values()):
                ordered += [queue.pop(0) for queue in queues.values() if queue]
        return ordered

    def room(self) -> int:
        """Requests that may be made now."""
        if self.blocked:
            return 0
        counted = sum(latest_s + WINDOW_S > self.now_s for latest_s in self.counted_s.values())
        return min(self.per_window - counted, self.at_once - len(self.open()))

    def open(self) -> list[str]:
        return [slot for slot, lapses_s in self.lapses_s.items() if lapses_s > self.now_s]

    def enter(self, slot: str, caller: Caller) -> bool:
        group = (caller.interactive, caller.group)
        if caller not in self.arrived:
            self.arrived.append(caller)
        if group not in self.rota:
            self.rota.append(group)
        self.live.add(caller.id)
        if self.line().index(caller) >= self.room():
            return False
        self.arrived.remove(caller)
        self.live.discard(caller.id)
        self.rota.remove(group)
        if any(c.id in self.live and (c.interactive, c.group) == group for c in self.arrived):
            self.rota.append(group)
        self.counted_s[slot] = self.now_s + TRANSIT_S
        self.lapses_s[slot] = self.now_s + LEASE_S
        return True

    def release(self, slot: str) -> None:
        self.counted_s[slot] = min(self.counted_s[slot], self.now_s)
        del self.lapses_s[slot]


class Callers(RuleBasedStateMachine):
    """Callers come, wait, leave, are served, die; the server's memory ages."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.held: list[str] = []
        self.granted_s: list[int] = []
        self.steady_at = monotonic()

    @initialize(per_window=st.sampled_from([1, 2, 3, 5, 60]), at_once=st.integers(1, 4))
    def open_account(self, per_window: int, at_once: int) -> None:
        limits = pace(per_minute=per_window, at_once=at_once, window_s=WINDOW_S, transit_s=TRANSIT_S, lease_s=LEASE_S)
        self.account = Account(self.url, limits)
        self.account.client.flushall()
        self.account.gate.refill(None)
        self.model = Model(per_window, at_once)

    @rule(order=st.permutations(CALLERS), count=st.integers(1, len(CALLERS)), random=st.randoms(use_true_random=False))
    def come_and_stay(self, order: list[Caller], count: int, random: Random) -> None:
        """Some come while the provider wants to be left alone; then it does not, and they ask again in any order."""
        self._block(True)
        for caller in order[:count]:
            self._ask(caller, stays=True)
        self._block(False)
        self._all_ask(random)

    @rule(caller=st.sampled_from(CALLERS))
    def come_and_leave(self, caller: Caller) -> None:
        self._ask(caller, stays=False)

    @rule(random=st.randoms(use_true_random=False), answered=st.lists(st.integers(0, 3), min_size=1, max_size=6))
    def serve(self, random: Random, answered: list[int]) -> None:
        """Some are answered, and all who wait ask again, in any order: those whose turn it is get through."""
        for count in answered:
            for slot in self.held[:count]:
                self._answered(slot)
            self._all_ask(random)

    def _all_ask(self, random: Random) -> None:
        waiting = [caller for caller in CALLERS if caller.id in self.model.live]
        random.shuffle(waiting)
        for caller in waiting:
            self._ask(caller, stays=True)

    def _block(self, blocked: bool) -> None:
        self.account.block(600 if blocked else 0)
        self.model.blocked = blocked

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def answered(self, data: st.DataObject) -> None:
        self._answered(data.draw(st.sampled_from(self.held)))

    def _answered(self, slot: str) -> None:
        self.held.remove(slot)
        self.account.release(slot)
        self.model.release(slot)

    def _steady(self) -> None:
        """Takes back the time that the test itself took: a busy machine must not make waiters late."""
        took_s = monotonic() - self.steady_at
        if took_s > 0.1:
            self.account.pass_time(-took_s)
            self.steady_at += took_s

    def _ask(self, caller: Caller, *, stays: bool) -> None:
        self._steady()
        answer, slot = self.account.enter(
            caller.id, group=caller.group, interactive=caller.interactive, patience_s=1000 if stays else 0
        )
        granted = self.model.enter(slot, caller)
        assert (answer.kind == "granted") == granted, (answer, self.model)
        if granted:
            self.held.append(slot)
            self.granted_s.append(self.model.now_s)
            recent = [granted_s for granted_s in self.granted_s if granted_s > self.model.now_s - WINDOW_S]
            assert len(recent) <= self.model.per_window
        elif not stays:
            assert answer.kind == "left"
            self.model.live.discard(caller.id)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from(self.held))
        self.account.renew(slot)
        self.model.lapses_s[slot] = self.model.now_s + LEASE_S

    @rule(caller=st.sampled_from(CALLERS))
    def leave(self, caller: Caller) -> None:
        self.account.gate.leave(caller)
        self.model.live.discard(caller.id)

    # Without a word from a waiter for more than the longest wait between two tries and a second, it is gone.
    @rule(seconds=st.sampled_from([4, 7, 11, 13]), waiters_stay=st.booleans())
    def pass_time(self, seconds: int, waiters_stay: bool) -> None:
        self._steady()
        self.account.pass_time(seconds, waiters_stay=waiters_stay)
        self.model.now_s += seconds
        if not waiters_stay:
            self.model.live.clear()

    def teardown(self) -> None:
        if hasattr(self, "account"):
            self.account.close()


def test_the_gate_does_what_its_model_does(server: str) -> None:
    """Same grants and refusals: rate, concurrency, turns of groups, kept places, people first, lapsed slots."""
    run_state_machine_as_test(
        partial(Callers, server),
        settings=settings(
            max_examples=examples(50),
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        ),
    )
