"""An engine made of engines: who speaks an episode, and who does when that one fails for good."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from models.brief import CastMember
from podmill.errors import ConfigurationError, QuotaError, RefusedError, SpeechError, TransientError, VoiceError
from podmill.settings import Settings
from podmill.speech import engine
from podmill.speech.engine import CheckedEngine, VoicesCheckedEngine
from podmill.speech.voices import AUTO, find, must_speak

FOR_GOOD: Final = (ConfigurationError, QuotaError, RefusedError, SpeechError, VoiceError)
"""Errors after which an engine is not asked again for this episode: another one may do better."""

CHECKED_S: Final = 600.0
"""How long a voice that its provider has is believed to be there."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to speak an episode."""

    cast: tuple[CastMember, ...]
    """Every member with the voice that speaks for them."""

    @property
    def engines(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_engine(member.voice) for member in self.cast))

    @property
    def voices(self) -> frozenset[str]:
        return frozenset(member.voice for member in self.cast)


def choices(cast: Sequence[CastMember], settings: Settings) -> tuple[Choice, ...]:
    """Every way in which a cast can be heard, in the order in which they are tried.

    First as it is cast; then the engines of ``voices_order`` for which each member names a voice of their own.
    """
    found = [Choice(tuple(cast))]
    for name in settings.voices_order if settings.voices_fallback != "never" else ():
        voices = [_voice(member, name) for member in cast]
        if all(voices):
            members = (member.model_copy(update={"voice": voice}) for member, voice in zip(cast, voices, strict=True))
            found.append(Choice(tuple(members)))
    return tuple(dict.fromkeys(found))


def check(choice: Choice, language: str, settings: Settings) -> None:
    """Find out, without spending anything, whether a choice can speak: keys work, voices exist and fit the language.

    Raises:
        ConfigurationError: a key, plan or address does not work.
        QuotaError: an account is used up.
        VoiceError: a voice is not there, or does not speak the language.
        TransientError: a provider does not answer now.
    """
    for name in choice.engines:
        made = engine.make(name, settings)
        names = {member.voice for member in choice.cast if _engine(member.voice) == name and member.voice != AUTO}
        voices = [find(voice_id, settings) for voice_id in sorted(names)]
        for voice in voices:
            must_speak(voice, language)
        account = (settings.model_dump_json(), name, tuple(voices))
        if made.capabilities.account is None or _checked.known(account):
            continue
        there = made.check() if isinstance(made, CheckedEngine) else None
        for voice in voices:
            if there is not None and voice.base not in there:
                raise VoiceError(
                    f"{name} has no voice {voice.base!r}.", action=f"It has: {', '.join(sorted(there)[:12])}, ..."
                )
            if isinstance(made, VoicesCheckedEngine):
                made.check_voice(voice)
        _checked.remember(account)


class _Checked:
    """What was checked a while ago by this process: a batch asks once, not once for each episode."""

    def __init__(self) -> None:
        self._until_s: dict[object, float] = {}
        self._lock = threading.Lock()

    def known(self, what: object) -> bool:
        with self._lock:
            return self._until_s.get(what, 0.0) > time.monotonic()

    def remember(self, what: object) -> None:
        with self._lock:
            now_s = time.monotonic()
            self._until_s = {each: until_s for each, until_s in self._until_s.items() if until_s > now_s}
            self._until_s[what] = now_s + CHECKED_S


_checked = _Checked()


def usable(
    choices: Sequence[Choice], language: str, settings: Settings, *, waits: Callable[[TransientError], bool]
) -> Choice:
    """The first choice that can speak.

    Args:
        waits: whether a provider that does not answer now is asked again later, rather than passed over.

    Raises:
        PodmillError: as ``check`` raises it for the first, when none can.
        TransientError: the one whose turn it is does not answer now, and is waited for.
    """
    first: Exception | None = None
    for choice in choices:
        try:
            check(choice, language, settings)
        except (*FOR_GOOD, TransientError) as exc:
            if isinstance(exc, TransientError) and waits(exc):
                raise
            first = first or exc
        else:
            return choice
    raise first or VoiceError("There is nobody to speak.")


def _voice(member: CastMember, name: str) -> str | None:
    named = (member.voice, *member.voices)
    return next((voice for voice in named if _engine(voice) == name), None)


def _engine(voice_id: str) -> str:
    return voice_id.partition(":")[0]
