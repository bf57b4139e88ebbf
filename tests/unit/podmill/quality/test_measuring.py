"""Recordings as they are measured, from the file to the scores."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models.recording import LineTime, Recording
from models.score import Score
from podmill.context import StepContext
from podmill.quality import clarity, gates_of, measure
from tests.golden.murmur import HIGH, LOW, murmur
from tests.recordings import context, script

RATE_HZ = 44_100
Sound = NDArray[np.float32]
Measured = Callable[..., dict[str, Score]]


class Book:
    """What voices were like in the episodes before."""

    def __init__(self) -> None:
        self.heard: dict[str, Sequence[float]] = {}

    def first(self, voice: str, _model: str) -> Sequence[float] | None:
        return self.heard.get(voice)

    def keep(self, voice: str, _model: str, embedding: Sequence[float]) -> None:
        self.heard.setdefault(voice, embedding)


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def measured(tmp_path: Path, book: Book) -> Measured:
    """Measures lines, each a voice and its sound."""

    def of(*lines: tuple[str, Sound], planned_s: float | None = None) -> dict[str, Score]:
        step: StepContext = replace(context(tmp_path), voices=book)
        times, blocks, start = [], [], 0
        for index, (voice, sound) in enumerate(lines):
            end = start + len(sound)
            times.append(
                LineTime(index=index, start_s=start / RATE_HZ, end_s=end / RATE_HZ, take="t", voice=f"piper:{voice}")
            )
            blocks += [sound, np.zeros(RATE_HZ // 4, np.float32)]
            start = end + RATE_HZ // 4
        path = tmp_path / "recording.flac"
        soundfile.write(path, np.concatenate(blocks), RATE_HZ, subtype="PCM_16")
        recording = Recording(
            audio=step.store.put(path, suffix=".flac"),
            sample_rate_hz=RATE_HZ,
            channels=1,
            duration_s=start / RATE_HZ,
            lines=tuple(times),
            requests=1,
        )
        planned = script(["x"]).model_copy(update={"estimated_s": planned_s or recording.duration_s})
        return {each.name: each for each in measure(planned, recording, gates_of(step.settings), step)}

    return of


@cache
def low(seed: int = 1) -> Sound:
    return murmur(LOW, 2.0, rate_hz=RATE_HZ, seed=seed)


@cache
def high(seed: int = 1) -> Sound:
    return murmur(HIGH, 2.0, rate_hz=RATE_HZ, seed=seed)


def test_every_gate_of_a_recording_has_a_score(measured: Measured) -> None:
    """Two voices that keep to themselves pass; that they are new is told."""
    found = measured(("low", low()), ("high", high()), ("low", low(2)), ("high", high(2)), planned_s=9.2)

    assert list(found) == ["duration", "sample_rate", "clipping", "clarity", "voice_lines", "voice_reference"]
    assert [name for name, each in found.items() if each.passed] == [
        "duration",
        "sample_rate",
        "clipping",
        "voice_lines",
    ]
    assert found["duration"].value == pytest.approx(abs(9.0 / 9.2 - 1))
    assert found["clarity"].value is not None
    assert 0.2 < found["clarity"].value < 0.8  # a murmur has no words
    assert (found["clarity"].passed, found["clarity"].limit) == (None, None)
    assert found["clarity"].said.endswith("Too short to be judged.")
    assert found["voice_reference"].said == "Heard for the first time: piper:high, piper:low."


def test_lines_in_a_wrong_voice_are_named(measured: Measured, book: Book) -> None:
    """The line, and whose voice it is in; such an episode does not become what later ones are held against."""
    found = measured(
        *[("low", low(seed)) for seed in range(3)], *[("high", high(seed)) for seed in range(3)], ("low", high())
    )

    assert found["voice_lines"].passed is False
    assert found["voice_lines"].lines == (6,)
    assert "Line 7 sounds like piper:high." in found["voice_lines"].said
    assert book.heard == {}


def test_another_voice_under_the_same_name_is_found(measured: Measured, book: Book) -> None:
    """The next episode is held against the first: there the same voice passes, and another does not."""
    measured(("low", low()), ("low", low(2)))
    same = measured(("low", low(3)), ("low", low(4)))["voice_reference"]
    other = measured(("low", high()), ("low", high(2)))["voice_reference"]

    assert same.passed
    assert other.passed is False
    assert "piper:low is like itself in the first episode by 0." in other.said


def test_what_is_not_clear_fails_when_that_is_certain(measured: Measured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two windows a little below the limit may be chance; far below it they are not."""
    ten_s = [("low", low()) for _ in range(5)]
    passed = []
    for mos in (3.9, 3.5):
        monkeypatch.setattr(clarity, "opinion", lambda _samples, mos=mos: mos)
        found = measured(*ten_s)["clarity"]
        assert found.value == pytest.approx(mos / 5)
        passed.append(found.passed)

    assert passed == [True, False]


def test_clipped_lines_are_named(measured: Measured) -> None:
    """Sound that is cut off at full scale, and the line it is in."""
    found = measured(("low", low()), ("low", np.clip(low() * 20, -1, 1)))

    assert found["clipping"].passed is False
    assert found["clipping"].lines == (1,)


def test_a_network_that_is_not_there_is_told(measured: Measured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is measured, nothing passes, and the message says what to install."""
    monkeypatch.setattr(clarity, "find_spec", lambda _name: None)
    found = measured(("low", low()))["clarity"]

    assert (found.value, found.passed) == (None, None)
    assert clarity.INSTALL in found.said


def test_silence_cannot_be_measured(measured: Measured) -> None:
    """No score is made up for a recording without sound."""
    found = measured(("low", np.zeros(2 * RATE_HZ, np.float32)))

    assert [found[name].value for name in ("clarity", "voice_lines", "voice_reference")] == [None, None, None]
