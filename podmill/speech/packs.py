"""Packs of Kokoro voices: what they hold, and making one from a kokoro-js release."""

import tarfile
import zipfile
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np

from podmill.errors import VoiceError
from podmill.speech.engine import Samples

SHAPE: Final = (510, 1, 256)
"""One style vector for every number of phonemes up to 510."""

STYLE_BYTES: Final = 4 * SHAPE[0] * SHAPE[2]
VOICES_MAX: Final = 200


def names(archive: Path) -> tuple[str, ...]:
    """Names of the voices in an archive (``.npz``); empty when it is not a pack of voices."""
    state = archive.stat()
    return _names(archive, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=32)
def _names(archive: Path, _size_bytes: int, _changed_ns: int) -> tuple[str, ...]:
    try:
        with zipfile.ZipFile(archive) as file:
            members = file.infolist()
    except (OSError, zipfile.BadZipFile):
        return ()
    # A style and the header that numpy writes before it; anything else is no voice and is never unpacked.
    fits = [m.filename for m in members if m.filename.endswith(".npy") and 0 < m.file_size - STYLE_BYTES < 1024]
    return tuple(sorted(name.removesuffix(".npy") for name in fits if _is_name(name.removesuffix(".npy"))))[:VOICES_MAX]


def read(archive: Path, name: str) -> Samples:
    """The style of one voice, float32, ``SHAPE``.

    Raises:
        VoiceError: it is damaged.
    """
    try:
        with np.load(archive, allow_pickle=False) as voices:
            style = np.asarray(voices[name])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as exc:
        raise VoiceError(f"The voice {name!r} in {archive} cannot be read: {exc}.") from exc
    return _checked(style, f"{archive}: {name}")


def from_release(release: Path) -> dict[str, Samples]:
    """The voices of a ``kokoro-js`` package as npm packs it: ``package/voices/af_heart.bin``, float32.

    Raises:
        VoiceError: it cannot be read, or holds no voice.
    """
    voices: dict[str, Samples] = {}
    try:
        with tarfile.open(release, "r:gz") as archive:
            for member in archive:
                path = PurePosixPath(member.name)
                wanted = path.parent.name == "voices" and path.suffix == ".bin" and _is_name(path.stem)
                if not wanted or not member.isfile() or member.size != STYLE_BYTES or len(voices) >= VOICES_MAX:
                    continue
                content = archive.extractfile(member)
                if content is not None:
                    voices[path.stem] = _checked(np.frombuffer(content.read(), "<f4").reshape(SHAPE), member.name)
    except (OSError, EOFError, tarfile.TarError) as exc:
        raise VoiceError(f"{release} is not a package of voices: {exc}.") from exc
    if not voices:
        raise VoiceError(f"{release} holds no Kokoro voice.", action="Get one with: npm pack kokoro-js@1.2.1")
    return voices


def _is_name(name: str) -> bool:
    """``af_heart``: language, gender, name."""
    return len(name) > 3 and name[1] in "fm" and name[2] == "_" and name.isascii() and name.replace("_", "").isalnum()


def _checked(style: Samples, where: str) -> Samples:
    if style.shape != SHAPE or style.dtype != np.float32 or not np.isfinite(style).all():
        raise VoiceError(f"{where} is not a Kokoro voice.", action="Install the pack again.")
    return style
