"""The wire to a speech server: asked once, with a largest size and a latest time. Loaded when something is asked."""

import time
import weakref
from collections.abc import Mapping
from typing import Final

import httpx2

from podmill.errors import ConfigurationError, InDoubtError, TransientError
from podmill.speech.hosted import Answer

CONNECT_TIMEOUT_S: Final = 10.0
CONNECTIONS_MAX: Final = 64
"""Of one process: as many as it may have threads that speak."""
BODY_MAX_BYTES: Final = 128 << 20
"""Above any request's speech, as hexadecimal digits too: an answer without an end is not read to its end."""

NEVER_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
MALFORMED: Final = (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)


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
