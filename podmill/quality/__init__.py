"""Quality: what is measured of an episode besides its words, and held against the gates of its show.

Everything is heard, nothing is sampled: clarity in windows of 9 s from the first to the last, voices line by line, the
first 20 s of each. What levelling hides, clipping and the rate of a source, is told by the takes. Memory grows with
length by one embedding (1 kB) a line only.
"""

from podmill.quality.brand import alignment
from podmill.quality.gates import Decision, decide, gates_of, is_paced, score
from podmill.quality.measuring import duration, measure, sample_rate

__all__ = ["Decision", "alignment", "decide", "duration", "gates_of", "is_paced", "measure", "sample_rate", "score"]
