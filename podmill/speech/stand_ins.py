"""Local voices that stand in for those of a cast: the ones it names, else installed ones that differ."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from models.brief import CastMember
from podmill.errors import ConfigurationError, VoiceError
from podmill.settings import Settings
from podmill.speech import engine, pitch
from podmill.speech.engine import OpenEngine, Voice
from podmill.speech.voices import find, installed, must_speak, shifts

REGISTERED: Final = re.compile(r"\w+:[a-z](?P<register>[fm])_\w+", re.ASCII)
"""Kokoro's names tell who speaks, on whatever server it runs: ``kokoro:af_heart``, ``openai:am_michael``."""
LOW: Final = frozenset({"piper:joe"})


def local(
    cast: Sequence[CastMember], language: str, settings: Settings, *, degrade: Collection[str]
) -> tuple[str | None, ...]:
    """A voice of this machine for each member of a cast, as far as there are any.

    A member is spoken by the local voice that the cast names for them, if it is installed and speaks the language;
    else, where ``auto`` is allowed, by one that nobody else has, as high or low as theirs where that is known. Of the
    engines the one that the cast names most goes first, then the one in the settings.

    Args:
        degrade: ``auto``, ``shifted``: see ``models.brief.Fallback``.
    """
    own = _own(settings)
    voices = [_named(member, own, language, settings) for member in cast]
    if all(voices) or "auto" not in degrade:
        return tuple(voices)
    named = Counter(engine_of(voice) for voice in voices if voice)
    preferred = [*(name for name, _ in named.most_common()), settings.engine]
    left = [
        voice
        for voice in _candidates(own, language, settings, preferred, shifted="shifted" in degrade)
        if voice.id not in voices
    ]
    # Those whose register is known choose first: the others can take any.
    places = [place for place, voice in enumerate(voices) if voice is None]
    for place in sorted(places, key=lambda place: _register_of(cast[place]) is None):
        wanted = _register_of(cast[place])
        chosen = next((voice for voice in left if wanted and register(voice.id) == wanted), left[0] if left else None)
        if chosen is None:
            return tuple(voices)
        left.remove(chosen)
        voices[place] = chosen.id
    return tuple(voices)


def register(voice_id: str) -> str | None:
    """``high`` or ``low``, where a voice's name tells; a shift of its pitch counts before it."""
    try:
        base, factor = pitch.split(voice_id)
    except VoiceError:
        return None
    if factor != 1.0:
        return "high" if factor > 1 else "low"
    if base in LOW:
        return "low"
    told = REGISTERED.fullmatch(base)
    return None if told is None else "high" if told["register"] == "f" else "low"


def engine_of(voice_id: str) -> str:
    return voice_id.partition(":")[0]


def _own(settings: Settings) -> list[str]:
    """Engines that run in this process. Whether an open one has the voices that it lists only shows when asked."""
    made = {name: engine.make(name, settings) for name in engine.ENGINES}
    return [name for name, each in made.items() if each.capabilities.account is None and not _is_open(each)]


def _is_open(made: engine.Engine) -> bool:
    return isinstance(made, OpenEngine)


def _named(member: CastMember, own: Collection[str], language: str, settings: Settings) -> str | None:
    for voice_id in (member.voice, *member.voices):
        if engine_of(voice_id) not in own:
            continue
        try:
            must_speak(find(voice_id, settings), language)
        except (VoiceError, ConfigurationError):
            continue
        return voice_id
    return None


def _candidates(
    own: Collection[str], language: str, settings: Settings, preferred: Sequence[str], *, shifted: bool
) -> Iterator[Voice]:
    """Best first: of native speakers, then these at other pitches, then those with an accent."""
    rank = {name: place for place, name in reversed(list(enumerate([*preferred, *own])))}
    fit = [voice for voice in installed(settings) if voice.engine in own and voice.speaks(language)]
    fit.sort(key=lambda voice: (voice.accent != "", rank[voice.engine]))
    native = [voice for voice in fit if not voice.accent]
    yield from native
    if shifted:
        yield from shifts(native[:1])
    yield from fit[len(native) :]


def _register_of(member: CastMember) -> str | None:
    return next((known for voice in (member.voice, *member.voices) if (known := register(voice))), None)
