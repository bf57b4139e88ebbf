"""The forms of replies. A model is shown them as JSON Schema; what comes back is read with patience, and bounded."""

import json
import re
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

REPLY_CHARS_MAX: Final = 1_000_000
ITEMS_MAX: Final = 2_000
"""Of any list in a reply."""
PROBLEM_CHARS_MAX: Final = 300


def _bounded(value: Any) -> Any:
    return value[:ITEMS_MAX] if isinstance(value, list) else value


def _text(value: Any) -> Any:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_text)]
Ids = Annotated[list[str], BeforeValidator(_bounded)]


class Shape(BaseModel):
    # What is not asked for is left aside; local models like to add to a form.
    model_config = ConfigDict(frozen=True, extra="ignore")


class PlannedChapter(Shape):
    title: Text
    facts: Ids
    share: float


class Plan(Shape):
    title: Text
    summary: Text
    disclosure: Text
    chapters: Annotated[list[PlannedChapter], BeforeValidator(_bounded)]


class SaidLine(Shape):
    speaker: Text
    text: Text
    facts: Ids


class ChapterText(Shape):
    lines: Annotated[list[SaidLine], BeforeValidator(_bounded)]


class Edit(Shape):
    line: int
    change: Literal["replace", "remove", "add_after"]
    speaker: Text
    text: Text
    facts: Ids


class Pronunciation(Shape):
    name: Text
    say: Text


class Changes(Shape):
    unsupported: Annotated[list[int], BeforeValidator(_bounded)]
    edits: Annotated[list[Edit], BeforeValidator(_bounded)]
    pronunciations: Annotated[list[Pronunciation], BeforeValidator(_bounded)]


AnyShape = TypeVar("AnyShape", bound=BaseModel)


class NotAsAgreedError(ValueError):
    """A reply that does not have its form; the text says why, in words a model can follow."""


def read(text: str, shape: type[AnyShape]) -> AnyShape:
    """A reply in its form. What models put around JSON (a fence, a greeting, thoughts) is left aside.

    Raises:
        NotAsAgreedError: it is not that form.
    """
    text = re.sub(r"<think>.*?</think>", "", text[:REPLY_CHARS_MAX], flags=re.DOTALL)
    begin = text.find("{")
    if begin < 0:
        raise NotAsAgreedError("It has no JSON object.")
    try:
        value, _ = json.JSONDecoder().raw_decode(text[begin:])
        return shape.model_validate(value)
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise NotAsAgreedError(f"{place}: {first['msg']}."[:PROBLEM_CHARS_MAX]) from None
    except (ValueError, RecursionError) as exc:
        raise NotAsAgreedError(f"It is not valid JSON: {exc}."[:PROBLEM_CHARS_MAX]) from None
