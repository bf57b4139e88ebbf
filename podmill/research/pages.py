"""The pages that search services name: fetched, read and told apart. What cannot be reached counts for nothing."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.dossier import SourceRecord
from podmill.context import StepContext
from podmill.errors import PodmillError, SourceError, TransientError
from podmill.research.addresses import redact
from podmill.research.fetch import fetch
from podmill.research.media_types import SUFFIXES
from podmill.research.readers import Reading
from podmill.research.readers.isolation import read
from podmill.research.search import Found, Lead

AT_ONCE: Final = 4
"""Pages fetched and read at the same time: each is read in a process of its own."""
READ_MAX_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was read."""

    record: SourceRecord
    reading: Reading


@dataclass(frozen=True, slots=True)
class Pages:
    """What became of the leads of some searches."""

    pages: tuple[Page, ...]
    places: dict[tuple[int, int], int]
    """Search and lead to the page it led to, by their places; a lead that led nowhere is not in it."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An address, and who named it."""

    lead: Lead
    named: list[tuple[int, int]]


def read_pages(searches: Sequence[Found], context: StepContext, tell: Callable[[float], None]) -> Pages:
    """Fetch and read the pages of some searches, the best of each in turn, up to ``research_pages``.

    Args:
        tell: called with the share of pages that are read.

    Raises:
        SourceError: none of them can be read.
        TransientError: none of them can be read now.
    """
    candidates = _candidates(searches)[: context.settings.research_pages]
    outcomes: list[Page | PodmillError] = []
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="page") as pool:
        for outcome in pool.map(lambda pair: _read(pair[0], pair[1].lead, context), enumerate(candidates)):
            outcomes.append(outcome)
            tell(len(outcomes) / len(candidates))
    pages: list[Page] = []
    places: dict[tuple[int, int], int] = {}
    notes = []
    for candidate, outcome in zip(candidates, outcomes, strict=True):
        if isinstance(outcome, PodmillError):
            notes.append(f"Not read: {outcome.message}")
            continue
        place = _known(pages, outcome)
        found_by = _services(searches, candidate.named)
        if place is None:
            place = len(pages)
            record = outcome.record.model_copy(update={"id": f"s{place + 1}", "found_by": found_by})
            pages.append(Page(record, outcome.reading))
        else:
            named = [*candidate.named, *(lead for lead, at in places.items() if at == place)]
            pages[place] = _completed(pages[place], outcome.record, _services(searches, named))
        places.update(dict.fromkeys(candidate.named, place))
    if not pages:
        _refuse([outcome for outcome in outcomes if isinstance(outcome, PodmillError)])
    return Pages(tuple(pages), places, tuple(notes))


def _candidates(searches: Sequence[Found]) -> list[_Candidate]:
    """The addresses, the best of each search in turn: those that more claims rest on first, where claims say so."""
    found: dict[str, _Candidate] = {}
    ranks = [_rank(search) for search in searches]
    for turn in range(max(map(len, ranks), default=0)):
        for number, rank in enumerate(ranks):
            if turn < len(rank):
                lead = searches[number].leads[rank[turn]]
                if lead.url:
                    found.setdefault(lead.url, _Candidate(lead, [])).named.append((number, rank[turn]))
    return list(found.values())


def _services(searches: Sequence[Found], named: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Who named a page, in the order of the searches."""
    return tuple(searches[number].service for number in sorted({search for search, _ in named}))


def _rank(search: Found) -> list[int]:
    weight = Counter(lead for claim in search.claims for lead in claim.leads)
    return sorted(range(len(search.leads)), key=lambda place: (-weight[place], place))


def _read(number: int, lead: Lead, context: StepContext) -> Page | PodmillError:
    folder = context.temp_dir / f"page{number}"
    folder.mkdir(exist_ok=True)
    try:
        return _page(lead, folder, context)
    except (SourceError, TransientError) as exc:
        shown = redact(lead.url)
        message = exc.message if "://" in exc.message else f"{shown}: {exc.message}"
        return type(exc)(message, action=exc.action)


def _page(lead: Lead, folder: Path, context: StepContext) -> Page:
    fetched = fetch(lead.url, context.settings, folder)
    suffix = next(suffix for suffix, media_type in SUFFIXES.items() if media_type == fetched.media_type)
    artifact = context.store.put(fetched.path, suffix=suffix, media_type=fetched.media_type)
    fetched.path.unlink()
    reading = read(context.store.path(artifact), fetched.media_type, fetched.charset, timeout_s=READ_MAX_S)
    record = SourceRecord(
        id="",
        title=reading.title or lead.title or redact(fetched.url),
        name=fetched.url,
        url=fetched.url,
        media_type=fetched.media_type,
        sha256=artifact.sha256,
        author=reading.author or lead.author,
        date=reading.date or lead.date,
        read_on=dt.datetime.now(dt.UTC).date().isoformat(),
    )
    return Page(record, reading)


def _completed(page: Page, again: SourceRecord, found_by: tuple[str, ...]) -> Page:
    """A page with what only the second one who named it knows of it."""
    record = page.record
    known = {"author": record.author or again.author, "date": record.date or again.date, "found_by": found_by}
    return Page(record.model_copy(update=known), page.reading)


def _known(pages: Sequence[Page], page: Page) -> int | None:
    """The same page under another address, or with the same bytes."""
    for place, each in enumerate(pages):
        if page.record.url == each.record.url or page.record.sha256 == each.record.sha256:
            return place
    return None


def _refuse(errors: Sequence[PodmillError]) -> None:
    later = next((error for error in errors if isinstance(error, TransientError)), None)
    if later is not None:
        raise TransientError(
            f"None of the {len(errors)} pages that were found can be read now: {later.message}",
            retry_after_s=later.retry_after_s,
        )
    first = f": {errors[0].message}" if errors else "."
    raise SourceError(
        f"None of the {len(errors)} pages that were found can be read{first}",
        action="Word the topic differently, or give documents under `sources`.",
    )
