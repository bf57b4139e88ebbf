"""Script to quote: what it will cost, and the money held for it."""

import logging
import math
from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from sqlalchemy import select

from models.dossier import Dossier
from models.estimate import Estimate
from models.quote import Quote
from models.script import Script
from models.steps import Step
from models.tables import Episode, table
from podcast_tasks import degrading, retrying
from podcast_tasks.app import app
from podcast_tasks.degrading import Priced, Terms
from podcast_tasks.queues import queue_of
from podcast_tasks.running import Done, Work, run_step
from podmill import preflight, speech
from podmill.errors import BudgetExceededError, PodmillError, TransientError, VoiceError
from podmill.forecasting import open_forecaster
from podmill.money import accounts, prices, purses, sums, tiers, usage
from podmill.money.accounts import Asked
from podmill.money.estimate import estimate, repair_share
from podmill.money.fence import Fence
from podmill.money.ledger import Ledger
from podmill.preflight import Noting
from podmill.settings import Settings
from podmill.speech.engine import make as make_engine
from podmill.speech.engine import priced
from podmill.speech.quality import under
from podmill.store.database import reading

log = logging.getLogger(__name__)
EPISODE = table(Episode)


def make(work: Work) -> Done:
    database, settings = work.journal.engine, work.journal.settings
    script = work.need(Step.SCRIPTING, Script)
    dossier = work.journal.document(work.claim.episode_id, Step.RESEARCH, Dossier)
    terms = Terms(work.brief, script, settings, dossier)
    with reading(database) as connection:
        tier = accounts.tier_of(connection, work.account, tiers.load(settings))
    refused = _refused(work, script, tier)
    if refused:
        raise accounts.together([*refused, *_besides(work, tier, terms)])
    fence = Fence(work.claim.episode_id, work.claim.step, work.claim.token, settings.lease_s)
    held = degrading.hold(
        terms,
        partial(_price, work, tier),
        lambda amount_microusd: Ledger(database).reserve(work.account, amount_microusd, fence),
    )
    repair_microusd = _held_for_repair(work, held.priced, fence)
    quote = Quote(
        items=held.priced.items,
        cost_microusd=sum(item.cost_microusd for item in held.priced.items),
        requests=held.priced.requests,
        repair_microusd=repair_microusd,
        reservation_id=held.reservation_id,
        estimate=_expected(work),
        degraded=held.degraded,
    )
    return Done(quote, scores={"degraded": held.degraded.said if held.degraded else None})


def _held_for_repair(work: Work, priced: Priced, fence: Fence) -> int:
    """Hold money for lines that are spoken again, too, as far as a budget covers that."""
    if priced.repair_microusd:
        try:
            amount_microusd = priced.amount_microusd + priced.repair_microusd
            Ledger(work.journal.engine).reserve(work.account, amount_microusd, fence)
        except BudgetExceededError as exc:
            log.info("%s has nothing for repairs: %s", work.claim.episode_id, exc)
            return 0
    return priced.repair_microusd


def _price(work: Work, tier: tiers.Tier, terms: Terms) -> Priced:
    """What an episode costs under some terms, spoken by the first who can."""
    script, settings = terms.script, under(terms.settings, terms.brief.quality)
    requests, in_the_way = _requests(work, terms, settings)
    speech_units: dict[tuple[str, str], list[float]] = defaultdict(list)
    for request in requests:
        provider, quantities = priced(make_engine(request.engine, settings), request)
        for unit, quantity in quantities.items():
            speech_units[provider, unit].append(quantity)
    known = Noting(prices.load(settings.prices_file))
    items = estimate(
        script,
        speech_units,
        known,
        transcriber=settings.transcriber,
        used=partial(usage.this_month, work.journal.engine),
    )
    amount_microusd = tier.price_microusd(sum(item.cost_microusd for item in items), len(requests))
    found = [*known.taken(), *in_the_way]
    if found:
        raise accounts.together([*found, *_short_of_money(work, amount_microusd)])
    speech_microusd = sum(item.cost_microusd for item in items if item.step == Step.SYNTHESIS)
    share = repair_share([len(line.spoken) for line in script.lines], settings.repair_share)
    repair_microusd = tier.price_microusd(math.ceil(share * speech_microusd), 0)
    return Priced(terms, items, len(requests), amount_microusd, repair_microusd)


def _requests(
    work: Work, terms: Terms, settings: Settings
) -> tuple[Sequence[speech.SpeechRequest], Sequence[PodmillError]]:
    """Those of the first who can speak it and whose providers have credit for it; and, where nobody's have, why not
    those of the first."""
    brief, language = terms.brief, terms.script.language
    choices = speech.choices(brief.cast, brief.fallback, language, settings)
    first: tuple[Sequence[speech.SpeechRequest], Sequence[PodmillError]] | None = None
    while choices:
        try:
            choice = speech.usable(choices, language, settings, waits=lambda error: _waits(error, work))
        except PodmillError as exc:
            if first is None or isinstance(exc, TransientError):
                raise
            break
        requests = () if choice.text_only else speech.plan(terms.script, choice.cast, settings, variants={})
        short = preflight.lacking(requests, settings, work.journal.engine, but=work.claim.episode_id)
        if short is None:
            return requests, ()
        log.warning("%s: %s", work.claim.episode_id, short)
        first = first or (requests, (short,))
        choices = choices[choices.index(choice) + 1 :]
    if first is None:
        raise VoiceError("There is nobody to speak.")
    return first


def _short_of_money(work: Work, amount_microusd: int) -> Sequence[PodmillError]:
    """Budgets that do not cover it either, told with what else is in the way."""
    with reading(work.journal.engine) as connection:
        payer = sums.payer(connection, work.account, work.claim.episode_id)
        return purses.short(purses.standings(connection, payer), amount_microusd)


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


def _refused(work: Work, script: Script, tier: tiers.Tier) -> Sequence[PodmillError]:
    """A script that was handed in is as long as it is, whatever was asked for."""
    if work.brief.script is None:
        return ()
    asked = Asked(script.title, round(script.estimated_s / 60, 1), engines=frozenset(), hd=False)
    return accounts.refusals([asked], work.account, tier)


def _besides(work: Work, tier: tiers.Tier, terms: Terms) -> Sequence[PodmillError]:
    """What else is in the way of an episode that cannot be made anyway."""
    try:
        priced_as_asked = _price(work, tier, terms)
    except PodmillError as exc:
        return [exc]
    return _short_of_money(work, priced_as_asked.amount_microusd)


def _waits(error: TransientError, work: Work) -> bool:
    settings, queue = work.context.settings, queue_of(Step.COST_CHECK, work.claim.synthesis_queue)
    if (error.retry_after_s or 0.0) > settings.voices_patience_s:
        return False
    return isinstance(retrying.decide(error, work.claim.failures, queue, settings), retrying.Again)


@app.task(name="podcast_tasks.cost_check.cost_check")
def cost_check(episode_id: str) -> None:
    run_step(Step.COST_CHECK, episode_id, make)
