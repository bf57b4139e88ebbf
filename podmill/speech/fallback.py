"""An engine made of engines: who speaks an episode, and who does when that one fails for good."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from models.brief import LOCAL, TEXT, CastMember, Fallback
from podmill.errors import ConfigurationError, QuotaError, RefusedError, SpeechError, TransientError, VoiceError
from podmill.settings import Settings
from podmill.speech import engine, stand_ins
from podmill.speech.engine import ENGINES, CheckedEngine, VoicesCheckedEngine
from podmill.speech.voices import AUTO, find, must_speak

FOR_GOOD: Final = (ConfigurationError, QuotaError, RefusedError, SpeechError, VoiceError)
"""Errors after which an engine is not asked again for this episode: another one may do better."""

MISTAKES: Final = (ConfigurationError, VoiceError)
"""Errors of the check that somebody made in the cast or in a key: another voice would hide them."""

CHECKED_S: Final = 600.0
"""How long a voice that its provider has is believed to be there."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to publish an episode."""

    cast: tuple[CastMember, ...] = ()
    """Every member with the voice that speaks for them."""
    text_only: bool = False
    """Nobody speaks."""

    @property
    def engines(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_engine(member.voice) for member in self.cast))

    @property
    def voices(self) -> dict[str, str]:
        """The voice of each speaker."""
        return {member.speaker: member.voice for member in self.cast}

    @property
    def who(self) -> str:
        """For a person."""
        return " and ".join(self.engines) or TEXT


def order_words() -> tuple[str, ...]:
    """What an order may hold."""
    return (*ENGINES, LOCAL, TEXT)


def order_problem(order: Sequence[str]) -> str | None:
    """What is wrong with an order, if anything."""
    for word in order:
        if word not in order_words():
            return f"{word!r} is no engine. Known: {', '.join(order_words())}."
        if order.count(word) > 1:
            return f"{word!r} is named twice."
    return f"{TEXT!r} must be the last: nothing can fail after it." if TEXT in order[:-1] else None


def fallback_of(settings: Settings) -> Fallback:
    """The fallback that the settings ask for.

    Raises:
        ConfigurationError: its order is not one.
    """
    problem = order_problem(settings.voices_order)
    if problem:
        raise ConfigurationError(f"voices_order: {problem}", action="Correct PODMILL_VOICES_ORDER.")
    return Fallback(
        order=settings.voices_order, policy=settings.voices_fallback, degrade=tuple(settings.voices_degrade)
    )


def choices(
    cast: Sequence[CastMember], fallback: Fallback | None, language: str, settings: Settings
) -> tuple[Choice, ...]:
    """Every way in which an episode can be published, in the order in which they are tried.

    First as it is cast; then as the order of the fallback says: engines for which each member names a voice of their
    own, voices of this machine, and nobody.

    Args:
        fallback: None: as the settings say.
        language: of the script.
    """
    fallback = fallback or fallback_of(settings)
    found = [Choice(tuple(cast))]
    for word in fallback.order if fallback.policy != "never" else ():
        if word == TEXT:
            found.append(Choice(text_only=True))
            continue
        voices: Sequence[str | None] = (
            stand_ins.local(cast, language, settings, degrade=fallback.degrade)
            if word == LOCAL
            else [_voice(member, word) for member in cast]
        )
        spoken = tuple(m.model_copy(update={"voice": v}) for m, v in zip(cast, voices, strict=False) if v)
        if len(spoken) == len(cast) and all(spoken != each.cast for each in found):
            found.append(Choice(spoken))
    return tuple(found)


def check(choice: Choice, language: str, settings: Settings) -> None:
    """Find out, without spending anything, whether a choice can speak: keys work, voices exist and fit the language.

    Raises:
        ConfigurationError: a key, plan or address does not work.
        QuotaError: an account is used up.
        VoiceError: a voice is not there, does not speak the language, or sounds worse than it may.
        TransientError: a provider does not answer now.
    """
    for name in choice.engines:
        made = engine.make(name, settings)
        if made.capabilities.sample_rate_hz < settings.speech_rate_min_hz:
            raise VoiceError(
                f"Voices of {name} have {made.capabilities.sample_rate_hz:,} samples a second; "
                f"{settings.speech_rate_min_hz:,} are asked for.",
                action="Cast others or another format, or lower PODMILL_SPEECH_RATE_MIN_HZ.",
            )
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
    """The first choice that can speak. A mistake in the first is told, not passed over.

    Args:
        waits: whether a provider that does not answer now is asked again later, rather than passed over.

    Raises:
        PodmillError: as ``check`` raises it for the first, when that is a mistake or when none can.
        TransientError: the one whose turn it is does not answer now, and is waited for.
    """
    first: Exception | None = None
    for choice in choices:
        try:
            check(choice, language, settings)
        except (*FOR_GOOD, TransientError) as exc:
            is_mistake = isinstance(exc, MISTAKES) and choice == choices[0]
            if is_mistake or (isinstance(exc, TransientError) and waits(exc)):
                raise
            first = first or exc
        else:
            return choice
    raise first or VoiceError("There is nobody to speak.")


def queue_of(choice: Choice, settings: Settings) -> str:
    """The queue of a choice's speech: the provider's only when every voice of it is one."""
    queues = {engine.make(name, settings).capabilities.queue for name in choice.engines}
    return "synthesis.api" if queues == {"synthesis.api"} else "synthesis.gpu"


def _voice(member: CastMember, name: str) -> str | None:
    named = (member.voice, *member.voices)
    return next((voice for voice in named if _engine(voice) == name), None)


def _engine(voice_id: str) -> str:
    return voice_id.partition(":")[0]
