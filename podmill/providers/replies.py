"""What answers of outside providers have in common: waits, texts for a person, keys that must not be shown."""

import re
import time
from email.utils import parsedate_to_datetime
from typing import Final

from pydantic import SecretStr

from podmill.errors import ConfigurationError

SAID_MAX: Final = 200
RETRY_AFTER_MAX_S: Final = 3600.0
"""A longer wait than this is not asked for by a limit on requests a minute: it is a mistake, or a quota."""

_KEY: Final = re.compile(r"[!-~]+")
"""It becomes a header."""


def usable_key(secret: SecretStr | None, *, provider: str, setting: str) -> str:
    """The key.

    Raises:
        ConfigurationError: there is none, or it cannot be one.
    """
    key = secret.get_secret_value().strip() if secret else ""
    if _KEY.fullmatch(key):
        return key
    said = "cannot be one" if key else "is missing"
    raise ConfigurationError(f"The key of {provider} {said}.", action=f"Set {setting}.")


def said(message: object, secret: str) -> str:
    """What a provider says, for a person: one line, cut, without the key even if the answer repeats it."""
    text = message if isinstance(message, str) else ""
    if secret:
        text = text.replace(secret, "********")
    line = " ".join("".join(each if each.isprintable() else " " for each in text[: SAID_MAX * 10]).split())
    return line if len(line) <= SAID_MAX else f"{line[:SAID_MAX]}..."


def wait_s(value: object) -> float | None:
    """Seconds of a ``Retry-After`` header (a number or a date) or of a duration (``36s``); None: nothing sensible."""
    text = value.strip() if isinstance(value, str) else ""
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?s?", text):
        seconds = float(text.removesuffix("s"))
    else:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return max(seconds, 0.0) if seconds <= RETRY_AFTER_MAX_S else None
