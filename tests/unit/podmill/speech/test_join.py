"""Joining: pauses that fit, no clicks, times that are true, memory that does not grow."""

import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from models.brief import CastMember
from models.recording import Recording
from models.script import Line, Script
from podmill.context import StepContext
from podmill.errors import SpeechError, StoreError
from podmill.speech.engine import RawSpeech, Samples
from podmill.speech.files import wav
from podmill.speech.join import (
    ANSWER_S,
    CHAPTER_S,
    ENGINE_PAUSE_MAX_S,
    INTERRUPTION_S,
    LEAD_IN_S,
    SAME_SPEAKER_S,
    SENTENCE_S,
    TAIL_S,
    TURN_S,
    join,
    pause_s,
)
from podmill.speech.level import RATE_HZ, loudness_lufs
from podmill.speech.plan import plan
from podmill.speech.take import keep, speak
from tests.unit.podmill.speech.tones import LIMITS, PAUSE_S, Tones, fundamental_hz, script, tone

CAST = (
    CastMember(speaker="S1", name="One", voice="tones:low"),
    CastMember(speaker="S2", name="Two", voice="tones:high"),
)

pytestmark = pytest.mark.usefixtures("tones")


def recorded(whole: Script, context: StepContext, variants: Mapping[int, int] | None = None) -> Recording:
    requests = plan(whole, CAST, context.settings, variants or {})
    takes = [speak(request, context) for request in requests]
    return join(whole, requests, takes, context, requests_made=len(requests), variants=variants)


def audio(recording: Recording, context: StepContext) -> Samples:
    samples, rate_hz = soundfile.read(context.store.path(recording.audio), dtype="float32")
    assert (rate_hz, samples.ndim) == (RATE_HZ, 1)
    return np.asarray(samples)


def level_db(samples: Samples) -> float:
    return 20 * float(np.log10(np.sqrt(np.mean(samples.astype(np.float64) ** 2))))


DIALOGUE = script("S1: Hello there.", "S2: What is it?", "S1: It is", "S1: Nothing.", "S2: Next.", chapters=(0, 4))


def test_every_line_has_its_time(context: StepContext) -> None:
    """Lines follow one another at the pauses of their endings; where a line is said to be, its voice is heard."""
    recording = recorded(DIALOGUE, context)
    samples = audio(recording, context)
    pauses = [after.start_s - before.end_s for before, after in pairwise(recording.lines)]
    assert [line.index for line in recording.lines] == [0, 1, 2, 3, 4]
    assert recording.lines[0].start_s == LEAD_IN_S
    assert pauses == pytest.approx([TURN_S, ANSWER_S, SAME_SPEAKER_S, CHAPTER_S], abs=1e-4)
    assert recording.duration_s == pytest.approx(len(samples) / RATE_HZ)
    assert recording.duration_s - recording.lines[-1].end_s == pytest.approx(TAIL_S, abs=1e-4)
    for line, pitch_hz in zip(recording.lines, (110, 330, 110, 110, 330), strict=True):
        heard = samples[round(line.start_s * RATE_HZ) : round(line.end_s * RATE_HZ)]
        assert fundamental_hz(heard, RATE_HZ) == pytest.approx(pitch_hz, rel=0.02)


def test_what_was_made_is_told(context: StepContext) -> None:
    """The recording counts its requests, and says who spoke which line from which take."""
    recording = recorded(DIALOGUE, context, {1: 1})
    assert (recording.requests, recording.variants) == (5, {1: 1})
    assert recording.lines[0].voice == "tones:low"
    assert all(context.takes.get(line.take) for line in recording.lines)
    assert list(context.temp_dir.iterdir()) == []


def test_what_its_engines_gave_is_told(context: StepContext) -> None:
    """How often a line is cut off at the top, in all its pieces, and the lowest rate of each voice, as far as known."""
    line = "S1: " + "One two three. " * 30
    requests = plan(script(line, "S2: Next."), CAST, context.settings, {})
    takes = [speak(request, context) for request in requests]
    cut = [
        take.model_copy(
            update={
                "lines": tuple(each.model_copy(update={"clipped": 2}) for each in take.lines),
                "source_rate_hz": 22050 if number else 24000,
            }
        )
        for number, take in enumerate(takes[:-1])
    ]
    old = takes[-1].model_copy(
        update={"lines": tuple(each.model_copy(update={"clipped": None}) for each in takes[-1].lines)}
    )

    found = join(script(line, "S2: Next."), requests, [*cut, old], context, requests_made=0)

    assert len(cut) > 1
    assert [each.clipped for each in found.lines] == [2 * len(cut), None]
    assert found.source_rates_hz == {"tones:low": 22050, "tones:high": 24000}


def test_nothing_is_heard_of_a_seam(context: StepContext) -> None:
    """Takes of one voice that came 20 dB apart, with other silence around them, join as any two lines do."""
    whole = script("S1: One.", "S1: Two.", "S1: Three.", chapters=(0, 2))
    requests = plan(whole, CAST, context.settings, {})
    takes = []
    for request, level, head_s, tail_s in zip(requests, (0.5, 0.05, 0.2), (0, 1.2, 0.4), (0.9, 0, 2), strict=True):
        silence = [np.zeros(round(each_s * RATE_HZ), dtype=np.float32) for each_s in (head_s, tail_s)]
        sound = np.concatenate([silence[0], tone(110, 2.0, RATE_HZ, level), silence[1]])
        takes.append(keep(request, RawSpeech(sound, RATE_HZ, wav(sound, RATE_HZ), ".wav", "audio/wav"), context))

    recording = join(whole, requests, takes, context, requests_made=3)

    samples = audio(recording, context)
    heard = [samples[round(line.start_s * RATE_HZ) : round(line.end_s * RATE_HZ)] for line in recording.lines]
    levels = [loudness_lufs(each) for each in heard]
    pauses = [after.start_s - before.end_s for before, after in pairwise(recording.lines)]
    assert max(levels) - min(levels) < 1.0
    assert pauses == pytest.approx([SAME_SPEAKER_S, CHAPTER_S], abs=0.001)
    assert [len(each) / RATE_HZ for each in heard] == pytest.approx([2.0] * 3, abs=0.07)


def test_no_clicks(context: StepContext) -> None:
    """Nowhere at a seam does the signal step more than speech itself does in its quietest tenth."""
    recording = recorded(DIALOGUE, context)
    samples = audio(recording, context)
    largest = float(np.abs(np.diff(samples)).max())
    for moment_s in (time for line in recording.lines for time in (line.start_s, line.end_s)):
        place = round(moment_s * RATE_HZ)
        assert np.abs(np.diff(samples[place - 50 : place + 50])).max() < 0.1 * largest
        assert np.abs(samples[place - 20 : place + 20]).max() < 0.01


def test_pauses_are_quiet_and_not_dead(context: StepContext) -> None:
    """Between lines lies room tone at -80 dBFS, never a stretch of zeros."""
    recording = recorded(DIALOGUE, context)
    samples = audio(recording, context)
    pause = samples[round((recording.lines[3].end_s + 0.05) * RATE_HZ) : round(recording.lines[4].start_s * RATE_HZ)]
    assert level_db(pause) == pytest.approx(-80, abs=1)
    assert np.count_nonzero(pause) > 0.8 * len(pause)


def test_the_same_takes_give_the_same_bytes(context: StepContext) -> None:
    """Joining again makes no second artifact."""
    assert recorded(DIALOGUE, context).audio == recorded(DIALOGUE, context).audio


def test_a_line_in_parts(context: StepContext) -> None:
    """A line that took several requests is one line, with a short pause between its parts."""
    long = "It goes on and on. " * 15
    recording = recorded(script("S1: Hi.", f"S2: {long}"), context)
    take_s = recording.lines[0].end_s - recording.lines[0].start_s
    assert recording.requests == 3
    assert recording.lines[1].end_s - recording.lines[1].start_s == pytest.approx(2 * take_s + SENTENCE_S, abs=0.01)


def test_a_dialogue_in_one_take_keeps_its_pauses(
    context: StepContext, tones: type[Tones], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines that one take says in one go are not taken apart."""
    monkeypatch.setattr(tones, "capabilities", replace(LIMITS, max_speakers=2, timestamps=True))
    recording = recorded(script("S1: Hello.", "S2: Hello?", "S1: Oh."), context)
    pauses = [after.start_s - before.end_s for before, after in pairwise(recording.lines)]
    assert recording.requests == 1
    assert pauses == pytest.approx([PAUSE_S, PAUSE_S], abs=0.01)


def test_a_chapter_within_a_take_begins_after_a_rest(
    context: StepContext, tones: type[Tones], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one take says several chapters they lie as far apart as elsewhere, and nothing said is lost."""
    monkeypatch.setattr(tones, "capabilities", replace(LIMITS, max_speakers=2, timestamps=True))
    recording = recorded(script("S1: Hello.", "S2: Hello.", "S1: Oh.", chapters=(0, 2)), context)
    pauses = [after.start_s - before.end_s for before, after in pairwise(recording.lines)]
    assert recording.requests == 1
    assert pauses == pytest.approx([PAUSE_S, CHAPTER_S], abs=0.01)
    lengths = [line.end_s - line.start_s for line in recording.lines]
    assert lengths == pytest.approx([0.5, 0.5, 0.5], abs=0.05)


FLOOR = 10 ** (-55 / 20)
"""RMS of the hiss of a provider."""
FLOOR_STEP_MAX_DB = 6.0
"""From one hundredth of a second of a pause to the next. A hiss by itself varies by 2 dB."""
REPAIRED = script("S1: Hello.", "S2: Hello.", "S1: Oh.", "S2: Right.", "S1: Bye.")


def test_a_line_of_a_dialogue_is_replaced(
    context: StepContext, tones: type[Tones], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line spoken again is as loud as its speaker's others, at the pauses that the old one had; nothing is heard of
    its seams, and every other line is the same to the sample."""
    monkeypatch.setattr(tones, "capabilities", replace(LIMITS, max_speakers=2, timestamps=True))
    first, again = plan(REPAIRED, CAST, context.settings, {2: 1})
    for request, level in ((first, 1.0), (again, 0.1)):
        raw = tones(context.settings).speak(request)
        hiss = np.random.default_rng(3).normal(0, FLOOR * level, len(raw.samples) + 4800)
        sound = (np.pad(raw.samples * level, 2400) + hiss).astype(np.float32)
        times = [(start + 0.1, end + 0.1) for start, end in raw.line_times_s]
        noisy = replace(raw, decoded=sound, data=wav(sound, raw.sample_rate_hz), line_times_s=times)
        keep(request, noisy, context)
    before, after = recorded(REPAIRED, context), recorded(REPAIRED, context, {2: 1})
    old, new = audio(before, context), audio(after, context)

    assert [line.take == first.key for line in after.lines] == [True, True, False, True, True]
    pauses = [each.start_s - line.end_s for line, each in pairwise(after.lines)]
    assert pauses == pytest.approx([PAUSE_S] * 4, abs=1e-3)
    for index in (0, 1, 3, 4):
        assert np.array_equal(_of(before, index, old), _of(after, index, new))
    levels = [loudness_lufs(_of(after, index, new)) for index in (0, 2, 4)]
    assert max(levels) - min(levels) < 1.0
    for line, each in pairwise(after.lines):
        pause = new[round((line.end_s + 0.01) * RATE_HZ) : round((each.start_s - 0.01) * RATE_HZ)]
        windows = pause[: len(pause) // 441 * 441].reshape(-1, 441)
        floor_db = 10 * np.log10(np.mean(np.square(windows, dtype=np.float64), axis=1))
        assert np.abs(np.diff(floor_db)).max() < FLOOR_STEP_MAX_DB
        assert np.abs(np.diff(pause)).max() < 12 * FLOOR


def test_dead_air_goes_with_the_line_before_it(
    context: StepContext, tones: type[Tones], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that is spoken again because nothing follows it for seconds does not leave that silence behind."""
    monkeypatch.setattr(tones, "capabilities", replace(LIMITS, max_speakers=2, timestamps=True))
    whole = script("S1: Hello.", "S2: Hello.")
    (request,) = plan(whole, CAST, context.settings, {})
    raw = tones(context.settings).speak(request)
    rate_hz, (start_s, end_s) = raw.sample_rate_hz, raw.line_times_s[1]
    dead = np.zeros(4 * rate_hz, np.float32)
    sound = np.insert(raw.samples, round((start_s - 0.01) * rate_hz), dead)
    times = [raw.line_times_s[0], (start_s + 4, end_s + 4)]
    keep(request, replace(raw, decoded=sound, data=wav(sound, rate_hz), line_times_s=times), context)

    before, after = (recorded(whole, context, variants).lines for variants in ({}, {0: 1}))

    assert before[1].start_s - before[0].end_s > 4.0
    assert after[1].start_s - after[0].end_s == pytest.approx(ENGINE_PAUSE_MAX_S, abs=0.01)


def _of(recording: Recording, index: int, samples: Samples) -> Samples:
    line = recording.lines[index]
    start = round(line.start_s * RATE_HZ)
    return samples[start : start + round((line.end_s - line.start_s) * RATE_HZ)]


def test_memory_does_not_grow_with_the_length(context: StepContext) -> None:
    """What three minutes need above half of that is under a fifth of their audio: times are kept, samples are not."""
    peaks = []
    for count in (120, 240):
        whole = script(*(f"S{1 + n % 2}: Hello." for n in range(count)))
        requests = plan(whole, CAST, context.settings, {})
        takes = [speak(request, context) for request in requests]
        tracemalloc.start()
        recording = join(whole, requests, takes, context, requests_made=2)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    audio_bytes = recording.duration_s * RATE_HZ * 4
    assert recording.duration_s > 160
    assert peaks[1] - peaks[0] < audio_bytes / 5


def test_a_line_without_a_take(context: StepContext) -> None:
    """A recording that would leave a line out is not made."""
    requests = plan(DIALOGUE, CAST, context.settings, {})
    takes = [speak(request, context) for request in requests]
    with pytest.raises(SpeechError, match="No take speaks line 5"):
        join(DIALOGUE, requests[:-1], takes[:-1], context, requests_made=0)
    with pytest.raises(SpeechError, match="does not belong to request"):
        join(DIALOGUE, requests, takes[::-1], context, requests_made=0)


def test_audio_that_is_gone_or_damaged(context: StepContext) -> None:
    """A take whose file was damaged is named, never replaced by silence."""
    requests = plan(DIALOGUE, CAST, context.settings, {})
    takes = [speak(request, context) for request in requests]
    path = context.store.path(takes[1].audio)
    path.chmod(0o644)
    path.write_bytes(b"\0" * takes[1].audio.size_bytes)
    with pytest.raises(StoreError, match=f"The audio of take {takes[1].key[:12]} cannot be read"):
        join(DIALOGUE, requests, takes, context, requests_made=0)
    path.unlink()
    with pytest.raises(StoreError, match="does not hold"):
        join(DIALOGUE, requests, takes, context, requests_made=0)


@pytest.mark.parametrize(
    ("text", "speaker", "chapter", "pause"),
    [
        ("Well.", "S2", 0, TURN_S),
        ("Well?", "S2", 0, ANSWER_S),
        ('"Well?"', "S2", 0, ANSWER_S),
        ("Well?", "S1", 0, SAME_SPEAKER_S),
        ("Well\u2014", "S2", 0, INTERRUPTION_S),
        ("Well\u2026", "S1", 0, INTERRUPTION_S),
        ("Well\u2014", "S2", 1, CHAPTER_S),
    ],
)
def test_pauses(text: str, speaker: str, chapter: int, pause: float) -> None:
    """Answers come quickly, interruptions at once, another chapter after a rest."""
    before = Line(index=0, speaker="S1", text=text, spoken=text, chapter=0)
    after = Line(index=1, speaker=speaker, text="Yes.", spoken="Yes.", chapter=chapter)
    assert pause_s(before, after) == pause
