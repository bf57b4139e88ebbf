"""What runs on a node."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from podmill.settings import Settings


@dataclass(frozen=True, slots=True)
class Service:
    """A process that the supervisor keeps alive."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the supervisor's own environment."""


def workers(settings: Settings) -> tuple[Service, ...]:
    """One worker for each kind of work: waiting on the network, paid speech, speaking, hearing, mastering, upkeep.

    Where no provider that speaks is set up nothing can wait for paid speech, which does not deserve a process then: an
    episode that asks for it all the same is told so by the worker of texts.
    """
    texts, paid = "research,scripting,publishing", "synthesis.api"
    pays = _pays_for_speech(settings)
    return (
        _worker("text", texts if pays else f"{texts},{paid}", "threads", settings.api_threads),
        *([_worker("synthesis-api", paid, "threads", settings.paid_speech_threads)] if pays else []),
        _worker("synthesis", "synthesis.gpu", "prefork", settings.synthesis_processes),
        _worker("verification", "verification", "prefork", settings.verification_processes),
        _worker("audio", "audio", "prefork", settings.audio_processes),
        _worker("upkeep", "upkeep", "threads", 1),
    )


def _pays_for_speech(settings: Settings) -> bool:
    """Whether a provider that speaks is set up, from the settings alone: no client of a provider is imported for it."""
    keys = (
        *(settings.elevenlabs_api_key, settings.minimax_api_key, settings.azure_speech_key, settings.gemini_api_key),
        settings.openai_speech_api_key,
    )
    if any(key and key.get_secret_value().strip() for key in keys):
        return True
    if not settings.openai_speech_url and settings.engine != "openai":
        return False
    from podmill.speech.openai_speech import is_own

    return not is_own(settings)


def _worker(name: str, queues: str, pool: str, concurrency: int) -> Service:
    argv = (
        *_celery("worker"),
        f"--queues={queues}",
        f"--pool={pool}",
        f"--concurrency={concurrency}",
        f"--hostname={name}@%h",
        "--without-gossip",
        "--without-mingle",
    )
    return Service(name, argv)


def beat(settings: Settings) -> Service:
    """The clock of upkeep."""
    schedule = settings.home / "beat-schedule"
    return Service("beat", (*_celery("beat"), f"--schedule={schedule}", "--pidfile="))


def flower(port: int) -> Service:
    """Flower on loopback. It takes its password from the settings or the home folder, never from the command line."""
    return Service("flower", (*_celery("flower"), "--address=127.0.0.1", f"--port={port}"))


def web(settings: Settings, port: int, password: str) -> Service:
    """The web server: feeds and media for everybody, the status page behind the password."""
    argv = (sys.executable, "-m", "podmill.web.server", "--host", settings.web_host, "--port", str(port))
    return Service("web", argv, {"PODMILL_WEB_PASSWORD": password})


def _celery(command: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "celery", "-A", "podcast_tasks", command)
