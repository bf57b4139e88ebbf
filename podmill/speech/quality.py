"""Quality of voices: which models of an engine it means, and how voices that cost less stand in for others."""

from collections.abc import Sequence
from typing import Final

from models.brief import CastMember, Fallback, Quality
from podmill.settings import Settings
from podmill.speech import azure, hosted, stand_ins
from podmill.speech.fallback import fallback_of

HD_SETTINGS: Final = (
    "elevenlabs_model",
    "elevenlabs_format",
    "gemini_speech_model",
    "minimax_model",
    "openai_speech_model",
)
"""Each has a twin for HD: ``elevenlabs_model_hd``. Voices of Azure are HD by their names."""


def under(settings: Settings, quality: Quality | None) -> Settings:
    """The settings under which an episode of a quality is spoken. Once more they are the same.

    Args:
        quality: None: as the settings say.
    """
    if (quality or settings.quality) != "hd":
        return settings
    better = {name: getattr(settings, f"{name}_hd") or getattr(settings, name) for name in HD_SETTINGS}
    return settings.model_copy(update=better)


def standard_cast(cast: Sequence[CastMember], settings: Settings) -> tuple[CastMember, ...]:
    """A cast in which voices that are HD by their names are those of standard quality of the same person, where one is
    listed: of ``en-US-Ava:DragonHDLatestNeural``, ``en-US-AvaMultilingualNeural``."""
    return tuple(member.model_copy(update={"voice": _standard(member.voice, settings)}) for member in cast)


def local_cast(
    cast: Sequence[CastMember], language: str, fallback: Fallback | None, settings: Settings
) -> tuple[CastMember, ...] | None:
    """A cast in voices of this machine, and no others to fall back to; None when it has too few.

    Args:
        fallback: says what ``local`` may do.
    """
    allowed = (fallback or fallback_of(settings)).degrade
    voices = [voice for voice in stand_ins.local(cast, language, settings, degrade=allowed) if voice]
    if len(voices) < len(cast):
        return None
    spoken = zip(cast, voices, strict=True)
    return tuple(member.model_copy(update={"voice": voice, "voices": ()}) for member, voice in spoken)


def _standard(voice_id: str, settings: Settings) -> str:
    engine, _, name = voice_id.partition(":")
    person, _, kind = name.partition(":")
    if engine != "azure" or not any(mark in name for mark in azure.HD) or not kind:
        return voice_id
    listed = (each for each, _ in hosted.named(settings.azure_speech_voices))
    own = next((each for each in listed if each.startswith(person) and ":" not in each), None)
    return f"{engine}:{own}" if own else voice_id
