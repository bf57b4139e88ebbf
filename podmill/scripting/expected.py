"""What a script is expected to cost, and how much of it there will be to say, before it is written.

At most it is what the writer's tasks promise, every pass made and no reply given again. What is likely is their prompts
and the form of their replies, counted, as often as they were asked in runs on the emulators of our tests (2026-11-21,
`python -m benchmarks.estimate_accuracy`), whose models think little. The ledger corrects it as soon as there are
episodes to learn from.
"""

import math
from dataclasses import dataclass
from typing import Final

from models.brief import Brief
from models.steps import Step
from podmill.money.forecast import Use
from podmill.providers.gemini_client import BYTES_PER_TOKEN
from podmill.scripting import writer_of
from podmill.scripting.by_model import gemini, openai_chat
from podmill.scripting.by_model.amount import amount_in
from podmill.scripting.by_model.tasks import CHAPTER_MINUTES, FACTS_A_MINUTE, TOKENS_MIN, rules
from podmill.scripting.by_model.writer import PASSES_MAX
from podmill.scripting.pace import ENDS_S, PAUSE_S, rates_of
from podmill.scripting.prompts import prompt
from podmill.settings import Settings
from podmill.text.amounts import LINES_A_MINUTE, WIDE, characters_in
from podmill.text.tongue import primary

BYTES_A_TOKEN: Final = 4
"""Of English, as Google says (ai.google.dev, tokens); what money is held for counts three."""
MODEL_MISSES: Final = (0.95, 1.05)
"""Share of the asked length that a script of a language model has at least and at most."""
OFFLINE_MISSES: Final = (0.9, 1.1)
CARRIES: Final = 1.3
"""Characters that are said for each of a text that is told sentence by sentence: greeting, questions, chapters."""
STATEMENT_BYTES: Final = 92
"""Of a document, for each fact that is found in it."""
FACTS_MAX: Final = 400
FACT_FORM: Final = 42
LINE_FORM: Final = 52
SHOWN_FORM: Final = 66
"""Around a fact, a line that is written, and one that is shown again, as JSON, in bytes."""
CHAPTER_FORM: Final = 700
"""What a task says of its chapter and those around it."""
PLAN_BYTES: Final = 500
PLANNED_BYTES: Final = 140
"""Of a planned chapter, besides the facts it names."""
FACT_ID_BYTES: Final = 7
AS_READ: Final = 0.86
"""Characters of a line as it is read, for each as it is said: numbers are said in words."""
REWRITTEN, REWRITTEN_WIDE = 0.5, 0.05
"""What the pass over the whole script changes and adds, for each byte of it; in Japanese lengths are met at once."""
WIDE_BYTES: Final = 2.9
"""Of a character of Japanese, on average."""
THOUGHTS: Final = 40
"""Tokens of a reply."""
LEAST: Final = 0.8
"""Of what is likely."""
WEB_BYTES: Final = 1_800
"""Facts that a search adds."""
UNKNOWN_A_MINUTE: Final = 1_200
"""Bytes of text for each minute asked for, where it cannot be told how much the sources hold."""


@dataclass(frozen=True, slots=True)
class Speech:
    """How much there will be to say."""

    low: float
    likely: float
    high: float
    """Characters."""
    lines: float
    minutes: float
    """Likely."""
    short: bool = False
    """The sources do not carry what is asked for."""


def speech_of(brief: Brief, text_bytes: int | None) -> Speech:
    """What a writer will have said; not of a ready-made script, which says it itself.

    Args:
        text_bytes: of all documents together, where they are plain text; None: not known.
    """
    paid = writer_of(brief).capabilities.paid
    low, high = MODEL_MISSES if paid else OFFLINE_MISSES
    rates = rates_of(brief.cast, {})
    rate = sum(rates.values()) / len(rates)
    lines = brief.minutes * LINES_A_MINUTE
    said_s = max(brief.minutes * 60 - ENDS_S - lines * PAUSE_S, 1.0)
    characters = characters_in(said_s, brief.language, rate)
    if paid or text_bytes is None or brief.researchers:
        return Speech(characters * low, characters, characters * high, lines, brief.minutes)
    carried = text_bytes * CARRIES
    likely = min(characters, carried)
    share = likely / characters
    return Speech(
        likely * low, likely, likely * high, lines * share, brief.minutes * share, short=carried < low * characters
    )


def uses(brief: Brief, settings: Settings, text_bytes: int | None, *, searched: bool) -> list[Use]:
    """
    Args:
        text_bytes: as ``speech_of`` says.
        searched: the web is asked as well.

    Raises:
        ConfigurationError: there is no such writer.
    """
    if not writer_of(brief).capabilities.paid:
        name = "ready-made" if brief.script else brief.writer
        return [Use(Step.SCRIPTING, name, "script", 1.0, 1.0, 1.0)]
    thoughts = gemini.THOUGHT_TOKENS if brief.writer == "gemini" else 0
    work = _Work(brief, _text_bytes(brief, text_bytes, searched=searched))
    given, made = work.tokens()
    most_given, most_made = work.most(thoughts)
    provider = f"gemini:{settings.gemini_model}" if brief.writer == "gemini" else openai_chat.payee(settings)
    return [
        Use(Step.SCRIPTING, provider, "input token", given * LEAST, given, max(most_given, given)),
        Use(Step.SCRIPTING, provider, "output token", made * LEAST, made, max(most_made, made)),
    ]


def _text_bytes(brief: Brief, text_bytes: int | None, *, searched: bool) -> float:
    found = brief.minutes * UNKNOWN_A_MINUTE if text_bytes is None else float(text_bytes)
    return found + (WEB_BYTES if searched else 0.0)


class _Work:
    """A model's work on one script, counted in bytes."""

    def __init__(self, brief: Brief, text_bytes: float) -> None:
        self.facts = min(text_bytes / STATEMENT_BYTES, FACTS_MAX)
        self.told = min(math.ceil(brief.minutes * FACTS_A_MINUTE), self.facts)
        self.chapters = max(math.ceil(brief.minutes / CHAPTER_MINUTES[0]), 1)
        self.chapters_max = max(math.ceil(brief.minutes / CHAPTER_MINUTES[1]), 1)
        speech = speech_of(brief, None)
        wide = primary(brief.language) in WIDE
        self.rules = len(rules(brief).encode())
        self.fact = STATEMENT_BYTES + FACT_FORM
        self.lines = speech.lines
        self.said = speech.likely * AS_READ * (WIDE_BYTES if wide else 1.0)
        self.rewritten = REWRITTEN_WIDE if wide else REWRITTEN
        self.count = speech.likely / (1.0 if amount_in(brief.language).characters else 6.0)
        self.reply_tokens = amount_in(brief.language).tokens

    def tokens(self) -> tuple[float, float]:
        """Input and output of an outline, its chapters, and one pass over the whole."""
        given = self._outline() + self._chapters(self.chapters) + self._whole()
        written = self.said + self.lines * LINE_FORM
        planned = PLAN_BYTES + self.chapters * PLANNED_BYTES + self.told * FACT_ID_BYTES
        made = planned + written * (1 + self.rewritten)
        calls = 1 + self.chapters + 1
        return given / BYTES_A_TOKEN, made / BYTES_A_TOKEN + calls * THOUGHTS

    def most(self, thoughts: int) -> tuple[float, float]:
        """What its tasks promise, see ``Tasks``."""
        given = self._outline() + self._chapters(self.chapters_max) + PASSES_MAX * self._whole()
        calls = 1 + self.chapters_max + PASSES_MAX
        outline = TOKENS_MIN + 40 * self.facts
        chapters = self.chapters_max * TOKENS_MIN + self.count * self.reply_tokens
        whole = 2 * TOKENS_MIN + self.reply_tokens * self.count / 2
        return given / BYTES_PER_TOKEN + 500 * calls, outline + chapters + PASSES_MAX * whole + calls * thoughts

    def _outline(self) -> float:
        return self.rules + len(prompt("outline").text) + self.facts * self.fact

    def _chapters(self, count: int) -> float:
        return count * (self.rules + len(prompt("chapter").text) + CHAPTER_FORM) + self.told * self.fact

    def _whole(self) -> float:
        shown = self.said + self.lines * SHOWN_FORM + self.facts * self.fact
        return self.rules + len(prompt("whole").text) + shown
