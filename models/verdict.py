"""The verdict: what verification heard, and what was wrong with it."""

from typing import Literal

from models.documents import Document
from models.recording import LineTime

FaultKind = Literal[
    "missing",
    "added",
    "wrong",
    "repeated",
    "silent",
    "clipped",
    "cut_off",
    "swapped",
    "language",
    "speed",
    "pause",
    "noise",
    "voice",
]


class Fault(Document):
    """Something that is wrong with a line, and where in the recording."""

    kind: FaultKind
    said: str
    """For a person: which words, or by how much."""
    start_s: float
    end_s: float


class LineVerdict(Document):
    index: int
    word_accuracy: float
    """1 minus the word error rate of this line, at least 0."""
    words: int
    """Words in the normalized script line."""
    heard: str
    """Normalized words heard in its place."""
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    passed: bool = True
    """False: it must be spoken again, or heard by a person."""
    faults: tuple[Fault, ...] = ()
    """Of a line that passed: what casts doubt on it. What a transcriber is known to mishear is none."""
    time: LineTime | None = None
    """When it was heard, and from which take. None: the recording did not have it, or is older than this field."""

    @property
    def doubtful(self) -> bool:
        """It only just passed."""
        return self.passed and bool(self.faults)


class Verdict(Document):
    """How the recording compares with its script."""

    passed: bool | None
    """None: not applicable, for the episode is text only."""
    word_accuracy: float | None
    """1 minus the word error rate of the whole episode, at least 0; None where there was nothing to hear."""
    threshold: float
    lines: tuple[LineVerdict, ...]
    respeak: tuple[int, ...] = ()
    """Lines to speak again, when the verdict is not good enough and tries are left; the worst first."""
    round: int
    """0 for the first hearing, 1 and 2 after lines were spoken again."""
    transcriber: str
    """``faster-whisper:tiny.en:int8``; empty where there was nothing to hear."""
    second: str = ""
    """The larger model that was asked about doubtful lines; empty when none was."""

    @property
    def doubtful(self) -> tuple[int, ...]:
        """Lines that only just passed."""
        return tuple(line.index for line in self.lines if line.doubtful)
