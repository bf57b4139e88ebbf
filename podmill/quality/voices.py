"""Whose voice it is: speaker embeddings by the GE2E network of Resemblyzer 0.1.4, in numpy.

The network (L. Wan and others, "Generalized end-to-end loss for speaker verification", 2018) is three LSTM layers of
256 cells and one linear layer. ``ge2e.npz`` holds the weights of its ``pretrained.pt`` in half precision
(``docs/generate_voice_weights.py``; Apache License 2.0, Corentin Jemine): PyTorch, which that package needs, is larger
than all the rest of Podmill.
"""

from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from podmill.quality.mel import RATE_HZ, Samples, mel_power

Embedding = NDArray[np.float32]
"""256 values that are not negative, of length 1. The cosine of two is their product."""

MODEL: Final = "ge2e-resemblyzer-0.1.4"
"""Embeddings of different models cannot be compared."""

_WINDOW: Final = round(0.025 * RATE_HZ)
_HOP: Final = round(0.010 * RATE_HZ)
_BANDS: Final = 40
_FRAMES: Final = 160
"""Of one partial: 1.6 s, what the network was trained on."""
_STEP: Final = 77
"""Frames between two partials, 1.3 a second: Resemblyzer's own choice."""
_COVERED: Final = 0.75
"""Share of the last partial that must be sound."""
_AT_ONCE: Final = 32
"""Partials that are computed together, 25 MB."""

_QUIET_DB: Final = 35.0
"""Below the level of the loudest tenth: a pause."""
_BLOCK: Final = round(0.030 * RATE_HZ)
_KEPT_BLOCKS: Final = 3
"""Of a pause, on either side of what is said."""


def embed(speech: Samples) -> Embedding:
    """The embedding of speech by one person: the mean over its partials, which overlap by half.

    Args:
        speech: mono, 16 kHz, at -30 dBFS or more, as in training, without long pauses (``without_pauses``); anything
            shorter than 1.6 s is filled up with silence.
    """
    samples_max = _FRAMES * _HOP
    starts = list(range(0, max(1, -(-(len(speech) + 1) // _HOP) - _FRAMES + _STEP + 1), _STEP))
    if len(starts) > 1 and len(speech) - starts[-1] * _HOP < _COVERED * samples_max:
        starts.pop()
    needed = starts[-1] * _HOP + samples_max
    mel = mel_power(np.pad(speech, (0, max(0, needed - len(speech)))), window=_WINDOW, hop=_HOP, bands=_BANDS)
    partials = np.stack([mel[start : start + _FRAMES] for start in starts])
    # The products are small: threads of the linear algebra would wait for one another, at five times the work.
    with _threads().limit(limits=1, user_api="blas"):
        return mean([row for at in range(0, len(starts), _AT_ONCE) for row in _network(partials[at : at + _AT_ONCE])])


def mean(embeddings: list[Embedding]) -> Embedding:
    """Their direction on average."""
    total = np.sum(embeddings, axis=0)
    unit: Embedding = (total / max(float(np.linalg.norm(total)), 1e-12)).astype(np.float32)
    return unit


def without_pauses(samples: Samples) -> Samples:
    """What is said, with at most 0.18 s between: pauses tell nothing of a voice."""
    blocks = samples[: len(samples) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    if not len(blocks):
        return samples
    power = np.mean(np.square(blocks), axis=1)
    loud = power > np.quantile(power, 0.9) * 10 ** (-_QUIET_DB / 10)
    # Not mode="same": that is as long as the longer of the two.
    kept = np.convolve(loud, np.ones(2 * _KEPT_BLOCKS + 1))[_KEPT_BLOCKS:][: len(loud)] > 0
    return blocks[kept].reshape(-1)


def _network(partials: NDArray[np.float32]) -> NDArray[np.float32]:
    """Embeddings of partials (partials, frames, bands)."""
    weights, states = _weights(), partials
    for layer in range(3):
        states = _lstm(states, *(weights[f"{name}_l{layer}"] for name in ("weight_ih", "weight_hh", "bias")))
    raw = np.maximum(states[:, -1] @ weights["linear.weight"] + weights["linear.bias"], 0)
    unit: NDArray[np.float32] = raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-12)
    return unit


def _lstm(
    inputs: NDArray[np.float32], by_input: NDArray[np.float32], by_state: NDArray[np.float32], bias: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The states of one layer at every frame. Gates in PyTorch's order: input, forget, cell, output."""
    count, frames, _ = inputs.shape
    size = len(by_state)
    given = inputs @ by_input + bias
    state, cell = np.zeros((count, size), np.float32), np.zeros((count, size), np.float32)
    states = np.empty((count, frames, size), np.float32)
    for frame in range(frames):
        gates = given[:, frame] + state @ by_state
        let_in, forget, let_out = (_sigmoid(gates[:, at * size : (at + 1) * size]) for at in (0, 1, 3))
        cell = forget * cell + let_in * np.tanh(gates[:, 2 * size : 3 * size])
        state = let_out * np.tanh(cell)
        states[:, frame] = state
    return states


def _sigmoid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    half = np.float32(0.5)
    result: NDArray[np.float32] = half * np.tanh(half * values) + half
    return result


@lru_cache(maxsize=1)
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


@lru_cache(maxsize=1)
def _weights() -> dict[str, NDArray[np.float32]]:
    with np.load(Path(__file__).parent / "ge2e.npz", allow_pickle=False) as stored:
        return {name: np.ascontiguousarray(stored[name], dtype=np.float32) for name in stored.files}
