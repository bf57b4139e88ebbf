"""Whether a key of Exa works, found out for nothing.

Exa has no address that costs nothing, but a request that asks for no page is refused, and a refusal is not charged.
Which it looks at first, the key or the request, it does not say: so the same is asked with a key that cannot be right.
Only where that one is refused for its key, and ours is not, is ours known to work.
"""

import json
from typing import Final

import httpx2

from podmill.errors import ConfigurationError, PodmillError, TransientError
from podmill.providers.replies import usable_key
from podmill.research import exa_refusals
from podmill.settings import Settings

NOBODY: Final = "00000000-0000-4000-8000-000000000000"
BODY_MAX_BYTES: Final = 100_000


def proves_key(settings: Settings) -> bool:
    """Whether the key is known to work. False: it was not refused, and that is all that can be known.

    Raises:
        ConfigurationError: there is no key, it is refused, or the address is wrong.
        QuotaError: its credit is used up.
        TransientError: Exa does not answer now.
    """
    key = usable_key(settings.exa_api_key, provider="Exa", setting=exa_refusals.KEY)
    with httpx2.Client(timeout=settings.exa_timeout_s, follow_redirects=False) as client:
        _ask_for_nothing(client, settings.exa_url, key)
        try:
            _ask_for_nothing(client, settings.exa_url, NOBODY)
        except ConfigurationError:
            return True
        except PodmillError:
            return False
    return False


def _ask_for_nothing(client: httpx2.Client, url: str, key: str) -> None:
    """
    Raises:
        PodmillError: it is refused for anything else than that it asks for nothing.
    """
    data = bytearray()
    try:
        with client.stream(
            "POST", f"{url.rstrip('/')}/contents", json={"urls": []}, headers={"x-api-key": key}
        ) as response:
            for piece in response.iter_bytes():
                data += piece
                if len(data) > BODY_MAX_BYTES:
                    break
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError):
        raise ConfigurationError(
            "No request to Exa can be made of the settings.", action="Check PODMILL_EXA_URL."
        ) from None
    except httpx2.HTTPError as exc:
        raise TransientError(f"Exa does not answer ({type(exc).__name__}).") from None
    if response.status_code in (200, 400, 422):
        return
    try:
        body: object = json.loads(data)
    except (ValueError, RecursionError):
        body = bytes(data[:1000]).decode(errors="replace")
    headers = {name.lower(): value for name, value in response.headers.items()}
    raise exa_refusals.error(response.status_code, body, headers, topic="nothing", secret=key)
