"""Research through the ledger and the limiter: what it asked is paid for once, and what failed is not paid for."""

from collections.abc import Iterator

import pytest
from celery.exceptions import Ignore
from sqlalchemy import Engine, select, update

from models.brief import Brief
from models.dossier import Dossier
from models.steps import ChargeState, EpisodeState, Step
from models.tables import Account, Charge, table
from pipelines import episode as episodes
from podcast_tasks import purchases, research, running
from podcast_tasks.journal import EPISODE, STEP_RUN
from podmill.money import purses
from podmill.settings import Settings, current
from podmill.store.database import reading, transaction
from tests.emulators.searching import RunningExa, RunningGemini

ACCOUNT, CHARGE = table(Account), table(Charge)


@pytest.fixture
def episode_id(
    engine: Engine,
    show: str,
    settings: Settings,
    broker: str,
    gemini_emulator: RunningGemini,
    exa_emulator: RunningExa,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """An episode about a topic, without a single source."""
    for name, value in {
        **gemini_emulator.env,
        **exa_emulator.env,
        "PODMILL_BROKER_URL": broker,
        "PODMILL_DATABASE_URL": settings.database,
        "PODMILL_RETRY_BASE_S": "0.001",
        "PODMILL_RETRY_CAP_S": "0.001",
        "PODMILL_GEMINI_TIMEOUT_S": "1",
        "PODMILL_FETCH_PRIVATE": "true",
        "PODMILL_RESEARCH_PAGES": "2",
    }.items():
        monkeypatch.setenv(name, value)
    _forget()
    with transaction(engine) as connection:
        brief = Brief(show=show, topic="Tide mills")
        made, _ = episodes.make(connection, key="k1", brief=brief, title="Tide mills", account="default")
    yield made
    _forget()


def _forget() -> None:
    current.cache_clear()
    running.journal.cache_clear()
    running.keeper.cache_clear()
    purchases.limiter.cache_clear()


def charges(engine: Engine) -> list[Charge]:
    with reading(engine) as connection:
        rows = connection.execute(
            select(CHARGE).order_by(CHARGE.c.provider, CHARGE.c.part, CHARGE.c.attempt)
        ).mappings()
        return [Charge(**row) for row in rows]


def sums(engine: Engine) -> tuple[int, int]:
    """Spent and reserved."""
    with reading(engine) as connection:
        row = connection.execute(select(ACCOUNT)).one()
    return row.spent_microusd, row.reserved_microusd


def test_every_request_is_a_charge_of_what_it_cost(engine: Engine, episode_id: str):
    """Two searches and a check: settled in tokens and searches, and nothing is held any more."""
    running.run_step(Step.RESEARCH, episode_id, research.make)

    made = charges(engine)
    assert [(each.provider, each.unit, each.part, each.state) for each in made] == [
        ("exa", "search", 1, ChargeState.SETTLED),
        ("gemini", "token", 0, ChargeState.SETTLED),
        ("gemini", "token", 10, ChargeState.SETTLED),
    ]
    assert made[0].amount_microusd == 7000
    # Two searches of 14 dollars a thousand, and some tokens.
    assert 28_000 < made[1].amount_microusd < 35_000
    assert all(each.request_id for each in made)
    assert sums(engine) == (sum(each.amount_microusd for each in made), 0)
    dossier = running.journal().document(episode_id, Step.RESEARCH, Dossier)
    assert dossier
    assert dossier.told.facts


def test_a_step_that_runs_again_pays_nothing(
    engine: Engine, episode_id: str, gemini_emulator: RunningGemini, exa_emulator: RunningExa
):
    """A worker dies after its answers were kept: the next one takes them from the ledger."""
    running.run_step(Step.RESEARCH, episode_id, research.make)
    spent = sums(engine)
    with transaction(engine) as connection:
        connection.execute(update(STEP_RUN).where(STEP_RUN.c.step == Step.RESEARCH).values(state="due"))
        connection.execute(STEP_RUN.delete().where(STEP_RUN.c.step != Step.RESEARCH))
        connection.execute(update(EPISODE).values(step=Step.RESEARCH, state="running"))

    running.run_step(Step.RESEARCH, episode_id, research.make)

    assert sums(engine) == spent
    assert len(gemini_emulator.requests()) == 2
    assert len(exa_emulator.requests()) == 1


def test_what_is_refused_is_asked_again_and_not_paid_for(
    engine: Engine, episode_id: str, gemini_emulator: RunningGemini, exa_emulator: RunningExa
):
    """Both are away at first; the step is tried again, and each first try is a refused charge of nothing."""
    gemini_emulator.next("overloaded")
    exa_emulator.next("error")

    running.run_step(Step.RESEARCH, episode_id, research.make)

    made = charges(engine)
    # On a machine that is slow a turn may pass before it is used; what was never sent is no try.
    tries = [each for each in made if each.part < 2 and not (each.reason or "").startswith("Never sent")]
    assert [(each.provider, each.state) for each in tries] == [
        ("exa", ChargeState.REFUSED),
        ("exa", ChargeState.SETTLED),
        ("gemini", ChargeState.REFUSED),
        ("gemini", ChargeState.SETTLED),
    ]
    assert all(each.amount_microusd == 0 for each in made if each.state == ChargeState.REFUSED)


def test_what_is_in_doubt_stays_counted(engine: Engine, episode_id: str, gemini_emulator: RunningGemini):
    """Google's answer does not come in time: nothing is asked twice, Exa carries the episode, the money stays held."""
    gemini_emulator.next("hang")

    running.run_step(Step.RESEARCH, episode_id, research.make)

    doubtful = [each for each in charges(engine) if each.state == ChargeState.IN_DOUBT]
    assert [(each.provider, each.part) for each in doubtful] == [("gemini", 0)]
    assert sums(engine)[1] == doubtful[0].amount_microusd > 0
    assert [each["kind"] for each in gemini_emulator.requests()].count("grounding") == 1


def test_a_budget_that_is_too_small_asks_nothing(
    engine: Engine, episode_id: str, gemini_emulator: RunningGemini, exa_emulator: RunningExa
):
    """Research is paid for before the quote: an intent that does not fit the budget pauses it."""
    with transaction(engine) as connection:
        purses.set_budget(connection, "account:default", "total", 5000)

    with pytest.raises(Ignore):
        running.run_step(Step.RESEARCH, episode_id, research.make)

    assert gemini_emulator.requests() == exa_emulator.requests() == []
    assert charges(engine) == []
    with reading(engine) as connection:
        row = connection.execute(select(EPISODE.c.state, EPISODE.c.error_code)).one()
    assert tuple(row) == (EpisodeState.PARKED, "budget_exceeded")
