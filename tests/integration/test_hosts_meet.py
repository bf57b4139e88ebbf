"""Two hosts of different loudness are equally loud in the recording, and in the MP3 that is made of it."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from models.recording import Recording
from models.script import Chapter, Line, Script
from models.take import Take
from podmill.context import StepContext
from podmill.mastering.loudness import Encoding
from podmill.mastering.meter import Meter
from podmill.mastering.source import SAMPLE_RATE_HZ, FileSound
from podmill.mastering.target import Target
from podmill.settings import Settings
from podmill.speech import files
from podmill.speech.engine import RawSpeech, RequestLine, SpeechRequest
from podmill.speech.join import join
from podmill.speech.take import keep
from podmill.store.local import LocalStore
from tests.golden.sounds import Sound, speech_like

LINE_S, GAP_S, LINES = 3.0, 0.3, 6
APART_DB = 8.0


def said(number: int) -> Sound:
    """A line: the first host's are natural, the second's are dense, and 8 dB softer than as loud."""
    natural = speech_like(LINE_S, seed=number)[:, 0] * 0.5
    if number % 2 == 0:
        return natural
    dense = np.tanh(3 * natural)
    return np.asarray(dense * np.std(natural) / np.std(dense) * 10 ** (-APART_DB / 20), np.float32)


def loudness_of(blocks: FileSound, recording: Recording, speaker: int) -> float:
    """Integrated loudness of the lines of one of the two, by the meter that measures masters."""
    sound = np.concatenate(list(blocks))
    meter = Meter(SAMPLE_RATE_HZ, 1)
    for line in recording.lines[speaker::2]:
        meter.push(sound[round(line.start_s * SAMPLE_RATE_HZ) : round(line.end_s * SAMPLE_RATE_HZ)])
    return meter.loudness_lufs


class Takes(dict[str, Take]):
    def put(self, take: Take) -> None:
        self[take.key] = take


@pytest.fixture
def context(tmp_path: Path) -> StepContext:
    settings = Settings(home=tmp_path / "home", disk_reserve_mb=0)
    return StepContext(settings, LocalStore(settings.store_dir), Takes(), tmp_path, lambda _share, _words: None)


def recorded(requests: list[SpeechRequest], context: StepContext) -> Recording:
    lines = [line for request in requests for line in request.lines]
    script = Script(
        title="Two hosts",
        summary="",
        language="en",
        chapters=(Chapter(title="One", first_line=0),),
        lines=tuple(
            Line(index=line.index, speaker=line.speaker, text=line.text, spoken=line.text, chapter=0) for line in lines
        ),
        speakers={"S1": "Ann", "S2": "Bob"},
        writer="ready-made",
        estimated_s=20.0,
    )
    takes = []
    for request in requests:
        gap = np.zeros(round(GAP_S * SAMPLE_RATE_HZ), np.float32)
        sound = np.concatenate([part for line in request.lines for part in (said(line.index), gap)])
        starts_s = [number * (LINE_S + GAP_S) for number in range(len(request.lines))]
        raw = RawSpeech(
            sound,
            SAMPLE_RATE_HZ,
            files.wav(sound, SAMPLE_RATE_HZ),
            ".wav",
            "audio/wav",
            [(start_s, start_s + LINE_S) for start_s in starts_s],
        )
        takes.append(keep(request, raw, context))
    return join(script, requests, takes, context, requests_made=len(requests))


@pytest.mark.parametrize("together", [True, False], ids=["one take says both", "a take for each line"])
def test_hosts_meet(context: StepContext, together: bool):
    """Hosts 8 dB apart, one with peaks far higher than the other's, are within half a LU of each other when joined,
    and within 1 LU in the MP3, whose limiter turns down the peaks of the one only. Nothing clicks between them."""
    lines = [
        RequestLine(index=number, speaker=f"S{1 + number % 2}", voice=f"tones:{number % 2}", text=f"Line {number}.")
        for number in range(LINES)
    ]
    parts = [lines] if together else [[line] for line in lines]
    requests = [
        SpeechRequest(key=f"{number:064}", engine="tones", language="en", lines=tuple(part))
        for number, part in enumerate(parts)
    ]
    recording = recorded(requests, context)
    path = context.store.path(recording.sound)

    joined = [loudness_of(FileSound(path, 1), recording, speaker) for speaker in (0, 1)]
    mp3 = context.temp_dir / "episode.mp3"
    Encoding(FileSound(path, 1), mp3, recording.duration_s, Target(1, -16.0, -1.0, 96), context.progress).run()
    mastered = [loudness_of(FileSound(mp3, 1), recording, speaker) for speaker in (0, 1)]

    assert abs(joined[0] - joined[1]) < 0.5
    assert abs(mastered[0] - mastered[1]) < 1.0
    sound = np.concatenate(list(FileSound(path, 1)))[:, 0]
    for before, after in pairwise(recording.lines):
        pause = sound[round(before.end_s * SAMPLE_RATE_HZ) : round(after.start_s * SAMPLE_RATE_HZ)]
        assert np.abs(np.diff(pause)).max() < 0.01
