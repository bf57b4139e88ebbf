"""Hearing a passage: audio in, comparable words with their lines out."""

from itertools import groupby
from pathlib import Path

from podmill.verification.align import Token
from podmill.verification.normalize import words
from podmill.verification.passages import Passage, windows
from podmill.verification.transcriber import Transcriber, Word


def hear(transcriber: Transcriber, audio: Path, passage: Passage, *, language: str) -> list[Token]:
    """What is said in a passage, each word with the line that was being spoken at that time.

    Raises:
        TranscriberError: the audio cannot be read, or the transcriber failed.
    """
    heard = [
        word.later(start_s)
        for start_s, samples in windows(audio, passage)
        for word in transcriber.transcribe(samples, language=language)
    ]
    return [
        Token(text, line)
        for line, group in groupby(heard, key=lambda word: _line_at(word, passage))
        for text in words("".join(word.text for word in group), language)
    ]


def _line_at(word: Word, passage: Passage) -> int:
    """The line whose time the middle of the word lies in, or is nearest to."""
    middle_s = (word.start_s + word.end_s) / 2
    return min(passage.lines, key=lambda line: max(line.start_s - middle_s, middle_s - line.end_s, 0.0)).index
