"""What an emulated provider says: the local voice Joe, or a tone of the right length, as MP3 with character times."""

import hashlib
import io
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
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
TONE_STEP_S: Final = 0.5
"""Tones last a multiple of this, so that most have been encoded before: LAME takes 7 ms for a second of sound."""
PIECE: Final = re.compile(r"[^.!?\n]*[.!?\n]+\s*|[^.!?\n]+$")
"""A sentence or a line, with the white space after it."""
PITCHES: Final = ("", "@1.19", "@0.84")
"""What tells one emulated voice from the next."""


@dataclass(frozen=True, slots=True)
class Sound:
    mp3: bytes
    starts_s: Sequence[float]
    """Of every character of the text."""
    ends_s: Sequence[float]


class Speaker(Protocol):
    """Safe to use from many threads."""

    def speak(self, text: str, voice: str, seed: int) -> Sound: ...

    def dialogue(self, turns: Sequence[Sequence[str]], seed: int) -> Sound:
        """Turns of text and voice, one after the other; times are those of the texts joined by line ends."""
        ...


class Tone:
    """Tones that swell as syllables do, as long as a person would take for the text, or a quicker one."""

    def __init__(self, characters_a_second: float = CHARACTERS_A_SECOND) -> None:
        self._pace = characters_a_second

    def speak(self, text: str, voice: str, seed: int) -> Sound:
        return self.dialogue([(text, voice)], seed)

    def dialogue(self, turns: Sequence[Sequence[str]], seed: int) -> Sound:
        said = _joined(turns)
        steps = [max(1, round(len(text) / self._pace / TONE_STEP_S)) for text, _ in said]
        pitches_hz = [110 + 40 * _index(voice, 5) + 7 * (seed % 9) for _, voice in said]
        mp3 = _tones(tuple(zip(pitches_hz, steps, strict=True)))
        return _timed(mp3, [(text, n * TONE_STEP_S) for (text, _), n in zip(said, steps, strict=True)])


class Joe:
    """Piper's Joe at the pitch of the voice. Sentences and texts are kept on disk, for the next run too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._engine = make("piper", Settings(home=folder, synthesis_threads=1))
        self._lock = threading.Lock()

    def speak(self, text: str, voice: str, seed: int) -> Sound:
        return self.dialogue([(text, voice)], seed)

    def dialogue(self, turns: Sequence[Sequence[str]], seed: int) -> Sound:
        pieces = [(piece, voice) for text, voice in _joined(turns) for piece in PIECE.findall(text)]
        spoken = [self._piece(" ".join(piece.split()), voice, seed) for piece, voice in pieces]
        kept = self._path("\n".join(turn[0] for turn in turns), "+".join(turn[1] for turn in turns), seed, ".mp3")
        if not kept.exists():
            silence = np.zeros(round(TONE_STEP_S * RATE_HZ), dtype=np.float32)
            sounds = [files.decoded(path.read_bytes())[0] if path else silence for path in spoken]
            _write(kept, _mp3(np.concatenate(sounds)))
        durations_s = [soundfile.info(path).duration if path else TONE_STEP_S for path in spoken]
        return _timed(kept.read_bytes(), [(piece, s) for (piece, _), s in zip(pieces, durations_s, strict=True)])

    def _piece(self, said: str, voice: str, seed: int) -> Path | None:
        """A sentence as WAV at 44.1 kHz; None where there is nothing to say."""
        if not any(character.isalnum() for character in said):
            return None
        pitched = f"piper:joe{PITCHES[_index(voice, len(PITCHES))]}"
        path = self._path(said, pitched, seed, ".wav")
        if not path.exists():
            line = RequestLine(index=0, speaker="S1", voice=pitched, text=said)
            request = SpeechRequest(key="", engine="piper", language="en", variant=seed, lines=(line,))
            with self._lock:
                raw = self._engine.speak(request)
            samples = soxr.resample(raw.samples, raw.sample_rate_hz, RATE_HZ).astype(np.float32)
            _write(path, files.wav(samples, RATE_HZ))
        return path

    def _path(self, text: str, voice: str, seed: int, suffix: str) -> Path:
        name = hashlib.sha256(f"{voice}|{seed}|{text}".encode()).hexdigest()
        return self._folder / name[:2] / f"{name}{suffix}"


def _joined(turns: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Turns whose texts, all but the last, end with the line end that joins them to the next."""
    last = len(turns) - 1
    return [(text if number == last else f"{text}\n", voice) for number, (text, voice) in enumerate(turns)]


def _timed(mp3: bytes, pieces: Sequence[tuple[str, float]]) -> Sound:
    """Sound of texts that last so many seconds; their characters share the time."""
    starts: list[float] = []
    ends: list[float] = []
    at_s = 0.0
    for text, duration_s in pieces:
        edges = [round(at_s + duration_s * n / len(text), 3) for n in range(len(text) + 1)]
        starts += edges[:-1]
        ends += edges[1:]
        at_s += duration_s
    return Sound(mp3, starts, ends)


@lru_cache(maxsize=256)
def _tones(tones: tuple[tuple[float, int], ...]) -> bytes:
    """One after the other: each of a pitch in hertz, and so many steps long."""
    waves = []
    for pitch_hz, steps in tones:
        time_s = np.arange(round(steps * TONE_STEP_S * RATE_HZ)) / RATE_HZ
        swell = 0.3 - 0.2 * np.cos(2 * np.pi * 4 * time_s)
        waves.append(swell * np.sin(2 * np.pi * pitch_hz * time_s))
    return _mp3(np.concatenate(waves).astype(np.float32))


def _mp3(samples: Samples) -> bytes:
    out = io.BytesIO()
    # The level of compression goes from LAME's 320 kbit/s (0) to 32 (1): 128.
    quality = {"bitrate_mode": "CONSTANT", "compression_level": 0.67}
    soundfile.write(out, samples, RATE_HZ, format="MP3", subtype="MPEG_LAYER_III", **quality)
    return out.getvalue()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{threading.get_ident()}")
    part.write_bytes(data)
    part.replace(path)


def _index(name: str, count: int) -> int:
    return hashlib.sha256(name.encode()).digest()[0] % count
