"""A file of a show: music, or an ad. What may be one, and what it is like."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import soundfile

from podmill.errors import InputError, MasteringError
from podmill.mastering.levels import Levels
from podmill.mastering.limiter import QUIETEST_LUFS
from podmill.mastering.meter import Samples
from podmill.mastering.source import FileSound

FORMATS: Final = {
    ".flac": ("FLAC", "audio/flac"),
    ".mp3": ("MP3", "audio/mpeg"),
    ".ogg": ("OGG", "audio/ogg"),
    ".wav": ("WAV", "audio/wav"),
}
"""By the ending of the name: what libsndfile must find in the file, and its media type."""
CHANNELS_MAX: Final = 2
RATE_MIN_HZ, RATE_MAX_HZ = 8_000, 192_000
SHORTEST_S: Final = 0.5
"""Loudness is that of 400 ms at least."""
MEND: Final = "Give the show another file: podmill show edit SLUG --sound FILE.yaml"


def check_clip(path: Path, *, longest_s: float) -> str:
    """See that a file is sound that can be mixed in; only its head is read, and what it says of its length believed.

    Returns:
        Its media type.

    Raises:
        InputError: it is not, or is too long or too short.
    """
    kind, media_type = FORMATS.get(path.suffix.lower(), ("", ""))
    if not kind:
        raise InputError(f"Its name must end in {', '.join(FORMATS)}.", action="Convert it, for example with ffmpeg.")
    try:
        with soundfile.SoundFile(path) as sound:
            found, rate_hz, channels, frames = sound.format, sound.samplerate, sound.channels, sound.frames
            sound.read(1)
    except (soundfile.SoundFileError, RuntimeError) as exc:
        raise InputError(f"It cannot be read as {kind} sound: {exc}") from None
    if found not in (kind, f"{kind}EX"):
        raise InputError(f"Its name says {kind}, but it is {found}.", action="Name it as what it is.")
    if channels > CHANNELS_MAX or not RATE_MIN_HZ <= rate_hz <= RATE_MAX_HZ:
        raise InputError(
            f"{channels} channels at {rate_hz} Hz cannot be used.", action="Save it as stereo at 44100 Hz."
        )
    duration_s = frames / rate_hz
    if not SHORTEST_S <= duration_s <= longest_s:
        raise InputError(f"It lasts {duration_s:.1f} s; from {SHORTEST_S} to {longest_s:g} s can be used.")
    return media_type


@dataclass(frozen=True, slots=True)
class Clip:
    """As much of a file as is played, as it sounds at 44.1 kHz in the channels of the program."""

    path: Path
    channels: int
    levels: Levels

    @classmethod
    def measure(cls, path: Path, channels: int, *, what: str, frames_max: int) -> "Clip":
        """Decode it once.

        Args:
            what: to call it in an error: ``intro``.
            frames_max: how much of it can be played.

        Raises:
            MasteringError: it cannot be read to its end, or is silent or too short.
        """
        try:
            levels = Levels.measure(_first(FileSound(path, channels), frames_max), channels)
        except MasteringError as exc:
            raise MasteringError(f"The {what} of the show: {exc.message}", action=MEND) from exc
        if levels.loudness_lufs < QUIETEST_LUFS:
            raise MasteringError(f"The {what} of the show is silent, or shorter than 400 ms.", action=MEND)
        return cls(path, channels, levels)

    @property
    def frames(self) -> int:
        return self.levels.frames

    def blocks(self) -> Iterator[Samples]:
        """From its beginning."""
        return _first(FileSound(self.path, self.channels), self.frames)


def _first(blocks: Iterable[Samples], frames: int) -> Iterator[Samples]:
    for block in blocks:
        yield block[:frames]
        frames -= len(block)
        if frames <= 0:
            return
