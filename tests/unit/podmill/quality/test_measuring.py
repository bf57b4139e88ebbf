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
def reported() -> list[float]:
    return []


@pytest.fixture
def measured(tmp_path: Path, book: Book, reported: list[float]) -> Measured:
    """Measures lines, each a voice and its sound."""

    def of(*lines: tuple[str, Sound], planned_s: float | None = None, **told: object) -> dict[str, Score]:
        step: StepContext = replace(
            context(tmp_path), voices=book, progress=lambda share, _activity: reported.append(share)
        )
        times, blocks, start = [], [], 0
        for index, (voice, sound) in enumerate(lines):
            end = start + len(sound)
            times.append(
                LineTime(
                    index=index,
                    start_s=start / RATE_HZ,
                    end_s=end / RATE_HZ,
                    take="t",
                    voice=f"piper:{voice}",
                    clipped=0,
                )
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
        recording = recording.model_copy(update=told)
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
    ]
    assert found["duration"].value == pytest.approx(abs(9.0 / 9.2 - 1))
    assert found["clarity"].value is not None
    assert 0.2 < found["clarity"].value < 0.8  # a murmur has no words
    assert (found["clarity"].passed, found["clarity"].limit) == (None, None)
    assert found["clarity"].said.endswith("Too short to be judged.")
    assert (found["voice_lines"].value, found["voice_lines"].limit) == (None, None)
    assert found["voice_lines"].said == "Too few lines to tell how piper:high or piper:low keeps to its voice."
    assert found["voice_reference"].said == "Heard for the first time: piper:high, piper:low."


def test_a_very_short_line_is_measured(measured: Measured) -> None:
    """A tenth of a second, such as a breath, does not end the step."""
    found = measured(("low", low()), ("low", low(2)[4410:8820]))

    assert found["voice_lines"].lines == ()


def test_lines_in_a_wrong_voice_are_named(measured: Measured, book: Book) -> None:
    """The line, and whose voice it is in; such an episode does not become what later ones are held against."""
    found = measured(
        *[("low", low(seed)) for seed in range(3)], *[("high", high(seed)) for seed in range(3)], ("low", high())
    )

    assert (found["voice_lines"].value, found["voice_lines"].passed) == (None, False)
    assert found["voice_lines"].limit == 0.85
    assert found["voice_lines"].lines == (6,)
    assert "Line 7 sounds like piper:high." in found["voice_lines"].said
    assert book.heard == {}


def test_voices_with_lines_enough_have_a_figure(measured: Measured) -> None:
    """That of the one who keeps to it least; who says little is named."""
    found = measured(*[("low", low(seed)) for seed in range(5)], ("high", high()))["voice_lines"]

    assert found.passed
    assert found.value is not None
    assert found.value > 0.9
    assert found.said.endswith(". Too few lines to tell how piper:high keeps to its voice.")


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


@pytest.mark.parametrize(
    ("counts", "value", "passed", "lines", "said"),
    [
        ((0, 0), 0.0, True, (), "Cut off at the top 0 times."),
        ((0, 7), 7.0, False, (1,), "Cut off at the top 7 times in line 2."),
        ((0, None), None, None, (), "Not measured: takes are older than this measure."),
    ],
)
def test_clipping_is_what_its_takes_tell(
    measured: Measured, counts: tuple[int | None, int | None], value: float, passed: bool, lines: object, said: str
) -> None:
    """Levelled sound shows no more of it; takes from before it was counted do not pass."""
    times = [
        LineTime(index=at, start_s=at, end_s=at + 1, take="t", voice="piper:low", clipped=count)
        for at, count in enumerate(counts)
    ]
    found = measured(("low", low()), lines=tuple(times))["clipping"]

    assert (found.value, found.passed, found.lines, found.said) == (value, passed, lines, said)


@pytest.mark.parametrize(
    ("source_hz", "passed", "said"),
    [
        (48_000, True, ""),
        (22_050, True, " As its engine gave it: piper:low at 22,050."),
        (
            8_000,
            False,
            " As its engine gave it: piper:low at 8,000. Under 16,000 it is telephone sound: cast another voice.",
        ),
    ],
)
def test_the_rate_of_the_source_is_told(measured: Measured, source_hz: int, passed: bool, said: str) -> None:
    """A file at 44.1 kHz does not make a telephone voice better."""
    found = measured(("low", low()), source_rates_hz={"piper:low": source_hz})["sample_rate"]

    assert (found.value, found.passed) == (RATE_HZ, passed)
    assert found.said == "44,100 samples a second." + said


def test_progress_goes_on(measured: Measured, reported: list[float]) -> None:
    """From 0 towards 1, and never back."""
    measured(*[("low", low()) for _ in range(10)])

    assert reported == sorted(reported)
    assert (reported[0], len(reported)) == (0.0, 4)
    assert reported[-1] < 1


def test_windows_that_are_bad_are_named_though_the_whole_is_clear(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One stretch of noise in minutes does not move the average."""
    opinions = iter([4.2, 4.2, 1.8, *[4.2] * 9])
    monkeypatch.setattr(clarity, "opinion", lambda _samples: next(opinions))
    found = measured(*[("low", low(1 + at % 2)) for at in range(48)])["clarity"]

    assert found.passed
    assert found.lines == (8, 9, 10, 11, 12)
    assert found.said.endswith("least clear in lines 9, 10, 11, 12, 13.")


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
