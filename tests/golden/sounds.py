"""Sounds with a known answer, made from numbers so that nothing binary is kept."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Sound = NDArray[np.float32]
"""Frames by channels."""


def sine(
    level_dbfs: float,
    duration_s: float,
    *,
    sample_rate_hz: int = 48_000,
    frequency_hz: float = 1000.0,
    channels: int = 2,
    phase_degrees: float = 0.0,
) -> Sound:
    """The same sine in every channel; its level is that of its crest, as EBU Tech 3341 has it."""
    time = np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz
    wave = 10 ** (level_dbfs / 20) * np.sin(2 * np.pi * frequency_hz * time + np.radians(phase_degrees))
    return np.repeat(wave.astype(np.float32)[:, None], channels, axis=1)


def speech_like(duration_s: float, *, seed: int = 1, sample_rate_hz: int = 44_100) -> Sound:
    """Mono sound with speech's habits: voiced bursts four times a second, pauses, and peaks 19 to 21 dB over loudness.

    A train of decaying pulses at 110 Hz through two resonances, in syllables of random strength, over faint noise.
    """
    random = np.random.default_rng(seed)
    frames = round(duration_s * sample_rate_hz)
    period = sample_rate_hz // 110
    train = np.zeros(frames)
    train[::period] = random.uniform(0.7, 1.0, len(train[::period]))
    decay = np.arange(period * 2) / sample_rate_hz
    pulse = np.exp(-decay * 150) * (np.cos(2 * np.pi * 520 * decay) + 0.6 * np.cos(2 * np.pi * 1500 * decay))
    voiced = np.convolve(train, pulse)[:frames]
    syllables = random.choice([0.0, 0.35, 0.6, 1.0, 1.7], round(duration_s * 4) + 2, p=[0.2, 0.3, 0.3, 0.15, 0.05])
    strength = np.interp(np.arange(frames) / sample_rate_hz * 4, np.arange(len(syllables)), syllables)
    sound = voiced * strength + random.normal(0, 0.002, frames)
    return np.asarray(0.9 * sound / np.abs(sound).max(), np.float32)[:, None]


def music_like(duration_s: float, *, seed: int = 1, sample_rate_hz: int = 44_100) -> Sound:
    """Stereo sound with music's habits: chords that change twice a second, a bass, and a drum on every beat.

    Each note is five harmonics of a decaying tone, placed somewhere between left and right.
    """
    random = np.random.default_rng(seed)
    time = np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz
    sound = np.zeros((len(time), 2))
    for beat_s in np.arange(0, duration_s, 0.5):
        after_s = time[time >= beat_s] - beat_s
        played = sound[len(time) - len(after_s) :]
        drum = random.normal(0, 0.6, len(after_s)) * np.exp(-after_s * 60)
        played += drum[:, None]
        for note_hz in (55.0, *(220 * 2 ** (random.integers(0, 24, 3) / 12))):
            side = random.uniform(0.2, 0.8)
            tone = sum(np.sin(2 * np.pi * note_hz * number * after_s) / number for number in range(1, 6))
            played += 0.25 * (tone * np.exp(-after_s * 3))[:, None] * (side, 1 - side)
    return np.asarray(0.9 * sound / np.abs(sound).max(), np.float32)


def flac(path: Path, sound: Sound, sample_rate_hz: int = 44_100) -> Path:
    """Written as recordings are: FLAC, 16 bit."""
    soundfile.write(path, sound, sample_rate_hz, format="FLAC", subtype="PCM_16")
    return path
