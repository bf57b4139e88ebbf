"""Landing on the loudness target, judged by the MP3 that listeners get and not by what went into the encoder.

Two streaming passes, measure and write, with a gain solved to be right after the limiter (``limiter``). An MP3 encoder
adds up to a decibel to peaks and a few hundredths to loudness: so the file is decoded and measured, and when it is out,
it is made again with the error taken off the aim, and limited harder where it went over.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from podmill.mastering.encode import Mp3Encoder
from podmill.mastering.limiter import AUDIBLE_DB, CHUNK, Hops, Overshoot, Profile, limited
from podmill.mastering.meter import Meter, Numbers, Samples
from podmill.mastering.source import SAMPLE_RATE_HZ, FileSound, even
from podmill.mastering.target import Target

GOOD_ENOUGH_LU = 0.05
"""What is aimed for: half of the usual gate, so that another meter agrees too."""
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
    loudness_range_lu: float
    true_peak_dbtp: float
    gain_db: float
    """Applied before the limiter."""
    limited_share: float
    """Share of the time the limiter was at work, 0 to 1."""
    rounds: int
    """Times it was encoded."""
    step_energies: Numbers
    """Of each 100 ms, as ``Meter`` measures them."""


class Limiting:
    """The gains of the limiter on their way to the sound, counted."""

    def __init__(self, reductions_db: Iterable[Hops]) -> None:
        self._reductions_db = reductions_db
        self._hops = self._limited_hops = 0

    def __iter__(self) -> Iterator[Hops]:
        for reductions_db in self._reductions_db:
            self._hops += len(reductions_db)
            self._limited_hops += int(np.count_nonzero(reductions_db > AUDIBLE_DB))
            yield reductions_db

    @property
    def share(self) -> float:
        """Of the hops so far, those that it turned down audibly."""
        return self._limited_hops / max(1, self._hops)


@dataclass(frozen=True, slots=True)
class Encoding:
    """A sound that is to become an MP3 of a given loudness."""

    sound: Iterable[Samples]
    """At 44.1 kHz in the channels of the target, in blocks of any length; it is gone through twice or more, each time
    from its beginning: a generator will not do."""
    mp3: Path
    """Is written, more than once if need be."""
    duration_s: float
    """Of the sound; only the progress depends on it."""
    target: Target
    progress: Progress
    """Called with 0 to 1 and a few words; what it raises stops the work."""

    def run(self) -> Encoded:
        """Encode until the decoded MP3 has the target loudness and no true peak above the ceiling.

        What the last round reached is given as it is: whether that is enough, the gates of the show decide.

        Raises:
            MasteringError: silence, a damaged sound, a target out of reach, or an encoder that fails.
            DiskFullError: no room for the MP3.
        """
        profile = Profile.measure(
            self._told(self.sound, 0.0, MEASURING_SHARE, "measuring loudness"), self.target.channels
        )
        ceiling_dbtp = self.target.true_peak_dbtp
        aim_lufs, aim_dbtp = self.target.loudness_lufs, ceiling_dbtp - HEADROOM_DB
        begin, rounds = MEASURING_SHARE, 0
        while True:
            rounds += 1
            # One round is usual, so it gets most of what is left of the bar.
            end = begin + 0.8 * (1 - begin)
            gain_db = profile.gain_for(aim_lufs, aim_dbtp)
            limiting = Limiting(profile.reductions_db(gain_db, aim_dbtp))
            middle = begin + 0.7 * (end - begin)
            self._encode(limiting, gain_db, begin, middle)
            meter, over = self._measure(10 ** (aim_dbtp / 20), middle, end)
            begin = end
            miss_lu = meter.loudness_lufs - self.target.loudness_lufs
            landed = meter.true_peak_dbtp <= ceiling_dbtp and abs(miss_lu) <= GOOD_ENOUGH_LU
            if landed or rounds == ROUNDS_MAX:
                return Encoded(
                    duration_s=meter.frames / SAMPLE_RATE_HZ,
                    loudness_lufs=meter.loudness_lufs,
                    loudness_range_lu=meter.loudness_range_lu,
                    true_peak_dbtp=meter.true_peak_dbtp,
                    gain_db=gain_db,
                    limited_share=limiting.share,
                    rounds=rounds,
                    step_energies=meter.step_energies,
                )
            aim_lufs -= miss_lu
            profile.hold_down(over, aim_dbtp)
            if meter.true_peak_dbtp > ceiling_dbtp:
                aim_dbtp -= SPARE_DB

    def _encode(self, reductions_db: Iterable[Hops], gain_db: float, begin: float, end: float) -> None:
        with Mp3Encoder(self.mp3, self.target.bitrate_kbps, self.target.channels) as encoder:
            for block in limited(self._told(self.sound, begin, end, "encoding"), reductions_db, gain_db):
                encoder.write(block)

    def _measure(self, ceiling: float, begin: float, end: float) -> tuple[Meter, Overshoot]:
        """The MP3 as it is when decoded, and where its peaks are above an amplitude."""
        meter = Meter(SAMPLE_RATE_HZ, self.target.channels)
        hops, peaks, done = [np.zeros(0, np.intp)], [np.zeros(0, np.float32)], 0
        decoded = FileSound(self.mp3, self.target.channels)
        for block in self._told(decoded, begin, end, "measuring the MP3"):
            seen = meter.push(block)
            over = np.flatnonzero(seen > ceiling)
            hops.append(over + done)
            peaks.append(seen[over])
            done += len(seen)
        return meter, Overshoot(np.concatenate(hops), np.concatenate(peaks))

    def _told(self, sound: Iterable[Samples], begin: float, end: float, words: str) -> Iterator[Samples]:
        """A sound in blocks of ``CHUNK``, telling how far it is between two points of the progress."""
        chunks = max(1.0, self.duration_s * SAMPLE_RATE_HZ / CHUNK)
        for number, block in enumerate(even(sound, CHUNK)):
            self.progress(begin + (end - begin) * min(1.0, number / chunks), words)
            yield block
