"""Hearing a passage: audio in, comparable words with their lines and times out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from podmill.verification.align import Token
from podmill.verification.normalize import words
from podmill.verification.passages import Passage, windows
from podmill.verification.transcriber import Transcriber, Word
from podmill.verification.voicing import Span, touches, voiced


@dataclass(frozen=True, slots=True)
class Heard:
    """What is said in a passage."""

    words: tuple[Token, ...]
    """Each with the line that was being spoken at that time."""
    voiced: tuple[Span, ...]
    """When somebody speaks, in seconds of the recording."""


def hear(transcriber: Transcriber, audio: Path, passage: Passage, *, language: str) -> Heard:
    """What is said in a passage. Words that the transcriber hears where nobody speaks do not count.

    Raises:
        TranscriberError: the audio cannot be read, or the transcriber failed.
    """
    said: list[Word] = []
    spans: list[Span] = []
    for start_s, samples in windows(audio, passage):
        speech = voiced(samples)
        spans += [(start_s + first, start_s + last) for first, last in speech]
        if speech:
            heard = transcriber.transcribe(samples, language=language)
            said += [word.later(start_s) for word in heard if touches(word.start_s, word.end_s, speech)]
    by_line = groupby(said, key=lambda word: _line_at(word, passage))
    return Heard(
        words=tuple(token for line, group in by_line for token in _tokens(tuple(group), line, language)),
        voiced=tuple(spans),
    )


def spoken_language(transcriber: Transcriber, audio: Path, passage: Passage) -> str | None:
    """The language of a passage by its first window; None when the transcriber knows only one, or is not sure.

    Raises:
        TranscriberError: as of ``hear``.
    """
    _, samples = next(windows(audio, passage), (0.0, None))
    return None if samples is None else transcriber.language(samples)


def _tokens(heard: Sequence[Word], line: int, language: str) -> Iterator[Token]:
    """Comparable words of what was heard in one go, which may be fewer or more than its words: their times are those
    of the words they came from."""
    texts = words("".join(word.text for word in heard), language)
    alone = [(text, word) for word in heard for text in words(word.text, language)] or [("", word) for word in heard]
    blocks = Levenshtein.opcodes([text for text, _ in alone], texts).as_matching_blocks()
    source = place = 0
    for block in blocks:
        for text in texts[place : block.b]:
            # Written otherwise: as long as all the words between those that are the same.
            start, end = alone[min(source, len(alone) - 1)][1], alone[max(block.a - 1, 0)][1]
            yield Token(text, line, start_s=min(start.start_s, end.end_s), end_s=max(start.start_s, end.end_s))
        for text, word in alone[block.a : block.a + block.size]:
            yield Token(text, line, start_s=word.start_s, end_s=word.end_s)
        source, place = block.a + block.size, block.b + block.size


def _line_at(word: Word, passage: Passage) -> int:
    """The line whose time the middle of the word lies in, or is nearest to."""
    middle_s = (word.start_s + word.end_s) / 2
    return min(passage.lines, key=lambda line: max(line.start_s - middle_s, middle_s - line.end_s, 0.0)).index
