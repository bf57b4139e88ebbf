"""The tasks a writer gives its language model, and the material that goes with each."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from models.brief import Brief
from models.dossier import Dossier, Fact
from podmill.scripting.by_model.clean import plain
from podmill.scripting.by_model.desk import Desk, Task
from podmill.scripting.by_model.draft import Draft, Said
from podmill.scripting.by_model.shapes import PlannedChapter
from podmill.scripting.prompts import PromptFile, material, prompt

FACT_CHARS_MAX: Final = 600
NAME_CHARS_MAX: Final = 200
PERSONA_CHARS_MAX: Final = 500
SHARE_OF_PROMPT: Final = 0.8
"""Of what a model takes, for material; the rest is ours."""
TOKENS_A_WORD: Final = 6
"""Of a reply: a word is up to three tokens in some languages, and the form around it as much again."""
TOKENS_MIN: Final = 2_048
CHAPTER_MINUTES: Final = (5.0, 2.0)
"""Longest and shortest: one is written in one reply."""
FACTS_A_MINUTE: Final = 6
BEFORE: Final = 4
"""Lines of the chapter before that are shown."""

NAMES: Final = {
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


def language_name(code: str) -> str:
    """What a language is called in English; its code where that is not known."""
    base = code.lower().replace("_", "-").partition("-")[0]
    return NAMES.get(base, code)


def rules(brief: Brief) -> str:
    return prompt("rules").fill(language=language_name(brief.language), language_code=brief.language)


@dataclass(frozen=True)
class Tasks:
    """Of one episode."""

    brief: Brief
    dossier: Dossier
    desk: Desk
    topic: str

    def outline(self, words: int) -> Task:
        facts = self._fitting(self.dossier.facts)
        fewest, most = (ceil(self.brief.minutes / minutes) for minutes in CHAPTER_MINUTES)
        text = self._file("outline").fill(
            minutes=f"{self.brief.minutes:g}",
            language=language_name(self.brief.language),
            cast=self._cast(),
            chapters_min=fewest,
            chapters_max=max(3, most),
            words=words,
            facts=ceil(self.brief.minutes * FACTS_A_MINUTE),
            material=self._material(facts, {}),
        )
        return Task(text, "the outline", self.topic, TOKENS_MIN + 40 * len(facts))

    def chapter(self, plan: Sequence[PlannedChapter], number: int, words: int, before: Sequence[Said]) -> Task:
        """
        Args:
            number: of the chapter, from 0.
            before: the lines before it.
        """
        planned = plan[number]
        wanted = set(planned.facts)
        facts = [fact for fact in self.dossier.facts if fact.id in wanted]
        facts.sort(key=lambda fact: planned.facts.index(fact.id))
        first, last = number == 0, number == len(plan) - 1
        place = [
            "It is the first: greet, say who is speaking and what the episode is about." if first else "",
            "It is the last: end with thanks for listening, the sources in the show notes, and goodbye."
            if last
            else "",
        ]
        context = {
            "chapter": planned.title,
            "chapters": [each.title for each in plan],
            "lines before": [{"speaker": line.speaker, "text": line.text} for line in before[-BEFORE:]],
        }
        text = self._file("chapter").fill(
            number=number + 1,
            count=len(plan),
            language=language_name(self.brief.language),
            cast=self._cast(),
            words=words,
            words_min=round(words * 0.95),
            words_max=round(words * 1.05),
            place=" ".join(filter(None, place)) or "It is in the middle: no greeting and no goodbye.",
            material=self._material(facts, context),
        )
        about = f"chapter {number + 1}, {planned.title!r}"
        return Task(text, about, facts[0].text if facts else planned.title, TOKENS_MIN + words * TOKENS_A_WORD)

    def whole(self, draft: Draft, first: int, last: int, words: int) -> Task:
        """
        Args:
            first: number of the first line that is shown, and ``last`` of the one after the last.
            words: to add (positive) or to take away (negative) in these lines.
        """
        shown = draft.lines[first:last]
        cited = {fact for line in shown for fact in line.facts}
        more = [fact for fact in self.dossier.facts if fact.id not in cited] if words > 0 else []
        facts = [fact for fact in self.dossier.facts if fact.id in cited]
        lines = [
            {"line": at, "speaker": line.speaker, "text": line.text, "facts": list(line.facts)}
            for at, line in enumerate(shown, start=first)
        ]
        room = round(self.desk.model.prompt_chars_max * SHARE_OF_PROMPT) - sum(len(line.text) + 100 for line in shown)
        faults = [f"- Line {at} {line.fault}." for at, line in enumerate(shown, start=first) if line.fault]
        text = self._file("whole").fill(
            language=language_name(self.brief.language),
            cast=self._cast(),
            material=self._material([*facts, *self._fitting(more, room)], {"lines": lines}),
            faults="\n".join(["These lines may not stay as they are:", *faults]) if faults else "",
            length=_length(words),
        )
        tokens = 2 * TOKENS_MIN + TOKENS_A_WORD * (abs(words) + sum(len(line.text) // 4 for line in shown) // 2)
        return Task(text, "the whole script", self.topic, tokens)

    def _file(self, name: str) -> PromptFile:
        found = prompt(name)
        self.desk.prompts |= {found.label, prompt("rules").label}
        return found

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
        named = {fact.source_id for fact in facts}
        sources = {each.id: plain(each.title, NAME_CHARS_MAX) for each in self.dossier.sources if each.id in named}
        content: dict[str, Any] = {"subject": plain(self.topic, NAME_CHARS_MAX), "sources": sources}
        content["facts"] = [_shown(fact) for fact in facts]
        return material("episode", content | more)

    def _fitting(self, facts: Sequence[Fact], room: int | None = None) -> list[Fact]:
        """As many as a prompt takes, the most relevant ones, in reading order."""
        if room is None:
            room = round(self.desk.model.prompt_chars_max * SHARE_OF_PROMPT)
        chosen: set[str] = set()
        for fact in sorted(facts, key=lambda each: -each.relevance):
            room -= min(len(fact.text), FACT_CHARS_MAX) + 120
            if room < 0:
                break
            chosen.add(fact.id)
        return [fact for fact in facts if fact.id in chosen]


def _shown(fact: Fact) -> dict[str, str]:
    return {
        "id": fact.id,
        "text": " ".join(fact.text.split())[:FACT_CHARS_MAX],
        "source": fact.source_id,
        **({"heading": fact.heading[:NAME_CHARS_MAX]} if fact.heading else {}),
    }


def _length(words: int) -> str:
    if words > 0:
        return (
            f"The script is too short: add about {words} words with `add_after`, by telling facts that no line names "
            "yet, or by asking and answering more. Name the facts."
        )
    if words < 0:
        return f"The script is too long: take out about {-words} words, what matters least first."
    return "Its length is right: let what you add and what you take out be about as long."
