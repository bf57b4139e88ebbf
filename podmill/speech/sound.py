"""What a server sends as audio: looked at, not believed."""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np

from podmill.errors import SpeechError
from podmill.speech import files

KINDS: Final = {
    "RIFF": (".wav", "audio/wav"),
    "fLaC": (".flac", "audio/flac"),
    "OggS": (".ogg", "audio/ogg"),
    "ID3": (".mp3", "audio/mpeg"),
}
FORMATS: Final = tuple(dict.fromkeys(suffix for suffix, _ in KINDS.values()))
MP3_SYNC: Final = (0xFF, 0xE0)
UNKNOWN_SIZES: Final = (0, 0x7FFFFFFF, 0xFFFFFFFF)
"""What a header says of a size that was not known when it was written."""
RIFF_HEADER: Final = 12
CHUNK_HEADER: Final = 8


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound file that says its own length."""

    data: bytes
    suffix: str
    media_type: str


def sound(data: bytes, *, pcm_rate_hz: int | None = None) -> Sound:
    """The sound file that some bytes are.

    Args:
        pcm_rate_hz: what is none of the known kinds is 16 bit mono audio of this rate; None: it is nothing.

    Raises:
        SpeechError: they are no audio.
    """
    for mark, (suffix, media_type) in KINDS.items():
        if data.startswith(mark.encode()):
            return Sound(_sized(data) if mark == "RIFF" else data, suffix, media_type)
    if len(data) > 1 and data[0] == MP3_SYNC[0] and data[1] & MP3_SYNC[1] == MP3_SYNC[1]:
        return Sound(data, *KINDS["ID3"])
    if pcm_rate_hz is None or len(data) < 2:
        raise SpeechError(f"{len(data)} bytes of an answer are no audio.")
    samples = np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.float32) / np.float32(32768)
    return Sound(files.wav(samples, pcm_rate_hz), *KINDS["RIFF"])


def _sized(data: bytes) -> bytes:
    """A WAV file whose header knows how long it is: one that was streamed does not."""
    at = RIFF_HEADER
    while at + CHUNK_HEADER <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        start = at + CHUNK_HEADER
        if kind == b"data":
            if size not in UNKNOWN_SIZES and size <= len(data) - start:
                return data
            rest = data[start:]
            head = bytearray(data[:start])
            struct.pack_into("<I", head, 4, start + len(rest) - CHUNK_HEADER)
            struct.pack_into("<I", head, at + 4, len(rest))
            return bytes(head) + rest
        at = start + size + size % 2
    return data
