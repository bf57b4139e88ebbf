"""What makes two requests the same: content, never the place or the name of a file."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from podmill.briefs.records import EpisodeRequest, FileRequest, RefusedRow, ShowRequest

_NOT_CONTENT = {"key", "file", "line", "sources", "script", "artwork", "cover", "sound"}


def digest(value: Any) -> str:
    """SHA-256 of a JSON value in its canonical form."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def content(request: EpisodeRequest | ShowRequest) -> dict[str, Any]:
    """A request with its files replaced by what is in them."""
    stated = request.model_dump(mode="json", exclude=_NOT_CONTENT, exclude_none=True)
    for name in ("sources", "script", "artwork", "cover"):
        held = getattr(request, name, None)
        if isinstance(held, FileRequest):
            stated[name] = held.identity
        elif held:
            stated[name] = [each.identity for each in held]
    if isinstance(request, ShowRequest) and request.sound:
        stated["sound"] = request.sound.sound.model_dump(mode="json")
    return stated


def episode_key(request: EpisodeRequest) -> str:
    """An explicit id names the episode whatever else is said of it; without one the content does."""
    if request.id is not None:
        return digest(["id", request.show, request.id])
    return digest(["content", request.show, content(request)])


def fingerprint(shows: Iterable[ShowRequest], episodes: Iterable[EpisodeRequest], refused: Iterable[RefusedRow]) -> str:
    """Refused rows count: a file in which one was mended, or taken out, is another submission."""
    return digest(
        [
            [content(show) for show in shows],
            [content(episode) for episode in episodes],
            [[row.line, row.field, row.message] for row in refused],
        ]
    )
