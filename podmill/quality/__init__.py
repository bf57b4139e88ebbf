"""Quality: what is measured of an episode besides its words, and held against the gates of its show.

Everything is heard, nothing is sampled: clarity and clipping in windows of 9 s from the first to the last, voices line
by line, the first 20 s of each. Memory grows with length by one embedding (1 kB) a line only.
"""

from podmill.quality.brand import alignment
from podmill.quality.gates import Decision, decide, gates_of, score
from podmill.quality.measuring import duration, measure

__all__ = ["Decision", "alignment", "decide", "duration", "gates_of", "measure", "score"]
