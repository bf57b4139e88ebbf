"""Fetching a source from the web: https only, public hosts only, bounded in time and size."""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath
from typing import Final, NoReturn
from urllib.parse import unquote

import httpcore2
import httpx2

from podmill.errors import SourceError, TransientError
from podmill.research.addresses import parse, redact
from podmill.research.media_types import DOCX, HTML, MARKDOWN, PDF, TEXT, sniff
from podmill.research.network import Deadline, GuardedBackend, Network
from podmill.settings import Settings

REDIRECTS_MAX: Final = 5
WAIT_MAX_S: Final = 86_400.0
"""Longest Retry-After believed."""

_BLOCK: Final = 1 << 16
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_TRANSIENT: Final = (408, 425, 429)
_GUESSED: Final = ("", "application/octet-stream", "binary/octet-stream")
_TYPES: Final = {
    HTML: HTML,
    "application/xhtml+xml": HTML,
    TEXT: TEXT,
    MARKDOWN: MARKDOWN,
    "text/x-markdown": MARKDOWN,
    PDF: PDF,
    "application/x-pdf": PDF,
    DOCX: DOCX,
}
_HEADERS: Final[Mapping[bytes | str, bytes | str]] = {
    "User-Agent": "Podmill (+podcast research)",
    "Accept": f"{HTML}, {PDF}, {DOCX}, {MARKDOWN}, {TEXT};q=0.9, */*;q=0.1",
    "Accept-Encoding": "gzip",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A source that lies on disk now."""

    path: Path
    media_type: str
    """Of the content itself, not of the header."""
    charset: str | None
    """As the header says, for text."""
    url: str
    """Where it was found, after redirects."""


def fetch(address: str, settings: Settings, folder: Path, network: Network | None = None) -> Fetched:
    """Fetch an https address into a folder.

    ``fetch_timeout_s`` bounds the whole of it, redirects included; ``fetch_max_mb`` the unpacked size.
    ``fetch_private`` permits private addresses and plain http.

    Raises:
        SourceError: it may not be read, is not there, is too large, or is no document.
        TransientError: the server or the way to it failed; ``retry_after_s`` when it said when.
    """
    private = settings.fetch_private
    network = network or (Network(permits=lambda _: True) if private else Network())
    url = parse(address, plain_http=private)
    backend = GuardedBackend(network, Deadline(settings.fetch_timeout_s))
    try:
        with httpcore2.ConnectionPool(
            ssl_context=network.tls or httpx2.create_ssl_context(), network_backend=backend
        ) as pool:
            for _ in range(REDIRECTS_MAX + 1):
                answer = _ask(pool, url, settings, folder)
                if isinstance(answer, Fetched):
                    return answer
                url = parse(answer, plain_http=private)
    except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError) as exc:
        _explain(url, exc, settings)
    raise SourceError(
        f"{redact(address)}: redirected more than {REDIRECTS_MAX} times.", action="Give the final address."
    )


def _ask(pool: httpcore2.ConnectionPool, url: httpx2.URL, settings: Settings, folder: Path) -> Fetched | str:
    """The document, or the address a redirect points to."""
    target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    with pool.stream("GET", target, headers=_HEADERS) as response:
        headers = httpx2.Headers(response.headers)
        if response.status in _REDIRECTS and "location" in headers:
            return _joined(url, headers["location"])
        _check_status(url, response.status, headers)
        declared, charset = _content_type(headers.get("content-type", ""))
        if declared not in _TYPES and declared not in _GUESSED:
            raise SourceError(
                f"{redact(str(url))}: is {_plain(declared)}, which is no document.",
                action="Give an HTML, PDF, Word, Markdown or text document.",
            )
        path = folder / "fetched"
        _save(response.iter_stream(), path, url, headers, settings.fetch_max_mb)
    return Fetched(path, _media_type(path, url, declared), charset, str(url))


def _joined(url: httpx2.URL, location: str) -> str:
    try:
        return str(url.join(location))
    except httpx2.InvalidURL:
        raise SourceError(f"{redact(str(url))}: redirects to no web address.", action="Give another one.") from None


def _check_status(url: httpx2.URL, status: int, headers: httpx2.Headers) -> None:
    if 200 <= status < 300:
        return
    shown = redact(str(url))
    if status in _TRANSIENT or status >= 500:
        raise TransientError(f"{shown}: the server answered {status}.", retry_after_s=_retry_after_s(headers))
    raise SourceError(f"{shown}: the server answered {status}.", action="Check that the page exists and is public.")


def _retry_after_s(headers: httpx2.Headers) -> float | None:
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}", value):
        return min(float(value), WAIT_MAX_S)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), WAIT_MAX_S)


def _content_type(value: str) -> tuple[str, str | None]:
    declared = value.partition(";")[0].strip().lower()
    charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", value, re.IGNORECASE)
    return declared, charset[1].lower() if charset else None


def _save(chunks: Iterator[bytes], path: Path, url: httpx2.URL, headers: httpx2.Headers, size_max_mb: int) -> None:
    size_max_bytes = size_max_mb * 1_000_000
    length = headers.get("content-length", "")
    size_bytes = int(length) if length.isascii() and length.isdigit() else 0
    with path.open("wb") as out:
        if size_bytes <= size_max_bytes:
            size_bytes = 0
            for block in _unpacked(chunks, url, headers.get("content-encoding", "")):
                size_bytes += len(block)
                if size_bytes > size_max_bytes:
                    break
                out.write(block)
    if size_bytes > size_max_bytes:
        raise SourceError(
            f"{redact(str(url))}: is larger than {size_max_mb} MB.",
            action="Raise PODMILL_FETCH_MAX_MB, or give a part.",
        )
    if not size_bytes:
        raise SourceError(f"{redact(str(url))}: is empty.", action="Check the address in a browser.")


def _unpacked(chunks: Iterator[bytes], url: httpx2.URL, encoding: str) -> Iterator[bytes]:
    """The content in blocks of bounded size: a small packed chunk may unpack to a thousand times as much."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        yield from chunks
        return
    if encoding not in ("gzip", "x-gzip"):
        raise SourceError(f"{redact(str(url))}: is packed as {_plain(encoding)}, which was not asked for.")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            packed = chunk
            while packed and not unpacker.eof:
                yield unpacker.decompress(packed, _BLOCK)
                packed = unpacker.unconsumed_tail
        yield unpacker.flush(_BLOCK)
    except zlib.error as exc:
        raise TransientError(f"{redact(str(url))}: arrived damaged.") from exc
    if not unpacker.eof:
        raise TransientError(f"{redact(str(url))}: arrived incomplete.")


def _media_type(path: Path, url: httpx2.URL, declared: str) -> str:
    named = PurePosixPath(unquote(url.path)).name
    try:
        return sniff(path, name=named, declared=_TYPES.get(declared))
    except SourceError as exc:
        raise SourceError(f"{redact(str(url))}: {exc.message}", action=exc.action) from None


def _plain(text: str) -> str:
    return re.sub(r"[^\w./+-]", "?", text)[:60]


def _explain(url: httpx2.URL, exc: Exception, settings: Settings) -> NoReturn:
    shown = redact(str(url))
    if isinstance(exc, httpcore2.TimeoutException):
        raise TransientError(
            f"{shown}: not read within {settings.fetch_timeout_s:g} seconds.", action="Raise PODMILL_FETCH_TIMEOUT_S."
        ) from exc
    if "CERTIFICATE_VERIFY_FAILED" in str(exc):
        raise SourceError(f"{shown}: its certificate is not valid.", action="Save the page as a file.") from exc
    raise TransientError(f"{shown}: the connection failed ({_reason(exc)}).") from exc


def _reason(exc: Exception) -> str:
    return re.sub(r"\s+", " ", str(exc))[:120] or type(exc).__name__
