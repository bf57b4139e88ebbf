"""openai-whisper: the original, on PyTorch. What workers with a GPU run."""

import base64
import gzip
import hashlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import whisper
from numpy.typing import NDArray

from podmill.errors import TranscriberError
from podmill.settings import Settings
from podmill.verification import weights
from podmill.verification.checkpoint import convert
from podmill.verification.transcriber import SURE, Capabilities, Word

BEAM_SIZE: Final = 5


class OpenAIWhisper:
    """Weights from the same packages and folders as faster-whisper, converted once, or from a ``.pt`` checkpoint."""

    def __init__(self, settings: Settings) -> None:
        """Load the model onto the GPU if there is one.

        On a processor it computes in float32, on a GPU in float16 unless float32 is asked for.

        Raises:
            TranscriberError: the weights are missing or damaged.
        """
        checkpoint = _checkpoint(settings.transcriber_model, settings.home / "models")
        device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.set_num_threads(settings.transcriber_threads)
        try:
            self._whisper = whisper.load_model(str(checkpoint), device=device)
            _restore_alignment_heads(self._whisper, checkpoint)
        except (RuntimeError, ValueError, TypeError, KeyError, EOFError) as exc:
            raise TranscriberError(
                f"{checkpoint} cannot be loaded: {exc}", action="Remove the file, or name another model."
            ) from exc
        self._half = device == "cuda" and settings.transcriber_compute != "float32"
        computed = "float16" if self._half else "float32"
        self.model = f"openai-whisper:{weights.label(settings.transcriber_model)}:{computed}"
        languages = whisper.tokenizer.LANGUAGES if self._whisper.is_multilingual else ("en",)
        self.capabilities = Capabilities(languages=frozenset(languages), word_timestamps=True, queue="verification")

    def transcribe(self, samples: NDArray[np.float32], *, language: str) -> tuple[Word, ...]:
        try:
            heard = self._whisper.transcribe(
                samples,
                language=language,
                beam_size=BEAM_SIZE,
                temperature=0.0,
                condition_on_previous_text=False,
                word_timestamps=True,
                fp16=self._half,
            )
        except RuntimeError as exc:
            raise _failed(exc) from exc
        return tuple(
            Word(word["word"], float(word["start"]), float(word["end"]))
            for segment in heard["segments"]
            for word in segment["words"]
        )

    def language(self, samples: NDArray[np.float32]) -> str | None:
        if not self._whisper.is_multilingual:
            return None
        try:
            mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(samples), self._whisper.dims.n_mels)
            _, probabilities = self._whisper.detect_language(mel.to(self._whisper.device))
        except RuntimeError as exc:
            raise _failed(exc) from exc
        language = max(probabilities, key=probabilities.get)
        return str(language) if probabilities[language] >= SURE else None


def _failed(exc: RuntimeError) -> TranscriberError:
    return TranscriberError(
        f"openai-whisper failed: {exc}", action="Free memory, or set a smaller PODMILL_TRANSCRIBER_MODEL."
    )


def _checkpoint(model: str, cache_dir: Path) -> Path:
    """The checkpoint of a model; made from its CTranslate2 folder the first time, and again when that changes."""
    if model.endswith(".pt"):
        path = Path(model).expanduser()
        if not path.is_file():
            raise TranscriberError(f"{path}: no such checkpoint.", action="Correct PODMILL_TRANSCRIBER_MODEL.")
        return path
    folder = weights.find(model, cache_dir=cache_dir)
    with (folder / "model.bin").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    path = cache_dir / f"{weights.label(model)}-{digest[:16]}.pt"
    if not path.is_file():
        convert(folder, path)
    return path


def _restore_alignment_heads(model: Any, checkpoint: Path) -> None:
    """Give the model the attention heads that tell when a word is said; openai-whisper knows only its own files'."""
    heads = torch.load(checkpoint, map_location="cpu", weights_only=True).get("alignment_heads")
    if heads:
        mask = np.zeros((model.dims.n_text_layer, model.dims.n_text_head), dtype=bool)
        mask[tuple(np.transpose(heads))] = True
        model.set_alignment_heads(base64.b85encode(gzip.compress(mask.tobytes())))
