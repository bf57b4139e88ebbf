"""Where things are published: names of folders and files, and the addresses that lead to them."""

import hashlib
import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from models.documents import Artifact
from podmill.errors import ConfigurationError, PublishError
from podmill.publishing.text import slug, web_address

FEED: Final = "feed.xml"
PAGE: Final = "index.html"
EPISODES: Final = "episodes"
ASSETS: Final = "_assets"
"""Style, script and icon of the pages. No show's short name begins with an underscore."""
TRANSCRIPTS: Final = {"vtt": "transcript.vtt", "srt": "transcript.srt", "json": "transcript.json"}
WORDS: Final = "transcript.txt"
"""Of an episode that is text only."""
CHAPTERS: Final = "chapters.json"

_PODCAST_NAMESPACE: Final = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""Of ``podcast:guid`` (podcast-namespace, docs/tags/guid.md)."""
_FOLDER_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DIGEST_LENGTHS: Final = (8, 16, 32, 64)


def podcast_guid(feed_url: str) -> str:
    """The ``podcast:guid`` of a feed: UUIDv5 of its address without scheme and trailing slashes.

    Computed once, from the first address, and kept when the feed moves.
    """
    return str(uuid.uuid5(_PODCAST_NAMESPACE, feed_url.partition("://")[2].rstrip("/")))


def show_folder(show_slug: str) -> str:
    """The show's folder name.

    Raises:
        PublishError: the short name is not fit to be one.
    """
    if not _FOLDER_NAME.fullmatch(show_slug):
        raise PublishError(
            f"{show_slug!r} cannot be the folder of a show: small letters, digits and single hyphens.",
            action="Give the show another short name.",
        )
    return show_slug


def episode_folder(title: str, guid: str, taken: Collection[str]) -> str:
    """A folder name that tells the episode and belongs to no other.

    The guid is hashed because its first characters may be a time, alike for episodes made together.
    """
    digest = hashlib.sha256(guid.encode()).hexdigest()
    names = (f"{slug(title)}-{digest[:length]}" for length in _DIGEST_LENGTHS)
    return next(name for name in names if name not in taken)


def is_folder_of(guid: str, name: str) -> bool:
    """Whether ``episode_folder`` may have named a folder for an episode."""
    digest = name.rpartition("-")[2]
    return len(digest) in _DIGEST_LENGTHS and hashlib.sha256(guid.encode()).hexdigest().startswith(digest)


def cover_name(cover: Artifact) -> str:
    """The cover's file name changes with the picture: apps keep pictures by address."""
    return f"cover-{cover.sha256[:8]}{cover.suffix or '.jpg'}"


@dataclass(frozen=True, slots=True)
class Site:
    """The public addresses of one show."""

    base_url: str
    """Of the published folder, without a trailing slash."""
    folder: str

    @classmethod
    def of(cls, public_url: str, show_slug: str) -> "Site":
        """
        Raises:
            ConfigurationError: the public address is not an http or https address.
            PublishError: the show's short name is not fit to be a folder.
        """
        url = web_address(public_url)
        if url is None or "?" in url or "#" in url:
            raise ConfigurationError(
                f"public_url: {public_url!r} is not an address that listeners can reach.",
                action="Set PODMILL_PUBLIC_URL, for example https://podcasts.example.org",
            )
        return cls(url.rstrip("/"), show_folder(show_slug))

    @property
    def page(self) -> str:
        return f"{self.base_url}/{self.folder}/"

    @property
    def feed(self) -> str:
        return self.page + FEED

    def cover(self, cover: Artifact) -> str:
        return self.page + cover_name(cover)

    def episode(self, folder: str) -> str:
        return f"{self.page}{EPISODES}/{folder}/"
