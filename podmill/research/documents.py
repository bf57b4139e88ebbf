"""Research in the documents of the brief: offline, and nothing is said that they do not say."""

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import ClassVar, Final

from models.brief import Brief, Source
from models.documents import Artifact
from models.dossier import Dossier, SourceRecord
from podmill.context import StepContext
from podmill.errors import InputError, SourceError
from podmill.research.addresses import redact
from podmill.research.facts import find_facts
from podmill.research.fetch import fetch
from podmill.research.media_types import SUFFIXES, sniff
from podmill.research.readers import Reading
from podmill.research.readers.isolation import read
from podmill.research.researcher import ResearcherCapabilities

_READING_SHARE: Final = 0.8
"""Of the progress; the rest is finding facts."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A source whose bytes are in the store."""

    artifact: Artifact
    media_type: str
    charset: str | None = None


class DocumentResearcher:
    name: ClassVar[str] = "documents"
    capabilities: ClassVar[ResearcherCapabilities] = ResearcherCapabilities(needs_sources=True, paid=False)

    def research(self, brief: Brief, context: StepContext) -> Dossier:
        """The facts in the sources of a brief, in reading order; the same bytes given twice are read once.

        Raises:
            InputError: there are no sources.
            SourceError: one cannot be read, or none holds anything on the topic.
            TransientError: one may be there later.
        """
        if not brief.sources:
            raise InputError(
                f"{brief.subject!r} has no sources, and research without a search service reads only those.",
                action="Give documents or https addresses under `sources`, or a ready-made script, or set "
                "PODMILL_GEMINI_API_KEY or PODMILL_EXA_API_KEY.",
                field="sources",
            )
        records: list[SourceRecord] = []
        readings: list[tuple[str, Reading]] = []
        for number, source in enumerate(brief.sources):
            context.progress(_READING_SHARE * number / len(brief.sources), f"reading {_shown(source)}")
            try:
                held = _hold(source, context)
                if any(record.sha256 == held.artifact.sha256 for record in records):
                    continue
                reading = read(context.store.path(held.artifact), held.media_type, held.charset)
            except SourceError as exc:
                raise _named(exc, source) from exc
            records.append(_record(f"s{len(records) + 1}", source, held, reading))
            readings.append((records[-1].id, reading))
        context.progress(_READING_SHARE, "finding facts")
        found = find_facts(readings, brief.topic, brief.language)
        context.progress(1.0, f"{len(found.facts)} facts")
        return Dossier(
            topic=brief.topic or brief.title or records[0].title,
            language=brief.language,
            sources=tuple(records),
            facts=found.facts,
            duplicates_merged=found.duplicates_merged,
            off_topic_dropped=found.off_topic_dropped,
            researchers=(self.name,),
        )


def _hold(source: Source, context: StepContext) -> _Held:
    if source.artifact:
        return _Held(source.artifact, sniff(context.store.path(source.artifact), name=_file_name(source)))
    if not source.url:
        raise SourceError("has neither a file nor an address.", action="Submit the episode again.")
    found = fetch(source.url, context.settings, context.temp_dir)
    suffix = next(suffix for suffix, media_type in SUFFIXES.items() if media_type == found.media_type)
    artifact = context.store.put(found.path, suffix=suffix, media_type=found.media_type)
    found.path.unlink()
    return _Held(artifact, found.media_type, found.charset)


def _record(id_: str, source: Source, held: _Held, reading: Reading) -> SourceRecord:
    return SourceRecord(
        id=id_,
        title=reading.title or _title_from_name(source),
        name=source.name,
        url=source.url,
        media_type=held.media_type,
        sha256=held.artifact.sha256,
        author=reading.author,
        date=reading.date,
    )


def _title_from_name(source: Source) -> str:
    if source.url:
        return _shown(source)
    stem = Path(_file_name(source)).stem.replace("_", " ").replace("-", " ").strip()
    return stem[:1].upper() + stem[1:] or "Untitled"


def _file_name(source: Source) -> str:
    return PurePath(source.name.replace("\\", "/")).name


def _shown(source: Source) -> str:
    return redact(source.url) if source.url else _file_name(source)


def _named(exc: SourceError, source: Source) -> SourceError:
    """The same error, saying which source it is about."""
    shown = _shown(source)
    message = exc.message if exc.message.startswith(shown) else f"{shown}: {exc.message}"
    return SourceError(message, action=exc.action)
