"""Research on the web: search services asked at the same time, their pages read, every claim checked against them."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ClassVar, Final

from models.brief import Brief
from models.dossier import Dossier
from podmill.context import StepContext
from podmill.errors import ConfigurationError, HeldError, PodmillError, RefusedError, TransientError
from podmill.research.checking import Assertion, check_claims
from podmill.research.exa import ExaSearch
from podmill.research.facts import find_facts
from podmill.research.google import GoogleSearch
from podmill.research.kept import KeptResearch
from podmill.research.pages import Pages, read_pages
from podmill.research.researcher import ResearcherCapabilities
from podmill.research.search import Found, SearchService, can_do_without
from podmill.settings import Settings

log = logging.getLogger(__name__)

SERVICES: Final[Mapping[str, SearchService]] = {"google": GoogleSearch(), "exa": ExaSearch()}

SEARCHED, READ, CHECKED = 0.3, 0.8, 0.95
"""Shares of the progress."""


class WebResearcher:
    """All search services that have a key, together; one alone where the other fails; else what was found before."""

    name: ClassVar[str] = "web"
    capabilities: ClassVar[ResearcherCapabilities] = ResearcherCapabilities(needs_sources=False, paid=True)
    services: ClassVar[tuple[str, ...]] = tuple(SERVICES)

    def research(self, brief: Brief, context: StepContext) -> Dossier:
        """
        Raises:
            ConfigurationError: no service has a key.
            SourceError: nothing that was found can be read, or none of it is about the topic.
            RefusedError: no service answers, and there is no research from before.
            TransientError: likewise, and it may work later.
            HeldError: likewise, and a person must say what became of a request, or whether the topic can stay.
            PodmillError: as ``Purchases.buy`` raises it, where the step must wait or is over.
        """
        asked = [SERVICES[name] for name in self.services if SERVICES[name].configured(context.settings)]
        if not asked:
            keys = " or ".join(SERVICES[name].key_setting for name in self.services)
            raise ConfigurationError("Research on the web needs a key.", action=f"Set {keys}.")
        names = tuple(service.name for service in asked)
        kept = KeptResearch(context.settings)
        try:
            dossier = _research(asked, brief, context)
        except PodmillError as exc:
            if not can_do_without(exc):
                raise
            earlier = kept.find(brief, names)
            if earlier is None:
                raise
            log.warning("research from before is used for %r: %s", brief.subject, exc)
            hours = (earlier.age_s or 0.0) / 3600
            note = f"Found {hours:.1f} hours before this episode was made: {exc.message}"
            return earlier.model_copy(update={"notes": (note, *earlier.notes)})
        kept.keep(brief, names, dossier)
        return dossier


class GoogleResearcher(WebResearcher):
    """Google alone."""

    name: ClassVar[str] = "google"
    services: ClassVar[tuple[str, ...]] = ("google",)


class ExaResearcher(WebResearcher):
    """Exa alone."""

    name: ClassVar[str] = "exa"
    services: ClassVar[tuple[str, ...]] = ("exa",)


def configured(settings: Settings) -> bool:
    """Whether there is a key for any search service."""
    return any(service.configured(settings) for service in SERVICES.values())


def _research(asked: Sequence[SearchService], brief: Brief, context: StepContext) -> Dossier:
    topic = brief.topic or brief.title or ""
    context.progress(0.0, "searching the web")
    searches, notes = _search(asked, topic, brief, context)
    context.progress(SEARCHED, "reading pages")
    read = read_pages(
        searches, context, lambda share: context.progress(SEARCHED + (READ - SEARCHED) * share, "reading pages")
    )
    context.progress(READ, "checking facts")
    check = check_claims(_assertions(searches, read), [page.reading for page in read.pages], brief.language, context)
    context.progress(CHECKED, "finding facts")
    readings = [(page.record.id, page.reading) for page in read.pages]
    found = find_facts(readings, topic, brief.language, check.claims)
    context.progress(1.0, f"{len(found.facts)} facts")
    return Dossier(
        topic=topic,
        language=brief.language,
        sources=tuple(page.record for page in read.pages),
        facts=found.facts,
        duplicates_merged=found.duplicates_merged,
        off_topic_dropped=found.off_topic_dropped,
        researchers=tuple(search.label for search in searches),
        searches=tuple(dict.fromkeys(query for search in searches for query in search.queries)),
        prompts=tuple(dict.fromkeys([*(label for search in searches for label in search.prompts), *check.prompts])),
        notes=(*notes, *read.notes, *check.notes),
    )


def _search(
    asked: Sequence[SearchService], topic: str, brief: Brief, context: StepContext
) -> tuple[list[Found], list[str]]:
    """What the services found, in their order, and who did not answer.

    Raises:
        PodmillError: none of them answered, or the step must wait or is over.
    """
    with ThreadPoolExecutor(len(asked), thread_name_prefix="search") as pool:
        answers = [pool.submit(service.search, topic, brief, context) for service in asked]
    found: list[Found] = []
    errors: list[tuple[str, PodmillError]] = []
    for service, answer in zip(asked, answers, strict=True):
        error = _error(answer)
        if error is None:
            found.append(answer.result())
        else:
            errors.append((service.name, error))
    if not found:
        raise _none_answered(topic, errors)
    for name, error in errors:
        log.warning("%s did not answer for %r: %s", name, topic, error)
    return found, [f"Without {name}: {error.message}" for name, error in errors]


def _error(answer: "Future[Found]") -> PodmillError | None:
    """Why a service did not answer; whatever is no answer to that is raised."""
    exc = answer.exception()
    if exc is None:
        return None
    if isinstance(exc, PodmillError) and can_do_without(exc):
        return exc
    raise exc


def _none_answered(topic: str, errors: Sequence[tuple[str, PodmillError]]) -> PodmillError:
    """One error for all: it may be tried again if any of them may, and else is for a person if any of them is."""
    if len(errors) == 1:
        return errors[0][1]
    message = f"Nothing could be found out about {topic[:80]!r}: " + " ".join(
        f"{name}: {e.message}" for name, e in errors
    )
    action = " ".join(dict.fromkeys(error.action for _, error in errors if error.action))
    later = [error for _, error in errors if isinstance(error, TransientError)]
    if later:
        waits = [error.retry_after_s for error in later if error.retry_after_s is not None]
        return TransientError(message, action=action, retry_after_s=min(waits) if waits else None)
    held = {type(error) for _, error in errors if isinstance(error, HeldError)}
    if held:
        return (held.pop() if len(held) == 1 else HeldError)(message, action=action)
    return RefusedError(message, action=action)


def _assertions(searches: Sequence[Found], read: Pages) -> list[Assertion]:
    """The claims of all searches, each once, with the pages they are said to rest on."""
    found: dict[str, list[int]] = {}
    for number, search in enumerate(searches):
        for claim in search.claims:
            pages = found.setdefault(claim.text, [])
            for lead in claim.leads:
                place = read.places.get((number, lead))
                if place is not None and place not in pages:
                    pages.append(place)
    return [Assertion(text, tuple(pages)) for text, pages in found.items()]
