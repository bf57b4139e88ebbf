"""Research by Gemini with Google Search: statements about a topic, and the pages each rests on."""

import math
import re
from typing import ClassVar, Final

from models.brief import Brief
from podmill.context import StepContext
from podmill.errors import PolicyError, SourceError
from podmill.providers.gemini import Prompt, Reply, Request
from podmill.research.prompts import label, material, prompt
from podmill.research.search import Claim, Found, Lead
from podmill.research.statements import statements
from podmill.settings import Settings

STATEMENTS_A_MINUTE: Final = 9
"""A statement and the talk around it take some seven seconds."""
STATEMENTS_MIN, STATEMENTS_MAX = 24, 240
TOKENS_A_STATEMENT: Final = 80
THOUGHT_TOKENS: Final = 8192
PROMPT: Final = "search_2"
PART: Final = 0

_LINE: Final = re.compile(r"[^\n]+")
_BULLET: Final = re.compile(r"^\s*(?:[-*•\u2013]|\d{1,3}[.)])\s+")
_MARKS: Final = re.compile(r"\s*\[\d+(?:\s*[,;]\s*\d+)*\]|[*_`#]+")
"""Marks of citations, and Markdown."""


class GoogleSearch:
    name: ClassVar[str] = "google"
    key_setting: ClassVar[str] = "PODMILL_GEMINI_API_KEY"

    def configured(self, settings: Settings) -> bool:
        return settings.gemini_api_key is not None

    def search(self, topic: str, brief: Brief, context: StepContext) -> Found:
        reply = Request(asked(topic, brief, context.settings), context.settings).buy(context.purchases, PART)
        if reply.blocked and not reply.text.strip():
            raise PolicyError(
                f"Gemini refuses to research {topic[:80]!r} ({reply.blocked}).",
                action="Word the topic differently, or give documents under `sources`.",
            )
        # A reply that was cut is good as far as it goes.
        claims = tuple(_claims(reply, brief.language))
        if not claims or not reply.pages:
            raise SourceError(
                f"Gemini answered without searching, or with nothing that can be used ({reply.finish or 'no reply'}).",
                action="Word the topic differently.",
            )
        leads = tuple(Lead(page.url, page.title) for page in reply.pages)
        return Found(self.name, f"{self.name}:{reply.model}", leads, claims, reply.queries, (label(PROMPT),))


def wanted(minutes: float) -> int:
    """Statements that an episode of so many minutes is asked for."""
    return min(max(math.ceil(minutes * STATEMENTS_A_MINUTE), STATEMENTS_MIN), STATEMENTS_MAX)


def asked(topic: str, brief: Brief, settings: Settings) -> Prompt:
    """The one prompt of a search."""
    count = wanted(brief.minutes)
    return Prompt(
        model=settings.gemini_model,
        system=prompt(PROMPT, count=str(count), language=brief.language),
        text=material("topic", topic),
        search=True,
        output_tokens_max=THOUGHT_TOKENS + count * TOKENS_A_STATEMENT,
    )


def _claims(reply: Reply, language: str) -> list[Claim]:
    """The statements of a reply, each with the pages that Google says it rests on."""
    found = []
    for line in _LINE.finditer(reply.text):
        bullet = _BULLET.match(line[0])
        begin = line.start() + (bullet.end() if bullet else 0)
        text = reply.text[begin : line.end()]
        for start, end in statements(text, language):
            said = " ".join(_MARKS.sub("", text[start:end]).split())
            pages = {
                page
                for support in reply.supports
                if support.start < begin + end and begin + start < support.end
                for page in support.pages
            }
            if said:
                found.append(Claim(said, tuple(sorted(pages))))
    return found
