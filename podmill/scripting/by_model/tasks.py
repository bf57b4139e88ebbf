"""The tasks a writer gives its language model, and the material that goes with each."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from models.brief import Brief
from models.dossier import Dossier, Fact
from podmill.scripting.by_model.amount import Amount, amount_in
from podmill.scripting.by_model.clean import plain
from podmill.scripting.by_model.desk import Desk, Task
from podmill.scripting.by_model.draft import Draft, Said
from podmill.scripting.by_model.names import language_name
from podmill.scripting.by_model.shapes import Plan, PlannedChapter
from podmill.scripting.prompts import material, prompt

FACT_CHARS_MAX: Final = 600
NAME_CHARS_MAX: Final = 200
TITLE_CHARS_MAX: Final = 80
"""Of a source, as far as a prompt names it."""
PERSONA_CHARS_MAX: Final = 500
SENTENCE_CHARS_MAX: Final = 300
"""Of what a model planned."""
FORM_CHARS: Final = 130
"""Around a fact or a line, as JSON."""
FIXED_CHARS: Final = 1_000
"""Of a task besides its facts and lines, as a rule."""
REPAIR_CHARS: Final = 1_000
"""Left for what is said of a reply that could not be used."""
CHAPTERS_SHOWN: Final = 30
SOURCES_SHOWN: Final = 30
TOKENS_MIN: Final = 2_048
CHAPTER_MINUTES: Final = (5.0, 2.0)
"""Longest and shortest: one is written in one reply."""
FACTS_A_MINUTE: Final = 6
BEFORE: Final = 4
"""Lines of the chapter before that are shown."""
BEFORE_CHARS_MAX: Final = 300
"""Of each."""


def rules(brief: Brief) -> str:
    text = prompt("rules").fill(
        language=language_name(brief.language),
        language_code=brief.language,
        line_max=amount_in(brief.language).line_max,
    )
    if brief.brand is None:
        return text
    stated = brief.brand.model_dump(include={"use", "avoid", "openings", "tone", "sentence_words_max"})
    return f"{text}\n\n{prompt('brand').fill(brand=material('brand', stated))}"


@dataclass(frozen=True)
class Tasks:
    """Of one episode."""

    brief: Brief
    dossier: Dossier
    desk: Desk
    topic: str

    @property
    def amount(self) -> Amount:
        return amount_in(self.brief.language)

    def outline(self, count: int) -> Task:
        """
        Args:
            count: of words or characters of the whole episode.
        """
        fewest, most = (max(ceil(self.brief.minutes / minutes), 1) for minutes in CHAPTER_MINUTES)
        text = self._filled(
            "outline",
            self.dossier.facts,
            {},
            minutes=f"{self.brief.minutes:g}",
            chapters_min=fewest,
            chapters_max=most,
            amount=self.amount.said(count),
            fact_count=ceil(self.brief.minutes * FACTS_A_MINUTE),
        )
        return Task(text, "the outline", self.topic, TOKENS_MIN + 40 * len(self.dossier.facts))

    def chapter(
        self, plan: Plan, chapters: Sequence[PlannedChapter], number: int, count: int, before: Sequence[Said]
    ) -> Task:
        """
        Args:
            number: of the chapter, from 0.
            count: of words or characters.
            before: the lines before it.
        """
        planned = chapters[number]
        order = {fact: place for place, fact in enumerate(planned.facts)}
        facts = sorted((fact for fact in self.dossier.facts if fact.id in order), key=lambda fact: order[fact.id])
        near = chapters[max(number - CHAPTERS_SHOWN // 2, 0) :][:CHAPTERS_SHOWN]
        context = {
            "question": plain(plan.question, SENTENCE_CHARS_MAX),
            "chapter": planned.title,
            "aim": plain(planned.aim, SENTENCE_CHARS_MAX),
            "chapters": [plain(each.title, TITLE_CHARS_MAX) for each in near],
            "lines before": [
                {"speaker": line.speaker, "text": line.text[:BEFORE_CHARS_MAX]} for line in before[-BEFORE:]
            ],
        }
        text = self._filled(
            "chapter",
            facts,
            context,
            number=number + 1,
            count=len(chapters),
            amount=self.amount.said(count),
            least=self.amount.said(count * 0.95),
            most=self.amount.said(count * 1.05),
            place=_place(number, len(chapters), [fact for fact in plan.hook if fact in order]),
        )
        about = f"chapter {number + 1}, {planned.title!r}"
        passage = facts[0].text if facts else planned.title
        return Task(text, about, passage, TOKENS_MIN + count * self.amount.tokens)

    def whole(self, draft: Draft, first: int, last: int, count: int) -> Task:
        """
        Args:
            first: number of the first line that is shown, and ``last`` of the one after the last.
            count: of words or characters to add (positive) or to take away (negative) in these lines.
        """
        shown = draft.lines[first:last]
        cited = {fact for line in shown for fact in line.facts}
        facts = [fact for fact in self.dossier.facts if fact.id in cited]
        told = {fact for line in draft.lines for fact in line.facts}
        more = [fact for fact in self.dossier.facts if fact.id not in told] if count > 0 else []
        lines = [
            {"line": at, "speaker": line.speaker, "text": line.text, "facts": list(line.facts)}
            for at, line in enumerate(shown, start=first)
        ]
        faults = [f"- Line {at} {line.fault}." for at, line in enumerate(shown, start=first) if line.fault]
        text = self._filled(
            "whole",
            [*facts, *(fact.model_copy(update={"relevance": fact.relevance - 1}) for fact in more)],
            {"lines": lines},
            faults="\n".join(["These lines may not stay as they are:", *faults]) if faults else "",
            length=self._length(count),
        )
        half = sum(self.amount.of(line.text) for line in shown) // 2
        return Task(text, "the whole script", self.topic, 2 * TOKENS_MIN + self.amount.tokens * (abs(count) + half))

    def windows(self, draft: Draft) -> Iterator[tuple[int, int]]:
        """The lines in as few stretches as the model takes, with the facts that each names."""
        ours = len(self.desk.system) + len(prompt("whole").text) + len(self._cast())
        room = self.desk.model.prompt_chars_max - ours - FIXED_CHARS - REPAIR_CHARS
        first, used = 0, 0
        sizes = {fact.id: _size(fact) for fact in self.dossier.facts}
        shown: set[str] = set()
        for at, line in enumerate(draft.lines):
            new = set(line.facts) - shown
            size = len(line.text) + len(line.fault or "") + FORM_CHARS + sum(sizes.get(fact, 0) for fact in new)
            if used + size > room and at > first:
                yield first, at
                first, used, shown = at, 0, set()
                size = len(line.text) + FORM_CHARS + sum(sizes.get(fact, 0) for fact in line.facts)
            used += size
            shown |= set(line.facts)
        yield first, len(draft.lines)

    def _filled(self, name: str, facts: Sequence[Fact], more: dict[str, Any], **values: object) -> str:
        """A prompt with as many facts as the model takes, without those that matter least."""
        file = prompt(name)
        self.desk.prompts |= {file.label, prompt("rules").label, *([prompt("brand").label] if self.brief.brand else [])}
        values |= {"language": language_name(self.brief.language), "cast": self._cast()}
        while True:
            text = file.fill(material=self._material(facts, more), **values)
            excess = len(text) + len(self.desk.system) + REPAIR_CHARS - self.desk.model.prompt_chars_max
            if excess <= 0 or len(facts) <= 1:
                return text
            facts = _fitting(facts, sum(map(_size, facts)) - excess)

    def _cast(self) -> str:
        """Who speaks. Personas are the person's own words, but still no instructions to break rules with."""
        speakers = [
            {
                "speaker": member.speaker,
                "name": plain(member.name, NAME_CHARS_MAX),
                **({"persona": plain(member.persona, PERSONA_CHARS_MAX)} if member.persona else {}),
            }
            for member in self.brief.cast
        ]
        return f"Its speakers:\n{material('cast', list(speakers))}"

    def _material(self, facts: Sequence[Fact], more: dict[str, Any]) -> str:
        named = {source for source, _ in Counter(fact.source_id for fact in facts).most_common(SOURCES_SHOWN)}
        sources = {each.id: plain(each.title, TITLE_CHARS_MAX) for each in self.dossier.sources if each.id in named}
        content: dict[str, Any] = {"subject": plain(self.topic, NAME_CHARS_MAX), "sources": sources}
        content["facts"] = [_shown(fact) for fact in facts]
        return material("episode", content | more)

    def _length(self, count: int) -> str:
        said = self.amount.said(abs(count))
        if count > 0:
            return (
                f"The script is too short: add about {said} with `add_after`, by telling facts that no line names "
                "yet, or by asking and answering more. Name the facts."
            )
        if count < 0:
            return f"The script is too long: take out about {said}, what matters least first."
        return "Its length is right: let what you add and what you take out be about as long."


def _place(number: int, count: int, hook: Sequence[str]) -> str:
    """Where a chapter stands, and what that asks of it."""
    told = []
    if number == 0:
        opening = f"with {' and '.join(hook[:2])}, " if hook else ""
        told.append(
            f"It is the first: open {opening}in one or two lines that make somebody stay who has just pressed play; "
            "only then welcome listeners, say who is speaking, and put the question of the episode. Do not list what "
            "will come."
        )
    if number == count - 1:
        told.append(
            "It is the last: come back to the question and to how the episode opened, leave listeners with one thought "
            "they will remember, and end with thanks for listening, the sources in the show notes, and goodbye."
        )
    return " ".join(told) or "It is in the middle: no greeting, no goodbye, and no break with what comes before."


def _size(fact: Fact) -> int:
    return min(len(fact.text), FACT_CHARS_MAX) + min(len(fact.heading or ""), TITLE_CHARS_MAX) + FORM_CHARS


def _fitting(facts: Sequence[Fact], room: int) -> list[Fact]:
    """As many as there is room for, the most relevant ones, in their order; one at least."""
    chosen: set[str] = set()
    for fact in sorted(facts, key=lambda each: -each.relevance):
        room -= _size(fact)
        if room < 0 and chosen:
            break
        chosen.add(fact.id)
    return [fact for fact in facts if fact.id in chosen]


def _shown(fact: Fact) -> dict[str, str]:
    return {
        "id": fact.id,
        "text": " ".join(fact.text.split())[:FACT_CHARS_MAX],
        "source": fact.source_id,
        **({"heading": fact.heading[:TITLE_CHARS_MAX]} if fact.heading else {}),
    }
