"""The published folder as the web shows it: what may be asked for, and as what it is sent."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.show import ShowProfile
from podmill.errors import PublishError
from podmill.publishing.addresses import ASSETS, CHAPTERS, FEED, PAGE, cover_name
from podmill.publishing.feed import show_cover
from podmill.publishing.folder import SHOW_RECORD, read_show
from podmill.publishing.item import RECORD, Item
from podmill.publishing.pages import ASSET_FILES
from podmill.publishing.text import one_line, paragraphs

_NAMED_TYPES: Final = {FEED: "application/rss+xml; charset=utf-8", CHAPTERS: "application/json+chapters"}
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mp3": "audio/mpeg",
    ".png": "image/png",
    ".srt": "application/x-subrip; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".vtt": "text/vtt; charset=utf-8",
    ".xml": "application/xml",
}
"""Files of any other kind are not served: nothing that Podmill publishes has one."""
_OWN_PAGES: Final = frozenset({".css", ".html", ".js", ".svg"})
"""Meant for our own pages; players and directories on other sites read the rest."""
_MEDIA: Final = frozenset({".jpeg", ".jpg", ".mp3", ".png"})
_HIDDEN: Final = frozenset({RECORD, SHOW_RECORD})


@dataclass(frozen=True, slots=True)
class ListedShow:
    """A show on the front page."""

    folder: str
    title: str
    summary: str
    episodes: int
    cover: str


def find(public: Path, request_path: str) -> Path | None:
    """The file or folder behind a decoded request path; None when there is none that may be seen.

    Hidden files, records, unknown kinds of file and whatever lies outside the folder (also by symbolic link) do not
    exist for the web.
    """
    segments = request_path.removesuffix("/").split("/")
    if any(not _is_name(segment) for segment in segments) or segments[-1] in _HIDDEN:
        return None
    if segments[0] == ASSETS:
        return next((asset for asset in ASSET_FILES if segments[1:] == [asset.name]), None)
    try:
        root = public.resolve(strict=True)
        path = root.joinpath(*segments).resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    if not path.is_relative_to(root):
        return None
    return path if path.is_dir() or (path.is_file() and path.suffix.lower() in _TYPES) else None


def _is_name(segment: str) -> bool:
    return bool(segment) and not segment.startswith(".") and not set(segment) & {"\0", "\\", "/"}


def page_of(folder: Path) -> Path | None:
    """The page that stands for a folder."""
    page = folder / PAGE
    return page if page.is_file() and not page.is_symlink() else None


def headers_of(path: Path) -> dict[str, str]:
    """Type, caching and who may read it. Media may be kept for an hour, all else is asked for anew each time."""
    suffix = path.suffix.lower()
    headers = {
        "Content-Type": _NAMED_TYPES.get(path.name, _TYPES[suffix]),
        "Cache-Control": "public, max-age=3600" if suffix in _MEDIA else "no-cache",
    }
    if suffix not in _OWN_PAGES:
        headers |= {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": "Accept-Ranges, Content-Length, Content-Range, ETag",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
    return headers


def shows(public: Path) -> list[ListedShow]:
    """The shows of the folder by title; one whose records cannot be read is left out."""
    listed = []
    for record in sorted(public.glob(f"*/{SHOW_RECORD}")):
        try:
            found = read_show(record.parent)
        except PublishError:
            continue
        if found and found[1]:
            listed.append(_listed(record.parent, *found))
    return sorted(listed, key=lambda show: (show.title.casefold(), show.folder))


def _listed(folder: Path, show: ShowProfile, items: list[Item]) -> ListedShow:
    summary = paragraphs(show.description)
    return ListedShow(
        folder=folder.name,
        title=one_line(show.title) or show.slug,
        summary=summary[0] if summary else "",
        episodes=len(items),
        cover=cover_name(show_cover(items)),
    )
