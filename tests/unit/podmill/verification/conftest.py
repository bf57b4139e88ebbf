"""A recording of four lines that the bundled transcriber hears without a mistake."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.recording import Recording
from models.script import Script
from podmill.context import StepContext
from tests import recordings

TEXTS = [
    "Welcome back to the show, everybody.",
    "In nineteen fifty-six, a ship carried fifty-eight boxes to Texas.",
    "The price dropped by ninety-seven percent in only ten years.",
    "Thank you for listening, and see you next week.",
]
OTHER = "My old neighbour grows red tomatoes behind his garden wall."


@dataclass(frozen=True)
class Heard:
    script: Script
    takes: list[NDArray[np.float32]]
    other: NDArray[np.float32]
    sample_rate_hz: int
    context: StepContext
    folder: Path

    def recording(self, takes: list[NDArray[np.float32]] | None = None) -> Recording:
        return recordings.record(takes or self.takes, self.sample_rate_hz, self.context.store, self.folder)


@pytest.fixture(scope="session")
def episode(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    folder = tmp_path_factory.mktemp("episode")
    takes, rate = recordings.speak([*TEXTS, OTHER])
    return Heard(
        recordings.script(TEXTS),
        takes[:-1],
        takes[-1],
        rate,
        recordings.context(folder, transcriber_second_model=""),
        folder,
    )
