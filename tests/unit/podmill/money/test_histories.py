"""Any history of submissions, failures, retries, cancels, crashes, prices, discounts, budgets and days: it balances.

make test ARGS="--hypothesis-profile=long tests/unit/podmill/money/test_histories.py" tries 1,000 on each database.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import hypothesis
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, delete, select, update

from models.steps import ChargeState, EpisodeState
from models.tables import Account, Batch, Budget, Charge, Episode, Event, Purse, Reservation, Show, StepRun, table
from pipelines import episode as episodes
from podcast_tasks import admission
from podmill import faults
from podmill.errors import BudgetExceededError, BusyError, InDoubtError, PodmillError
from podmill.money import decisions, purses
from podmill.money.charge import OPEN
from podmill.money.ledger import Ledger
from podmill.money.purchase import buy
from podmill.money.sums import payer_of
from podmill.settings import Settings
from podmill.store.database import reading, transaction
from tests.batches import insert
from tests.effort import examples
from tests.unit.podmill.money import provider as world

ACCOUNT, CHARGE, RESERVATION, PURSE = map(table, (Account, Charge, Reservation, Purse))
BATCH, BUDGET, EPISODE, EVENT, SHOW, STEP_RUN = map(table, (Batch, Budget, Episode, Event, Show, StepRun))
NO_LIMIT = 10**18
ACCOUNTS, SHOWS, EPISODES = ("default", "anna"), ("sea", "sky"), 3
CHARACTERS = {"a": 300, "b": 2700}
OWNERS = (*(f"account:{each}" for each in ACCOUNTS), *(f"show:{each}" for each in SHOWS), "batch:week", "episode:0")
CRASHES = ("", "charge:intended", "charge:called", "charge:kept", "charge:settled")
FAULTS: tuple[tuple[str | Exception, ...], ...] = (
    (),
    (),
    (BusyError("no"),),
    (InDoubtError("?"),),
    ("lost",),
    ("drop",),
)
WHICH = st.integers(0, EPISODES - 1)


class CrashError(BaseException):
    """The process is gone: nothing after this point happens."""


class Histories(RuleBasedStateMachine):
    """Three episodes of two shows, two accounts and one batch."""

    engine: Engine
    settings: Settings

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(self.engine)
        self.provider = world.Provider()
        self.moment = dt.datetime(2026, 11, 29, 23, 0, tzinfo=dt.UTC)
        self.price = Decimal("0.001")
        self.discounts = dict.fromkeys(ACCOUNTS, 0.0)
        self.crash = ""
        self.odd: set[str] = set()
        """What was billed otherwise than its price says."""
        self.may_be_overbilled = False
        """What is bought now may be billed above what was held for it, which no budget prevents."""
        self.ids = [self._made(number) for number in range(EPISODES)]
        self.held: dict[str, int] = {}
        """By charge: what was held for it."""
        self.before: Mapping[tuple[str, str], int] = {}

    def _made(self, number: int) -> str:
        """An episode with a name that is the same in every history."""
        made = world.make_episode(self.engine, SHOWS[number % 2], f"h{number}")
        names = {"account": ACCOUNTS[number // 2], "batch_id": None if number == 1 else "week"}
        with transaction(self.engine) as connection:
            if number == 0:
                for rows in (EVENT, CHARGE, RESERVATION, PURSE, BUDGET):
                    connection.execute(delete(rows))
                connection.execute(update(ACCOUNT).values(spent_microusd=0, reserved_microusd=0))
            values = names | {"state": EpisodeState.QUEUED, "step": "synthesis"}
            connection.execute(update(EPISODE).where(EPISODE.c.id == made).values(**values))
        return made

    @initialize(cents=st.lists(st.integers(0, 600), min_size=len(OWNERS), max_size=len(OWNERS)))
    def limits(self, cents: list[int]) -> None:
        """Half of the owners are limited."""
        for owner, amount in zip(OWNERS, cents, strict=True):
            if amount > 300:
                self._limit(owner, "total", amount * 10_000)
        self.before = self._purses()

    @rule(which=WHICH, cents=st.integers(0, 400), beyond=st.sampled_from((None, None, -1, 0, 1)))
    def submit(self, which: int, cents: int, beyond: int | None) -> None:
        """The cost check holds what the episode will cost; it fits exactly when every budget says so.

        Args:
            beyond: it costs what there is left, and so many micro-dollars more.
        """
        fence = world.claim(self.engine, self.ids[which], "cost_check")
        amount_microusd = cents * 10_000
        left_microusd = self._left(which)
        if beyond is not None and 0 < left_microusd < NO_LIMIT // 2:
            amount_microusd = left_microusd + beyond
        fits = self._fits(which, amount_microusd)
        before = self._purses()
        try:
            self.ledger.reserve(ACCOUNTS[which // 2], amount_microusd, fence)
        except BudgetExceededError:
            assert not fits
            assert self._purses() == before
        else:
            assert fits

    @rule(
        which=WHICH,
        content=st.sampled_from(sorted(CHARACTERS)),
        faults_=st.sampled_from(FAULTS),
        crash=st.sampled_from(CRASHES),
        billed=st.sampled_from((None, None, None, None, 0.5, 1.5)),
    )
    def work(self, which: int, content: str, faults_: Any, crash: str, billed: float | None) -> None:
        """A worker takes the step over and buys; it may fail, be billed otherwise, or die between any two effects."""
        account = ACCOUNTS[which // 2]
        characters = CHARACTERS[content]
        wanted = world.purchase(self.ids[which], content, characters)
        item = replace(wanted.items[0], price=world.PRICE.model_copy(update={"usd": self.price}))
        wanted = replace(wanted, account=account, items=(item,), discount_percent=self.discounts[account])
        fence = world.claim(self.engine, self.ids[which])
        self.provider.faults = list(faults_)
        self.provider.billed = None if billed is None else characters * billed
        self.odd |= {content} if billed else set()
        self.may_be_overbilled = content in self.odd
        self.crash = crash
        try:
            buy(wanted, world.Offer(self.provider, content), world.counter(self.ledger, fence))
        except (CrashError, PodmillError):
            pass
        finally:
            self.crash = ""
        self.check()
        self.may_be_overbilled = False

    @rule(which=WHICH)
    def end(self, which: int) -> None:
        """It is published, or failed: what it has not used is given back."""
        self.ledger.release(self.ids[which])
        with transaction(self.engine) as connection:
            connection.execute(update(EPISODE).where(EPISODE.c.id == self.ids[which]).values(state=EpisodeState.FAILED))

    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        if episodes.cancel([self.ids[which]], self.settings):
            with reading(self.engine) as connection:
                mine = RESERVATION.c.episode_id == self.ids[which]
                held = connection.execute(select(RESERVATION).where(mine)).first()
            assert held is None or (held.amount_microusd, held.open) == (0, False)

    @rule(which=WHICH)
    def retry(self, which: int) -> None:
        episodes.retry([self.ids[which]], self.settings)

    @rule(thousandths=st.integers(1, 4000))
    def change_price(self, thousandths: int) -> None:
        self.price = Decimal(thousandths) / 1_000_000

    @rule(which=st.sampled_from(ACCOUNTS), percent=st.sampled_from((0.0, 12.5, 33.3, 100.0)))
    def change_tier(self, which: str, percent: float) -> None:
        self.discounts[which] = percent

    @rule(owner=st.sampled_from(OWNERS), span=st.sampled_from(purses.SPANS), cents=st.none() | st.integers(0, 900))
    def change_budget(self, owner: str, span: purses.Span, cents: int | None) -> None:
        """Raise it, cut it below what is used, or take it away. Batches and episodes have a total only."""
        span = span if owner.startswith(("account:", "show:")) else "total"
        self._limit(owner, span, None if cents is None else cents * 10_000)

    @rule(hours=st.sampled_from((1, 24, 24, 24 * 31)))
    def wait(self, hours: int) -> None:
        """Days and months turn; what is in doubt can be looked up."""
        self.moment += dt.timedelta(hours=hours)
        world.grow_older(self.engine, 3600)

    @precondition(lambda self: ChargeState.IN_DOUBT in world.states(self.engine))
    @rule(number=st.integers(0, 9), was_charged=st.booleans())
    def decide(self, number: int, *, was_charged: bool) -> None:
        """A person says what became of a request in doubt."""
        doubtful = decisions.entries(self.engine, state=ChargeState.IN_DOUBT)
        key = doubtful[number % len(doubtful)].key
        (decisions.settle if was_charged else decisions.refuse)(self.engine, key)

    def reach(self, point: str) -> None:
        """What ``faults.hit`` does in this test."""
        self.check()
        if point == self.crash:
            raise CrashError(point)

    @invariant()
    def check(self) -> None:
        """Accounts and purses are the sums of the rows; none is above its budget when it has grown."""
        accounts, expected = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        with reading(self.engine) as connection:
            for row in connection.execute(select(CHARGE)):
                accounts[row.account, "reserved" if row.state in OPEN else "spent"] += row.amount_microusd
                expected.update(dict.fromkeys(payer_of(row).purses(), row.amount_microusd))
                if row.state in OPEN:
                    self.held[row.key] = row.amount_microusd
                elif row.state == ChargeState.SETTLED and row.content not in self.odd:
                    assert row.amount_microusd == self.held.get(row.key, row.amount_microusd)
            for row in connection.execute(select(RESERVATION)):
                assert row.amount_microusd >= 0
                accounts[row.account, "reserved"] += row.amount_microusd
                expected.update(dict.fromkeys(payer_of(row).purses(), row.amount_microusd))
            for row in connection.execute(select(ACCOUNT)):
                assert (row.reserved_microusd, row.spent_microusd) == (
                    accounts[row.id, "reserved"],
                    accounts[row.id, "spent"],
                )
        used = self._purses()
        assert {key: amount for key, amount in used.items() if amount} == {k: v for k, v in expected.items() if v}
        limits = self._limits()
        for key, amount in used.items():
            if amount > self.before.get(key, 0) and not self.may_be_overbilled:
                assert amount <= limits.get(key, amount), key
        self.before = used

    def _fits(self, which: int, amount_microusd: int) -> bool:
        """Whether a reservation is to be had: computed from the rows."""
        held, paying = self._payer(which)
        if amount_microusd == 0 or (held and payer_of(held) == paying and amount_microusd <= held.amount_microusd):
            return True
        return amount_microusd <= self._left(which)

    def _left(self, which: int) -> int:
        """The most that may be reserved for an episode."""
        used, limits = self._purses(), self._limits()
        held, paying = self._payer(which)
        back = dict.fromkeys(payer_of(held).purses(), held.amount_microusd) if held else {}
        return min(limits.get(key, NO_LIMIT) - used.get(key, 0) + back.get(key, 0) for key in paying.purses())

    def _payer(self, which: int) -> tuple[Any, purses.Payer]:
        with reading(self.engine) as connection:
            row = connection.execute(select(EPISODE).where(EPISODE.c.id == self.ids[which])).one()
            held = connection.execute(select(RESERVATION).where(RESERVATION.c.episode_id == row.id)).first()
        return held, purses.Payer(row.account, row.show, row.batch_id, row.id, f"{self.moment:%Y-%m-%d}")

    def _limit(self, owner: str, span: purses.Span, limit_microusd: int | None) -> None:
        with transaction(self.engine) as connection:
            purses.set_budget(connection, owner.replace("episode:0", f"episode:{self.ids[0]}"), span, limit_microusd)

    def _limits(self) -> dict[tuple[str, str], int]:
        """By purse: every period that there is money in has the limit of its span."""
        with reading(self.engine) as connection:
            rows = connection.execute(select(BUDGET)).all()
        lengths = purses.PERIOD_LENGTH
        periods = {period for _, period in self._purses()} | {
            purses.TOTAL,
            *(f"{self.moment:%Y-%m-%d}"[:length] for length in (7, 10)),
        }
        return {
            (row.owner, period): row.limit_microusd
            for row in rows
            for period in periods
            if len(period) == lengths[row.span]
        }

    def _purses(self) -> dict[tuple[str, str], int]:
        with reading(self.engine) as connection:
            return {(row.owner, row.period): row.used_microusd for row in connection.execute(select(PURSE))}


def test_the_ledger_always_balances(engine, settings, monkeypatch):
    """No purse is ever above its budget by a micro-dollar when it has grown, what is in doubt included."""
    Ledger(engine).open_account("anna")
    with transaction(engine) as connection:
        insert(connection, Show, [{"slug": each, "title": each, "guid": each, "created_at": 0.0} for each in SHOWS])
        week = {"id": "week", "name": "week", "fingerprint": "week", "show": "sea", "created_at": 0.0}
        insert(connection, Batch, [week])
    monkeypatch.setattr(admission, "admit", lambda *_: 0)

    class Machine(Histories):
        def __init__(self) -> None:
            self.engine, self.settings = engine, settings
            monkeypatch.setattr(faults, "hit", self.reach)
            monkeypatch.setattr(purses, "_moment", lambda _connection: self.moment)
            super().__init__()

    run_state_machine_as_test(
        Machine,
        settings=hypothesis.settings(
            max_examples=examples(12, long=1000),
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
