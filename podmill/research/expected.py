"""What research on an episode is expected to buy, before it is done. Documents cost nothing to read.

At most it is what the requests themselves promise. What is likely was measured on the emulators of our tests
(2026-11-21, `python -m benchmarks.estimate_accuracy`): their models think little, and the pages they name are short.
The ledger corrects it as soon as there are episodes to learn from.
"""

import math
from typing import Final, cast

from models.brief import Brief
from models.steps import Step
from podmill.money.forecast import Use
from podmill.providers.gemini import Prompt
from podmill.registry import load
from podmill.research import DOCUMENTS, RESEARCHERS, checking, exa, google, researchers_of
from podmill.research.prompts import prompt
from podmill.research.web import SERVICES, WebResearcher
from podmill.settings import Settings

BYTES_A_TOKEN: Final = 4
"""Of English, as Google says (ai.google.dev, tokens); what money is held for counts three."""
QUERIES: Final = (1, 2, 8)
"""Searches of one grounded answer: fewest, as measured, and as many as money is held for."""
SEARCHED_TOKENS: Final = 1_200
"""Of pages that the model reads while it searches."""
ANSWER_TOKENS: Final = 210
CLAIM_BYTES: Final = 430
"""A claim beside its nearest passages."""
CLAIMS_OPEN: Final = (0, 1, google.STATEMENTS_MAX)
"""Claims that words alone do not decide."""
VERDICT_TOKENS: Final = 75


def uses(brief: Brief, settings: Settings) -> list[Use]:
    """
    Raises:
        ConfigurationError: there is no such researcher.
    """
    if brief.script:
        return []
    names = [name for name in researchers_of(brief, settings) if name != DOCUMENTS]
    services: dict[str, None] = {}
    for name in names:
        researcher = cast(type[WebResearcher], load(RESEARCHERS, name, kind="researcher"))
        services |= {each: None for each in researcher.services if SERVICES[each].configured(settings)}
    found: list[Use] = []
    if "google" in services:
        found += _search(brief, settings)
    if "exa" in services:
        each = exa.quantities(settings)
        found += [Use(Step.RESEARCH, "exa", unit, amount, amount, amount) for unit, amount in each.items()]
    if services and settings.gemini_api_key is not None:
        found += _check(brief, settings, by_google="google" in services)
    return found


def _search(brief: Brief, settings: Settings) -> list[Use]:
    asked = google.asked(brief.topic or brief.title or "", brief, settings)
    most = asked.quantities
    given = _bytes(asked) / BYTES_A_TOKEN
    provider = f"gemini:{asked.model}"
    few, usual, many = (min(count, 1) if "gemini-2." in asked.model else count for count in QUERIES)
    return [
        Use(Step.RESEARCH, provider, "input token", given, given + SEARCHED_TOKENS, most["input token"]),
        Use(Step.RESEARCH, provider, "output token", ANSWER_TOKENS / 2, ANSWER_TOKENS, most["output token"]),
        Use(Step.RESEARCH, provider, "search query", few, usual, many),
    ]


def _check(brief: Brief, settings: Settings, *, by_google: bool) -> list[Use]:
    """The verdicts of a model on claims: those of Google, or Exa's own sentences, which its pages mostly bear out."""
    provider = f"gemini:{settings.gemini_model}"
    ours = len(prompt(checking.PROMPT).encode())
    few, usual, many = CLAIMS_OPEN if by_google else (0, 0, google.wanted(brief.minutes))
    many = min(many, google.wanted(brief.minutes))
    requests = [math.ceil(claims / checking.CLAIMS_A_REQUEST) for claims in (few, usual, many)]
    given = [
        (n * ours + claims * CLAIM_BYTES) / BYTES_A_TOKEN
        for n, claims in zip(requests, (few, usual, many), strict=True)
    ]
    most = requests[2] * checking.THOUGHT_TOKENS + many * checking.TOKENS_A_VERDICT
    return [
        Use(Step.RESEARCH, provider, "input token", *given),
        Use(Step.RESEARCH, provider, "output token", few * VERDICT_TOKENS, usual * VERDICT_TOKENS, most),
    ]


def _bytes(asked: Prompt) -> int:
    return len(asked.system.encode()) + len(asked.text.encode())
