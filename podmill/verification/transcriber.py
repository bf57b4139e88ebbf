"""What a transcriber is, and what it hears."""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ: Final = 16_000
"""What every Whisper model takes."""

WINDOW_MAX_S: Final = 28.0
"""Longest piece of audio handed over at once. Whisper looks at 30 s; what is longer it cuts where it likes."""

SURE: Final = 0.6
"""Probability from which on a model's guess at a language counts."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it was heard.

    ``text`` keeps the space the transcriber wrote before it, because some languages have none.
    Times are in seconds from the start of the recording.
    """

    text: str
    start_s: float
    end_s: float

    def later(self, seconds: float) -> "Word":
        return Word(self.text, self.start_s + seconds, self.end_s + seconds)


@dataclass(frozen=True, slots=True)
class Capabilities:
    languages: frozenset[str]
    """Two or three letter codes that the loaded model understands."""
    word_timestamps: bool
    """False: word times are only as good as the segments'."""
    queue: str
    """Where the work runs."""


class Transcriber(Protocol):
    """Speech to text. Loading is the constructor's work, so that a worker pays for it once.

    A transcriber is never told the script: what it is told to expect, it hears.
    """

    model: str
    """Who heard it: ``faster-whisper:tiny.en:int8``."""
    capabilities: Capabilities

    def transcribe(self, samples: NDArray[np.float32], *, language: str) -> tuple[Word, ...]:
        """The words in a piece of audio, in order, with times from its start.

        The same samples give the same words on the same machine.

        Args:
            samples: mono, 16 kHz, -1 to 1, at most ``WINDOW_MAX_S`` long.
            language: one of ``capabilities.languages``.

        Raises:
            TranscriberError: it failed; the message says what to do.
        """
        ...

    def language(self, samples: NDArray[np.float32]) -> str | None:
        """The language that is spoken in a piece of audio; None when the model knows only one, or is not sure.

        Args:
            samples: as of ``transcribe``.

        Raises:
            TranscriberError: as of ``transcribe``.
        """
        ...
