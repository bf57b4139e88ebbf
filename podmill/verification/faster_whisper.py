"""faster-whisper: Whisper on CTranslate2, quick on a processor. The default."""

from typing import Final

import numpy as np
from faster_whisper import WhisperModel
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from podmill.errors import ConfigurationError, TranscriberError
from podmill.settings import Settings
from podmill.verification import weights
from podmill.verification.transcriber import SURE, Capabilities, Word

BEAM_SIZE: Final = 5


class FasterWhisper:
    """Weights from an installed package or a folder, never from the network."""

    def __init__(self, settings: Settings) -> None:
        """Load the model.

        Raises:
            TranscriberError: the weights are missing or damaged.
            ConfigurationError: this machine cannot compute in the number type that was asked for.
        """
        folder = weights.find(settings.transcriber_model, cache_dir=settings.home / "models")
        try:
            self._whisper = WhisperModel(
                str(folder),
                compute_type=settings.transcriber_compute,
                cpu_threads=settings.transcriber_threads,
                local_files_only=True,
            )
        except ValueError as exc:
            raise ConfigurationError(
                f"{settings.transcriber_compute!r} cannot be computed here: {exc}",
                action="Set PODMILL_TRANSCRIBER_COMPUTE to int8 or float32.",
            ) from exc
        except RuntimeError as exc:
            raise TranscriberError(
                f"The model in {folder} cannot be loaded: {exc}", action="Install it again, or name another one."
            ) from exc
        self._threads = ThreadpoolController()
        self.model = f"faster-whisper:{weights.label(settings.transcriber_model)}:{settings.transcriber_compute}"
        self.capabilities = Capabilities(
            languages=frozenset(self._whisper.supported_languages), word_timestamps=True, queue="verification"
        )

    def transcribe(self, samples: NDArray[np.float32], *, language: str) -> tuple[Word, ...]:
        try:
            # Spectrograms are small products: threads of the linear algebra would wait for one another all the while.
            with self._threads.limit(limits=1, user_api="blas"):
                segments, _ = self._whisper.transcribe(
                    samples,
                    language=language,
                    beam_size=BEAM_SIZE,
                    temperature=0.0,
                    condition_on_previous_text=False,
                    word_timestamps=True,
                )
                return tuple(
                    Word(word.word, float(word.start), float(word.end))
                    for segment in segments
                    for word in segment.words or ()
                )
        except RuntimeError as exc:
            raise _failed(exc) from exc

    def language(self, samples: NDArray[np.float32]) -> str | None:
        if not self._whisper.model.is_multilingual:
            return None
        try:
            language, probability, _ = self._whisper.detect_language(samples)
        except RuntimeError as exc:
            raise _failed(exc) from exc
        return str(language) if probability >= SURE else None


def _failed(exc: RuntimeError) -> TranscriberError:
    return TranscriberError(
        f"faster-whisper failed: {exc}", action="Free memory, or set a smaller PODMILL_TRANSCRIBER_MODEL."
    )
