"""What ``podmill doctor`` asks outside providers, at no cost: whether keys, addresses, models and voices work."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from podmill.cli.checks import Check
from podmill.errors import InDoubtError, PodmillError, TransientError
from podmill.settings import Settings

if TYPE_CHECKING:
    from podmill.speech.engine import CheckedEngine

KEYS: Final[Mapping[str, str]] = {
    "elevenlabs": "PODMILL_ELEVENLABS_API_KEY",
    "minimax": "PODMILL_MINIMAX_API_KEY",
    "azure": "PODMILL_AZURE_SPEECH_KEY",
    "openai": "PODMILL_OPENAI_SPEECH_URL or PODMILL_ENGINE",
    "gemini": "PODMILL_GEMINI_API_KEY",
}
"""What sets an engine up."""

Asked = Callable[[], Check]


def services(settings: Settings) -> Iterator[tuple[str, Asked]]:
    """A check for each provider that there is, by its name. Each may be made in a thread of its own."""
    from podmill.preflight import impatient
    from podmill.speech.engine import ENGINES, CheckedEngine, make

    quick = impatient(settings)
    yield "gemini", partial(_check, "gemini", partial(gemini, quick))
    yield "exa", partial(_check, "exa", partial(exa, quick))
    yield "chat server", partial(_check, "chat server", partial(chat, quick))
    for name in ENGINES:
        engine = make(name, quick)
        if isinstance(engine, CheckedEngine):
            yield f"speech {name}", partial(_check, f"speech {name}", partial(speech, engine))


def gemini(settings: Settings) -> Check:
    """Key and model."""
    from podmill.providers import gemini_client

    if settings.gemini_api_key is None:
        return _off("gemini", "PODMILL_GEMINI_API_KEY", asked_for=_asked_for("google", "gemini", settings))
    gemini_client.look_up(settings, settings.gemini_model, settings.gemini_timeout_s)
    return Check(name="gemini", state="ok", found=f"answers, has {settings.gemini_model}")


def exa(settings: Settings) -> Check:
    """Key, as far as it can be known for nothing."""
    from podmill.research.exa_check import proves_key

    if settings.exa_api_key is None:
        return _off("exa", "PODMILL_EXA_API_KEY", asked_for=_asked_for("exa", "", settings))
    if proves_key(settings):
        return Check(name="exa", state="ok", found="answers, takes the key")
    return Check(
        name="exa", state="note", found="answers; whether it takes the key only a search shows, which costs money"
    )


def chat(settings: Settings) -> Check:
    """Key, address and model of a chat server."""
    from podmill.scripting.by_model.chat_check import has_model

    if settings.openai_chat_model is None:
        return _off("chat server", "PODMILL_OPENAI_CHAT_MODEL", asked_for=_asked_for("", "openai", settings))
    if has_model(settings):
        return Check(name="chat server", state="ok", found=f"answers, has {settings.openai_chat_model}")
    return Check(name="chat server", state="ok", found="answers, and lists no models")


def speech(engine: "CheckedEngine") -> Check:
    """Key, address, listed voices, and how the account stands."""
    from podmill.speech.standing import StandingEngine

    name = f"speech {engine.name}"
    if not engine.set_up:
        return _off(name, KEYS.get(engine.name, "its key"), asked_for=False)
    voices = engine.check()
    has = "answers" if voices is None else f"answers, has {len(voices)} voices"
    missing = [voice.base for voice in engine.voices() if voice.base not in voices] if voices is not None else []
    if missing:
        found = f"answers, but has no voice {', '.join(missing)}, which the settings list."
        return Check(name=name, state="failed", found=found, action="List voices that it has.")
    if isinstance(engine, StandingEngine):
        standing = engine.standing()
        if standing.problem:
            return Check(name=name, state="failed", found=f"{has}, but {standing.problem}.", action=standing.action)
        has = ", ".join(part for part in (has, standing.found) if part)
    return Check(name=name, state="ok", found=has)


def _check(name: str, asked: Asked) -> Check:
    """A finding, whatever happens: a provider that is away is not the settings' fault."""
    try:
        return asked()
    except (TransientError, InDoubtError) as exc:
        return Check(name=name, state="note", found=exc.message, action=exc.action or "Try again later.")
    except PodmillError as exc:
        return Check(name=name, state="failed", found=exc.message, action=exc.action)


def _asked_for(researcher: str, writer: str, settings: Settings) -> bool:
    """Whether the settings name it, key or not."""
    return (bool(researcher) and researcher in settings.researchers) or (bool(writer) and writer == settings.writer)


def _off(name: str, setting: str, *, asked_for: bool) -> Check:
    if asked_for:
        found = "is named by the settings, and not set up."
        return Check(name=name, state="failed", found=found, action=f"Set {setting}.")
    return Check(name=name, state="off", found=f"not set up ({setting})")
