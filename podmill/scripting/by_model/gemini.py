"""Gemini as a language model of the writers."""

from typing import Final

from podmill.offer import Purchases
from podmill.providers import gemini
from podmill.scripting.by_model.language_model import Ask, Reply
from podmill.settings import Settings

OUTPUT_TOKENS_MAX: Final = 65_536
"""Of all its text models since 2.5; thoughts included."""
THOUGHT_TOKENS: Final = 8_192
"""Room for thoughts, which count as output and come before the reply."""
PROMPT_CHARS_MAX: Final = 400_000
"""A tenth of what it takes: replies to longer prompts lose the thread."""
OWN_WORDS: Final = ("RECITATION", "LANGUAGE")
"""Blocked for how it was said, and not for what was asked."""


class GeminiModel:
    provider = "gemini"
    setting = "PODMILL_GEMINI_MODEL"
    output_tokens_max = OUTPUT_TOKENS_MAX - THOUGHT_TOKENS
    prompt_chars_max = PROMPT_CHARS_MAX

    def __init__(self, settings: Settings) -> None:
        self.model = settings.gemini_model
        self._settings = settings

    def complete(self, ask: Ask, purchases: Purchases, part: int) -> Reply:
        prompt = gemini.Prompt(
            model=self.model,
            text=ask.text,
            system=ask.system,
            schema=ask.shape,
            output_tokens_max=min(ask.output_tokens_max + THOUGHT_TOKENS, OUTPUT_TOKENS_MAX),
        )
        reply = gemini.Request(prompt, self._settings).buy(purchases, part)
        said = reply.blocked in OWN_WORDS
        return Reply(
            text=reply.text,
            cut=reply.cut,
            blocked=None if said else reply.blocked,
            problem=_problem(reply),
            model=reply.model,
            input_tokens=reply.input_tokens or 0,
            output_tokens=reply.output_tokens or 0,
        )


def _problem(reply: gemini.Reply) -> str | None:
    if reply.blocked == "RECITATION":
        return "It repeated a text of others at length: use your own words."
    if reply.blocked == "LANGUAGE":
        return "It was in a language that is not supported."
    return None if reply.whole else "It was not whole."
