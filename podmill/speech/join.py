"""Takes to one recording: natural pauses, no clicks, memory that does not grow with the length."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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

ROOM_LEVEL: Final = 10 ** (-80 / 20)
"""RMS of the noise laid under everything, so that pauses are quiet and not dead."""
ROOM_SEED: Final = 1
BLOCK: Final = 1 << 15
BYTES_PER_SAMPLE: Final = 2
"""Before FLAC makes it less."""


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A line, or a part of one, and the take it is in."""

    line: RequestLine
    take: Take
    within: TakeLine

    @property
    def voice(self) -> Voice:
        return self.take.key, self.line.speaker


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
    spoken = _in_order(script, requests, takes)
    need_bytes = int(sum(take.duration_s for take in takes) * RATE_HZ * BYTES_PER_SAMPLE)
    check_room(
        {context.temp_dir: need_bytes, context.settings.store_dir: need_bytes},
        context.settings.disk_reserve_mb,
        to="join the takes",
    )
    path = context.temp_dir / "recording.flac"
    with files.flac(path, RATE_HZ) as out:
        track = _Track(out)
        lines = _write(script, spoken, track, context)
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


def _in_order(script: Script, requests: Sequence[SpeechRequest], takes: Sequence[Take]) -> list[_Spoken]:
    last: dict[tuple[int, int], _Spoken] = {}
    for request, take in zip(requests, takes, strict=True):
        if take.key != request.key:
            raise SpeechError(f"Take {take.key[:12]} does not belong to request {request.key[:12]}.")
        for line, within in zip(request.lines, take.lines, strict=True):
            # Another voice has spoken the line anew, from its beginning.
            for place in [each for each in last if each[0] == line.index and last[each].line.voice != line.voice]:
                del last[place]
            last[line.index, line.piece] = _Spoken(line, take, within)
    missing = {line.index for line in script.lines} - {index for index, _ in last}
    if missing or not last:
        raise SpeechError(f"No take speaks line {min(missing, default=0) + 1}.", action="Run: podmill retry")
    return [last[place] for place in sorted(last)]


def _spans(spoken: Sequence[_Spoken], lines: Mapping[int, Line]) -> list[list[_Spoken]]:
    """Neighbours that one take says in one go keep the pauses of their engine, but for that of a new chapter."""
    spans: list[list[_Spoken]] = []
    for part in spoken:
        before = spans[-1][-1] if spans else None
        if not before or not _go_on(before, part):
            spans.append([part])
            continue
        gap_s = part.within.start_s - before.within.end_s
        if lines[before.line.index].chapter == lines[part.line.index].chapter or gap_s < PAUSE_MIN_S:
            spans[-1].append(part)
            continue
        # Engines do not know of chapters. The pause is cut where it certainly is one.
        kept_s = min(gap_s / 2, PAUSE_KEPT_S)
        ends = before.within.model_copy(update={"end_s": before.within.end_s + kept_s})
        begins = part.within.model_copy(update={"start_s": part.within.start_s - kept_s})
        spans[-1][-1] = replace(before, within=ends)
        spans.append([replace(part, within=begins)])
    return spans


def _go_on(before: _Spoken, after: _Spoken) -> bool:
    return before.take.key == after.take.key and before.within.index_in_take + 1 == after.within.index_in_take


class _Track:
    """The file being written, and the room under everything in it."""

    def __init__(self, out: soundfile.SoundFile) -> None:
        self.out = out
        self.frames = 0
        self._room = np.random.default_rng(ROOM_SEED)

    def write(self, blocks: Iterator[Samples]) -> None:
        for block in blocks:
            self.out.write(block + ROOM_LEVEL * self._room.standard_normal(len(block), dtype=np.float32))
            self.frames += len(block)


def _write(script: Script, spoken: Sequence[_Spoken], track: _Track, context: StepContext) -> tuple[LineTime, ...]:
    lines = {line.index: line for line in script.lines}
    times: dict[int, LineTime] = {}
    spans, gains = _spans(spoken, lines), _gains(spoken, context)
    for number, span in enumerate(spans):
        track.write(_silence(_pause_before(spans, number, lines)))
        offset_s = track.frames / RATE_HZ - span[0].within.start_s
        track.write(_audio(span, gains, context))
        for part in span:
            index = part.line.index
            first = times.get(index)
            times[index] = LineTime(
                index=index,
                start_s=first.start_s if first else offset_s + part.within.start_s,
                end_s=offset_s + part.within.end_s,
                take=first.take if first else part.take.key,
                voice=part.line.voice,
            )
    track.write(_silence(TAIL_S))
    return tuple(times[index] for index in sorted(times))


def _pause_before(spans: Sequence[Sequence[_Spoken]], number: int, lines: dict[int, Line]) -> float:
    if number == 0:
        return LEAD_IN_S
    before, after = spans[number - 1][-1].line.index, spans[number][0].line.index
    return SENTENCE_S if before == after else pause_s(lines[before], lines[after])


def _silence(duration_s: float) -> Iterator[Samples]:
    yield np.zeros(round(duration_s * RATE_HZ), dtype=np.float32)


def _gains(spoken: Sequence[_Spoken], context: StepContext) -> Mapping[Voice, float]:
    """By how much each voice is made louder or softer, so that all of them meet."""
    voices: dict[Voice, list[_Spoken]] = {}
    for part in spoken:
        voices.setdefault(part.voice, []).append(part)
    return meeting_gains(
        {
            voice: Level.measure(
                block for part in parts for block in _excerpt(part.take, *_frames(part.within, part.within), context)
            )
            for voice, parts in voices.items()
        }
    )


def _audio(span: Sequence[_Spoken], gains: Mapping[Voice, float], context: StepContext) -> Iterator[Samples]:
    """The audio of a span, faded in and out; between two voices the gain goes from that of one to that of the other."""
    start, length = _frames(span[0].within, span[-1].within)
    fade = round(FADE_S * RATE_HZ)
    bends, heights = [0.0], [gains[span[0].voice]]
    for before, after in pairwise(span):
        middle = (before.within.end_s + after.within.start_s) / 2 * RATE_HZ - start
        bends += [middle - fade, middle + fade]
        heights += [gains[before.voice], gains[after.voice]]
    done = 0
    for block in _excerpt(span[0].take, start, length, context):
        place = np.arange(done, done + len(block))
        edges = np.clip(np.minimum(place, length - 1 - place) / fade, 0, 1)
        yield block * (edges * np.interp(place, bends, heights)).astype(np.float32)
        done += len(block)


def _frames(first: TakeLine, last: TakeLine) -> tuple[int, int]:
    """Where in its take a stretch begins, and how long it is."""
    start = round(first.start_s * RATE_HZ)
    return start, round(last.end_s * RATE_HZ) - start


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
