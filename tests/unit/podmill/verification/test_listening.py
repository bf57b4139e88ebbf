"""From what a transcriber hears to comparable words with lines and times."""

import numpy as np
import pytest
import soundfile

from models.recording import LineTime
from podmill.verification.listening import hear
from podmill.verification.passages import Passage
from podmill.verification.transcriber import Word
from tests.golden import hearing


class Says:
    """A transcriber with its mind made up."""

    def __init__(self, *words: tuple[str, float, float]) -> None:
        self.words = words

    def transcribe(self, _, **__):
        return tuple(Word(f" {text}", start_s, end_s) for text, start_s, end_s in self.words)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A line, then three seconds of silence."""
    line = hearing.say("Two hundred steps lead up to the lamp.")
    path = tmp_path_factory.mktemp("listening") / "recording.flac"
    soundfile.write(path, np.concatenate([line, np.zeros(3 * hearing.RATE_HZ, np.float32)]), hearing.RATE_HZ)
    end_s = len(line) / hearing.RATE_HZ
    lines = (
        LineTime(index=4, start_s=0.0, end_s=end_s, take="t", voice="v"),
        LineTime(index=5, start_s=end_s, end_s=end_s + 3, take="t", voice="v"),
    )
    return path, Passage(lines, 0.0, end_s + 3)


def test_thanks_heard_in_silence_were_not_said(recording):
    """What stands where nobody speaks does not count."""
    path, passage = recording
    thanks_s = passage.lines[1].start_s + 1
    says = Says(("Two", 0.1, 0.4), ("Thank", thanks_s, thanks_s + 0.2), ("you.", thanks_s + 0.2, thanks_s + 0.5))

    heard = hear(says, path, passage, language="en")

    assert [(word.text, word.line) for word in heard.words] == [("2", 4)]


def test_words_keep_their_times_when_they_are_written_otherwise(recording):
    """Fewer comparable words than were heard, and more: each has the time of those it is made of."""
    path, passage = recording
    says = Says(("forty", 0.1, 0.3), ("two", 0.3, 0.5), ("miles", 0.5, 0.9), ("it's", 1.0, 1.2))

    heard = hear(says, path, passage, language="en")

    times = {word.text: (word.start_s, word.end_s) for word in heard.words}
    assert list(times) == ["42", "miles", "it", "is"]
    assert times["42"] == (0.1, 0.5)
    assert times["is"][1] == 1.2


def test_silence_is_not_even_transcribed(tmp_path):
    """Where nobody speaks there is nothing to ask."""
    path = tmp_path / "silence.flac"
    soundfile.write(path, np.zeros(2 * hearing.RATE_HZ, np.float32), hearing.RATE_HZ)
    line = LineTime(index=0, start_s=0.0, end_s=2.0, take="t", voice="v")

    assert hear(Says(("Thanks.", 0.5, 1.0)), path, Passage((line,), 0.0, 2.0), language="en").words == ()
