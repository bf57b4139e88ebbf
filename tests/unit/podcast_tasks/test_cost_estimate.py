"""The estimate of an episode: kept with its quote, told in its report, and learnt from."""

from pathlib import Path

import pytest
from sqlalchemy import update

from models.quote import Quote
from models.steps import ChargeState, EpisodeState, Step
from models.tables import Batch, Charge, Episode, StepDocument, table
from podmill.money import history
from podmill.report.summary import batch_report
from podmill.settings import Settings, load
from podmill.store.database import insert_into, reading, transaction

CHARGE, DOCUMENT, EPISODE = table(Charge), table(StepDocument), table(Episode)
ALIKE = 3


@pytest.fixture
def settings(podmill_home: Path) -> Settings:
    return load({"PODMILL_HOME": str(podmill_home)})[0]


def test_what_was_expected_is_kept(engine, hums, made):
    """The quote has an estimate of the whole brief, also where everything is free."""
    episode_id = made()
    with reading(engine) as connection:
        body = connection.scalar(
            DOCUMENT.select().with_only_columns(DOCUMENT.c.body).where(DOCUMENT.c.step == Step.COST_CHECK)
        )
        quote = Quote.model_validate_json(body)
    assert quote.estimate
    assert {item.step for item in quote.estimate.items} == {"scripting", "synthesis", "verification", "storage"}
    assert quote.estimate.likely_microusd == 0
    assert episode_id


def test_episodes_that_were_made_correct_the_next_estimate(engine, hums, made):
    """Settled charges of published episodes beside what was expected of them; others tell nothing."""
    episode_id = made()
    with transaction(engine) as connection:
        body = connection.scalar(
            DOCUMENT.select().with_only_columns(DOCUMENT.c.body).where(DOCUMENT.c.step == Step.COST_CHECK)
        )
        quote = Quote.model_validate_json(body)
        assert quote.estimate
        items = tuple(
            item.model_copy(update={"likely_microusd": 100, "list_microusd": 100, "provider": "gemini:some-model"})
            for item in quote.estimate.items
            if item.step == Step.SCRIPTING
        )
        dear = quote.model_copy(update={"estimate": quote.estimate.model_copy(update={"items": items})})
        first = connection.execute(EPISODE.select()).mappings().one()
        for number in range(ALIKE):
            state = EpisodeState.PUBLISHED
            row = {**first, "id": f"e{number}", "key": f"e{number}", "state": state, "published_at": 10.0 + number}
            connection.execute(EPISODE.insert().values(row))
            document = {"episode_id": row["id"], "step": Step.COST_CHECK, "created_at": 0.0}
            connection.execute(DOCUMENT.insert().values(**document, body=dear.model_dump_json()))
            charge = Charge(
                key=f"c{number}", account="default", episode_id=row["id"], step=Step.SCRIPTING, provider="gemini",
                unit="token", quantity=1, state=ChargeState.SETTLED, amount_microusd=150 + 10 * number, created_at=0,
            )  # fmt: skip
            connection.execute(insert_into(connection, CHARGE).values(charge.model_dump()))
    with reading(engine) as connection:
        told = history.load(connection).ratio(Step.SCRIPTING, "gemini:other", show=first["show"], language="en")
        before = history.load(connection, before=11.5).ratio(Step.SCRIPTING, "gemini", show="x", language="en")
    assert told
    assert told.median == pytest.approx(1.6)
    assert (told.low, told.high) == (pytest.approx(1.52), pytest.approx(1.68))
    assert told.basis.startswith("3 episodes of ")
    assert before is None
    assert episode_id


def test_the_report_has_it_beside_what_was_charged(engine, hums, made):
    """By episode, and over those that are published."""
    episode_id = made()
    with transaction(engine) as connection:
        shows = connection.scalar(EPISODE.select().with_only_columns(EPISODE.c.show))
        batch = Batch(id="b1", name="b", fingerprint="f", show=shows, created_at=0)
        connection.execute(table(Batch).insert().values(batch.model_dump()))
        connection.execute(update(EPISODE).values(batch_id="b1", state=EpisodeState.PUBLISHED))
    with reading(engine) as connection:
        report = batch_report(connection, "b1")
    assert report.episode_estimate_usd == {episode_id: 0.0}
    assert (report.summary.estimated_usd, report.summary.estimated_cost_usd) == (0.0, 0.0)
