"""Voice files in the home folder, and sound files: how engines hand out what they said."""

import hashlib
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile

from podmill.errors import SpeechError, VoiceError
from podmill.settings import Settings
from podmill.sound_file import PlayedFile
from podmill.speech.engine import Samples
from podmill.store.room import no_space

CONFIG_MAX_CHARACTERS: Final = 4 << 20

READABLE: Final = ("espeak", "text")
"""How Piper reads a text with nothing but itself; the other ways need further packages, or fetch models."""

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,79}")
"""What a voice may be called: it becomes part of an id and of a file name."""

BLOCK: Final = 1 << 16
DECODED_MAX_S: Final = 3600
"""Longer than any request is heard: a file that claims more is not read into memory."""


def voices_dir(settings: Settings) -> Path:
    """The folder that ``podmill voices install`` fills."""
    return settings.home / "voices"


def piper_models(settings: Settings) -> tuple[Path, ...]:
    """Piper models (``name.onnx`` beside ``name.onnx.json``), by name."""
    found = sorted(voices_dir(settings).glob("*.onnx"))
    return tuple(model for model in found if NAME.fullmatch(model.stem) and piper_config(model).is_file())


def kokoro_packs(settings: Settings) -> tuple[Path, ...]:
    """Archives of Kokoro voices, by name."""
    return tuple(sorted(voices_dir(settings).glob("*.npz")))


def piper_config(model: Path) -> Path:
    """The settings file beside a Piper model."""
    return model.with_name(model.name + ".json")


def read_piper_config(model: Path) -> dict[str, Any]:
    """The settings of a Piper model.

    Raises:
        VoiceError: they are not what Piper writes.
    """
    path = piper_config(model)
    try:
        with path.open(encoding="utf-8") as file:
            config = json.loads(file.read(CONFIG_MAX_CHARACTERS))
        sound = (type(config["espeak"]["voice"]), type(config["phoneme_id_map"]), type(config["audio"]["sample_rate"]))
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise VoiceError(f"{path} does not describe a Piper voice: {exc!r}.", action="Install it again.") from exc
    if sound != (str, dict, int) or not 8000 <= config["audio"]["sample_rate"] <= 48000:
        raise VoiceError(f"{path} does not describe a Piper voice.", action="Install it again.")
    if config.get("phoneme_type", "espeak") not in READABLE:
        raise VoiceError(
            f"{path} describes a voice that needs more than Piper to read its language.",
            action=f"Choose one whose phoneme_type is {' or '.join(READABLE)}.",
        )
    return dict(config)


def wav(samples: Samples, sample_rate_hz: int) -> bytes:
    """A WAV file, 16 bit mono."""
    out = io.BytesIO()
    soundfile.write(out, samples, sample_rate_hz, format="WAV", subtype="PCM_16")
    return out.getvalue()


def decoded(data: bytes) -> tuple[Samples, int]:
    """Samples, channels mixed to one, and sample rate in Hz of a sound file: WAV, FLAC, MP3, Ogg.

    libsndfile decodes in this process, MP3 too: 3 ms where ffmpeg takes 26, for the same samples.

    Raises:
        SpeechError: it is none of these, or longer than an hour.
    """
    with _opened(io.BytesIO(data)) as file:
        found = list(_mono(file))
        return np.concatenate(found) if found else np.zeros(0, dtype=np.float32), int(file.samplerate)


def blocks(source: Path | io.BytesIO) -> Iterator[Samples]:
    """A sound file in blocks, as ``decoded`` gives it whole.

    Raises:
        SpeechError: as ``decoded``.
    """
    with _opened(source) as file:
        yield from _mono(file)


def heard_s(data: bytes) -> tuple[float, int]:
    """Duration in seconds and sample rate in Hz of a sound file, which is decoded to its end.

    Raises:
        SpeechError: as ``decoded``.
    """
    with _opened(io.BytesIO(data)) as file:
        return sum(len(block) for block in _mono(file)) / file.samplerate, int(file.samplerate)


@contextmanager
def _opened(source: Path | io.BytesIO) -> Iterator[soundfile.SoundFile]:
    try:
        with PlayedFile(source) as file:
            if file.frames > DECODED_MAX_S * file.samplerate:
                raise SpeechError(f"A sound file claims to last {file.frames / file.samplerate:.0f} seconds.")
            yield file
    except soundfile.LibsndfileError as exc:
        size = source.stat().st_size if isinstance(source, Path) else len(source.getbuffer())
        raise SpeechError(f"{size} bytes of audio are not sound that can be read.") from exc


def _mono(file: soundfile.SoundFile) -> Iterator[Samples]:
    while len(block := file.read(BLOCK, dtype="float32", always_2d=True)):
        yield block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype="float32")


@contextmanager
def flac(path: Path, sample_rate_hz: int) -> Iterator[soundfile.SoundFile]:
    """A FLAC file to write to, 16 bit mono.

    Raises:
        DiskFullError: there is no room for it.
    """
    try:
        with soundfile.SoundFile(path, "w", sample_rate_hz, 1, subtype="PCM_16") as file:
            yield file
    except soundfile.LibsndfileError as exc:
        # libsndfile knows one word for whatever the operating system refuses; of audio to a new file that is room.
        raise no_space(path.parent) from exc


def sha256(path: Path) -> str:
    """Hash of a file's content; read once for as long as the file does not change."""
    state = path.stat()
    return _sha256(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=32)
def _sha256(path: Path, _size_bytes: int, _changed_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
