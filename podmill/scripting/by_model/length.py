"""The length of an episode: asked for in words, measured in seconds, corrected where a model missed it."""

from collections.abc import Iterable, Sequence
from typing import Final

from models.dossier import Dossier, Fact
from podmill.scripting.by_model.draft import Draft, Said
from podmill.scripting.outline import outline
from podmill.scripting.phrases import languages, phrases_in
from podmill.scripting.sentences import split_long, words_in
from podmill.text.tongue import primary

TOLERANCE: Final = 0.05
"""Share of the asked length by which an episode may miss it."""
AIM: Final = 0.02
"""What is nearer than this is left as it is."""
SAMPLE_FACTS: Final = 40
FILL_WORDS: Final = range(5, 46)
"""Of a sentence that is told as it stands."""
WORDS_A_LINE: Final = 16
"""Of a dialogue, on average; it tells the pauses that go with so many words."""


def pace(draft: Draft, dossier: Dossier) -> float:
    """Seconds that a word takes, or a character where words are not written apart.

    Of the lines written so far; before there are any, of the facts as lines of usual length.
    """
    lines = [line for line in draft.lines if not line.fixed]
    if not lines:
        text = " ".join(fact.text for fact in dossier.facts[:SAMPLE_FACTS])
        first = draft.cast[0].speaker
        lines = [Said(first, piece, 0) for piece in split_long(text, WORDS_A_LINE)]
    count = sum(draft.amount.of(line.text) for line in lines)
    return sum(draft.line_s(line) for line in lines) / max(count, 1)


def off(draft: Draft, target_s: float) -> float:
    """Share of the asked length by which it is too long; negative: too short."""
    return draft.seconds() / target_s - 1


def trim(draft: Draft, target_s: float, relevance: dict[str, float]) -> None:
    """Leave out lines until it is no longer than allowed: what states nothing first, then what matters least.

    Nothing is changed or added, so what is said stays borne out.
    """
    while off(draft, target_s) > TOLERANCE:
        excess_s = draft.seconds() - target_s
        costs_s = {at: draft.line_s(line) for at, line in _spare(draft)}
        if not costs_s:
            return
        fits = [at for at, cost_s in costs_s.items() if cost_s <= excess_s + TOLERANCE * target_s]
        if fits:
            at = min(fits, key=lambda n: _value(draft.lines[n], relevance))
        else:
            at = min(costs_s, key=lambda n: abs(excess_s - costs_s[n]))
            if abs(excess_s - costs_s[at]) >= excess_s:
                return
        del draft.lines[at]


def _spare(draft: Draft) -> list[tuple[int, Said]]:
    """Lines that can go: not the first and the last of the episode, nor the only one of a chapter."""
    counts: dict[int, int] = {}
    for line in draft.lines:
        counts[line.chapter] = counts.get(line.chapter, 0) + 1
    inner = list(enumerate(draft.lines))[1:-1]
    return [(at, line) for at, line in inner if not line.fixed and counts[line.chapter] > 1]


def _value(line: Said, relevance: dict[str, float]) -> float:
    return max((1 + relevance.get(fact, 0.0) for fact in line.facts), default=0.0)


def fill(draft: Draft, dossier: Dossier, target_s: float) -> int:
    """Tell facts that nobody told, in the source's own words, until it is as long as asked or there are none left.

    Returns:
        The number of lines that were added.
    """
    before = len(draft.lines)
    told = {fact for line in draft.lines for fact in line.facts}
    for facts in _ready(dossier.own, draft.language, target_s):
        if off(draft, target_s) >= -AIM:
            break
        if any(fact.id in told for fact in facts):
            continue
        at = _place(draft, dossier, facts[0].id)
        speaker = _next_speaker(draft, draft.lines[at - 1])
        chapter = draft.lines[at - 1].chapter
        new = [Said(speaker, " ".join(fact.text.split()), chapter, (fact.id,)) for fact in facts]
        if any(draft.support.fault(line.text, line.facts) for line in new):
            continue
        longer = [*draft.lines[:at], *new, *draft.lines[at:]]
        if draft.seconds(longer) <= target_s * (1 + TOLERANCE):
            draft.lines = longer
            told |= {fact.id for fact in facts}
    return len(draft.lines) - before


def _ready(dossier: Dossier, language: str, target_s: float) -> Iterable[tuple[Fact, ...]]:
    """Facts that can be told as they are, the best first; those that lean on one another together.

    Which ones lean is known of few languages; of others research has left out what cannot stand by itself.
    """
    base = primary(language)
    if base in languages():
        return (unit.facts for unit in outline(dossier, phrases_in(base), target_s / 60).ranked)
    if primary(dossier.language) != base:
        return ()
    best = sorted(dossier.facts, key=lambda fact: -fact.relevance)
    return ((fact,) for fact in best if words_in(fact.text) in FILL_WORDS)


def _place(draft: Draft, dossier: Dossier, fact: str) -> int:
    """Where a fact is told: after the line that tells the one nearest to it in reading order, never last."""
    order = {each.id: number for number, each in enumerate(dossier.facts)}
    stating: Sequence[int] = [at for at, line in enumerate(draft.lines) if line.facts]
    if not stating:
        return max(len(draft.lines) - 1, 1)
    nearest = min(stating, key=lambda at: min(abs(order[f] - order[fact]) for f in draft.lines[at].facts))
    return nearest + 1


def _next_speaker(draft: Draft, before: Said) -> str:
    tags = [member.speaker for member in draft.cast]
    return tags[(tags.index(before.speaker) + 1) % len(tags)]
