"""The sound formats of ElevenLabs: what comes back, and the plan that each needs."""

import io
import wave
from typing import Final

from podmill.errors import ConfigurationError, SpeechError

NEEDS: Final = {"mp3_44100_192": "creator", "pcm_44100": "pro", "wav_44100": "pro"}
"""The smallest plan that gives a format (its documentation of formats, October 2026); every plan gives the others."""
BELOW: Final = {"creator": ("free", "starter"), "pro": ("free", "starter", "creator")}
"""Plans that are smaller. One that is not known may be larger."""

BYTES_PER_SAMPLE: Final = 2


def rate_hz(name: str) -> int:
    """Samples a second of a format: ``pcm_24000``, ``mp3_44100_128``."""
    return int(name.split("_")[1])


def problem(name: str, tier: str | None) -> ConfigurationError | None:
    """Why a plan does not give a format, if that is known."""
    needed = NEEDS.get(name)
    if needed is None or tier not in BELOW[needed]:
        return None
    return ConfigurationError(
        f"The plan of the account at ElevenLabs is {tier}; the format {name} needs {needed} or more.",
        action="Set PODMILL_ELEVENLABS_FORMAT=mp3_44100_128, which every plan gives, or take a larger plan.",
    )


def sound_file(audio: bytes, name: str, *, recorded: bool) -> tuple[bytes, str, str]:
    """What came back as a sound file, with its file name ending and media type.

    Args:
        name: the format that was asked for.
        recorded: it comes from the history, which may hold it as MP3 whatever was asked for.

    Raises:
        SpeechError: it ends within a sample.
    """
    if audio.startswith(b"RIFF"):
        return audio, ".wav", "audio/wav"
    if not name.startswith("pcm_") or (recorded and _is_mp3(audio)):
        return audio, ".mp3", "audio/mpeg"
    if len(audio) % BYTES_PER_SAMPLE:
        raise SpeechError(f"{len(audio)} bytes are not whole samples.")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(BYTES_PER_SAMPLE)
        file.setframerate(rate_hz(name))
        file.writeframes(audio)
    return out.getvalue(), ".wav", "audio/wav"


def _is_mp3(audio: bytes) -> bool:
    return audio.startswith(b"ID3") or (len(audio) > 1 and audio[0] == 0xFF and audio[1] & 0xE0 == 0xE0)
