"""What engines that are asked over HTTP have in common: the voices of a setting, the speech of an answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from podmill.speech import files, pitch
from podmill.speech.engine import RawSpeech, Receipt, SpeechRequest
from podmill.speech.timing import Alignment, line_times

if TYPE_CHECKING:
    from podmill.speech.wire import Wire

PASSAGE_MAX: Final = 80


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def text(self) -> str:
        """The beginning of the body, for a person."""
        return self.body[:4000].decode("utf-8", errors="replace")


@cache  # never forgotten: a client that is dropped leaves its connections open
def wire(provider: str, timeout_s: float) -> "Wire":
    """The connections of this process to a provider."""
    from podmill.speech.wire import Wire

    return Wire(provider, timeout_s)


def named(entries: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Id and name of each voice of a setting: ``af_heart=Heart``."""
    for entry in entries:
        name, _, title = entry.partition("=")
        yield name.strip(), title.strip() or name.strip()


def base_voice(request: SpeechRequest) -> str:
    """The name, within its engine, of the one voice of a request."""
    (voice,) = request.voices
    return pitch.split(voice.partition(":")[2])[0]


def heard(
    request: SpeechRequest,
    audio: bytes,
    *,
    suffix: str,
    media_type: str,
    receipt: Receipt | None,
    alignment: Alignment | None = None,
) -> RawSpeech:
    """The speech of an answer to a request of one voice.

    Args:
        audio: a sound file.

    Raises:
        SpeechError: it is none.
    """
    duration_s, sample_rate_hz = files.heard_s(audio)
    times = line_times([line.text for line in request.lines], duration_s, alignment)
    _, factor = pitch.split(request.voices[0])
    return RawSpeech(None, sample_rate_hz, audio, suffix, media_type, times, receipt, factor)


def passage(text: str) -> str:
    """A text, cut, as a message quotes it."""
    return repr(text if len(text) <= PASSAGE_MAX else f"{text[:PASSAGE_MAX]}...")


def where(request: SpeechRequest) -> str:
    """What a request was to speak, as a message names it: its lines, counted from 1, and their words."""
    first, last = request.lines[0], request.lines[-1]
    if first.index == last.index:
        return f"line {first.index + 1}, {passage(request.text)}"
    return f"one of the lines {first.index + 1} to {last.index + 1}, {passage(first.text)} to {passage(last.text)}"
