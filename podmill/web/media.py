"""Serving a file as RFC 9110 asks: conditional requests, one byte range, HEAD."""

import email.utils
import hashlib
import os
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

import anyio.to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

BLOCK: Final = 256 * 1024
_RANGE: Final = re.compile(r"bytes=(?:(\d{1,18})-(\d{1,18})?|-(\d{1,18}))")


def serve_file(path: Path, request: Request, headers: Mapping[str, str]) -> Response:
    """The response to a GET or HEAD of a file. ``headers`` come with every answer that tells of the file.

    Starlette's FileResponse answers If-None-Match with 200, a malformed Range with 400, and takes a file's size
    before it opens it, which a feed that is replaced in between makes untrue.

    Raises:
        OSError: the file cannot be opened.
    """
    file = path.open("rb")
    try:
        return _answer(file, request, headers)
    except BaseException:
        file.close()
        raise


def serve_bytes(data: bytes, request: Request, headers: Mapping[str, str]) -> Response:
    """As ``serve_file``, for what is made on the way and not kept; players ask for ranges of it."""
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    told = {**headers, "Accept-Ranges": "bytes", "ETag": etag}
    asked = _range(request, len(data), etag, "")
    if asked == (0, 0):
        return Response(status_code=416, headers={**told, "Content-Range": f"bytes */{len(data)}"})
    if asked is None:
        return Response(data, headers=told)
    first, end = asked
    told["Content-Range"] = f"bytes {first}-{end - 1}/{len(data)}"
    return Response(data[first:end], status_code=206, headers=told)


def _answer(file: BinaryIO, request: Request, given: Mapping[str, str]) -> Response:
    status = os.fstat(file.fileno())
    size_bytes, modified_s = status.st_size, int(status.st_mtime)
    identity = f"{status.st_ino}-{status.st_mtime_ns}-{size_bytes}"
    etag = f'"{hashlib.sha256(identity.encode()).hexdigest()[:32]}"'
    headers = {
        **given,
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Last-Modified": email.utils.formatdate(modified_s, usegmt=True),
    }
    if _unchanged(request, etag, modified_s):
        file.close()
        del headers["Content-Type"]
        return Response(status_code=304, headers=headers)
    asked = _range(request, size_bytes, etag, headers["Last-Modified"])
    if asked == (0, 0):
        file.close()
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size_bytes}"})
    first, end = asked or (0, size_bytes)
    headers["Content-Length"] = str(end - first)
    if asked:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{size_bytes}"
    if request.method == "HEAD":
        file.close()
        return Response(status_code=200, headers=headers)
    return _Slice(file, first, end, 206 if asked else 200, headers)


def _unchanged(request: Request, etag: str, modified_s: int) -> bool:
    known = request.headers.get("if-none-match")
    if known is not None:
        # Weak comparison: a cache may have marked the tag as weak when it compressed the body.
        return known.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in known.split(","))
    since = _http_date(request.headers.get("if-modified-since"))
    return since is not None and modified_s <= since


def _range(request: Request, size_bytes: int, etag: str, modified: str) -> tuple[int, int] | None:
    """First byte and the one after the last; (0, 0) when there are none such; None for the whole file.

    Several ranges, other units and malformed ones get the whole file, as the standard allows.
    """
    matched = _RANGE.fullmatch(request.headers.get("range", "").strip().lower())
    condition = request.headers.get("if-range")
    if request.method != "GET" or matched is None or (condition is not None and condition not in (etag, modified)):
        return None
    first, last, suffix = (None if group is None else int(group) for group in matched.groups())
    if first is None:
        first, last = max(0, size_bytes - (suffix or 0)), None
    elif last is not None and last < first:
        return None
    if first >= size_bytes:
        return 0, 0
    return first, size_bytes if last is None else min(last + 1, size_bytes)


def _http_date(value: str | None) -> float | None:
    if not value:
        return None
    try:
        return email.utils.parsedate_to_datetime(value).timestamp()
    except ValueError:
        return None


class _Slice(StreamingResponse):
    """Part of an open file, which it closes, also when the listener goes away half-way."""

    def __init__(self, file: BinaryIO, first: int, end: int, status_code: int, headers: Mapping[str, str]) -> None:
        super().__init__(_blocks(file, first, end), status_code=status_code, headers=headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except ClientDisconnect:
            return
        finally:
            self._file.close()


async def _blocks(file: BinaryIO, first: int, end: int) -> AsyncIterator[bytes]:
    file.seek(first)
    left = end - first
    while left > 0:
        block = await anyio.to_thread.run_sync(file.read, min(BLOCK, left))
        if not block:
            return
        left -= len(block)
        yield block
