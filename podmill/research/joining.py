"""One dossier of two: the documents of a person, and what the web says besides."""

from models.dossier import Dossier, Fact
from podmill.research.duplicates import merge


def join(first: Dossier, second: Dossier) -> Dossier:
    """The sources and facts of both, those of the first before the others; facts that say the same are one."""
    sources = list(first.sources)
    known = {source.sha256: source.id for source in sources}
    renamed: dict[str, str] = {}
    for source in second.sources:
        renamed[source.id] = known.setdefault(source.sha256, f"s{len(sources) + 1}")
        if renamed[source.id] == f"s{len(sources) + 1}":
            sources.append(source.model_copy(update={"id": renamed[source.id]}))
    facts = [*first.facts, *(_renamed(fact, renamed) for fact in second.facts)]
    told, doubtful = [fact for fact in facts if fact.supported], [fact for fact in facts if not fact.supported]
    groups = merge([fact.text for fact in told], first.language)
    kept = []
    for group in sorted(groups, key=lambda group: group.kept):
        fact = told[group.kept]
        others = {told[index].source_id for index in group.same} | set(fact.also_in)
        kept.append(fact.model_copy(update={"also_in": tuple(sorted(others - {fact.source_id}))}))
    return first.model_copy(
        update={
            "sources": tuple(sources),
            "facts": tuple(fact.model_copy(update={"id": f"f{n}"}) for n, fact in enumerate([*kept, *doubtful], 1)),
            "duplicates_merged": first.duplicates_merged + second.duplicates_merged + len(told) - len(groups),
            "off_topic_dropped": first.off_topic_dropped + second.off_topic_dropped,
            "researchers": (*first.researchers, *second.researchers),
            "searches": second.searches,
            "prompts": tuple(dict.fromkeys([*first.prompts, *second.prompts])),
            "notes": (*first.notes, *second.notes),
            "age_s": second.age_s,
        }
    )


def _renamed(fact: Fact, renamed: dict[str, str]) -> Fact:
    names = {"source_id": renamed.get(fact.source_id, ""), "also_in": tuple(renamed[each] for each in fact.also_in)}
    return fact.model_copy(update=names)
