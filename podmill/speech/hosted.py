"""What engines that are asked over HTTP have in common: the wire, the voices of a setting, the speech of an answer."""

import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import httpx2

from podmill.errors import ConfigurationError, InDoubtError, TransientError
from podmill.speech import files, pitch
from podmill.speech.engine import RawSpeech, Receipt, SpeechRequest
from podmill.speech.timing import Alignment, line_times

CONNECT_TIMEOUT_S: Final = 10.0
CONNECTIONS_MAX: Final = 64
"""Of one process: as many as it may have threads that speak."""
BODY_MAX_BYTES: Final = 128 << 20
"""Above any request's speech, as hexadecimal digits too: an answer without an end is not read to its end."""
PASSAGE_MAX: Final = 80

NEVER_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
MALFORMED: Final = (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)


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


class Wire:
    """Connections to one provider, kept open. Safe to use from many threads.

    Nothing is ever sent twice, and redirects are not followed: the key would go along.
    """

    def __init__(self, provider: str, timeout_s: float) -> None:
        self.provider = provider
        """As a person calls it."""
        self._timeout_s = timeout_s
        self._client = httpx2.Client(
            timeout=httpx2.Timeout(timeout_s, connect=min(timeout_s, CONNECT_TIMEOUT_S)),
            limits=httpx2.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX),
            follow_redirects=False,
            # Neither a compressed answer that unfolds without end nor a name that says more than it must.
            headers={"Accept-Encoding": "identity", "User-Agent": "podmill"},
        )
        weakref.finalize(self, self._client.close)

    def ask(
        self,
        method: str,
        url: str,
        *,
        setting: str,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        max_bytes: int = BODY_MAX_BYTES,
    ) -> Answer:
        """Ask once, whatever the answer says.

        Args:
            setting: what holds the address: named when nothing can be sent to it.

        Raises:
            TransientError: it was not reached: nothing was sent.
            ConfigurationError: the address is none.
            InDoubtError: it was asked, and the answer did not arrive whole or in time.
        """
        until = time.monotonic() + self._timeout_s
        # Not chained: some of these repeat the headers that were sent, and so the key.
        try:
            with self._client.stream(method, url, headers=headers, content=content) as response:
                body = bytearray()
                for block in response.iter_bytes():
                    body += block
                    if len(body) > max_bytes or time.monotonic() > until:
                        raise self._lost("it is too long" if len(body) > max_bytes else "it takes too long")
                names = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, names, bytes(body))
        except MALFORMED:
            raise ConfigurationError(
                f"No request to {self.provider} can be made of the settings.", action=f"Check {setting}."
            ) from None
        except NEVER_SENT as exc:
            raise TransientError(f"{self.provider} was not reached ({type(exc).__name__}).") from None
        except httpx2.HTTPError as exc:
            raise self._lost(type(exc).__name__) from None

    def _lost(self, why: str) -> InDoubtError:
        return InDoubtError(f"The answer of {self.provider} did not arrive whole ({why}): what it did is not known.")


@lru_cache(maxsize=8)
def wire(provider: str, timeout_s: float) -> Wire:
    """The connections of this process to a provider."""
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
    samples, sample_rate_hz = files.decoded(audio)
    times = line_times([line.text for line in request.lines], len(samples) / sample_rate_hz, alignment)
    shifted = pitch.shift(samples, sample_rate_hz, pitch.split(request.voices[0])[1])
    return RawSpeech(shifted, sample_rate_hz, audio, suffix, media_type, times, receipt)


def passage(text: str) -> str:
    """A text, cut, as a message quotes it."""
    return repr(text if len(text) <= PASSAGE_MAX else f"{text[:PASSAGE_MAX]}...")
