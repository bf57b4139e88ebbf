"""Finding the class behind a name.

A kind of thing (engine, writer, transcriber, target, ...) keeps one dict of ``"name": "module:Class"`` strings, so that
an absent package costs nothing until its name is asked for.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from podmill.errors import ConfigurationError, MissingExtraError

ENGINES: Final[dict[str, str]] = {
    "piper": "podmill.speech.piper:Piper",
    "kokoro": "podmill.speech.kokoro:Kokoro",
    "elevenlabs": "podmill.speech.elevenlabs:ElevenLabs",
    "minimax": "podmill.speech.minimax:MiniMax",
    "azure": "podmill.speech.azure:Azure",
    "gemini": "podmill.speech.gemini:Gemini",
    "openai": "podmill.speech.openai_speech:OpenAISpeech",
}
"""Speech engines. They are listed here because tiers of accounts name them, and money knows no speech."""


def load(registry: Mapping[str, str], name: str, *, kind: str, extras: Mapping[str, str] | None = None) -> Any:
    """The class registered under a name.

    Args:
        extras: the extra to install for names whose packages are optional.

    Raises:
        ConfigurationError: nothing is registered under that name.
        MissingExtraError: it needs a package that is not installed.
    """
    if name not in registry:
        raise ConfigurationError(f"Unknown {kind}: {name!r}.", action=f"Known: {', '.join(sorted(registry))}.")
    module, _, attribute = registry[name].partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as exc:
        if extras and name in extras:
            raise MissingExtraError(f"The {kind} {name!r}", extra=extras[name]) from exc
        raise
