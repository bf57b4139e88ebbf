"""Takes to one recording: natural pauses, no clicks, memory that does not grow with the length."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Final

import numpy as np
import soundfile

from models.recording import LineTime, PassedOver, Recording
from models.script import Line, Script
from models.take import Take, TakeLine
from podmill.context import StepContext
from podmill.errors import SpeechError, StoreError
from podmill.speech import files
from podmill.speech.engine import RequestLine, Samples, SpeechRequest
from podmill.speech.level import RATE_HZ, Level, Voice, meeting_gains
from podmill.speech.take import FADE_S
from podmill.store.room import check_room

LEAD_IN_S: Final = 0.3
TAIL_S: Final = 0.8
SENTENCE_S: Final = 0.15
"""Between two parts of one long line."""
SAME_SPEAKER_S: Final = 0.35
TURN_S: Final = 0.25
ANSWER_S: Final = 0.18
"""After a question, when the other answers."""
INTERRUPTION_S: Final = 0.1
"""After a line that does not end: a dash, an ellipsis, a comma."""
CHAPTER_S: Final = 0.9

PAUSE_MIN_S: Final = 0.1
"""A shorter pause within a take may be none: its engine did not say more than about when its lines are heard."""
PAUSE_KEPT_S: Final = 0.1
"""Of such a pause on either side, where it becomes that of a chapter."""
ENGINE_PAUSE_MAX_S: Final = 2.0
"""Of an engine's pause, where a line beside it is spoken anew: a longer one is why."""

ROOM_LEVEL: Final = 10 ** (-80 / 20)
"""RMS of the noise laid under everything, so that pauses are quiet and not dead."""
ROOM_SEED: Final = 1
ROOM_SAMPLES: Final = 1 << 18
"""Six seconds, over and over."""
BLOCK: Final = 1 << 15
BYTES_PER_SAMPLE: Final = 2
"""Before FLAC makes it less."""


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A line, or a part of one, and the take it is in."""

    line: RequestLine
    take: Take
    within: TakeLine
    variant: int
    lead_s: float = 0.0
    """Of the pause before it that is heard from its take, where it is cut from what was before it; likewise after."""
    tail_s: float = 0.0

    @property
    def voice(self) -> Voice:
        return self.take.key, self.line.speaker

    @property
    def pause_s(self) -> float:
        """Before it, in its take; 0 where nothing is before it, or it may be none."""
        place = self.within.index_in_take
        return _pause_s(self.take.lines[place - 1], self.take.lines[place]) if place else 0.0

    @property
    def rest_s(self) -> float:
        """After it, in its take; likewise."""
        place = self.within.index_in_take
        is_last = place + 1 == len(self.take.lines)
        return 0.0 if is_last else _pause_s(self.take.lines[place], self.take.lines[place + 1])


def _pause_s(before: TakeLine, after: TakeLine) -> float:
    gap_s = after.start_s - before.end_s
    return gap_s if gap_s >= PAUSE_MIN_S else 0.0


def join(
    script: Script,
    requests: Sequence[SpeechRequest],
    takes: Sequence[Take],
    context: StepContext,
    *,
    requests_made: int,
    variants: Mapping[int, int] | None = None,
    voices: Mapping[str, str] | None = None,
    passed_over: tuple[PassedOver, ...] = (),
) -> Recording:
    """All takes in the order of the script: FLAC, 44.1 kHz mono, 16 bit. The same takes give the same bytes.

    Speakers come equally loud, also where one take says several of them.

    Args:
        requests: as planned; a later request replaces the lines it shares with an earlier one.
        takes: one for each request.
        requests_made: how many of them were really spoken for this recording.
        variants: lines that verification refused, and how often each was spoken anew.
        voices: by speaker, of those whose turn was last.
        passed_over: those whose turn was before.

    Raises:
        SpeechError: a line of the script is in no take.
        StoreError: the audio of a take is gone.
        DiskFullError: there is no room for the recording.
    """
    for request, take in zip(requests, takes, strict=True):
        if take.key != request.key:
            raise SpeechError(f"Take {take.key[:12]} does not belong to request {request.key[:12]}.")
    heard = [
        _Spoken(line, take, within, request.variant)
        for request, take in zip(requests, takes, strict=True)
        for line, within in zip(request.lines, take.lines, strict=True)
    ]
    spoken = _in_order(script, heard)
    need_bytes = int(sum(take.duration_s for take in takes) * RATE_HZ * BYTES_PER_SAMPLE)
    check_room(
        {context.temp_dir: need_bytes, context.settings.store_dir: need_bytes},
        context.settings.disk_reserve_mb,
        to="join the takes",
    )
    path = context.temp_dir / "recording.flac"
    with files.flac(path, RATE_HZ) as out:
        track = _Track(out)
        lines = _write(script, heard, spoken, track, context)
    recording = Recording(
        audio=context.store.put(path, suffix=".flac", media_type="audio/flac"),
        sample_rate_hz=RATE_HZ,
        channels=1,
        duration_s=track.frames / RATE_HZ,
        lines=lines,
        requests=requests_made,
        variants=dict(variants or {}),
        passed_over=passed_over,
        voices=dict(voices or {}),
        source_rates_hz=_source_rates_hz(spoken),
    )
    path.unlink()
    return recording


def text_only(*, requests_made: int, passed_over: tuple[PassedOver, ...]) -> Recording:
    """What there is of an episode that nobody could speak: why not."""
    return Recording(
        audio=None,
        sample_rate_hz=0,
        channels=0,
        duration_s=0.0,
        lines=(),
        requests=requests_made,
        passed_over=passed_over,
    )


def pause_s(before: Line, after: Line) -> float:
    """Seconds between two lines, by what the first ends with and who speaks next."""
    if before.chapter != after.chapter:
        return CHAPTER_S
    end = before.text.rstrip("\"')]\u2019\u201d ")[-1:]
    if end in ("-", "\u2013", "\u2014", "\u2026", ","):
        return INTERRUPTION_S
    if before.speaker == after.speaker:
        return SAME_SPEAKER_S
    return ANSWER_S if end in ("?", "\uff1f") else TURN_S


def _in_order(script: Script, heard: Sequence[_Spoken]) -> list[_Spoken]:
    last: dict[tuple[int, int], _Spoken] = {}
    for part in heard:
        line = part.line
        # It is spoken anew, from its beginning.
        for place in [each for each in last if each[0] == line.index] if line.piece == 0 else ():
            del last[place]
        last[line.index, line.piece] = part
    missing = {line.index for line in script.lines} - {index for index, _ in last}
    if missing or not last:
        raise SpeechError(f"No take speaks line {min(missing, default=0) + 1}.", action="Run: podmill retry")
    return [last[place] for place in sorted(last)]


def _spans(spoken: Sequence[_Spoken], lines: Mapping[int, Line]) -> list[list[_Spoken]]:
    """Neighbours that one take says in one go keep the pauses of their engine, but for that of a new chapter."""
    spans: list[list[_Spoken]] = []
    for part in spoken:
        before = spans[-1][-1] if spans else None
        # Engines do not know of chapters. A pause is cut where it certainly is one.
        goes_on = before and (lines[before.line.index].chapter == lines[part.line.index].chapter or not before.rest_s)
        if before and goes_on and _go_on(before, part):
            spans[-1].append(part)
            continue
        if before:
            spans[-1][-1] = replace(before, tail_s=_kept_s(before.rest_s))
        spans.append([replace(part, lead_s=_kept_s(part.pause_s))])
    return spans


def _kept_s(pause_s: float) -> float:
    """How much of a pause that is cut stays with the line before it, or after it."""
    return min(pause_s / 2, PAUSE_KEPT_S)


def _go_on(before: _Spoken, after: _Spoken) -> bool:
    return before.take.key == after.take.key and before.within.index_in_take + 1 == after.within.index_in_take


@cache
def _room() -> Samples:
    return np.random.default_rng(ROOM_SEED).normal(0, ROOM_LEVEL, ROOM_SAMPLES).astype(np.float32)


class _Track:
    """The file being written, and the room under everything in it."""

    def __init__(self, out: soundfile.SoundFile) -> None:
        self.out = out
        self.frames = 0

    def write(self, blocks: Iterator[Samples], at: int = 0) -> None:
        """
        Args:
            at: place in the room. A take has one of its own: wherever it is heard, its samples are the same.
        """
        for block in blocks:
            self.out.write(block + _room().take(np.arange(at, at + len(block)), mode="wrap"))
            self.frames += len(block)
            at += len(block)


def _write(
    script: Script, heard: Sequence[_Spoken], spoken: Sequence[_Spoken], track: _Track, context: StepContext
) -> tuple[LineTime, ...]:
    lines = {line.index: line for line in script.lines}
    times: dict[int, LineTime] = {}
    spans, gains = _spans(spoken, lines), _gains(heard, spoken, context)
    for number, span in enumerate(spans):
        track.write(_silence(_pause_before(spans, number, lines)))
        start, _ = _frames(span)
        offset_s = (track.frames - start) / RATE_HZ
        track.write(_audio(span, gains, context), start)
        for part in span:
            index = part.line.index
            first = times.get(index)
            times[index] = LineTime(
                index=index,
                start_s=first.start_s if first else offset_s + part.within.start_s,
                end_s=offset_s + part.within.end_s,
                take=first.take if first else part.take.key,
                voice=part.line.voice,
                clipped=_sum(first.clipped, part.within.clipped) if first else part.within.clipped,
                variant=part.variant,
            )
    track.write(_silence(TAIL_S))
    return tuple(times[index] for index in sorted(times))


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _source_rates_hz(spoken: Sequence[_Spoken]) -> dict[str, int]:
    rates = [(each.line.voice, each.take.source_rate_hz) for each in spoken if each.take.source_rate_hz is not None]
    return {voice: min(rate for one, rate in rates if one == voice) for voice, _ in rates}


def _pause_before(spans: Sequence[Sequence[_Spoken]], number: int, lines: dict[int, Line]) -> float:
    if number == 0:
        return LEAD_IN_S
    last, first = spans[number - 1][-1], spans[number][0]
    before, after = lines[last.line.index], lines[first.line.index]
    if before.index == after.index:
        return SENTENCE_S
    whole_s = pause_s(before, after)
    if before.chapter == after.chapter:
        # Where a line is spoken anew, the pauses around it stay as they were in the take of its neighbours.
        whole_s = min(last.rest_s or first.pause_s or whole_s, ENGINE_PAUSE_MAX_S)
    return max(whole_s - last.tail_s - first.lead_s, 0.0)


def _silence(duration_s: float) -> Iterator[Samples]:
    yield np.zeros(round(duration_s * RATE_HZ), dtype=np.float32)


def _gains(heard: Sequence[_Spoken], spoken: Sequence[_Spoken], context: StepContext) -> Mapping[Voice, float]:
    """By how much each voice is made louder or softer, so that all of them meet.

    A line that was spoken anew counts for the level of the take that had it before: its neighbours stay as they were.
    """
    used = {part.voice for part in spoken}
    voices: dict[Voice, list[_Spoken]] = {}
    for part in heard:
        if part.voice in used:
            voices.setdefault(part.voice, []).append(part)
    return meeting_gains(
        {
            voice: Level.measure(block for part in parts for block in _excerpt(part.take, *_frames([part]), context))
            for voice, parts in voices.items()
        }
    )


def _audio(span: Sequence[_Spoken], gains: Mapping[Voice, float], context: StepContext) -> Iterator[Samples]:
    """The audio of a span, faded in and out; between two voices the gain goes from that of one to that of the other."""
    start, length = _frames(span)
    fade = round(FADE_S * RATE_HZ)
    head, tail = (max(round(kept_s * RATE_HZ), fade) for kept_s in (span[0].lead_s, span[-1].tail_s))
    bends, heights = [0.0], [gains[span[0].voice]]
    for before, after in pairwise(span):
        middle = (before.within.end_s + after.within.start_s) / 2 * RATE_HZ - start
        bends += [middle - fade, middle + fade]
        heights += [gains[before.voice], gains[after.voice]]
    done = 0
    for block in _excerpt(span[0].take, start, length, context):
        place = np.arange(done, done + len(block))
        edges = np.clip(np.minimum(place / head, (length - 1 - place) / tail), 0, 1)
        yield block * (edges * np.interp(place, bends, heights)).astype(np.float32)
        done += len(block)


def _frames(span: Sequence[_Spoken]) -> tuple[int, int]:
    """Where in its take a span begins, and how long it is."""
    first, last = span[0], span[-1]
    start = round((first.within.start_s - first.lead_s) * RATE_HZ)
    return start, round((last.within.end_s + last.tail_s) * RATE_HZ) - start


def _excerpt(take: Take, start: int, length: int, context: StepContext) -> Iterator[Samples]:
    """A stretch of the audio of a take, in blocks.

    Raises:
        StoreError: it is gone, damaged or shorter.
    """
    left = length
    try:
        with soundfile.SoundFile(context.store.path(take.audio)) as file:
            file.seek(start)
            while left and len(block := file.read(min(BLOCK, left), dtype="float32")):
                yield block
                left -= len(block)
    except soundfile.LibsndfileError as exc:
        raise StoreError(f"The audio of take {take.key[:12]} cannot be read: {exc}", action="Speak it again.") from exc
    if left:
        raise StoreError(f"The audio of take {take.key[:12]} is shorter than recorded.", action="Speak it again.")
