"""The scores of a recording."""

from collections.abc import Iterable, Iterator, Sequence
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
SOURCE_RATE_MIN_HZ: Final = 16_000
"""Of an engine's own sound: without anything up to 8 kHz, wideband telephony, it is heard as a telephone."""
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
            rate = sample_rate(file.samplerate, recording, gates)
            clear = _clarity(list(_opinions(file, context)), recording.lines, gates)
            context.progress(0.8, "Comparing voices")
            lines = list(consistency.listen(file, recording.lines))
    except soundfile.SoundFileError as exc:
        raise MasteringError(f"The recording cannot be read: {exc}", action="Run: podmill retry") from exc
    length = duration(recording.duration_s, script.estimated_s, gates)
    return (length, rate, _clipping(recording, gates), clear, *_voices(lines, gates, context))


def duration(measured_s: float, planned_s: float, gates: Gates) -> Score:
    """How far a length is from the one that was calculated, as a share of that."""
    off = measured_s / max(planned_s, 1e-9) - 1
    return score("duration", abs(off), gates, f"{measured_s:.1f} s, {off:+.1%} of the {planned_s:.1f} s calculated.")


def sample_rate(rate_hz: int, recording: Recording, gates: Gates) -> Score:
    """Samples a second of a file, and of what its engines gave: their sound is not better for being written at more."""
    measured = score("sample_rate", float(rate_hz), gates, f"{rate_hz:,} samples a second.")
    sources = sorted(recording.source_rates_hz.items())
    less = [f"{voice} at {source_hz:,}" for voice, source_hz in sources if source_hz < rate_hz]
    said = measured.said + (f" As its engine gave it: {', '.join(less)}." if less else "")
    poor = any(source_hz < SOURCE_RATE_MIN_HZ for _, source_hz in sources)
    said += f" Under {SOURCE_RATE_MIN_HZ:,} it is telephone sound: cast another voice." if poor else ""
    return measured.model_copy(update={"said": said, "passed": bool(measured.passed) and not poor})


def _clipping(recording: Recording, gates: Gates) -> Score:
    counts = [line.clipped for line in recording.lines]
    known = [count for count in counts if count is not None]
    if len(known) < len(counts):
        return unmeasured("clipping", gates, "takes are older than this measure.")
    cut = tuple(line.index for line in recording.lines if line.clipped)
    each_minute = sum(known) / max(recording.duration_s / 60, 1.0)
    return score("clipping", each_minute, gates, f"Cut off at the top {sum(known)} times{_named(cut)}.", lines=cut)


def _opinions(file: soundfile.SoundFile, context: StepContext) -> Iterator[tuple[float, float, float]]:
    """Of each window, when it begins and ends, and how clear it is."""
    heard = False
    for window in windows(file, clarity.WINDOW_S):
        context.progress(0.8 * window.start_s * file.samplerate / max(file.frames, 1), "Measuring clarity")
        whole = window.end_s - window.start_s >= REST_MIN * clarity.WINDOW_S
        if clarity.available() and window.samples.any() and (whole or not heard):
            heard = True
            yield window.start_s, window.end_s, clarity.opinion(window.samples)


def _clarity(opinions: Sequence[tuple[float, float, float]], times: Sequence[LineTime], gates: Gates) -> Score:
    if not opinions:
        why = "there is no sound." if clarity.available() else f"run: {clarity.INSTALL}"
        return unmeasured("clarity", gates, why)
    lengths = [end_s - start_s for start_s, end_s, _ in opinions]
    mos = float(np.average([opinion for *_, opinion in opinions], weights=lengths))
    unclear = _lines_in(times, ((start_s, end_s) for start_s, end_s, opinion in opinions if opinion < UNCLEAR_MOS))
    said = f"Listeners are likely to call it {mos:.2f} of {clarity.BEST_MOS:g}"
    said += f", {gates.clarity.limit * clarity.BEST_MOS:.2f} is needed"
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
        one_voice = lines_score.passed is not False
        if name in enough and one_voice and likeness.get(name, 1.0) >= gates.voice_reference.limit:
            context.voices.keep(name, voices.MODEL, voice.embedding.tolist())
    return lines_score, _reference(likeness, enough - likeness.keys(), gates)


def _lines(lines: Sequence[SpokenLine], own: dict[str, Voice], gates: Gates) -> Score:
    strayed = consistency.strayed(lines, own)
    kept = {name: voice.kept for name, voice in own.items() if voice.kept is not None}
    least = min(kept, key=lambda name: kept[name], default="")
    said = f"Lines of {least} keep to their voice by {kept[least]:.3f}." if least else ""
    few = " or ".join(sorted(own.keys() - kept.keys()))
    said += f" Too few lines to tell how {few} keeps to its voice." if few else ""
    for line, instead in list(strayed.items())[:NAMED_MAX]:
        said += f" Line {line + 1} sounds like {instead or 'nobody of the cast'}."
    measured = Score(name="voice_lines", value=None, said=said.strip(), lines=tuple(strayed))
    if least:
        measured = score("voice_lines", kept[least], gates, said, lines=tuple(strayed))
    return measured.model_copy(update={"limit": gates.voice_lines.limit, "passed": False}) if strayed else measured


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
