"""A second speaker out of one voice: its pitch and formants moved together, its pace kept."""

import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import imageio_ffmpeg
import numpy as np

from podmill.errors import SpeechError, VoiceError
from podmill.speech.engine import Samples
from podmill.store.room import no_space

LOWEST: Final = 0.7
HIGHEST: Final = 1.4
"""Beyond these a voice stops sounding like a person."""

TIMEOUT_S: Final = 120
WAV: Final = ("-f", "wav", "-c:a", "pcm_f32le")

_SHIFT = re.compile(r"(?P<base>[^@]+)@(?P<pitch>\d(\.\d{1,3})?)")


def split(voice_id: str) -> tuple[str, float]:
    """The voice and the pitch factor of ``piper:joe@1.19``; 1.0 when none is given.

    Raises:
        VoiceError: the factor is not a number between ``LOWEST`` and ``HIGHEST``.
    """
    if "@" not in voice_id:
        return voice_id, 1.0
    match = _SHIFT.fullmatch(voice_id)
    pitch = float(match["pitch"]) if match else 0.0
    if match is None or not LOWEST <= pitch <= HIGHEST:
        raise VoiceError(
            f"The pitch of voice {voice_id!r} cannot be used.",
            action=f"Write it as piper:joe@1.19, with a factor from {LOWEST} to {HIGHEST}.",
        )
    return match["base"], pitch


def shift(samples: Samples, sample_rate_hz: int, pitch: float) -> Samples:
    """Raise (above 1) or lower (below 1) a voice; the duration stays within a few milliseconds.

    Playing faster and then slowing the tempo keeps the voice cleaner than a phase vocoder: of the shifts measured
    it is the one with the fewest misheard words and the best DNSMOS.

    Raises:
        SpeechError: ffmpeg failed.
    """
    if pitch == 1.0:
        return samples
    out = _run(_command(sample_rate_hz, pitch, "pipe:0", "pipe:1"), samples.astype("<f4").tobytes())
    return np.frombuffer(out, dtype="<f4").astype(np.float32)


def shift_into(path: Path, blocks: Iterable[Samples], sample_rate_hz: int, pitch: float) -> None:
    """As ``shift``, for sound of any length: a WAV file at ``path``, whose folder holds the input meanwhile.

    Raises:
        SpeechError: ffmpeg failed.
    """
    given = path.with_suffix(".f32")
    try:
        with given.open("wb") as file:
            for block in blocks:
                file.write(block.astype("<f4").tobytes())
        _run(_command(sample_rate_hz, pitch, str(given), str(path), form=WAV), b"")
    except OSError as exc:
        raise no_space(path.parent) from exc
    finally:
        given.unlink(missing_ok=True)


def _command(sample_rate_hz: int, pitch: float, source: str, target: str, form: Sequence[str] = ()) -> tuple[str, ...]:
    filters = f"asetrate={round(sample_rate_hz * pitch)},aresample={sample_rate_hz},atempo={1 / pitch:.6f}"
    plain = ("-f", "f32le", "-ar", str(sample_rate_hz), "-ac", "1")
    ffmpeg = (imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y")
    return (*ffmpeg, *plain, "-i", source, "-af", filters, *(form or plain), target)


def _run(command: Sequence[str], given: bytes) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; the audio goes through its standard input or a file
            command, input=given, capture_output=True, check=False, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired as exc:
        raise SpeechError(f"Shifting the pitch took more than {TIMEOUT_S} seconds.") from exc
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip()[-300:]
        raise SpeechError(f"Shifting the pitch failed: {reason}")
    return done.stdout
