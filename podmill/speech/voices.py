"""Finding voices, casting them, and hearing one."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from models.brief import CastMember
from podmill.errors import ConfigurationError, InputError, MissingExtraError, VoiceError
from podmill.settings import Settings
from podmill.speech import engine, files, pitch
from podmill.speech.engine import OpenEngine, Voice

AUTO: Final = "auto"

CASTS: Final = {
    "duo": (CastMember(speaker="S1", name="Joe", voice=AUTO), CastMember(speaker="S2", name="Kit", voice=AUTO)),
    "solo": (CastMember(speaker="S1", name="Joe", voice=AUTO),),
}

NAMED: Final = 8
"""Voices that a message names."""

PITCHES: Final = (1.19, 0.84, 1.4)
"""Shifts that make further speakers of one voice, the one that sounds best first. Speaker embeddings (Resemblyzer) of
any two of the four voices have a cosine of 0.48 to 0.77; two utterances of one voice have 0.97."""


def known(settings: Settings) -> tuple[Voice, ...]:
    """Every voice of every engine, installed or not; those of the default engine first, best first."""
    names = sorted(engine.ENGINES, key=lambda name: (name != settings.engine, list(engine.ENGINES).index(name)))
    return tuple(voice for name in names for voice in engine.make(name, settings).voices())


def installed(settings: Settings) -> tuple[Voice, ...]:
    """The voices that can speak now."""
    return tuple(voice for voice in known(settings) if voice.installed)


def find(voice_id: str, settings: Settings) -> Voice:
    """The voice called ``engine:name`` or, shifted in pitch, ``engine:name@1.19``.

    Raises:
        VoiceError: there is no such voice; the message names some that there are.
        MissingExtraError: it needs a package that is not installed.
    """
    base, factor = pitch.split(voice_id)
    voice = next((voice for voice in known(settings) if voice.id == base), None) or _unlisted(base, settings)
    if voice is None:
        raise VoiceError(f"Unknown voice: {voice_id!r}.", action=_others(voice_id, settings))
    if not voice.installed:
        raise MissingExtraError(f"The voice {voice_id!r}", extra=engine.EXTRAS[voice.engine])
    return _shifted(voice, factor)


def _others(voice_id: str, settings: Settings) -> str:
    """What may have been meant: another engine's voice, or one of the same engine."""
    name = voice_id.partition(":")[0]
    near = [] if name in engine.ENGINES else get_close_matches(name, engine.ENGINES, n=1)
    if near:
        return f"There is no engine {name!r}. Did you mean {near[0]!r}?"
    listed = [voice.id for voice in installed(settings)]
    shown = ([each for each in listed if each.startswith(f"{name}:")] or listed)[:NAMED]
    known = ", ".join(shown) or "none is installed"
    return f"Known: {known}{', ...' if len(listed) > len(shown) else ''}. To add one, run: podmill voices install"


def _unlisted(voice_id: str, settings: Settings) -> Voice | None:
    """A voice that its engine has but does not list."""
    name, _, base = voice_id.partition(":")
    made = engine.make(name, settings) if name in engine.ENGINES else None
    return made.voice(base) if isinstance(made, OpenEngine) else None


def resolve_cast(
    cast: Sequence[CastMember], settings: Settings, *, language: str = "en", engine_name: str | None = None
) -> tuple[CastMember, ...]:
    """A cast in which every ``auto`` is a voice, and every voice can speak.

    The first ``auto`` becomes the best voice of the preferred engine; the next ones other installed voices, as long
    as there are any without an accent; then shifts of the first voice. A voice that must be paid for is never cast
    unless its engine is the preferred one. An empty cast is the default one.

    Args:
        language: of the script, ``en`` or ``en-US``.
        engine_name: the engine preferred for ``auto``; the one in the settings if none is named.

    Raises:
        ConfigurationError: the settings name a cast that does not exist.
        InputError: two speakers have the same tag.
        VoiceError: a voice is unknown, does not speak the language, or there are not enough voices.
        MissingExtraError: a voice needs a package that is not installed.
    """
    cast = tuple(cast) or _default(settings)
    tags = [member.speaker for member in cast]
    if len(set(tags)) != len(tags):
        raise InputError(f"Two speakers have the same tag in {', '.join(tags)}.", field="cast")
    named = {member.voice for member in cast if member.voice != AUTO}
    for voice_id in sorted(named.union(*(member.voices for member in cast))):
        must_speak(find(voice_id, settings), language)
    preferred = engine_name or settings.engine
    if AUTO in {member.voice for member in cast}:
        _must_be_installed(preferred, settings)
    free = (voice for voice in _choice(settings, language, preferred) if voice.id not in named)
    return tuple(
        member if member.voice != AUTO else member.model_copy(update={"voice": _next(free, language).id})
        for member in cast
    )


def _default(settings: Settings) -> tuple[CastMember, ...]:
    try:
        return CASTS[settings.cast]
    except KeyError:
        raise ConfigurationError(f"Unknown cast: {settings.cast!r}.", action=f"Known: {', '.join(CASTS)}.") from None


def _choice(settings: Settings, language: str, preferred: str) -> Iterator[Voice]:
    # Whether an open engine has the voices that it lists only shows when it is asked.
    own = {
        name
        for name in engine.ENGINES
        if (made := engine.make(name, settings)).capabilities.account is None and not isinstance(made, OpenEngine)
    }
    fit = [
        voice
        for voice in installed(settings)
        if voice.speaks(language) and (voice.engine == preferred or (voice.engine in own and not voice.accent))
    ]
    fit.sort(key=lambda voice: (voice.engine != preferred, voice.accent != ""))
    yield from fit
    yield from shifts(fit[:1])


def shifts(voices: Sequence[Voice]) -> Iterator[Voice]:
    """Each voice at other pitches, those that sound best first."""
    for factor in PITCHES:
        yield from (_shifted(voice, factor) for voice in voices)


def _must_be_installed(name: str, settings: Settings) -> None:
    if not any(voice.installed for voice in engine.make(name, settings).voices()):
        if name in engine.ENGINES and name not in engine.EXTRAS:
            raise VoiceError(f"The settings list no voice of {name!r}.", action="List one, or name a voice.")
        raise MissingExtraError(f"The engine {name!r}", extra=engine.EXTRAS.get(name, name))


def _next(free: Iterator[Voice], language: str) -> Voice:
    voice = next(free, None)
    if voice is None:
        raise VoiceError(
            f"There are not enough voices that speak {language!r}.",
            action="Name a voice for every speaker, or add some with: podmill voices install",
        )
    return voice


def must_speak(voice: Voice, language: str) -> None:
    """Raise VoiceError unless a voice speaks a language."""
    if not voice.speaks(language):
        raise VoiceError(
            f"The voice {voice.id!r} speaks {', '.join(voice.languages)}, not {language!r}.",
            action="Choose another voice or language; podmill voices lists them.",
        )


def _shifted(voice: Voice, factor: float) -> Voice:
    if factor == 1.0:
        return voice
    direction = "higher" if factor > 1 else "lower"
    return Voice(
        id=f"{voice.id}@{factor:g}",
        name=f"{voice.name}, {direction}",
        engine=voice.engine,
        languages=voice.languages,
        licence=voice.licence,
        installed=voice.installed,
        accent=voice.accent,
        pitch=factor,
    )


def greeting(voice: Voice) -> str:
    """What a voice says of itself."""
    return f"Hello, I am {voice.name.partition(',')[0]}. This is how I sound when I tell you something."


def sample(voice_id: str, settings: Settings, folder: Path) -> Path:
    """A WAV file in ``folder`` with a voice saying who it is.

    Raises:
        VoiceError: there is no such voice.
        MissingExtraError: it needs a package that is not installed.
    """
    voice = find(voice_id, settings)
    line = engine.RequestLine(index=0, speaker="S1", voice=voice.id, text=greeting(voice))
    request = engine.SpeechRequest(key="", engine=voice.engine, language=voice.languages[0], lines=(line,))
    raw = engine.make(voice.engine, settings).speak(request)
    path = folder / f"{voice.id.replace(':', '-')}.wav"
    path.write_bytes(files.wav(raw.samples, raw.sample_rate_hz))
    return path
