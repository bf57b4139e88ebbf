"""Text made fit to be published, wherever it came from."""

import datetime as dt
import email.utils
import re
import unicodedata
from typing import Final
from urllib.parse import quote, urlsplit

_UNFIT: Final = re.compile(
    # What XML 1.0 cannot hold or advises against: controls, surrogates, non-characters ...
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    # ... and the invisible controls that turn the direction of all text after them.
    "\u202a-\u202e\u2066-\u2069]"
)
_PARAGRAPH: Final = re.compile(r"\n\s*\n")
_URL_SAFE: Final = "!#$%&'()*+,/:;=?@[]~"
_URL_LENGTH_MAX: Final = 2000
_SLUG_LENGTH_MAX: Final = 60


def one_line(text: str) -> str:
    """The text on one line, without characters that XML cannot hold or that garble what follows."""
    return " ".join(_UNFIT.sub("", text).split())


def paragraphs(text: str) -> tuple[str, ...]:
    """The text's paragraphs, each on one line, none empty."""
    lines = (one_line(part) for part in _PARAGRAPH.split(text.replace("\r\n", "\n")))
    return tuple(line for line in lines if line)


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters, cut after a word and marked with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip() + "\u2026"


def slug(title: str) -> str:
    """A file name made of a title: ``a-z``, ``0-9`` and single hyphens; ``episode`` when no letter is left."""
    latin = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", latin)[:_SLUG_LENGTH_MAX].strip("-") or "episode"


def web_address(url: str | None) -> str | None:
    """The address if a listener may be sent there: http or https, no user name or password in it; else None."""
    if not url or len(url) > _URL_LENGTH_MAX or _UNFIT.search(url) or re.search(r"\s", url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return None
    return quote(url, safe=_URL_SAFE)


def clock(time_s: float) -> str:
    """``00:01:05``: whole seconds, as podcast apps look for them in descriptions."""
    minutes, seconds = divmod(int(time_s), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def moment(iso: str) -> dt.datetime:
    """An ISO 8601 time in UTC; one without a zone is taken as UTC."""
    time = dt.datetime.fromisoformat(iso)
    return time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time.astimezone(dt.UTC)


def rfc2822(time: dt.datetime) -> str:
    """``Sat, 21 Nov 2026 04:37:13 GMT``."""
    return email.utils.format_datetime(time.astimezone(dt.UTC), usegmt=True)
