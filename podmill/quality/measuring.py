"""The scores of a recording."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import soundfile

from models.gates import Gates
from models.recording import LineTime, Recording
from models.score import Score
from models.script import Script
from podmill.context import StepContext
from podmill.errors import MasteringError
from podmill.quality import clarity, consistency, voices
from podmill.quality.consistency import SpokenLine, Voice
from podmill.quality.gates import score, unmeasured
from podmill.quality.hearing import windows

UNCLEAR_MOS: Final = 3.0
"""Opinion, "fair", below which the lines of a window are named though the whole may be clear."""
WINDOW_SD_MOS: Final = 0.2
"""By which windows of one voice differ: by 0.10 to 0.33 in four recordings of Piper's joe, of 3 to 14 windows."""
SURE: Final = 1.645
"""Standard errors: clarity fails where it is below its limit with 95 % certainty. Half a minute may miss by chance what
the voice reaches; in half an hour that is 0.03 of an opinion."""
REFERENCE_MIN_S: Final = 3.0
"""Speech of a voice in an episode from which on it is held against another episode, or stands for the voice."""
REST_MIN: Final = 0.5
"""Share of a window that the last one must fill, or it does not count: a rest of a second tells little."""
NAMED_MAX: Final = 10
"""Lines that are named to a person; the score has them all."""


def measure(
    script: Script,
    recording: Recording,
    gates: Gates,
    context: StepContext,
) -> tuple[Score, ...]:
    """The scores of a recording, besides its words: ``duration``, ``sample_rate``, ``clipping``, ``clarity``,
    ``voice_lines`` and ``voice_reference``. None for one that is text only.

    How its voices are heard is kept in ``context.voices``: the first episode in a voice is what every later one is held
    against.

    Raises:
        MasteringError: the recording cannot be read.
    """
    if recording.text_only:
        return ()
    try:
        with soundfile.SoundFile(context.store.path(recording.sound)) as file:
            rate = score("sample_rate", float(file.samplerate), gates, f"{file.samplerate:,} samples a second.")
            heard = _windows(file, recording, gates, context)
            context.progress(1.0, "Comparing voices")
            lines = list(consistency.listen(file, recording.lines))
    except soundfile.SoundFileError as exc:
        raise MasteringError(f"The recording cannot be read: {exc}", action="Run: podmill retry") from exc
    length = duration(recording.duration_s, script.estimated_s, gates)
    return (length, rate, *heard, *_voices(lines, gates, context))


def duration(measured_s: float, planned_s: float, gates: Gates) -> Score:
    """How far a length is from the one that was calculated, as a share of that."""
    off = measured_s / max(planned_s, 1e-9) - 1
    return score("duration", abs(off), gates, f"{measured_s:.1f} s, {off:+.1%} of the {planned_s:.1f} s calculated.")


def _windows(file: soundfile.SoundFile, recording: Recording, gates: Gates, context: StepContext) -> tuple[Score, ...]:
    """Clipping and clarity, in one reading."""
    context.progress(1.0, "Measuring clarity")
    clipped_s: list[float] = []
    opinions: list[tuple[float, float, float]] = []
    for window in windows(file, clarity.WINDOW_S):
        clipped_s += window.clipped_s
        whole = window.end_s - window.start_s >= REST_MIN * clarity.WINDOW_S
        if clarity.available() and window.samples.any() and (whole or not opinions):
            opinions.append((window.start_s, window.end_s, clarity.opinion(window.samples)))
    cut = _lines_in(recording.lines, ((at_s, at_s) for at_s in clipped_s))
    said = f"{len(clipped_s)} stretches at full scale{_named(cut)}."
    each_minute = len(clipped_s) / max(recording.duration_s / 60, 1.0)
    return score("clipping", each_minute, gates, said, lines=cut), _clarity(opinions, recording.lines, gates)


def _clarity(opinions: Sequence[tuple[float, float, float]], times: Sequence[LineTime], gates: Gates) -> Score:
    if not opinions:
        why = "there is no sound." if clarity.available() else f"run: {clarity.INSTALL}"
        return unmeasured("clarity", gates, why)
    lengths = [end_s - start_s for start_s, end_s, _ in opinions]
    mos = float(np.average([opinion for *_, opinion in opinions], weights=lengths))
    unclear = _lines_in(times, ((start_s, end_s) for start_s, end_s, opinion in opinions if opinion < UNCLEAR_MOS))
    said = f"Listeners are likely to call it {mos:.2f} of {clarity.BEST_MOS:g}"
    said += f"; least clear{_named(unclear)}." if unclear else "."
    value = mos / clarity.BEST_MOS
    if sum(lengths) < clarity.WINDOW_S:
        return Score(name="clarity", value=value, said=f"{said} Too short to be judged.", lines=unclear)
    measured = score("clarity", value, gates, said, lines=unclear)
    chance = SURE * WINDOW_SD_MOS / len(opinions) ** 0.5 / clarity.BEST_MOS
    return measured.model_copy(update={"passed": value >= gates.clarity.limit - chance})


def _voices(lines: Sequence[SpokenLine], gates: Gates, context: StepContext) -> tuple[Score, ...]:
    if not lines:
        return tuple(unmeasured(name, gates, "no line has sound.") for name in ("voice_lines", "voice_reference"))
    own = consistency.voices_of(lines)
    first = {name: context.voices.first(name, voices.MODEL) for name in own}
    known = {name: np.asarray(reference, np.float32) for name, reference in first.items() if reference is not None}
    enough = {name for name, voice in own.items() if voice.speech_s >= REFERENCE_MIN_S}
    likeness = {name: float(own[name].embedding @ known[name]) for name in known.keys() & enough}
    lines_score = _lines(lines, own, gates)
    for name, voice in own.items():
        # What is not one voice, or is another than it was, must not become what later episodes are held against.
        if name in enough and lines_score.passed and likeness.get(name, 1.0) >= gates.voice_reference.limit:
            context.voices.keep(name, voices.MODEL, voice.embedding.tolist())
    return lines_score, _reference(likeness, enough - likeness.keys(), gates)


def _lines(lines: Sequence[SpokenLine], own: dict[str, Voice], gates: Gates) -> Score:
    least = min(own, key=lambda name: own[name].kept)
    strayed = consistency.strayed(lines, own)
    said = f"Lines of {least} keep to their voice by {own[least].kept:.3f}."
    for line, instead in list(strayed.items())[:NAMED_MAX]:
        said += f" Line {line + 1} sounds like {instead or 'nobody of the cast'}."
    measured = score("voice_lines", own[least].kept, gates, said, lines=tuple(strayed))
    return measured.model_copy(update={"passed": False}) if strayed else measured


def _reference(likeness: dict[str, float], first_heard: set[str], gates: Gates) -> Score:
    new = ", ".join(sorted(first_heard))
    if not likeness:
        said = f"Heard for the first time: {new}." if new else "No voice says enough to be compared."
        return Score(name="voice_reference", value=None, said=said)
    least = min(likeness, key=lambda name: likeness[name])
    said = f"{least} is like itself in the first episode by {likeness[least]:.3f}."
    return score("voice_reference", likeness[least], gates, said + (f" New: {new}." if new else ""))


def _lines_in(times: Sequence[LineTime], spans: Iterable[tuple[float, float]]) -> tuple[int, ...]:
    """Lines that are heard, at least in part, in some stretches."""
    found = {time.index for start_s, end_s in spans for time in times if time.start_s <= end_s and time.end_s > start_s}
    return tuple(sorted(found))


def _named(lines: Sequence[int]) -> str:
    if not lines:
        return ""
    named = ", ".join(str(line + 1) for line in lines[:NAMED_MAX])
    return f" in line{'s' if len(lines) > 1 else ''} {named}{' and others' if len(lines) > NAMED_MAX else ''}"
