"""How clear speech is: DNSMOS P.808, the mean opinion that listeners are likely to have of it.

The network (C. Reddy, V. Gopal, R. Cutler, "DNSMOS: a non-intrusive perceptual objective speech quality metric", 2021)
was trained on ratings by people after ITU-T P.808, from 1 (bad) to 5 (excellent); 4 is "good". It comes in the package
speechmos (MIT, Microsoft), of which nothing but ``model_v8.onnx`` is read.
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from podmill.quality.mel import RATE_HZ, Samples, mel_power

BEST_MOS: Final = 5.0
WINDOW_S: Final = 9.01
"""What the network hears at once."""
WINDOW: Final = int(WINDOW_S * RATE_HZ)
INSTALL: Final = "pip install speechmos==0.0.1.1"

_FRAME: Final = 321
_HOP: Final = 160
_BANDS: Final = 120
_RANGE_DB: Final = 80.0
"""Below the loudest; what is quieter counts as this quiet."""


def available() -> bool:
    """Whether the network is installed."""
    return _path() is not None and find_spec("onnxruntime") is not None


def opinion(samples: Samples) -> float:
    """Mean opinion score of a window of sound, 1 to 5. What is shorter than a window is heard again and again.

    Args:
        samples: mono, 16 kHz, at most ``WINDOW``.
    """
    whole = np.resize(samples, WINDOW)
    return float(_network().run(None, {"input_1": _features(whole)[None]})[0][0, 0])


def _features(window: Samples) -> NDArray[np.float32]:
    """Decibels below the loudest, scaled to about -1 to 1; the last 10 ms are left out, as in training."""
    power = np.maximum(mel_power(window[:-_HOP], window=_FRAME, hop=_HOP, bands=_BANDS), 1e-10)
    level_db = np.maximum(10 * np.log10(power / power.max()), -_RANGE_DB)
    features: NDArray[np.float32] = ((level_db + 40) / 40).astype(np.float32)
    return features


def _path() -> Path | None:
    spec = find_spec("speechmos")
    path = Path(spec.origin).parent / "dnsmos_models" / "model_v8.onnx" if spec and spec.origin else None
    return path if path and path.is_file() else None


@lru_cache(maxsize=1)
def _network() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(_path(), options, providers=["CPUExecutionProvider"])
