"""Script to quote: what it will cost, and the money held for it."""

import logging
from collections import defaultdict
from functools import partial

from sqlalchemy import select

from models.estimate import Estimate
from models.quote import Quote
from models.script import Script
from models.steps import Step
from models.tables import Episode, table
from podcast_tasks import retrying
from podcast_tasks.app import app
from podcast_tasks.queues import queue_of
from podcast_tasks.running import Done, Work, run_step
from podmill import speech
from podmill.errors import PodmillError, TransientError
from podmill.forecasting import open_forecaster
from podmill.money import accounts, prices, tiers, usage
from podmill.money.accounts import Asked
from podmill.money.estimate import estimate
from podmill.money.fence import Fence
from podmill.money.ledger import Ledger
from podmill.speech.engine import make as make_engine
from podmill.speech.engine import priced
from podmill.store.database import reading

log = logging.getLogger(__name__)
EPISODE = table(Episode)


def make(work: Work) -> Done:
    settings = work.context.settings
    script = work.need(Step.SCRIPTING, Script)
    choices = speech.choices(work.brief.cast, work.brief.fallback, script.language, settings)
    choice = speech.usable(choices, script.language, settings, waits=lambda error: _waits(error, work))
    requests = () if choice.text_only else speech.plan(script, choice.cast, settings, variants={})
    speech_units: dict[tuple[str, str], list[float]] = defaultdict(list)
    for request in requests:
        provider, quantities = priced(make_engine(request.engine, settings), request)
        for unit, quantity in quantities.items():
            speech_units[provider, unit].append(quantity)
    database = work.journal.engine
    items = estimate(
        script,
        speech_units,
        prices.load(settings.prices_file),
        transcriber=settings.transcriber,
        used=partial(usage.this_month, database),
    )
    cost_microusd = sum(item.cost_microusd for item in items)
    with reading(database) as connection:
        tier = accounts.tier_of(connection, work.account, tiers.load(settings))
    _allowed(work, script, tier)
    fence = Fence(work.claim.episode_id, work.claim.step, work.claim.token, settings.lease_s)
    reservation = Ledger(database).reserve(work.account, tier.price_microusd(cost_microusd, len(requests)), fence)
    quote = Quote(
        items=items,
        cost_microusd=cost_microusd,
        requests=len(requests),
        reservation_id=reservation,
        estimate=_expected(work),
    )
    return Done(quote)


def _expected(work: Work) -> Estimate | None:
    """What was expected of the brief when the episode was made; an episode goes on without it."""
    made = select(EPISODE.c.created_at).where(EPISODE.c.id == work.claim.episode_id)
    try:
        with reading(work.journal.engine) as connection:
            before = connection.scalar(made)
        forecaster = open_forecaster(
            work.journal.engine, work.context.settings, work.account, work.context.store, before=before
        )
        return forecaster.estimate(work.brief)
    except PodmillError as exc:
        log.warning("no estimate of %s: %s", work.claim.episode_id, exc)
        return None


def _allowed(work: Work, script: Script, tier: tiers.Tier) -> None:
    """A script that was handed in is as long as it is, whatever was asked for."""
    if work.brief.script is not None:
        asked = Asked(script.title, round(script.estimated_s / 60, 1), engines=frozenset(), hd=False)
        for refused in accounts.refusals([asked], work.account, tier):
            raise refused


def _waits(error: TransientError, work: Work) -> bool:
    settings, queue = work.context.settings, queue_of(Step.COST_CHECK, work.claim.synthesis_queue)
    if (error.retry_after_s or 0.0) > settings.voices_patience_s:
        return False
    return isinstance(retrying.decide(error, work.claim.failures, queue, settings), retrying.Again)


@app.task(name="podcast_tasks.cost_check.cost_check")
def cost_check(episode_id: str) -> None:
    run_step(Step.COST_CHECK, episode_id, make)
