"""Landing on the loudness target, judged by the MP3 that listeners get and not by what went into the encoder.

Two streaming passes, measure and write, with a gain solved to be right after the limiter (``limiter``). An MP3 encoder
adds up to a decibel to peaks and a few hundredths to loudness: so the file is decoded and measured, and when it is out,
it is made again with the error taken off the aim, and limited harder where it went over.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from podmill.errors import MasteringError
from podmill.mastering.encode import Mp3Encoder
from podmill.mastering.limiter import AUDIBLE_DB, CHUNK, Hops, Profile, hop_peaks, limited
from podmill.mastering.meter import Meter, Samples
from podmill.mastering.source import SAMPLE_RATE_HZ, mono_blocks

TOLERANCE_LU = 0.1
"""What is promised of a published file."""
GOOD_ENOUGH_LU = 0.05
"""What the first rounds aim for, so that another meter agrees too."""
ROUNDS_MAX = 6
"""One is usual from 64 kbit/s up; below that LAME goes over in a new place each time, and up to four were seen."""
HEADROOM_DB = 0.7
"""First guess at what the encoder adds to peaks: 0.2 to 0.6 dB were seen at 96 kbit/s, more in longer files."""
SPARE_DB = 0.3
"""More headroom for each further round, because what is encoded anew goes over in new places."""
MEASURING_SHARE = 0.2
"""Of the whole time, for the progress: measuring the recording."""

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Encoded:
    """An MP3, as measured after decoding it."""

    duration_s: float
    loudness_lufs: float
    true_peak_dbtp: float
    gain_db: float
    """Applied before the limiter."""
    limited_share: float
    """Share of the time the limiter was at work, 0 to 1."""
    rounds: int
    """Times it was encoded."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """A recording that is to become an MP3 of a given loudness."""

    recording: Path
    mp3: Path
    """Is written, more than once if need be."""
    duration_s: float
    """Of the recording; only the progress depends on it."""
    target_lufs: float
    ceiling_dbtp: float
    bitrate_kbps: int
    progress: Progress
    """Called with 0 to 1 and a few words; what it raises stops the work."""

    def run(self) -> Encoded:
        """Encode until the decoded MP3 has the target loudness and no true peak above the ceiling.

        Raises:
            MasteringError: silence, a damaged recording, a target out of reach, or an encoder that fails.
            DiskFullError: no room for the MP3.
        """
        profile = Profile.measure(self._read(self.recording, 0.0, MEASURING_SHARE, "measuring loudness"))
        aim_lufs, aim_dbtp = self.target_lufs, self.ceiling_dbtp - HEADROOM_DB
        begin, rounds = MEASURING_SHARE, 0
        while True:
            rounds += 1
            # One round is usual, so it gets most of what is left of the bar.
            end = begin + 0.8 * (1 - begin)
            gain_db = profile.gain_for(aim_lufs, aim_dbtp)
            limiting_db = profile.limiting_db(gain_db, aim_dbtp)
            middle = begin + 0.7 * (end - begin)
            self._encode(limiting_db, gain_db, begin, middle)
            meter, peaks = self._measure(middle, end)
            begin = end
            miss_lu = meter.loudness_lufs - self.target_lufs
            if meter.true_peak_dbtp <= self.ceiling_dbtp and abs(miss_lu) <= (
                GOOD_ENOUGH_LU if rounds < ROUNDS_MAX else TOLERANCE_LU
            ):
                return Encoded(
                    duration_s=meter.frames / SAMPLE_RATE_HZ,
                    loudness_lufs=meter.loudness_lufs,
                    true_peak_dbtp=meter.true_peak_dbtp,
                    gain_db=gain_db,
                    limited_share=float(np.mean(limiting_db > AUDIBLE_DB)),
                    rounds=rounds,
                )
            if rounds == ROUNDS_MAX:
                raise MasteringError(
                    f"The MP3 did not come within {TOLERANCE_LU:g} LU of {self.target_lufs:g} LUFS at no more than "
                    f"{self.ceiling_dbtp:g} dBTP in {ROUNDS_MAX} rounds: {meter.loudness_lufs:.2f} LUFS, "
                    f"{meter.true_peak_dbtp:.2f} dBTP.",
                    action="Listen to the recording for clicks, or raise PODMILL_BITRATE_KBPS.",
                )
            aim_lufs -= miss_lu
            profile = profile.held_down(peaks, aim_dbtp)
            if meter.true_peak_dbtp > self.ceiling_dbtp:
                aim_dbtp -= SPARE_DB

    def _encode(self, limiting_db: Hops, gain_db: float, begin: float, end: float) -> None:
        sound = self._read(self.recording, begin, end, "encoding")
        with Mp3Encoder(self.mp3, self.bitrate_kbps) as encoder:
            for block in limited(sound, limiting_db, gain_db):
                encoder.write(block)

    def _measure(self, begin: float, end: float) -> tuple[Meter, Hops]:
        """The MP3 as it is when decoded, and its peaks hop by hop."""
        meter = Meter(SAMPLE_RATE_HZ, 1)
        peaks = [hop_peaks(meter.push(block)) for block in self._read(self.mp3, begin, end, "measuring the MP3")]
        return meter, np.concatenate(peaks)

    def _read(self, path: Path, begin: float, end: float, words: str) -> Iterator[Samples]:
        """The sound of a file, telling how far it is between two points of the progress."""
        return _told(
            mono_blocks(path, CHUNK),
            CHUNK / max(self.duration_s * SAMPLE_RATE_HZ, CHUNK),
            lambda share: self.progress(begin + (end - begin) * share, words),
        )


def _told(blocks: Iterable[Samples], share: float, tell: Callable[[float], None]) -> Iterator[Samples]:
    for number, block in enumerate(blocks):
        tell(min(1.0, number * share))
        yield block
