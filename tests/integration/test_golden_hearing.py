"""The verdict on recordings whose faults are known. All of them: `python -m benchmarks.verification_quality`."""

from pathlib import Path

import pytest

from models.verdict import Verdict
from podmill.verification import verify
from tests import recordings
from tests.golden import hearing
from tests.golden.hearing import Case

pytestmark = pytest.mark.slow


def heard(case: Case, folder: Path) -> Verdict:
    context = recordings.context(folder, transcriber_second_model="")
    takes = [line.sound for line in case.lines]
    voices = [f"piper:{line.speaker}" for line in case.lines]
    recording = recordings.record(takes, hearing.RATE_HZ, context.store, folder, voices=voices)
    return verify(recordings.script([line.text for line in case.lines]), recording, context)


def test_a_sound_recording_has_no_failed_line(tmp_path: Path) -> None:
    """Of times, dates, prices and counts, which transcribers write in many ways."""
    verdict = heard(hearing.sound_case("figures"), tmp_path)

    assert verdict.passed
    assert verdict.respeak == ()


def test_the_damaged_lines_fail_and_no_other(tmp_path: Path) -> None:
    """Each in another way: another number, a denial, a word, phrases, speed and sound."""
    case = hearing.damaged_case("boxes", 3, every=3, kinds=(*hearing.SUBTLE, *hearing.ALL))

    verdict = heard(case, tmp_path)

    assert {line.index for line in verdict.lines if not line.passed} == set(case.damaged)
