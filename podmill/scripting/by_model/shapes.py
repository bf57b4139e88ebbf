"""The forms of replies. A model is shown them as JSON Schema; what comes back is read with patience, and bounded."""

import json
import re
from itertools import islice
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

REPLY_CHARS_MAX: Final = 1_000_000
ITEMS_MAX: Final = 2_000
"""Of any list in a reply."""
PROBLEM_CHARS_MAX: Final = 300
STARTS_MAX: Final = 20
"""Places at which a reply may be taken to begin."""


def _bounded(value: Any) -> Any:
    return value[:ITEMS_MAX] if isinstance(value, list) else value


def _text(value: Any) -> Any:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_text)]
Ids = Annotated[list[str], BeforeValidator(_bounded)]


class Shape(BaseModel):
    # What is not asked for is left aside; local models like to add to a form.
    model_config = ConfigDict(frozen=True, extra="ignore")
    spare: ClassVar[dict[str, Any]] = {}
    """What stands for a field that a model left out. All are asked for: no default, so that schemas require them."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, value: Any) -> Any:
        return cls.spare | value if isinstance(value, dict) else value


class PlannedChapter(Shape):
    spare = {"title": "", "aim": "", "share": 1.0}

    title: Text
    aim: Text
    facts: Ids
    share: float


class Plan(Shape):
    spare = {"title": "", "summary": "", "disclosure": "", "question": "", "hook": []}

    title: Text
    summary: Text
    disclosure: Text
    question: Text
    """What listeners want answered."""
    hook: Ids
    """The facts it opens with."""
    chapters: Annotated[list[PlannedChapter], BeforeValidator(_bounded)]


class SaidLine(Shape):
    spare = {"speaker": "", "facts": []}

    speaker: Text
    text: Text
    facts: Ids


class ChapterText(Shape):
    lines: Annotated[list[SaidLine], BeforeValidator(_bounded)]


class Edit(Shape):
    spare = {"speaker": "", "text": "", "facts": []}

    line: int
    change: Literal["replace", "remove", "add_after"]
    speaker: Text
    text: Text
    facts: Ids


class Pronunciation(Shape):
    name: Text
    say: Text


class Changes(Shape):
    spare = {"unsupported": [], "pronunciations": []}

    unsupported: Annotated[list[int], BeforeValidator(_bounded)]
    edits: Annotated[list[Edit], BeforeValidator(_bounded)]
    pronunciations: Annotated[list[Pronunciation], BeforeValidator(_bounded)]


_THOUGHTS: Final = re.compile(r"\A.*</think(?:ing)?>", re.DOTALL)

AnyShape = TypeVar("AnyShape", bound=BaseModel)


class NotAsAgreedError(ValueError):
    """A reply that does not have its form; the text says why, in words a model can follow."""


def read(text: str, shape: type[AnyShape]) -> AnyShape:
    """A reply in its form. What models put around JSON (a fence, a greeting, thoughts) is left aside.

    Raises:
        NotAsAgreedError: it is not that form.
    """
    if len(text) > REPLY_CHARS_MAX:
        raise NotAsAgreedError(f"It has {len(text):,} characters, far too many.")
    # Some servers leave the mark that opens the thoughts in the prompt: only its end is in the reply.
    text = _THOUGHTS.sub("", text)
    problem = ""
    for begin in islice((found.start() for found in re.finditer(r"\{", text)), STARTS_MAX):
        try:
            # Not strict: local models write line ends into their texts as they are.
            value, _ = json.JSONDecoder(strict=False).raw_decode(text, begin)
            return shape.model_validate(value)
        except ValidationError as exc:
            first = exc.errors(include_input=False, include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            problem = problem or f"{place}: {first['msg']}."
        except (ValueError, RecursionError) as exc:
            problem = problem or f"It is not valid JSON: {exc}."
    raise NotAsAgreedError(problem[:PROBLEM_CHARS_MAX] or "It has no JSON object.")
