"""A look-ahead true-peak limiter, worked out on what was measured, not on the sound itself.

The sound is cut into hops of 1/700 s. The true peak and the K-weighted energy of each (8 bytes a hop, 20 MB an hour)
give the limiter's gain for any overall gain, and the loudness that comes out: so the overall gain that lands on a
target *after* limiting is found without touching the sound again. Raw speech has peaks 18 to 22 dB above its loudness,
while -16 LUFS under -1 dBTP leaves 15: a limiter is always needed, and a plain gain cannot do.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from podmill.errors import MasteringError
from podmill.mastering.meter import (
    HOP,
    STEPS_A_BLOCK,
    STEPS_A_SECOND,
    Amplitudes,
    KWeighting,
    Samples,
    TruePeak,
    integrated_lufs,
)
from podmill.mastering.source import SAMPLE_RATE_HZ

HOPS_A_STEP = SAMPLE_RATE_HZ // STEPS_A_SECOND // HOP
CHUNK_HOPS = HOPS_A_STEP * 30
CHUNK = CHUNK_HOPS * HOP
"""Frames worked on at once: 3 s."""

LOOKAHEAD_HOPS = 3
"""4.3 ms: how long before a peak the gain begins to go down. Shorter clicks, longer is heard as a dip."""
RELEASE_DB_PER_HOP = 0.1
"""The gain comes back at 70 dB a second: 5 dB are gone in 71 ms, within a syllable, so that nothing pumps; and it moves
by less than a decibel between two beats of a deep voice, so that nothing rasps."""
AUDIBLE_DB = 0.1
"""Less than this does not count as limited."""
QUIETEST_LUFS = -60.0
"""What is quieter is taken for an empty room."""
LIMITING_MAX_DB = 20.0
"""Speech that needs more of it than this is not speech but clicks in near silence."""
PEAK_FLOOR = 1e-6
AMPLITUDE_MAX = 1000.0
"""60 dB over full scale; hotter sound is none."""
SOLVED_DB = 0.001
LOWER_DB = 1.0
"""Steps in which the least gain is looked for, where gates make a plain one too much."""

Hops = NDArray[np.float32]
"""One number for each hop."""


@dataclass(frozen=True, slots=True)
class Overshoot:
    """Hops of a sound, by number, whose peaks are too high."""

    hops: NDArray[np.intp]
    peaks: Amplitudes
    """One for each of these hops."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the limiter needs to know of a sound."""

    peaks_db: Hops
    """True peak of each hop, over all channels."""
    energies: Hops
    """Sum of the squares of its K-weighted frames, all channels added up."""

    @classmethod
    def measure(cls, blocks: Iterable[Samples], channels: int) -> "Profile":
        """Of sound in blocks of ``CHUNK`` frames; silence fills up the last hop.

        Raises:
            MasteringError: what is read is no sound: files of floating point may hold anything.
        """
        weighting, true_peak = KWeighting(SAMPLE_RATE_HZ, channels), TruePeak(channels)
        # Bytes, because they grow in place; to join a list would take its room twice.
        peaks_db, energies = bytearray(), bytearray()
        for block in blocks:
            # Written so that what is not a number is caught too.
            if not max(block.max(), -block.min()) <= AMPLITUDE_MAX:
                raise MasteringError(
                    "The sound is damaged: some of its samples are no numbers, or far beyond full scale.",
                    action="Make the recording again: podmill retry",
                )
            missing = -len(block) % HOP
            whole = np.pad(block, ((0, missing), (0, 0))) if missing else block
            peaks_db += _levels_db(true_peak.push(whole)).data
            weighted = weighting.filter(whole).reshape(-1, HOP, channels)
            energies += np.einsum("hfc,hfc->h", weighted, weighted).astype(np.float32).data
        peaks_db += _levels_db(true_peak.rest()).data
        return cls(np.frombuffer(peaks_db, np.float32), np.frombuffer(energies, np.float32))

    def hold_down(self, over: Overshoot, ceiling_dbtp: float) -> None:
        """Limit harder from now on where an encoder turned the sound into peaks above the ceiling."""
        heard = over.hops < len(self.peaks_db)
        self.peaks_db[over.hops[heard]] += np.maximum(_levels_db(over.peaks[heard]) - ceiling_dbtp, 0)

    @property
    def loudness_lufs(self) -> float:
        """Integrated loudness as it is."""
        return self.loudness_after(0.0, math.inf)

    def loudness_after(self, gain_db: float, ceiling_dbtp: float) -> float:
        """Integrated loudness once the gain and the limiter have been applied."""
        steps = []
        for chunk, reduction_db in enumerate(self.reductions_db(gain_db, ceiling_dbtp)):
            energies = self.energies[chunk * CHUNK_HOPS :][: len(reduction_db)] * 10 ** ((gain_db - reduction_db) / 10)
            whole = len(energies) // HOPS_A_STEP * HOPS_A_STEP
            steps.append(energies[:whole].reshape(-1, HOPS_A_STEP).sum(axis=1))
        return integrated_lufs(np.concatenate(steps) / (HOPS_A_STEP * HOP)) if steps else -math.inf

    def gain_for(self, target_lufs: float, ceiling_dbtp: float) -> float:
        """The gain in dB that gives the target loudness under the ceiling.

        Raises:
            MasteringError: the sound is silence, or could only get there by being crushed.
        """
        if len(self.energies) < HOPS_A_STEP * STEPS_A_BLOCK:
            raise MasteringError(
                f"The recording lasts {len(self.energies) * HOP / SAMPLE_RATE_HZ:.2f} s, which is too short to have "
                f"a loudness.",
                action="Write a longer script.",
            )
        loudness_lufs = self.loudness_lufs
        if loudness_lufs < QUIETEST_LUFS:
            level = "below -70 LUFS" if math.isinf(loudness_lufs) else f"{loudness_lufs:.1f} LUFS"
            raise MasteringError(
                f"The recording is silent, or as good as silent: {level}.",
                action="Listen to it, then make it again with another voice: podmill retry",
            )
        plain_db = target_lufs - loudness_lufs
        most_db = plain_db + LIMITING_MAX_DB

        @cache
        def miss_lu(gain_db: float) -> float:
            return self.loudness_after(gain_db, ceiling_dbtp) - target_lufs

        if miss_lu(most_db) < 0:
            raise MasteringError(
                f"The recording cannot reach {target_lufs:g} LUFS below {ceiling_dbtp:.1f} dBTP: its peaks stand "
                f"too far above its speech.",
                action="Listen to it for clicks, or ask for less: loudness_lufs of the show, or PODMILL_LOUDNESS_LUFS.",
            )
        least_db = plain_db - SOLVED_DB
        # What is turned down may get louder: as quiet parts fall under the absolute gate, the relative gate rises above
        # others. This ends, as nothing is louder than its loudest 400 ms. And loudness only ever jumps down where the
        # gain goes up, so what is found between a gain too low and one too high is the target, and not a jump.
        while miss_lu(least_db) > 0:
            least_db -= LOWER_DB
        return float(brentq(miss_lu, least_db, most_db, xtol=SOLVED_DB))

    def reductions_db(self, gain_db: float, ceiling_dbtp: float) -> Iterator[Hops]:
        """By how much the limiter turns each hop down after the gain, in chunks of ``CHUNK_HOPS``.

        It falls ahead of a peak, holds, and comes back slowly; then it is averaged, which makes the fall a ramp.
        The average over the look-ahead reaches the full reduction at the peak, as all of its values do by then.
        """
        ramp = np.arange(CHUNK_HOPS) * RELEASE_DB_PER_HOP
        before: NDArray[np.float64] | None = None
        for first in range(0, len(self.peaks_db), CHUNK_HOPS):
            count = min(CHUNK_HOPS, len(self.peaks_db) - first)
            over_db = np.zeros(count + LOOKAHEAD_HOPS + 1)
            near = slice(max(0, first - 1), first + count + LOOKAHEAD_HOPS)
            seen = self.peaks_db[near] + (gain_db - ceiling_dbtp)
            over_db[near.start - (first - 1) :][: len(seen)] = np.maximum(seen, 0.0)
            # Those ahead, and one more on either side: between the middles of two hops the gain is a straight line.
            held = np.maximum.reduce([over_db[place : place + count] for place in range(LOOKAHEAD_HOPS + 2)])
            if before is None:
                # A sound may begin with a peak: the gain is down already.
                before = np.repeat(held[:1], LOOKAHEAD_HOPS - 1)
            held[0] = max(held[0], before[-1] - RELEASE_DB_PER_HOP)
            # max(held[n], held[m] - release * (n - m)) over all earlier m, as one running maximum.
            released = np.maximum.accumulate(held + ramp[:count]) - ramp[:count]
            joined = np.concatenate([before, released])
            before = joined[count:]
            ahead_sum = sum(joined[back : back + count] for back in range(LOOKAHEAD_HOPS))
            yield np.asarray(ahead_sum / LOOKAHEAD_HOPS, np.float32)


def limited(blocks: Iterable[Samples], reductions_db: Iterable[Hops], gain_db: float) -> Iterator[Samples]:
    """Sound in blocks of ``CHUNK`` frames, with the gain and the limiter applied, the same to all channels.

    Between the middles of two hops the gain is a straight line.
    """
    share = ((np.arange(HOP) + 0.5) / HOP).astype(np.float32)
    chunks = iter(reductions_db)
    now_db = next(chunks, np.zeros(0, np.float32))
    before_db = now_db[:1]
    for block in blocks:
        after_db = next(chunks, now_db[-1:])
        gains = 10 ** ((gain_db - np.concatenate([before_db, now_db, after_db[:1]])) / 20)
        lines = gains[:-1, None] + np.diff(gains)[:, None] * share
        # The first line begins in the middle of the hop before.
        yield block * lines.reshape(-1, 1)[HOP // 2 :][: len(block)].astype(np.float32, copy=False)
        before_db, now_db = now_db[-1:], after_db


def _levels_db(peaks: Amplitudes) -> Hops:
    return np.asarray(20 * np.log10(np.maximum(peaks, np.float32(PEAK_FLOOR))), np.float32)
