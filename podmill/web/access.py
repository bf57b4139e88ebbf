"""The password of the status page."""

import base64
import binascii
import hmac

from pydantic import SecretStr


def allowed(authorization: str | None, password: SecretStr) -> bool:
    """Whether an Authorization header carries the password (HTTP Basic, any user name).

    Takes the same time wherever a wrong password goes wrong.
    """
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        _, colon, given = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return False
    return bool(colon) and hmac.compare_digest(given, password.get_secret_value().encode())
