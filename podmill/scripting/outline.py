"""Which facts an episode uses, and in which chapters."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from models.dossier import Dossier, Fact
from podmill.scripting.phrases import PhraseBank, words_of
from podmill.scripting.sentences import words_in

_WORDS = range(5, 81)
"""Words of a sentence that can be told: shorter ones are captions, longer ones cannot be followed by ear."""
_NOT_FOR_EARS = re.compile(
    r"(?<!War )\bI\b(?!\.)|\b(?:[Ww]e|[Oo]ur|us|[Mm]y|click|subscribe|cookies|copyright|all rights reserved|"
    r"(?:figure|table|section|chapter|appendix) \d|(?:see|shown|described|listed|mentioned|discussed) (?:above|below)|"
    r"this (?:article|page|paper|document|website|report|section|chapter))\b|[?|{}<>=\\]|https?:"
)
"""Sentences that speak as their author, point into the page, or are not prose."""
_SPLIT_PASSAGES = 2
"""Passages of a group from which it can become two chapters."""
_CHAPTER_UNITS = 3
_NO_SUBJECT = frozenset(
    words_of(
        "about above after again along already although among another around because become before being below between "
        "could early every first found given however itself large later might never often other others rather since "
        "small still their there these thing things third those though three through times today together under until "
        "using where whether which while whole whose within without would years"
    )
)
"""Words of more than four letters that no chapter is about."""
CHAPTERS_MIN = 3


@dataclass(frozen=True)
class Unit:
    """Facts that are told together: each after the first leans on the one before it."""

    facts: tuple[Fact, ...]

    @property
    def relevance(self) -> float:
        return max(fact.relevance for fact in self.facts)


@dataclass(frozen=True)
class Group:
    """Units about one thing, in reading order: a chapter, once units of it are chosen."""

    title: str
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class Outline:
    groups: tuple[Group, ...]
    """In reading order."""
    ranked: tuple[Unit, ...]
    """Every unit, the one to use first at the front."""

    def chapters(self, count: int) -> list[Group]:
        """The chapters when the best ``count`` units are used."""
        chosen = {id(unit) for unit in self.ranked[:count]}
        kept = (Group(group.title, tuple(u for u in group.units if id(u) in chosen)) for group in self.groups)
        return [group for group in kept if group.units]


def _tellable(fact: Fact) -> bool:
    return words_in(fact.text) in _WORDS and not _NOT_FOR_EARS.search(fact.text)


def _leans(fact: Fact, before: Fact | None, bank: PhraseBank) -> bool:
    """Whether it is not understood without the sentence before: "It was", or "The machine" after "a machine"."""
    words = words_of(fact.text)
    if words[0].capitalize() in bank.all("fact", "leaning"):
        return True
    if not set(words).isdisjoint(bank.all("fact", "leaning_anywhere")):
        return True
    if before is None or len(words) < 2 or words[0] != "the":
        return False
    return re.search(rf"\ban? (?:\w+ ){{0,3}}{words[1]}\b", " ".join(words_of(before.text))) is not None


def _follows(previous: Fact, fact: Fact) -> bool:
    """Whether the source has the two sentences one right after the other."""
    passage = " ".join(fact.passage.split())
    before, after = " ".join(previous.text.split()), " ".join(fact.text.split())
    return previous.source_id == fact.source_id and f"{before} {after}" in passage


def _units(facts: Sequence[Fact], bank: PhraseBank) -> list[Unit]:
    """Facts in reading order as units. One that leans on a sentence the dossier lacks is left out."""
    units: list[list[Fact]] = []
    before: Fact | None = None
    for fact in facts:
        followed = before if before and _follows(before, fact) else None
        if not _tellable(fact):
            units.append([])
        elif not _leans(fact, followed, bank):
            units.append([fact])
        elif followed and units[-1]:
            units[-1].append(fact)
        else:
            units.append([])
        before = fact
    return [Unit(tuple(facts)) for facts in units if facts]


def _key(title: str) -> str:
    return " ".join(words_of(title))


def _grouped(units: Sequence[Unit], dossier: Dossier) -> list[Group]:
    """By heading, and by source where there is none; the same heading in two sources is one group."""
    titles = {source.id: source.title for source in dossier.sources}
    groups: dict[str, tuple[str, list[Unit]]] = {}
    for unit in units:
        fact = unit.facts[0]
        title = (fact.heading or titles.get(fact.source_id) or dossier.topic).strip() or dossier.topic
        groups.setdefault(_key(title), (title, []))[1].append(unit)
    return [Group(title, tuple(members)) for title, members in groups.values()]


def _named_after(units: Sequence[Unit], others: Sequence[Unit], fallback: str) -> str:
    """A title from the words that these units have again and again, and the others do not."""

    def counts(of: Sequence[Unit]) -> Counter[str]:
        return Counter(word for unit in of for fact in unit.facts for word in set(words_of(fact.text)) if len(word) > 4)

    here, there = counts(units), counts(others)
    ranked = sorted(here, key=lambda word: (-here[word] / (1 + there[word]), -len(word), word))
    taken = _key(fallback).split()
    best = [
        word for word in ranked if here[word] > 1 and word not in taken and word not in _NO_SUBJECT and word.isalpha()
    ][:2]
    return " and ".join(best) or fallback


def _halved(group: Group) -> list[Group]:
    """A group as two chapters, cut between passages near its middle; itself when it has no such place."""
    cuts = [
        at
        for at in range(1, len(group.units))
        if group.units[at].facts[0].passage != group.units[at - 1].facts[0].passage
    ]
    if len(cuts) + 1 < _SPLIT_PASSAGES:
        return [group]
    cut = min(cuts, key=lambda at: abs(at - len(group.units) / 2))
    first, second = group.units[:cut], group.units[cut:]
    return [Group(group.title, first), Group(_named_after(second, first, group.title), second)]


def _split_to(groups: list[Group], count: int) -> list[Group]:
    """The largest groups halved until there are enough, as far as they can be."""
    while len(groups) < count:
        by_size = sorted(range(len(groups)), key=lambda at: -len(groups[at].units))
        for at in by_size:
            halves = _halved(groups[at])
            if len(halves) == 2 and len({_key(group.title) for group in [*groups, halves[1]]}) > len(groups):
                groups[at : at + 1] = halves
                break
        else:
            break
    return groups


def _chapters_max(minutes: float) -> int:
    """A chapter for every minute or so, fewer and longer ones in long episodes."""
    return max(CHAPTERS_MIN, min(round(1 + minutes * 0.8), 6 + round(minutes / 5)))


def _weight(group: Group) -> float:
    """What the best of it is worth; more than a chapter can tell does not count."""
    return sum(sorted((unit.relevance for unit in group.units), reverse=True)[:_CHAPTER_UNITS])


def _main_groups(groups: Sequence[Group], count: int) -> list[Group]:
    """The groups to tell first: the heaviest, from every source in turn."""
    by_source: dict[str, list[Group]] = {}
    for group in sorted(groups, key=lambda group: -_weight(group)):
        by_source.setdefault(group.units[0].facts[0].source_id, []).append(group)
    turns = (group for turn in zip_longest(*by_source.values()) for group in turn if group)
    return list(islice(turns, count))


def _ranked(groups: Sequence[Group], minutes: float) -> list[Unit]:
    """Units by relevance; a group is told from its beginning, and the more of it is used, the less the rest counts."""
    main = {id(group) for group in _main_groups(groups, _chapters_max(minutes))}
    scored: list[tuple[bool, float, int, Unit]] = []
    for group in groups:
        mean = _weight(group) / min(len(group.units), _CHAPTER_UNITS)
        for place, unit in enumerate(group.units):
            score = (unit.relevance + mean + 0.1) / (1 + 0.3 * place)
            scored.append((id(group) not in main, -score, len(scored), unit))
    return [unit for *_, unit in sorted(scored, key=lambda item: item[:3])]


def outline(dossier: Dossier, bank: PhraseBank, minutes: float) -> Outline:
    """The chapters that the dossier can fill, and the order in which its facts earn their place."""
    groups = _split_to(_grouped(_units(dossier.facts, bank), dossier), CHAPTERS_MIN)
    return Outline(tuple(groups), tuple(_ranked(groups, minutes)))
