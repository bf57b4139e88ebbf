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

    Without a key nothing can wait for paid speech, which does not deserve a process then: an episode that asks for it
    all the same is told so by the worker of texts.
    """
    texts, paid = "research,scripting,publishing", "synthesis.api"
    keys = (settings.elevenlabs_api_key, settings.minimax_api_key, settings.azure_speech_key)
    has_key = any(key is not None for key in keys)
    return (
        _worker("text", texts if has_key else f"{texts},{paid}", "threads", settings.api_threads),
        *([_worker("synthesis-api", paid, "threads", settings.paid_speech_threads)] if has_key else []),
        _worker("synthesis", "synthesis.gpu", "prefork", settings.synthesis_processes),
        _worker("verification", "verification", "prefork", settings.verification_processes),
        _worker("audio", "audio", "prefork", settings.audio_processes),
        _worker("upkeep", "upkeep", "threads", 1),
    )


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
