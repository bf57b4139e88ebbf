"""The fact-check: which claims the pages that were read bear out, and by which passage.

First by words, then, where Gemini can be asked, by a model that reads each claim beside its nearest passages. The model
is not believed either, as a page may have talked it into something: a claim counts as borne out only by a quote that
stands in a passage with all numbers and names of the claim, and which is about the same.
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic import BaseModel, ValidationError

from podmill.context import StepContext
from podmill.errors import PodmillError, RefusedError
from podmill.providers.gemini import Prompt, Request
from podmill.research.prompts import label, material, prompt
from podmill.research.readers import Reading
from podmill.research.search import can_do_without
from podmill.research.support import NEAR_MIN, Match, Passages, agrees, holds, unnamed
from podmill.text.tongue import language_in, primary

log = logging.getLogger(__name__)

PASSAGES_A_CLAIM: Final = 3
CLAIMS_A_REQUEST: Final = 40
TOKENS_A_VERDICT: Final = 160
THOUGHT_TOKENS: Final = 8192
QUOTE_MIN_CHARS: Final = 20
"""A word or two stand in any page."""
PROMPT: Final = "check_1"
PART: Final = 10
"""Of the first request; the next one has the next number."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """A claim, and the pages that are said to bear it out, by their places."""

    text: str
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """A claim after the check."""

    text: str
    supported: bool
    page: int | None
    """The page whose passage bears it out; of a claim without support the nearest, if there is one."""
    passage: str = ""
    location: str = ""
    heading: str | None = None
    also: tuple[int, ...] = ()
    """Other pages that bear it out."""


@dataclass(frozen=True, slots=True)
class Check:
    """What became of some claims."""

    claims: tuple[Checked, ...]
    notes: tuple[str, ...]
    """For a person."""
    prompts: tuple[str, ...]
    """Name and version of what a model was given."""


class Verdict(BaseModel):
    claim: int
    supported: bool
    passage: int
    quote: str


class Verdicts(BaseModel):
    verdicts: list[Verdict]


def check_claims(
    assertions: Sequence[Assertion], readings: Sequence[Reading], language: str, context: StepContext
) -> Check:
    """Every claim with the passage that bears it out, or marked as borne out by none.

    Args:
        language: of the claims.

    Raises:
        PodmillError: as buying raises it, where the step must wait or stop.
    """
    passages = Passages(readings)
    found = [passages.best(each.text, each.pages, PASSAGES_A_CLAIM) for each in assertions]
    checked = [_by_words(each, matches) for each, matches in zip(assertions, found, strict=True)]
    notes: list[str] = []
    asked_of_model = False
    if context.settings.gemini_api_key is not None:
        open_ = [index for index, each in enumerate(checked) if not each.supported and found[index]]
        for number in range(math.ceil(len(open_) / CLAIMS_A_REQUEST)):
            asked_of_model = True
            asked = open_[number * CLAIMS_A_REQUEST : (number + 1) * CLAIMS_A_REQUEST]
            try:
                _by_model(asked, checked, found, language, context, PART + number)
            except PodmillError as exc:
                if not can_do_without(exc):
                    raise
                log.warning("claims are checked by their words alone: %s", exc)
                notes.append("Claims were checked by their words alone: Gemini could not be asked.")
                break
    return Check(tuple(checked), tuple(notes), (label(PROMPT),) if asked_of_model else ())


def _by_words(each: Assertion, matches: Sequence[Match]) -> Checked:
    borne = [match for match in matches if match.bears_out]
    if not borne:
        nearest = matches[0].passage if matches else None
        return Checked(each.text, supported=False, page=nearest.page if nearest else next(iter(each.pages), None))
    passage = borne[0].passage
    also = tuple(match.passage.page for match in borne[1:])
    return Checked(each.text, True, passage.page, passage.text, passage.location, passage.heading, also)


def _by_model(
    asked: Sequence[int],
    checked: list[Checked],
    found: Sequence[Sequence[Match]],
    language: str,
    context: StepContext,
    part: int,
) -> None:
    parts = []
    for index in asked:
        texts = [material(f"passage_{number}", match.passage.text) for number, match in enumerate(found[index])]
        parts.append("\n".join([f"Claim {index}:", material("claim", checked[index].text), *texts]))
    request = Prompt(
        model=context.settings.gemini_model,
        system=prompt(PROMPT),
        text="\n\n".join(parts),
        schema=Verdicts,
        output_tokens_max=THOUGHT_TOKENS + len(asked) * TOKENS_A_VERDICT,
    )
    reply = Request(request, context.settings).buy(context.purchases, part)
    try:
        verdicts = Verdicts.model_validate_json(reply.text).verdicts
    except ValidationError as exc:
        raise RefusedError(f"Gemini's verdicts cannot be read ({reply.finish}).") from exc
    for verdict in verdicts:
        if verdict.supported and verdict.claim in asked:
            _believe(verdict, checked, found[verdict.claim], language)


def _believe(verdict: Verdict, checked: list[Checked], matches: Sequence[Match], language: str) -> None:
    """Take a verdict for true if its quote is in the passage, and all numbers and names of the claim are too."""
    claim = checked[verdict.claim]
    if not 0 <= verdict.passage < len(matches):
        return
    match = matches[verdict.passage]
    passage = match.passage
    if len(verdict.quote) < QUOTE_MIN_CHARS or not _may_say(match, claim.text, language):
        return
    if holds(verdict.quote, passage.text) and agrees(claim.text, passage.text):
        checked[verdict.claim] = replace(
            claim,
            supported=True,
            page=passage.page,
            passage=passage.text,
            location=passage.location,
            heading=passage.heading,
        )


def _may_say(match: Match, claim: str, language: str) -> bool:
    """Whether a passage is about what a claim says, as far as words tell: one in another language has others."""
    passage = match.passage
    if language_in(passage.text) not in (None, primary(language)):
        return True
    around = f"{passage.title or ''} {passage.heading or ''} {passage.text}"
    return match.covered >= NEAR_MIN and not unnamed(claim, around, language)
