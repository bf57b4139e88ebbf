"""From what sources say to the facts an episode may use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.dossier import Fact
from podmill.errors import SourceError
from podmill.research.checking import Checked
from podmill.research.duplicates import merge
from podmill.research.readers import Reading
from podmill.research.relevance import Relevance
from podmill.research.statements import is_appendix, statements
from podmill.text.tongue import language_in, primary

FACTS_MAX: Final = 400
"""Enough for four hours of talk; the most relevant are kept."""
CANDIDATES_MAX: Final = 1200
"""Statements compared with one another, the most relevant."""
PASSAGE_MAX_CHARS: Final = 1500
SAMPLE_PARAGRAPHS: Final = 20
"""Of a source, by which its language is told."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The facts of some sources, in reading order."""

    facts: tuple[Fact, ...]
    duplicates_merged: int
    off_topic_dropped: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    text: str
    source: int
    passage: str
    heading: str | None
    location: str
    relevance: float
    language: str | None = None
    also: tuple[int, ...] = ()
    """Other sources that bear it out."""


def find_facts(
    readings: Sequence[tuple[str, Reading]], topic: str | None, language: str, claims: Sequence[Checked] = ()
) -> Findings:
    """The facts of sources, given as pairs of id and reading.

    Statements that can stand alone and have to do with the topic (without one: with what the sources are about), near-
    duplicates merged; before them the claims of others that a source bears out, and after them those that none does.

    Raises:
        SourceError: there is none.
    """
    statements_found, off_topic = _candidates([reading for _, reading in readings], topic, language)
    candidates = [*_borne_out(claims, language), *statements_found]
    if not candidates:
        _refuse(topic, off_topic)
    best = sorted(range(len(candidates)), key=lambda index: (-candidates[index].relevance, index))[:CANDIDATES_MAX]
    kept = [candidates[index] for index in sorted(best)]
    groups = merge([candidate.text for candidate in kept], language)
    merged = len(kept) - len(groups)
    most = sorted(groups, key=lambda group: (-kept[group.kept].relevance, group.kept))[:FACTS_MAX]
    facts = []
    for number, group in enumerate(sorted(most, key=lambda group: group.kept), start=1):
        candidate = kept[group.kept]
        # A shorter statement does not bear out the fuller one, so its source is not cited for it.
        others = {kept[index].source for index in group.same} | set(candidate.also)
        others.discard(candidate.source)
        facts.append(
            Fact(
                id=f"f{number}",
                text=candidate.text,
                source_id=readings[candidate.source][0],
                passage=candidate.passage,
                heading=candidate.heading,
                location=candidate.location,
                relevance=candidate.relevance,
                language=candidate.language,
                also_in=tuple(readings[source][0] for source in sorted(others)),
            )
        )
    facts += _without_support(claims, [source for source, _ in readings], len(facts))
    return Findings(tuple(facts), merged, off_topic)


def _borne_out(claims: Sequence[Checked], language: str) -> list[_Candidate]:
    # They were made for this topic, so they go before what merely stands on the pages.
    return [
        _Candidate(
            each.text,
            each.page,
            each.passage,
            each.heading,
            each.location,
            relevance=1.0,
            language=_other(each.text, language),
            also=each.also,
        )
        for each in claims
        if each.supported and each.page is not None
    ]


def _other(text: str, language: str) -> str | None:
    """The language of a text, where it is another one."""
    found = language_in(text)
    return None if found == primary(language) else found


def _without_support(claims: Sequence[Checked], sources: Sequence[str], count: int) -> list[Fact]:
    doubtful = [each for each in claims if not each.supported]
    return [
        Fact(
            id=f"f{number}",
            text=each.text,
            source_id=sources[each.page] if each.page is not None else "",
            passage="",
            location="",
            relevance=0.0,
            supported=False,
        )
        for number, each in enumerate(doubtful, start=count + 1)
    ]


def _candidates(readings: Sequence[Reading], topic: str | None, language: str) -> tuple[list[_Candidate], int]:
    """Statements on topic in reading order, and how many were off it."""
    relevance = Relevance(readings, topic, language)
    found: list[_Candidate] = []
    off_topic = 0
    for source, (reading, scored) in enumerate(zip(readings, relevance.sources, strict=True)):
        other = _other(" ".join(paragraph.text for paragraph in reading.paragraphs[:SAMPLE_PARAGRAPHS]), language)
        for paragraph, score in zip(reading.paragraphs, scored.paragraphs, strict=True):
            if is_appendix(paragraph.heading):
                continue
            spans = statements(paragraph.text, other or language)
            if not score:
                off_topic += len(spans)
                continue
            for begin, end in spans:
                text = paragraph.text[begin:end]
                found.append(
                    _Candidate(
                        text=text,
                        source=source,
                        passage=_around(paragraph.text, begin, end),
                        heading=paragraph.heading,
                        location=paragraph.location,
                        relevance=relevance.of_sentence(text, score),
                        language=other,
                    )
                )
    return found, off_topic


def _around(text: str, begin: int, end: int) -> str:
    """The paragraph, or as much of it around a statement as a passage may hold."""
    spare = max(PASSAGE_MAX_CHARS - (end - begin), 0) // 2
    return text[max(0, begin - spare) : end + spare]


def _refuse(topic: str | None, off_topic: int) -> None:
    if topic and off_topic:
        raise SourceError(
            f"None of the sources is about {topic[:80]!r}: all {off_topic} statements in them are off topic.",
            action="Correct the topic or the sources, or give a title instead of a topic to use all they say.",
        )
    raise SourceError(
        "The sources hold no statement that can be told: only questions, fragments, lists or navigation.",
        action="Give documents with full sentences.",
    )
