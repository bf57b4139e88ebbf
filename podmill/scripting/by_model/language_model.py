"""What a language model is to a writer: it is shown a task and replies in an agreed form, for money or for nothing."""

from dataclasses import dataclass
from typing import Final, Protocol

from pydantic import BaseModel

from podmill.offer import Purchases
from podmill.registry import load
from podmill.settings import Settings

LANGUAGE_MODELS: Final = {
    "gemini": "podmill.scripting.by_model.gemini:GeminiModel",
    "openai": "podmill.scripting.by_model.openai_chat:OpenAIModel",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One task."""

    system: str
    """Our own rules, and nothing else."""
    text: str
    """The task with its material."""
    shape: type[BaseModel]
    """The form of the reply."""
    output_tokens_max: int
    about: str
    """What it is, for a person who must decide about a refusal."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. It was paid for, whatever it is."""

    text: str
    """JSON, if all is well."""
    cut: bool = False
    """It came to the limit of its length."""
    blocked: str | None = None
    """Why the provider's policy held it back."""
    problem: str | None = None
    """Why it is not whole otherwise."""
    model: str = ""
    """As the provider names the model that answered."""
    input_tokens: int = 0
    output_tokens: int = 0


class LanguageModel(Protocol):
    """Opened by ``open_model`` with the settings."""

    provider: str
    model: str
    setting: str
    """The setting that names the model."""
    output_tokens_max: int
    """Of one reply."""
    prompt_chars_max: int
    """Characters of one task that it takes."""

    def complete(self, ask: Ask, purchases: Purchases, part: int) -> Reply:
        """The reply to a task: the same task of an episode is paid for once, however often it is asked.

        Args:
            part: number of the request within the step, for people.

        Raises:
            ConfigurationError: key, model, address or SDK.
            RefusedError: it does not take the task.
            PodmillError: as ``Purchases.buy``.
        """
        ...


def open_model(name: str, settings: Settings) -> LanguageModel:
    """The language model of a name, as the settings describe it.

    Raises:
        ConfigurationError: there is none of that name, or its settings do not name a model.
    """
    found: LanguageModel = load(LANGUAGE_MODELS, name, kind="language model")(settings)
    return found
