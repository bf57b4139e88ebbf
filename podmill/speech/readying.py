"""Loading what the first recordings of paid speech would wait for: they end at the same moment, ten at once."""

import logging
import tempfile
from pathlib import Path
from typing import Final

import numpy as np

from podmill.errors import PodmillError
from podmill.settings import Settings
from podmill.speech import take
from podmill.speech.engine import ENGINES, CheckedEngine, RawSpeech, make
from podmill.speech.level import RATE_HZ

log = logging.getLogger(__name__)

PAID: Final = "synthesis.api"


def ready_paid(settings: Settings) -> None:
    """Load the clients of paid engines that are set up, with what their accounts may do, and finish a take.

    Never fails: what cannot be loaded is said when it is asked for.
    """
    found = False
    for name in ENGINES:
        try:
            engine = make(name, settings)
            if engine.capabilities.queue == PAID and isinstance(engine, CheckedEngine) and engine.set_up:
                found = True
                engine.preload()
        except PodmillError as exc:
            log.info("%s is not ready: %s", name, exc)
    if found:
        noise = np.random.default_rng(0).normal(0, 0.1, RATE_HZ).astype(np.float32)
        with tempfile.TemporaryDirectory(prefix="podmill-") as folder:
            take.finish(RawSpeech(noise, RATE_HZ, b"", ".wav", "audio/wav"), "noise", Path(folder) / "take.flac")
