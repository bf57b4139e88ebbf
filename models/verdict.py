"""The verdict: what verification heard."""

from models.documents import Document


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


class Verdict(Document):
    """How the recording compares with its script."""

    passed: bool | None
    """None: not applicable, for the episode is text only."""
    word_accuracy: float | None
    """1 minus the word error rate of the whole episode, at least 0; None where there was nothing to hear."""
    threshold: float
    lines: tuple[LineVerdict, ...]
    respeak: tuple[int, ...] = ()
    """Lines to speak again, when the verdict is not good enough and tries are left."""
    round: int
    """0 for the first hearing, 1 and 2 after lines were spoken again."""
    transcriber: str
    """``faster-whisper:tiny.en:int8``; empty where there was nothing to hear."""
