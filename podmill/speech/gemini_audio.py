"""The audio of an answer of Gemini: bare samples in pieces, made a sound file that says what it is."""

import io
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING, Final

import numpy as np

from podmill.errors import SpeechError
from podmill.speech import files
from podmill.speech import sound as sounds

if TYPE_CHECKING:
    from google.genai.types import GenerateContentResponse

BARE: Final = ("audio/l16", "audio/pcm")
USUAL_HZ: Final = 24000
RATES_HZ: Final = (8000, 48000)
SAMPLE_BYTES: Final = 2
BLOCK: Final = 1 << 20
SILENT: Final = 100
"""No sample above this, of 32,768: nothing was said."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound file."""

    data: bytes
    suffix: str
    media_type: str
    rate_hz: int
    duration_s: float


def sound(response: "GenerateContentResponse") -> Sound | None:
    """The audio of an answer, all its pieces; None where it has none.

    Raises:
        SpeechError: it is silent, or nothing that can be read; the message says what it is.
    """
    pieces = list(_pieces(response))
    if not pieces:
        return None
    kind, rate_hz = _kind(pieces[0][0])
    if kind not in BARE:
        try:
            whole = sounds.sound(b"".join(data for _, data in pieces))
            duration_s, rate_hz = files.heard_s(whole.data)
        except SpeechError as exc:
            raise SpeechError(f"something that is no audio ({kind})") from exc
        return Sound(whole.data, whole.suffix, whole.media_type, rate_hz, duration_s)
    if any(_kind(each) != (kind, rate_hz) for each, _ in pieces):
        raise SpeechError("audio of several kinds")
    if not RATES_HZ[0] <= rate_hz <= RATES_HZ[1]:
        raise SpeechError(f"audio at {rate_hz} samples a second")
    return _wav([data for _, data in pieces], rate_hz)


def _pieces(response: "GenerateContentResponse") -> Iterator[tuple[str, bytes]]:
    """Media type and bytes of every piece of audio."""
    candidate = response.candidates[0] if response.candidates else None
    for part in (candidate.content.parts or []) if candidate and candidate.content else []:
        if part.inline_data and part.inline_data.data:
            yield part.inline_data.mime_type or "", part.inline_data.data


def _kind(media_type: str) -> tuple[str, int]:
    """Name and samples a second of ``audio/L16;codec=pcm;rate=24000``."""
    told = Message()
    told["Content-Type"] = media_type if media_type.isprintable() else ""
    rate = told.get_param("rate")
    known = isinstance(rate, str) and rate.isdecimal() and len(rate) < 7
    return told.get_content_type() if media_type else BARE[0], int(str(rate)) if known else USUAL_HZ


def _wav(pieces: Sequence[bytes], rate_hz: int) -> Sound:
    """Samples of 16 bits, the lower byte first whatever the name of their kind says."""
    out = io.BytesIO()
    peak = size = 0
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(rate_hz)
        rest = b""
        for piece in pieces:
            for at in range(0, len(piece), BLOCK):
                block = rest + piece[at : at + BLOCK]
                whole = len(block) // SAMPLE_BYTES * SAMPLE_BYTES
                rest = block[whole:]
                samples = np.frombuffer(block[:whole], dtype="<i2")
                peak = max(peak, int(np.abs(samples.astype(np.int32)).max(initial=0)))
                size += whole
                file.writeframesraw(block[:whole])
    if peak <= SILENT:
        raise SpeechError("silence")
    return Sound(out.getvalue(), ".wav", "audio/wav", rate_hz, size / SAMPLE_BYTES / rate_hz)
