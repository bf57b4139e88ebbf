"""What ``podmill doctor`` asks outside providers: whether key and address work. It spends nothing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from podmill.cli.checks import Check
from podmill.errors import PodmillError, TransientError
from podmill.settings import Settings

if TYPE_CHECKING:
    from podmill.speech.engine import CheckedEngine


def services(settings: Settings) -> Iterator[Check]:
    """A finding for each engine of a provider that the settings have a key or a server for."""
    from podmill.speech.engine import ENGINES, CheckedEngine, make

    for name in ENGINES:
        engine = make(name, settings)
        if isinstance(engine, CheckedEngine) and engine.set_up:
            yield _engine(engine)


def _engine(engine: "CheckedEngine") -> Check:
    name = f"speech {engine.name}"
    try:
        voices = engine.check()
    except TransientError as exc:
        # The settings are not to blame.
        return Check(name=name, state="note", found=exc.message, action=exc.action or "Try again later.")
    except PodmillError as exc:
        return Check(name=name, state="failed", found=exc.message, action=exc.action)
    if voices is None:
        return Check(name=name, state="ok", found="answers")
    missing = [voice.base for voice in engine.voices() if voice.base not in voices]
    if missing:
        found = f"answers, but has no voice {', '.join(missing)}, which the settings list"
        return Check(name=name, state="failed", found=f"{found}.", action="List voices that it has.")
    return Check(name=name, state="ok", found=f"answers, has {len(voices)} voices")
