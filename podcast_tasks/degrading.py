"""Degrading: what is given up of an episode, in the order that its show allows, until a budget covers it."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from models.brief import TEXT, Brief, Concession
from models.dossier import Dossier
from models.quote import Degraded, QuoteItem
from models.script import Script
from podmill import speech
from podmill.errors import BudgetExceededError, PriceUnknownError, ScriptError
from podmill.money.amounts import usd
from podmill.scripting.shorter import LEAST, shorter
from podmill.settings import Settings
from podmill.speech.quality import local_cast, standard_cast, under

log = logging.getLogger(__name__)

STEP: Final = 5
"""Per cent of a script by which it is made shorter until it fits."""
IN_THE_WAY: Final = (*speech.FOR_GOOD, PriceUnknownError, ScriptError)
"""Errors of a way down that end it: the next one is tried."""


@dataclass(frozen=True, slots=True)
class Terms:
    """An episode as it could be made."""

    brief: Brief
    script: Script
    settings: Settings
    """Of this node, whatever the quality."""
    dossier: Dossier | None = None
    """What the script was written from."""
    lines: tuple[int, ...] | None = None
    """Lines of the written script that are in this one; None: all."""
    given_up: tuple[Concession, ...] = ()
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Priced:
    """What that costs."""

    terms: Terms
    items: tuple[QuoteItem, ...]
    requests: int
    amount_microusd: int
    """That its account pays, at most."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is made, and the money that is held for it."""

    priced: Priced
    reservation_id: str
    degraded: Degraded | None = None


def hold(asked: Terms, price: Callable[[Terms], Priced], reserve: Callable[[int], str]) -> Held:
    """Hold money for an episode: as it was asked for, else for as much of it as budgets cover.

    What is given up adds up, in the order in which the show, the batch or the episode allows it; what would save
    nothing is kept.

    Args:
        price: what terms cost.
        reserve: hold an amount, in micro-dollars; its reservation.

    Raises:
        BudgetExceededError: no budget covers it, however much of it is given up.
        PodmillError: it cannot be made as it was asked for.
    """
    whole = price(asked)
    try:
        return Held(whole, reserve(whole.amount_microusd))
    except BudgetExceededError as exc:
        short = least = exc
    best = whole
    for name in asked.brief.degrade:
        for terms in _WAYS[name](best.terms):
            try:
                found = price(terms)
            except IN_THE_WAY as exc:
                log.info("%s is no way to make it for less: %s", name, exc)
                continue
            if found.amount_microusd >= best.amount_microusd:
                continue
            best = found
            try:
                reservation = reserve(found.amount_microusd)
            except BudgetExceededError as exc:
                least = exc
            else:
                return Held(found, reservation, _degraded(found.terms, whole, short))
    if best is whole:
        raise short
    raise BudgetExceededError(
        f"{least.message} That is with all that may be given up ({_words(best.terms)}); in full it would be "
        f"{usd(whole.amount_microusd)} USD.",
        action=least.action,
        retry_after_s=least.retry_after_s,
        needed_microusd=least.needed_microusd,
    )


def _degraded(terms: Terms, whole: Priced, short: BudgetExceededError) -> Degraded:
    words = _words(terms)
    return Degraded(
        given_up=terms.given_up,
        said=f"{words[0].upper()}{words[1:]}. {short.message}",
        full_microusd=whole.amount_microusd,
        quality=terms.brief.quality,
        cast=terms.brief.cast,
        fallback=terms.brief.fallback,
        lines=terms.lines,
    )


def _words(terms: Terms) -> str:
    return ", ".join(terms.said)


def _standard(terms: Terms) -> Iterator[Terms]:
    """Standard quality instead of HD."""
    settings = under(terms.settings, terms.brief.quality)
    cast = standard_cast(terms.brief.cast, settings)
    brief = terms.brief.model_copy(update={"quality": "standard", "cast": cast})
    yield _less(terms, "quality", "standard quality instead of HD", brief=brief)


def _local(terms: Terms) -> Iterator[Terms]:
    """Voices of this machine, whatever the quality; if they cannot speak it either, no paid one does."""
    brief, language = terms.brief, terms.script.language
    cast = local_cast(brief.cast, language, brief.fallback, terms.settings)
    if cast is None:
        log.info("no way to make it for less: this machine has too few voices that speak %s", language)
        return
    fallback = brief.fallback or speech.fallback_of(terms.settings)
    order = tuple(word for word in fallback.order if word == TEXT)
    update = {"cast": cast, "fallback": fallback.model_copy(update={"order": order})}
    who, before = speech.Choice(cast).who, speech.Choice(brief.cast).who
    # What is said of the quality of other voices is not true of these.
    kept = [(name, said) for name, said in zip(terms.given_up, terms.said, strict=True) if name != "quality"]
    bare = replace(terms, given_up=tuple(name for name, _ in kept), said=tuple(said for _, said in kept))
    yield _less(bare, "voice", f"voices of {who} instead of {before}", brief=brief.model_copy(update=update))


def _shorter(terms: Terms) -> Iterator[Terms]:
    """Fewer minutes, step by step."""
    script, brief = terms.script, terms.brief
    asked_s = script.estimated_s if brief.script else brief.minutes * 60
    least = LEAST * asked_s / script.estimated_s if script.estimated_s > 0 else 1.0
    facts = terms.dossier.facts if terms.dossier else ()
    relevance = {fact.id: fact.relevance for fact in facts}
    for percent in range(100 - STEP, 0, -STEP):
        kept = shorter(script, percent / 100, least=least, relevance=relevance)
        if kept is None:
            continue
        left = script.only(kept)
        said = f"{left.estimated_s / 60:.1f} instead of {script.estimated_s / 60:.1f} minutes"
        yield replace(_less(terms, "minutes", said), script=left, lines=kept)


def _less(terms: Terms, name: Concession, said: str, *, brief: Brief | None = None) -> Terms:
    return replace(terms, brief=brief or terms.brief, given_up=(*terms.given_up, name), said=(*terms.said, said))


_WAYS: Final[dict[Concession, Callable[[Terms], Iterator[Terms]]]] = {
    "quality": _standard,
    "voice": _local,
    "minutes": _shorter,
}
