"""One request to one take: spoken, trimmed, levelled, kept."""

import io
import math
import warnings
from functools import cache
from pathlib import Path
from typing import Any, Final, NoReturn

import imageio_ffmpeg
import numpy as np

from models.take import Take, TakeLine
from podmill import faults
from podmill.context import StepContext
from podmill.errors import SpeechError
from podmill.speech import engine, files, pauses
from podmill.speech.clipping import clipped_s
from podmill.speech.draft import Draft, drafted
from podmill.speech.engine import RawSpeech, SpeechRequest
from podmill.speech.level import LOUDNESS_LUFS, PEAK_MAX, RATE_HZ, Level

SILENT: Final = 10 ** (-50 / 20)
"""No sample above this: nothing was said."""

EDGE_S: Final = 0.03
"""Kept before the first and after the last sound: breaths and soft consonants lie there."""

EDGE_BELOW_DB: Final = 35.0
"""Sound begins this far below the level of the take."""

FADE_S: Final = 0.005
STEP_MS: Final = 5

BLOCK: Final = 1 << 16
WINDOW: Final = 10 * RATE_HZ
"""How much of an end is searched for its first sound at a time."""


def speak(request: SpeechRequest, context: StepContext) -> Take:
    """The take of a request, from the cache or spoken now.

    Raises:
        MissingExtraError: the engine's packages are not installed.
        VoiceError: the engine does not have the voice.
        SpeechError: the engine gave silence, or nothing that is sound.
        TransientError: it may work later.
    """
    known = context.takes.get(request.key)
    if known is not None:
        return known
    raw = engine.make(request.engine, context.settings).speak(request)
    return keep(request, raw, context)


def keep(request: SpeechRequest, raw: RawSpeech, context: StepContext) -> Take:
    """What an engine gave, made into a take and remembered.

    Raises:
        SpeechError: it is silent, or not sound.
        DiskFullError: there is no room for it.
    """
    path = context.temp_dir / f"{request.key}.flac"
    try:
        duration_s, head_s = finish(raw, request.text, path)
        lines = _clipped(_line_times(request, raw, head_s, duration_s, path), raw, head_s)
        audio = context.store.put(path, suffix=".flac", media_type="audio/flac")
    finally:
        path.unlink(missing_ok=True)
    take = Take(
        key=request.key,
        engine=request.engine,
        voice="+".join(request.voices),
        raw=context.store.put_bytes(raw.data, suffix=raw.suffix, media_type=raw.media_type),
        audio=audio,
        duration_s=duration_s,
        source_rate_hz=raw.sample_rate_hz,
        lines=lines,
    )
    context.takes.put(take)
    faults.hit("take:kept")
    return take


def finish(raw: RawSpeech, text: str, path: Path) -> tuple[float, float]:
    """Audio of an engine as FLAC at 44.1 kHz, trimmed, levelled and faded. It passes in blocks, however long it is.

    Args:
        path: is written, and a draft beside it while this runs.

    Returns:
        Its duration, and what was cut from its head, in seconds.

    Raises:
        SpeechError: it is silent, or not sound.
        DiskFullError: there is no room for it.
    """
    with drafted(raw, path.with_suffix(".wav"), RATE_HZ) as draft:
        if draft.frames == 0:
            _useless("no sound", text)
        if not draft.sane:
            _useless("damaged sound", text)
        if draft.peak < SILENT:
            _useless("silence", text)
        start, end = _sounding(draft)
        gain = _gain(draft, start, end)
        length = min(round(FADE_S * RATE_HZ), (end - start) // 2)
        with files.flac(path, RATE_HZ) as out:
            for at in range(start, end, BLOCK):
                place = np.arange(at, min(at + BLOCK, end)) - start
                fade = np.minimum(place, end - start - 1 - place) / max(length, 1)
                out.write(draft.read(at, len(place)) * (gain * np.clip(fade, 0, 1)).astype(np.float32))
    return (end - start) / RATE_HZ, start / RATE_HZ


def _useless(what: str, text: str) -> NoReturn:
    raise SpeechError(f"The engine gave {what} for {text[:80]!r}.", action="Try again, or choose another voice.")


def _sounding(draft: Draft) -> tuple[int, int]:
    """First and last sample to keep."""
    threshold = 10 * math.log10(draft.mean_square) - EDGE_BELOW_DB
    edge = round(EDGE_S * RATE_HZ)
    start = max(0, _quiet(draft, threshold, backwards=False) - edge)
    end = min(draft.frames, draft.frames - _quiet(draft, threshold, backwards=True) + edge)
    return start, end


def _quiet(draft: Draft, threshold_db: float, *, backwards: bool) -> int:
    """Samples at the beginning, or at the end, that are below a level."""
    segments = _pydub()
    scale = 2**31 - 128  # the largest 32 bit integer that a 32 bit float can hold
    for at in range(0, draft.frames, WINDOW):
        length = min(WINDOW, draft.frames - at)
        samples = draft.read(draft.frames - at - length if backwards else at, length)
        whole = segments.AudioSegment(
            (np.clip(samples, -1, 1) * scale).astype("<i4").tobytes(), frame_rate=RATE_HZ, sample_width=4, channels=1
        )
        quiet_ms: int = segments.silence.detect_leading_silence(
            whole.reverse() if backwards else whole, threshold_db, STEP_MS
        )
        if quiet_ms < len(whole):
            return at + round(quiet_ms / 1000 * RATE_HZ)
    return 0


def _gain(draft: Draft, start: int, end: int) -> float:
    """What brings a part of a draft to the level of all takes."""
    level = Level.measure(draft.read(at, min(BLOCK, end - at)) for at in range(start, end, BLOCK))
    return min(10 ** ((LOUDNESS_LUFS - level.loudness_lufs) / 20), PEAK_MAX / level.peak)


def _line_times(
    request: SpeechRequest, raw: RawSpeech, head_s: float, duration_s: float, path: Path
) -> tuple[TakeLine, ...]:
    """When each line is heard: as the engine said, else as the finished sound at ``path`` tells."""
    if len(request.lines) == 1:
        return (TakeLine(index_in_take=0, start_s=0.0, end_s=duration_s),)
    told = raw.line_times_s
    if len(told) != len(request.lines):
        told, head_s = pauses.line_times(request.lines, files.blocks(path), RATE_HZ), 0.0
    cut = [(min(max(start - head_s, 0.0), duration_s), min(max(end - head_s, 0.0), duration_s)) for start, end in told]
    # Silence is cut already: what sounds before the first character, or after the last, is a breath or half a sound.
    cut[0], cut[-1] = (0.0, cut[0][1]), (cut[-1][0], duration_s)
    return tuple(TakeLine(index_in_take=i, start_s=start, end_s=end) for i, (start, end) in enumerate(cut))


def _clipped(lines: tuple[TakeLine, ...], raw: RawSpeech, head_s: float) -> tuple[TakeLine, ...]:
    """Lines with how often the engine's own sound is cut off in them. A pause counts to the line before it."""
    times_s = clipped_s(files.blocks(io.BytesIO(raw.data)), raw.sample_rate_hz) - head_s
    ends = np.searchsorted(times_s, [line.start_s for line in lines[1:]])
    counts = np.diff(ends, prepend=0, append=len(times_s))
    return tuple(line.model_copy(update={"clipped": int(count)}) for line, count in zip(lines, counts, strict=True))


@cache
def _pydub() -> Any:
    """pydub, told where ffmpeg is: it looks on PATH when it is imported, and warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pydub
        import pydub.silence
    pydub.AudioSegment.converter = imageio_ffmpeg.get_ffmpeg_exe()
    return pydub
