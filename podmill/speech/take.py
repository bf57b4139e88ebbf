"""One request to one take: spoken, trimmed, levelled, kept."""

import math
import warnings
from functools import cache
from typing import Any, Final

import imageio_ffmpeg
import numpy as np
import soxr

from models.take import Take, TakeLine
from podmill import faults
from podmill.context import StepContext
from podmill.errors import SpeechError
from podmill.speech import engine, files
from podmill.speech.engine import RawSpeech, Samples, SpeechRequest

RATE_HZ: Final = 44100
"""Of every take and recording."""

LOUDNESS_LUFS: Final = -23.0
"""EBU R128. Raw speech peaks 18 to 22 dB above its loudness: any louder and the peaks of some lines would forbid the
level that the others get. The master brings the whole to its target."""

PEAK_MAX: Final = 10 ** (-1 / 20)
GATE_S: Final = 0.4
"""The meter measures in blocks of this length; what is shorter is levelled by its mean square."""

SILENT: Final = 10 ** (-50 / 20)
"""No sample above this: nothing was said."""

EDGE_S: Final = 0.03
"""Kept before the first and after the last sound: breaths and soft consonants lie there."""

EDGE_BELOW_DB: Final = 35.0
"""Sound begins this far below the level of the take."""

FADE_S: Final = 0.005
STEP_MS: Final = 5


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
    """
    samples, head_s = finish(raw, request.text)
    path = context.temp_dir / f"{request.key}.flac"
    with files.flac(path, RATE_HZ) as out:
        out.write(samples)
    try:
        audio = context.store.put(path, suffix=".flac", media_type="audio/flac")
    finally:
        path.unlink()
    duration_s = len(samples) / RATE_HZ
    take = Take(
        key=request.key,
        engine=request.engine,
        voice="+".join(request.voices),
        raw=context.store.put_bytes(raw.data, suffix=raw.suffix, media_type=raw.media_type),
        audio=audio,
        duration_s=duration_s,
        lines=_line_times(request, raw, head_s, duration_s),
    )
    context.takes.put(take)
    faults.hit("take:kept")
    return take


def finish(raw: RawSpeech, text: str) -> tuple[Samples, float]:
    """Audio of an engine at 44.1 kHz, trimmed, levelled and faded, and the seconds that were cut from its head.

    Raises:
        SpeechError: it is silent, or not sound.
    """
    said = f"for {text[:80]!r}"
    samples = raw.samples
    if samples.ndim != 1 or samples.size == 0:
        raise SpeechError(f"The engine gave no sound {said}.", action="Try again, or choose another voice.")
    if not np.isfinite(samples).all():
        raise SpeechError(f"The engine gave damaged sound {said}.", action="Try again, or choose another voice.")
    if float(np.abs(samples).max()) < SILENT:
        raise SpeechError(f"The engine gave silence {said}.", action="Try again, or choose another voice.")
    samples = soxr.resample(samples, raw.sample_rate_hz, RATE_HZ).astype(np.float32)
    start, end = _sounding(samples)
    return _faded(_levelled(samples[start:end])), start / RATE_HZ


def _sounding(samples: Samples) -> tuple[int, int]:
    """First and last sample to keep."""
    segments = _pydub()
    scale = 2**31 - 128  # the largest 32 bit integer that a 32 bit float can hold
    whole = segments.AudioSegment(
        (np.clip(samples, -1, 1) * scale).astype("<i4").tobytes(), frame_rate=RATE_HZ, sample_width=4, channels=1
    )
    threshold = whole.dBFS - EDGE_BELOW_DB
    head_ms = segments.silence.detect_leading_silence(whole, threshold, STEP_MS)
    tail_ms = segments.silence.detect_leading_silence(whole.reverse(), threshold, STEP_MS)
    edge = round(EDGE_S * RATE_HZ)
    start = max(0, round(head_ms / 1000 * RATE_HZ) - edge)
    end = min(len(samples), len(samples) - round(tail_ms / 1000 * RATE_HZ) + edge)
    return start, end


def _levelled(samples: Samples) -> Samples:
    gain_db = LOUDNESS_LUFS - loudness_lufs(samples)
    gain = min(10 ** (gain_db / 20), PEAK_MAX / float(np.abs(samples).max()))
    return (samples * gain).astype(np.float32)


def loudness_lufs(samples: Samples) -> float:
    """Integrated loudness of mono audio at 44.1 kHz; short audio by its mean square, which leaves out the weighting."""
    from pyloudnorm import Meter

    if len(samples) > math.ceil(GATE_S * RATE_HZ):
        measured = float(Meter(RATE_HZ).integrated_loudness(samples.astype(np.float64)))
        if math.isfinite(measured):
            return measured
    return -0.691 + 10 * math.log10(float(np.mean(np.square(samples, dtype=np.float64))))


def _faded(samples: Samples) -> Samples:
    length = min(round(FADE_S * RATE_HZ), len(samples) // 2)
    ramp = np.linspace(0, 1, length, endpoint=False, dtype=np.float32)
    samples[:length] *= ramp
    samples[len(samples) - length :] *= ramp[::-1]
    return samples


def _line_times(request: SpeechRequest, raw: RawSpeech, head_s: float, duration_s: float) -> tuple[TakeLine, ...]:
    if len(request.lines) == 1:
        return (TakeLine(index_in_take=0, start_s=0.0, end_s=duration_s),)
    if len(raw.line_times_s) != len(request.lines):
        raise SpeechError(
            f"The engine {request.engine!r} did not say when each of {len(request.lines)} lines is heard."
        )
    cut = [
        (min(max(start - head_s, 0.0), duration_s), min(max(end - head_s, 0.0), duration_s))
        for start, end in raw.line_times_s
    ]
    return tuple(TakeLine(index_in_take=i, start_s=start, end_s=end) for i, (start, end) in enumerate(cut))


@cache
def _pydub() -> Any:
    """pydub, told where ffmpeg is: it looks on PATH when it is imported, and warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pydub
        import pydub.silence
    pydub.AudioSegment.converter = imageio_ffmpeg.get_ffmpeg_exe()
    return pydub
