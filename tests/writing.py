"""What tests of writers that are language models share: a context that buys, and a model within the process."""

import dataclasses
from pathlib import Path
from typing import Any

from models.dossier import Dossier
from podmill.context import StepContext
from podmill.offer import Purchases
from podmill.scripting.by_model.language_model import Ask, Reply
from podmill.settings import Settings
from tests.dossiers import context, of_examples
from tests.emulators.gemini_writing import written
from tests.purchases import CashPurchases

TIDES = "How tides work"


def tides() -> Dossier:
    return of_examples("tides.md", topic=TIDES)


def buying(folder: Path, purchases: Purchases | None = None, **settings: Any) -> StepContext:
    """The context of a step that may buy."""
    step = context(folder)
    return dataclasses.replace(step, settings=Settings(home=folder, **settings), purchases=purchases or CashPurchases())


@dataclasses.dataclass
class Model:
    """A language model without a server: what the emulators write, or what it is told to."""

    writing: dict[str, Any] = dataclasses.field(default_factory=dict)
    replies: list[Reply] = dataclasses.field(default_factory=list)
    """Its first replies."""
    asked: list[Ask] = dataclasses.field(default_factory=list)
    provider: str = "test"
    model: str = "in-process"
    setting: str = "PODMILL_TEST_MODEL"
    output_tokens_max: int = 8_192
    prompt_chars_max: int = 100_000

    def complete(self, ask: Ask, purchases: Purchases, part: int) -> Reply:  # noqa: ARG002 - as every model
        self.asked.append(ask)
        if self.replies:
            return self.replies.pop(0)
        text = written(ask.text, set(ask.shape.model_fields), {"writing": self.writing})
        return Reply(text, model="in-process-001", input_tokens=len(ask.text) // 4, output_tokens=len(text) // 4)
