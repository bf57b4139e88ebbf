"""MP3 by ffmpeg (libmp3lame, constant bit rate), fed through a pipe."""

import contextlib
import subprocess
import threading
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import imageio_ffmpeg
import numpy as np

from models.sound import BIT_RATES_KBPS
from podmill.errors import ConfigurationError, DiskFullError, MasteringError
from podmill.mastering.meter import Samples
from podmill.mastering.source import SAMPLE_RATE_HZ
from podmill.store.room import no_space

LAME_SCALES = {192: 0.97, 224: 0.98, 256: 1.0, 320: 1.0}
LAME_SCALE = 0.95
"""LAME turns the sound down before it encodes, by bit rate (``presets.c`` of LAME 3.100; ffmpeg has no option for it;
confirmed with a sine at every bit rate). Undone here, so that the loudness solved for is the loudness encoded."""
LAME_QUALITY = ("-compression_level", "2")
"""``lame -q 2``: 6 s of processor time an hour more than the default 5, for less noise at low bit rates."""
STDERR_KEPT = 20
"""Lines of what ffmpeg says, each cut at ``LINE_KEPT`` characters."""
LINE_KEPT = 400
FINISH_S = 120
"""Longest wait for ffmpeg to write the end once it has all the sound."""


def ffmpeg_path() -> str:
    """The ffmpeg of the ``imageio-ffmpeg`` package.

    Raises:
        MasteringError: there is none.
    """
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as exc:
        raise MasteringError(
            "ffmpeg was not found.", action="Run: pip install --force-reinstall imageio-ffmpeg"
        ) from exc


def check_bit_rate(bitrate_kbps: int) -> None:
    """Raises:
    ConfigurationError: an MP3 cannot have this bit rate.
    """
    if bitrate_kbps not in BIT_RATES_KBPS:
        raise ConfigurationError(
            f"PODMILL_BITRATE_KBPS: an MP3 cannot have {bitrate_kbps} kbit/s.",
            action=f"Use one of {', '.join(map(str, BIT_RATES_KBPS))}.",
        )


def mp3_bytes(duration_s: float, bitrate_kbps: int) -> int:
    """Size of an MP3 before its tags, rounded up generously (frame padding, first and last frames)."""
    return int(duration_s * bitrate_kbps * 1000 / 8) + 8192


class Mp3Encoder:
    """Writes 44.1 kHz sound, mono or joint stereo, into an MP3 file; the same sound gives the same bytes.

    The file starts with the frame that tells decoders how much silence the codec added, so that the decoded length is
    that of the sound; tags come later. Used as a context: leaving it on an error stops ffmpeg at once.
    """

    def __init__(self, path: Path, bitrate_kbps: int, channels: int) -> None:
        self._path = path
        self._gain = np.float32(1 / LAME_SCALES.get(bitrate_kbps, LAME_SCALE))
        self._command = [
            *(ffmpeg_path(), "-hide_banner", "-nostats", "-loglevel", "error", "-y"),
            *("-f", "f32le", "-ar", str(SAMPLE_RATE_HZ), "-ac", str(channels), "-i", "pipe:0"),
            *("-map_metadata", "-1", "-flags:a", "+bitexact", "-fflags", "+bitexact"),
            *("-c:a", "libmp3lame", "-b:a", f"{bitrate_kbps}k", *LAME_QUALITY),
            *("-write_xing", "1", "-id3v2_version", "0"),
            *("-f", "mp3", f"file:{path}"),
        ]

    def __enter__(self) -> Self:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - no shell; the only outside part is a path of ours
                self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        except OSError as exc:
            raise MasteringError(f"ffmpeg cannot be started: {exc}", action="Run: podmill doctor") from exc
        assert self._process.stdin is not None  # noqa: S101 - for the type checker: both are pipes
        assert self._process.stderr is not None  # noqa: S101
        self._input: IO[bytes] = self._process.stdin
        self._said: deque[str] = deque(maxlen=STDERR_KEPT)
        self._listener = threading.Thread(target=self._listen, args=(self._process.stderr,), daemon=True)
        self._listener.start()
        return self

    def write(self, block: Samples) -> None:
        """Encode the next frames.

        Raises:
            MasteringError: ffmpeg gave up.
            DiskFullError: because there was no room.
        """
        try:
            self._input.write(np.asarray(block * self._gain, "<f4").data)
        except BrokenPipeError as exc:
            self._stop()
            raise self._error() from exc

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.kill()
            self._stop()
            return
        self._stop()
        if self._process.returncode:
            raise self._error()

    def _stop(self) -> None:
        # When ffmpeg is gone already, its exit status and last words say why.
        with contextlib.suppress(BrokenPipeError):
            self._input.close()
        try:
            self._process.wait(timeout=FINISH_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()

    def _listen(self, stderr: IO[bytes]) -> None:
        with stderr:
            while line := stderr.readline(LINE_KEPT):
                self._said.append(line.decode("utf-8", "replace").strip())

    def _error(self) -> MasteringError | DiskFullError:
        said = " ".join(self._said)
        if "No space left on device" in said or "Disk quota exceeded" in said:
            return no_space(self._path.parent)
        return MasteringError(
            f"ffmpeg could not encode the MP3 (exit status {self._process.returncode}): {said or 'it said nothing'}",
            action="Run: podmill doctor",
        )
