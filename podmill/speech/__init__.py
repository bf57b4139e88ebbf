"""Speech: script and cast to requests, requests to takes, takes to one recording."""

from podmill.settings import Settings
from podmill.speech import engine
from podmill.speech.engine import (
    ENGINES,
    EXTRAS,
    Engine,
    EngineCapabilities,
    RawSpeech,
    RequestLine,
    SpeechRequest,
    Voice,
)
from podmill.speech.fallback import (
    FOR_GOOD,
    Choice,
    check,
    choices,
    fallback_of,
    order_problem,
    order_words,
    queue_of,
    stand_in,
    usable,
)
from podmill.speech.install import install_voice
from podmill.speech.join import join, text_only
from podmill.speech.plan import plan, split
from podmill.speech.reply import reply_of, restore
from podmill.speech.take import keep, speak
from podmill.speech.voices import CASTS, find, installed, known, resolve_cast, sample

__all__ = [
    "CASTS",
    "ENGINES",
    "EXTRAS",
    "FOR_GOOD",
    "Choice",
    "Engine",
    "EngineCapabilities",
    "RawSpeech",
    "RequestLine",
    "SpeechRequest",
    "Voice",
    "check",
    "choices",
    "fallback_of",
    "find",
    "install_voice",
    "installed",
    "join",
    "keep",
    "known",
    "order_problem",
    "order_words",
    "plan",
    "preload",
    "queue_of",
    "reply_of",
    "resolve_cast",
    "restore",
    "sample",
    "speak",
    "split",
    "stand_in",
    "text_only",
    "usable",
]


def preload(settings: Settings) -> None:
    """Load the models of the default engine, so that the first request does not wait for them.

    Raises:
        MissingExtraError: the engine's packages are not installed.
    """
    engine.make(settings.engine, settings).preload()
