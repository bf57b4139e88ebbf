"""What is told of an episode whose words are not right."""

from dataclasses import replace

import pytest

from models.recording import LineTime
from models.verdict import Fault, LineVerdict, Verdict
from podcast_tasks.verification import NAMED_MAX, _share, words
from tests import recordings

FAULT = Fault(kind="cut_off", said="the sound falls by 50 dB at once", start_s=1.0, end_s=1.5)


def verdict(*failing: int, accuracy: float, count: int = 9) -> Verdict:
    lines = tuple(
        LineVerdict(
            index=index,
            word_accuracy=accuracy,
            words=4,
            heard=f"heard {index}",
            passed=index not in failing,
            faults=(FAULT,) if index in failing else (),
            time=LineTime(index=index, start_s=3.0 * index, end_s=3.0 * index + 1.5, take="t", voice="v"),
        )
        for index in range(count)
    )
    return Verdict(
        passed=not failing,
        word_accuracy=accuracy,
        threshold=0.94,
        lines=lines,
        respeak=failing,
        round=0,
        transcriber="t",
    )


SCRIPT = recordings.script([f"Said {index}." for index in range(9)])


def test_a_line_that_fails_fails_the_score():
    """However right the words of the whole are; the person is told which line, when, what was heard, and why."""
    score = words(verdict(2, accuracy=0.99), SCRIPT)

    assert (score.name, score.value, score.limit, score.passed, score.lines) == (
        "word_accuracy",
        0.99,
        0.94,
        False,
        (2,),
    )
    told = "Line 3 (6.0 to 7.5 s) 'Said 2.' was heard as 'heard 2': cut off (the sound falls by 50 dB at once)."
    assert told in score.said


def test_progress_is_a_share_of_the_step(tmp_path):
    """Each part counts from 0 to 1 by itself; the step goes on from where the part before ended."""
    told = []
    context = replace(recordings.context(tmp_path), progress=lambda share, activity: told.append((share, activity)))
    for begin, end, activity in ((0.0, 0.2, "Measuring"), (0.2, 1.0, "Listening")):
        for share in (0.0, 0.5, 1.0):
            _share(context, begin, end).progress(share, activity)

    assert [share for share, _ in told] == pytest.approx([0.0, 0.1, 0.2, 0.2, 0.6, 1.0])
    assert told[-1][1] == "Listening"


def test_what_is_right_is_told_shortly():
    """One sentence."""
    score = words(verdict(accuracy=1.0), SCRIPT)

    assert score.passed
    assert score.said == "Word accuracy 100.0%, 94% is needed."


@pytest.mark.parametrize("count", [NAMED_MAX, 9])
def test_a_person_is_not_told_of_every_line(count):
    """The verdict has them all."""
    score = words(verdict(*range(count), accuracy=0.5), SCRIPT)

    assert score.said.count("was heard as") == NAMED_MAX
    assert len(score.lines) == count
