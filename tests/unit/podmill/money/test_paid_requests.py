"""Any history of workers, crashes, stalls, faults and decisions: nothing is asked twice, lost, or over the budget."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, select, update

from models.steps import ChargeState
from podmill import faults
from podmill.errors import BudgetExceededError, BusyError, DiskFullError, InDoubtError, PodmillError
from podmill.money import decisions
from podmill.money import purchase as purchasing
from podmill.money.charge import CHARGE, OPEN
from podmill.money.ledger import Ledger
from podmill.money.purchase import Policy, buy
from podmill.money.purses import PURSE
from podmill.money.sums import ACCOUNT, RESERVATION
from podmill.store.database import reading, transaction
from tests.effort import examples
from tests.unit.podmill.money import provider as world

POINTS = ("charge:intended", "charge:called", "charge:kept", "charge:settled")
FAULTS = ("", "", "busy", "lost", "drop", "broken", "disk")
DOLLAR = 1_000_000


class CrashError(BaseException):
    """The process is gone: nothing after this point happens."""


class BugError(Exception):
    """An error that nobody foresaw."""


class Offer(world.Offer):
    """What an episode asks for, tagged with the charge it was asked under."""

    def __init__(self, machine: "PaidRequests", token: str, content: str, fault: str) -> None:
        super().__init__(machine.provider, content)
        self.machine = machine
        self.token = token
        self.fault = fault
        self.has_asked = False

    def ask(self) -> world.Made:
        self.has_asked = True
        with reading(self.machine.engine) as connection:
            mine = select(CHARGE.c.key).where(CHARGE.c.lease_token.startswith(self.token))
            key = str(connection.scalar(mine.order_by(CHARGE.c.attempt.desc()).limit(1)))
        self.machine.asked[key] += 1
        fault, self.fault = self.fault, "" if self.fault != "disk" else "disk"
        if fault == "busy":
            raise BusyError("Too many at once.")
        if fault == "lost":
            raise InDoubtError("The connection broke on the way there.")
        made = super().ask()
        self.machine.made_at[str(made.request_id)] = self.machine.clock_s
        if fault == "drop":
            raise InDoubtError("The connection broke on the way back.")
        if fault == "broken":
            raise BugError("It cannot read the answer.")
        return made

    def keep(self, answer: world.Made) -> dict[str, object]:
        if self.fault == "disk":
            raise DiskFullError("No room.")
        return super().keep(answer)

    def find(self, since, taken) -> world.Made | None:
        """The record shows a request some time after it was made, and before ``record_after_s``."""
        shown = world.Provider(
            made=[
                made
                for made in self.provider.made
                if self.machine.clock_s - self.machine.made_at[str(made.request_id)] >= self.machine.record_lag_s
            ]
        )
        return world.Offer(shown, self.content).find(since, taken)


class PaidRequests(RuleBasedStateMachine):
    """Two episodes that want some words of their own and some that both want."""

    engine: Engine
    policy: Policy
    episode_ids: tuple[str, str]

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(self.engine)
        self.provider = world.Provider()
        self.asked: Counter[str] = Counter()
        """By key of the charge."""
        self.made_at: dict[str, float] = {}
        self.wanted: dict[str, set[str]] = {}
        self.delivered: set[tuple[str, str]] = set()
        self.by_hand: Counter[str] = Counter()
        """Decisions of a person, by content."""
        self.claimed: set[str] = set()
        """Requests of the provider that a person settled a charge for."""
        self.clock_s = 0.0
        self.record_lag_s = 0.0
        self.traps: list[tuple[str, str]] = []
        """Points at which the worker that gets there first crashes, or stalls while another works."""
        with transaction(self.engine) as connection:
            connection.execute(CHARGE.delete())
            connection.execute(RESERVATION.delete())
            connection.execute(PURSE.delete())
            connection.execute(update(ACCOUNT).values(spent_microusd=0, reserved_microusd=0))

    @initialize(budget=st.sampled_from([None, 2 * DOLLAR, 4 * DOLLAR]), lag_s=st.sampled_from([0.0, 40.0]))
    def begin(self, budget: int | None, lag_s: float) -> None:
        world.set_budget(self.engine, budget)
        self.record_lag_s = lag_s

    @rule(
        which=st.integers(0, 1),
        content=st.sampled_from(["own", "shared"]),
        fault=st.sampled_from(FAULTS),
        crash=st.sampled_from(("", "", *POINTS)),
        stall=st.sampled_from(("", "", *POINTS)),
    )
    def work(self, which: int, content: str, fault: str, crash: str, stall: str) -> None:
        """A worker takes the step over and buys; it may crash, or stall while somebody else takes over from it."""
        name = content if content == "shared" else f"{content} {which}"
        self.traps = [trap for trap in ((stall, "stall"), (crash, "crash")) if trap[0]]
        self._buy(which, name, fault)

    @rule(which=st.integers(0, 1), dollars=st.integers(0, 3))
    def reserve(self, which: int, dollars: int) -> None:
        fence = world.claim(self.engine, self.episode_ids[which], "cost_check")
        try:
            self.ledger.reserve("default", dollars * DOLLAR, fence)
        except BudgetExceededError:
            return

    @rule(which=st.integers(0, 1))
    def release(self, which: int) -> None:
        self.ledger.release(self.episode_ids[which])

    @rule(seconds=st.sampled_from([10.0, 70.0]))
    def wait(self, seconds: float) -> None:
        self.clock_s += seconds
        world.grow_older(self.engine, seconds)

    @rule(data=st.data())
    def decide(self, data: st.DataObject) -> None:
        """A person who sees the provider's bill decides on a charge in doubt."""
        doubtful = decisions.entries(self.engine, state=ChargeState.IN_DOUBT)
        if not doubtful:
            return
        entry = data.draw(st.sampled_from(doubtful))
        content = next(row.content for row in world.charges(self.engine) if row.key == entry.key)
        known = {row.request_id for row in world.charges(self.engine)} | self.claimed
        unclaimed = [m for m in self.provider.made if m.content == content and m.request_id not in known]
        self.by_hand[content] += 1
        if unclaimed:
            self.claimed.add(str(unclaimed[0].request_id))
            decisions.settle(self.engine, entry.key)
        else:
            decisions.refuse(self.engine, entry.key)

    def _buy(self, which: int, content: str, fault: str) -> None:
        episode_id = self.episode_ids[which]
        fence = world.claim(self.engine, episode_id)
        offer = Offer(self, fence.token, content, fault)
        had = (episode_id, content) in self.delivered
        self.wanted.setdefault(content, set()).add(episode_id)
        try:
            answer, _ = buy(
                world.purchase(episode_id, content),
                offer,
                world.counter(self.ledger, fence, policy=self.policy),
            )
        except (CrashError, PodmillError, BugError):
            return
        assert answer.content == content
        assert not (had and offer.has_asked), "asked again for what was delivered"
        self.delivered.add((episode_id, content))

    def reach(self, point: str) -> None:
        """What ``faults.hit`` does in this test."""
        for trap in self.traps:
            if trap[0] != point:
                continue
            self.traps.remove(trap)
            if trap[1] == "crash":
                raise CrashError(point)
            self.clock_s += 100
            world.grow_older(self.engine, 100)
            waiting, self.traps = self.traps, []
            for which in (0, 1):
                self._buy(which, "shared", "")
                self._buy(which, f"own {which}", "")
            self.traps = waiting
            return

    @invariant()
    def the_sums_are_those_of_the_rows(self) -> None:
        world.check_sums(self.engine)

    @invariant()
    def no_charge_is_asked_for_twice(self) -> None:
        assert max(self.asked.values(), default=0) <= 1

    @invariant()
    def nothing_that_was_charged_is_forgotten(self) -> None:
        counted = Counter(
            row.content for row in world.charges(self.engine) if row.state in (*OPEN, ChargeState.SETTLED)
        )
        for content, made in Counter(made.content for made in self.provider.made).items():
            assert made <= counted[content]

    @invariant()
    def nobody_pays_twice_without_a_decision(self) -> None:
        """With a record to look at, every episode pays once; without, what is in doubt is paid again at most once."""
        for content, made in Counter(made.content for made in self.provider.made).items():
            times = 2 if self.policy == "retry_once" else 1
            assert made <= len(self.wanted[content]) * times + self.by_hand[content]

    @invariant()
    def one_request_is_open_for_one_content(self) -> None:
        intents = Counter(
            (row.episode_id, row.content) for row in world.charges(self.engine) if row.state == ChargeState.INTENT
        )
        assert max(intents.values(), default=0) <= 1


@pytest.mark.parametrize("policy", ["recover", "retry_once", "hold"])
def test_whatever_happens_the_books_are_right(engine, show, policy, monkeypatch):
    """Hypothesis looks for a history that breaks an invariant; on both databases, under every policy."""
    ids = tuple(world.make_episode(engine, show, key) for key in ("one", "two"))

    class Machine(PaidRequests):
        def __init__(self) -> None:
            self.engine, self.policy, self.episode_ids = engine, policy, ids
            super().__init__()
            monkeypatch.setattr(faults, "hit", self.reach)
            monkeypatch.setattr(purchasing, "monotonic", lambda: self.clock_s)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples(20),
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
