"""The networks give what the packages they come from give: librosa 0.11, Resemblyzer 0.1.4, speechmos 0.0.1.1.

``tests/golden/quality.json`` was made with those, PyTorch and librosa included, on 21 November 2026.
"""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from podmill.quality import clarity, voices
from podmill.quality.mel import mel_power
from tests.golden.murmur import HIGH, LOW, murmur

GOLDEN: Final[dict[str, Any]] = json.loads((Path(__file__).parents[3] / "golden" / "quality.json").read_text())


@pytest.mark.parametrize(("window", "bands"), [(321, 120), (400, 40)])
def test_mel_spectrograms_are_librosa_s(window: int, bands: int) -> None:
    """Every eighth band of four frames, from the padded first one on."""
    made = mel_power(murmur(LOW, 4)[:8000], window=window, hop=160, bands=bands)
    rows = [0, 7, 25, min(50, len(made) - 1)]

    np.testing.assert_allclose(made[rows][:, ::8], GOLDEN["mel"][str(window)], rtol=2e-3, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "speech"),
    [("low", murmur(LOW, 4)), ("high", murmur(HIGH, 4, seed=2)), ("short", murmur(LOW, 4)[:12_000])],
    ids=["low", "high", "short"],
)
def test_embeddings_are_resemblyzer_s(name: str, speech: NDArray[np.float32]) -> None:
    """To a cosine of 0.999 and more, also of speech that is shorter than a partial."""
    theirs = np.asarray(GOLDEN["embedding"][name])

    assert float(voices.embed(speech) @ theirs) > 0.999


def test_pauses_are_left_out() -> None:
    """What is said stays, with the edges of pauses; a silent second becomes under 0.2 s."""
    speech = murmur(LOW, 2)
    paused = np.concatenate([speech, np.zeros(16_000, np.float32), speech])

    assert len(speech) * 1.5 < len(voices.without_pauses(paused)) < 2.2 * len(speech)


@pytest.mark.parametrize("samples", [0, 479, 480, 1600, 3359, 3360])
def test_what_is_shorter_than_the_edges_of_a_pause_is_kept(samples: int) -> None:
    """Up to 0.2 s, whole blocks of 30 ms are left of it, or all where there is none."""
    speech = murmur(LOW, 1)[4000 : 4000 + samples]

    assert len(voices.without_pauses(speech)) == (samples // 480 * 480 or samples)


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_opinions_are_those_of_dnsmos(noise: float) -> None:
    """To a ten-thousandth of a point, of a clear window and of a noisy one."""
    window = murmur(LOW, clarity.WINDOW_S)
    if noise:
        window += (noise * np.random.default_rng(3).standard_normal(len(window))).astype(np.float32)

    expected = GOLDEN["opinion"]["noisy" if noise else "clear"]
    assert clarity.opinion(window[: clarity.WINDOW]) == pytest.approx(expected, abs=1e-3)


def test_what_is_short_is_heard_again_and_again() -> None:
    """A network that hears nine seconds gets nine seconds, and no silence."""
    short = murmur(LOW, 2)

    assert clarity.opinion(short) == clarity.opinion(np.tile(short, 5)[: clarity.WINDOW])
