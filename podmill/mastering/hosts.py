"""How loud each speaker is in a master."""

import math

import numpy as np

from models.recording import Recording
from models.script import Script
from podmill.mastering.meter import STEPS_A_SECOND, Numbers, integrated_lufs


def speakers_lufs(script: Script, recording: Recording, step_energies: Numbers) -> dict[str, float]:
    """Integrated loudness of the lines of each speaker, by the steps of 100 ms that lie in them.

    Args:
        recording: with the times its lines have in the master.
        step_energies: of the master, as ``Meter`` measures them.

    Returns:
        By speaker; who says less than 400 ms, or nothing that is heard, has no loudness and is left out.
    """
    speakers = {line.index: line.speaker for line in script.lines}
    steps: dict[str, list[Numbers]] = {}
    for time in recording.lines:
        first, last = math.ceil(time.start_s * STEPS_A_SECOND), math.floor(time.end_s * STEPS_A_SECOND)
        if time.index in speakers:
            steps.setdefault(speakers[time.index], []).append(step_energies[first:last])
    found = {speaker: integrated_lufs(np.concatenate(parts)) for speaker, parts in steps.items()}
    return {speaker: lufs for speaker, lufs in found.items() if math.isfinite(lufs)}
