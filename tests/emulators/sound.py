"""What an emulated provider says: the local voice Joe, or a tone of the right length, as MP3 with character times."""

import hashlib
import io
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import soundfile
import soxr

from podmill.settings import Settings
from podmill.speech import files
from podmill.speech.engine import RequestLine, Samples, SpeechRequest, make

RATE_HZ: Final = 44100
CHARACTERS_A_SECOND: Final = 15.0
PIECE: Final = re.compile(r"[^.!?\n]*[.!?\n]+\s*|[^.!?\n]+$")
"""A sentence or a line, with the white space after it."""
PITCHES: Final = ("", "@1.19", "@0.84")
"""What tells one emulated voice from the next."""
KEPT: Final = 256


@dataclass(frozen=True, slots=True)
class Sound:
    mp3: bytes
    starts_s: tuple[float, ...]
    """Of every character of the text."""
    ends_s: tuple[float, ...]


class Voice(Protocol):
    def piece(self, text: str, voice: str, seed: int) -> Samples:
        """A sentence at 44.1 kHz; not empty."""
        ...


class Tone:
    """A tone for every sentence, as long as a person would take, or a quicker one."""

    def __init__(self, characters_a_second: float = CHARACTERS_A_SECOND) -> None:
        self._pace = characters_a_second

    def piece(self, text: str, voice: str, seed: int) -> Samples:
        length = max(round(len(text) / self._pace * RATE_HZ), RATE_HZ // 10)
        time_s = np.arange(length) / RATE_HZ
        wave = np.sin(2 * np.pi * (110 + 40 * _index(voice, 5) + 7 * (seed % 9)) * time_s)
        # Swells like syllables do, and ends in quiet like a sentence does.
        swell = (0.6 - 0.4 * np.cos(2 * np.pi * 4 * time_s)) * np.minimum(1, (length - np.arange(length)) / 2205)
        return np.asarray(0.3 * wave * swell, dtype=np.float32)


class Joe:
    """Piper's Joe at the pitch of the voice; each sentence is kept on disk for the next run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._engine = make("piper", Settings(home=folder, synthesis_threads=1))

    def piece(self, text: str, voice: str, seed: int) -> Samples:
        said = " ".join(text.split())
        if not any(character.isalnum() for character in said):
            return np.zeros(RATE_HZ // 10, dtype=np.float32)
        pitched = f"piper:joe{PITCHES[_index(voice, len(PITCHES))]}"
        key = hashlib.sha256(f"{pitched}|{seed}|{said}".encode()).hexdigest()
        path = self._folder / key[:2] / f"{key}.wav"
        if not path.exists():
            line = RequestLine(index=0, speaker="S1", voice=pitched, text=said)
            raw = self._engine.speak(SpeechRequest(key=key, engine="piper", language="en", variant=seed, lines=(line,)))
            samples = soxr.resample(raw.samples, raw.sample_rate_hz, RATE_HZ).astype(np.float32)
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{threading.get_ident()}")
            part.write_bytes(files.wav(samples, RATE_HZ))
            part.replace(path)
        return files.decoded(path.read_bytes())[0]


class Studio:
    """Speaks each text once and keeps what it said last."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._kept: OrderedDict[tuple[str, str, int], Sound] = OrderedDict()
        self._lock = threading.Lock()
        self._busy: dict[tuple[str, str, int], threading.Lock] = {}

    def speak(self, text: str, voice: str, seed: int) -> Sound:
        key = (text, voice, seed)
        with self._lock:
            busy = self._busy.setdefault(key, threading.Lock())
        with busy:
            if key not in self._kept:
                made = self._made(*key)
                with self._lock:
                    self._kept[key] = made
                    while len(self._kept) > KEPT:
                        self._busy.pop(self._kept.popitem(last=False)[0], None)
            return self._kept.get(key) or self._made(*key)

    def dialogue(self, turns: Sequence[Sequence[str]], seed: int) -> Sound:
        """Turns of text and voice, one after the other; times are those of the texts joined by line ends."""
        last = len(turns) - 1
        pieces = [(text if number == last else f"{text}\n", voice) for number, (text, voice) in enumerate(turns)]
        return self._said([(piece, voice) for text, voice in pieces for piece in PIECE.findall(text)], seed)

    def _made(self, text: str, voice: str, seed: int) -> Sound:
        return self._said([(piece, voice) for piece in PIECE.findall(text)], seed)

    def _said(self, pieces: Sequence[tuple[str, str]], seed: int) -> Sound:
        spoken, starts, ends = [], [], []
        at_s = 0.0
        for piece, voice in pieces:
            samples = self._voice.piece(piece, voice, seed)
            each_s = len(samples) / RATE_HZ / len(piece)
            starts += [round(at_s + n * each_s, 3) for n in range(len(piece))]
            ends += [round(at_s + (n + 1) * each_s, 3) for n in range(len(piece))]
            at_s += len(samples) / RATE_HZ
            spoken.append(samples)
        out = io.BytesIO()
        # Between LAME's 320 (0) and 32 kbit/s (1): 128.
        soundfile.write(
            *(out, np.concatenate(spoken), RATE_HZ),
            format="MP3",
            subtype="MPEG_LAYER_III",
            bitrate_mode="CONSTANT",
            compression_level=0.67,
        )
        return Sound(out.getvalue(), tuple(starts), tuple(ends))


def studio(cache: Path | None, characters_a_second: float = CHARACTERS_A_SECOND) -> Studio:
    """With Joe, whose sentences are kept in a folder; without one, with tones at a pace."""
    voice: Callable[[], Voice] = (lambda: Tone(characters_a_second)) if cache is None else (lambda: Joe(cache))
    return Studio(voice())


def _index(name: str, count: int) -> int:
    return hashlib.sha256(name.encode()).digest()[0] % count
