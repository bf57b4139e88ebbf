"""The sample: episodes drawn by chance, the same ones whoever draws and however often."""

import hashlib
from typing import Final

_RANGE: Final = 2.0**64


def is_drawn(episode_id: str, show: str, *, share: float, seed: str) -> bool:
    """Whether an episode is in the sample of its show.

    SHA-256 of seed, show and episode as a number of 0 to 1: which episodes are drawn depends on nothing else, so
    neither order nor number of workers changes it, and whoever knows the seed can draw them again.

    Args:
        share: 0 to 1, of all episodes.
    """
    digest = hashlib.sha256("\0".join((seed, show, episode_id)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / _RANGE < share
