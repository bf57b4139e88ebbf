"""Dossiers for tests of writers: the example documents, read by the simplest means, and one to state things with."""

import re
from pathlib import Path

from models.brief import Brief, CastMember
from models.dossier import Dossier, Fact, SourceRecord
from podmill.context import StepContext
from podmill.settings import Settings
from podmill.store.local import LocalStore

EXAMPLES = Path(__file__).parents[1] / "examples"
CAST = (
    CastMember(speaker="S1", name="Joe", voice="auto"),
    CastMember(speaker="S2", name="Kit", voice="auto"),
    CastMember(speaker="S3", name="Ana", voice="auto"),
    CastMember(speaker="S4", name="Ben", voice="auto"),
)


def brief(*, speakers: int = 2, **fields: object) -> Brief:
    return Brief.model_validate({"show": "s", "topic": "How tides work", "cast": CAST[:speakers], **fields})


class NoTakes:
    """A cache of takes for steps that speak nothing."""

    def get(self, _key: str) -> None:
        return None

    def put(self, _take: object) -> None:
        raise AssertionError("a writer speaks nothing")


def context(folder: Path) -> StepContext:
    settings = Settings(home=folder)
    return StepContext(settings, LocalStore(settings.store_dir), NoTakes(), folder, lambda *_: None)


def record(number: int, title: str) -> SourceRecord:
    return SourceRecord(id=f"s{number}", title=title, name=f"{title}.md", media_type="text/markdown", sha256="0" * 64)


def of_passages(
    *passages: str, headings: tuple[str | None, ...] = (), title: str = "The Book", topic: str = "Tides"
) -> Dossier:
    """One source whose passages are cut at every full stop followed by a space."""
    facts: list[Fact] = []
    for number, passage in enumerate(passages):
        for sentence in re.split(r"(?<=[.?]) ", passage):
            facts.append(
                Fact(
                    id=f"f{len(facts) + 1}",
                    text=sentence,
                    source_id="s1",
                    passage=passage,
                    heading=headings[number] if headings else None,
                    location=f"paragraph {number + 1}",
                    relevance=0.5,
                )
            )
    return Dossier(topic=topic, language="en", sources=(record(1, title),), facts=tuple(facts))


def of_examples(*names: str, topic: str) -> Dossier:
    """The Markdown examples: every sentence a fact, more relevant the more words of the topic it has."""
    facts: list[Fact] = []
    sources: list[SourceRecord] = []
    wanted = set(topic.lower().split())
    for number, name in enumerate(names, start=1):
        heading = ""
        blocks = (EXAMPLES / "documents" / name).read_text(encoding="utf-8").split("\n\n")
        sources.append(record(number, blocks[0].removeprefix("# ").strip()))
        for block in blocks[1:]:
            if block.startswith("#"):
                heading = block.lstrip("# ").strip()
                continue
            passage = " ".join(block.split())
            for sentence in re.split(r"(?<=[.?]) ", passage):
                hits = wanted & set(re.findall(r"\w+", sentence.lower()))
                facts.append(
                    Fact(
                        id=f"f{len(facts) + 1}",
                        text=sentence,
                        source_id=f"s{number}",
                        passage=passage,
                        heading=heading,
                        location=f"paragraph {len(facts)}",
                        relevance=min(1.0, 0.2 + 0.3 * len(hits)),
                    )
                )
    return Dossier(topic=topic, language="en", sources=tuple(sources), facts=tuple(facts))
