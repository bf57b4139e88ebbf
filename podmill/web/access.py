"""The password of the pages that are not for everybody."""

import base64
import binascii
import hmac
from typing import Final

from pydantic import SecretStr
from starlette.exceptions import HTTPException
from starlette.requests import Request

_NAME_LENGTH_MAX: Final = 100


def allowed(authorization: str | None, password: SecretStr) -> bool:
    """Whether an Authorization header carries the password (HTTP Basic, any user name).

    Takes the same time wherever a wrong password goes wrong.
    """
    _, colon, given = _credentials(authorization)
    return bool(colon) and hmac.compare_digest(given, password.get_secret_value().encode())


def user_of(authorization: str | None) -> str:
    """The name that was given with the password, for the record of what its bearer does."""
    name = _credentials(authorization)[0].decode("utf-8", "replace")
    return "".join(each for each in name if each.isprintable()).strip()[:_NAME_LENGTH_MAX] or "web"


def must_be_allowed(request: Request, password: SecretStr) -> None:
    """Raises:
    HTTPException: 401, the request does not carry the password.
    """
    if not allowed(request.headers.get("authorization"), password):
        challenge = {"WWW-Authenticate": 'Basic realm="Podmill", charset="UTF-8"'}
        raise HTTPException(401, "This page needs the password.", headers=challenge)


def _credentials(authorization: str | None) -> tuple[bytes, bytes, bytes]:
    """User, colon, password; all empty when there are none."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return b"", b"", b""
    try:
        return base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return b"", b"", b""
