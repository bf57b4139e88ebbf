"""The ``folder`` target: shows as a folder that any web server can serve."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, TypeVar

from pydantic import ValidationError

from models.documents import Artifact, Document
from models.master import Master, TextEdition
from models.publication import Publication
from models.release import Release
from models.show import ShowProfile
from podmill.context import ArtifactStore, StepContext
from podmill.errors import PublishError
from podmill.publishing import files
from podmill.publishing.addresses import (
    ASSETS,
    CHAPTERS,
    EPISODES,
    FEED,
    PAGE,
    TRANSCRIPTS,
    WORDS,
    Site,
    cover_name,
    is_folder_of,
)
from podmill.publishing.addresses import episode_folder as new_folder
from podmill.publishing.feed import render_feed
from podmill.publishing.item import RECORD, Item, item_of
from podmill.publishing.lint import lint
from podmill.publishing.pages import ASSET_FILES, notes_page, show_page
from podmill.publishing.target import Capabilities
from podmill.settings import Settings

SHOW_RECORD: Final = "show.json"

Record = TypeVar("Record", bound=Document)


class FolderTarget:
    """Publishes below ``settings.public``, at ``settings.public_url``.

    ``<show>/feed.xml``, the show's page and covers; in ``<show>/episodes/<title>-<hash of guid>/`` the audio,
    transcripts, chapters, notes page and ``item.json``. The feed is made anew of the show and every ``item.json``
    there, under a lock, so episodes may be published by any number of processes at once. An episode keeps its folder,
    and with it its addresses, when it is published again under another title. One that is text only has its page, its
    words and no audio: it is on the show's page and not in the feed, until it is published with audio.
    """

    name = "folder"
    capabilities = Capabilities(local=True, feed=True)

    def publish(self, release: Release, context: StepContext) -> Publication:
        """Publish one episode.

        Raises:
            PublishError: the feed would be one that directories refuse, or the folder cannot be written.
            TransientError: another publisher held the show for too long.
            StoreError: the store lost a file of the episode.
            DiskFullError: there is no room for the files.
        """
        settings = context.settings
        site = Site.of(settings.public_url, release.show.slug)
        show_dir = settings.public / site.folder
        context.progress(0.0, "publishing")
        with files.plainly_said(show_dir):
            _publish_assets(settings.public)
            with files.locked(show_dir):
                item = _publish_episode(release, site, show_dir, context)
        folder = show_dir / EPISODES / item.folder
        return Publication(
            target=self.name,
            url=site.episode(item.folder),
            path=str(folder / item.audio_name) if item.audio else None,
            transcript_path=str(folder / (TRANSCRIPTS["vtt"] if item.audio else WORDS)),
            feed_path=str(show_dir / FEED),
            guid=item.guid,
            published_at=item.published_at,
        )

    @contextmanager
    def withdrawal(self, show: str, settings: Settings) -> Iterator[Callable[[str], None]]:
        """Hold a show; gives what takes an episode out of its feed and page, and then its files away, by its guid.

        Raises:
            PublishError: the show is not published in this machine's folder, or that cannot be written.
            TransientError: another publisher held the show for too long.
        """
        site = Site.of(settings.public_url, show)
        show_dir = settings.public / site.folder
        if not show_dir.is_dir():
            raise PublishError(
                f"{show_dir} is not here: the episode cannot be taken down.", action="Run it where it is published."
            )

        def withdraw(guid: str) -> None:
            with files.plainly_said(show_dir):
                _withdraw_episode(guid, site, show_dir)

        with ExitStack() as held:
            with files.plainly_said(show_dir):
                held.enter_context(files.locked(show_dir))
            yield withdraw


def read_show(show_dir: Path) -> tuple[ShowProfile, list[Item]] | None:
    """The show published in a folder and its items; None when the folder holds none.

    Raises:
        PublishError: a record in the folder cannot be read.
    """
    record = show_dir / SHOW_RECORD
    if not record.is_file():
        return None
    return _parsed(record, ShowProfile), _items(show_dir)


def _publish_assets(public: Path) -> None:
    folder = public / ASSETS
    folder.mkdir(parents=True, exist_ok=True)
    for asset in ASSET_FILES:
        files.write(folder / asset.name, asset.read_bytes())


def _publish_episode(release: Release, site: Site, show_dir: Path, context: StepContext) -> Item:
    others = {item.guid: item for item in _items(show_dir)}
    mine = others.pop(release.guid, None)
    taken = {item.folder for item in others.values()}
    item = item_of(release, mine.folder if mine else new_folder(release.script.title, release.guid, taken))
    items = [*others.values(), item]
    feed = render_feed(release.show, items, site)
    # Before anything is written: a record that cannot be in a feed would stop every later episode of the show.
    _check(feed)
    folder = show_dir / EPISODES / item.folder
    folder.mkdir(parents=True, exist_ok=True)
    files.remove_temporary(folder)
    _publish_files(release, item, folder, context)
    files.place(context.store.path(item.cover), item.cover, show_dir / cover_name(item.cover))
    files.write(folder / PAGE, notes_page(release, item, _transcript(release.master, context.store), site))
    context.progress(0.9, "updating the feed")
    files.write(show_dir / SHOW_RECORD, release.show.model_dump_json(indent=1).encode())
    files.write(folder / RECORD, item.model_dump_json(indent=1).encode())
    files.write(show_dir / FEED, feed)
    files.write(show_dir / PAGE, show_page(release.show, items, site))
    return item


def _withdraw_episode(guid: str, site: Site, show_dir: Path) -> None:
    items = _items(show_dir)
    left = [item for item in items if item.guid != guid]
    if left:
        found = read_show(show_dir)
        if found is None:
            raise PublishError(
                f"{show_dir / SHOW_RECORD} is missing: there is no feed without it.",
                action="Publish an episode of this show, then take this one down.",
            )
        show = found[0]
        files.write(show_dir / FEED, render_feed(show, left, site))
        files.write(show_dir / PAGE, show_page(show, left, site))
    else:
        for name in (FEED, PAGE, SHOW_RECORD):
            (show_dir / name).unlink(missing_ok=True)
    for folder in _folders(guid, items, show_dir):
        # The record last: with it, whoever was stopped half-way finds what is left to do.
        for path in sorted(folder.iterdir(), key=lambda path: path.name == RECORD):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        folder.rmdir()


def _folders(guid: str, items: Sequence[Item], show_dir: Path) -> list[Path]:
    """Of an episode: that of its record, and what a publisher that died began without one."""
    named = {show_dir / EPISODES / item.folder: item.guid for item in items}
    return [
        folder
        for folder in show_dir.glob(f"{EPISODES}/*")
        if (named[folder] == guid if folder in named else is_folder_of(guid, folder.name))
    ]


def _publish_files(release: Release, item: Item, folder: Path, context: StepContext) -> None:
    master = release.master
    named: tuple[tuple[Artifact, str], ...]
    if isinstance(master, TextEdition):
        named = ((master.transcript_txt, WORDS),)
    else:
        named = (
            (master.audio, item.audio_name),
            (master.transcript_vtt, TRANSCRIPTS["vtt"]),
            (master.transcript_srt, TRANSCRIPTS["srt"]),
            (master.transcript_json, TRANSCRIPTS["json"]),
            (master.chapters_json, CHAPTERS),
        )
        # It may have been text only before.
        (folder / WORDS).unlink(missing_ok=True)
    store: ArtifactStore = context.store
    for artifact, name in named:
        context.progress(0.1, f"publishing {name}")
        files.place(store.path(artifact), artifact, folder / name)


def _transcript(master: Master | TextEdition, store: ArtifactStore) -> bytes | None:
    return None if isinstance(master, TextEdition) else store.path(master.transcript_json).read_bytes()


def _items(show_dir: Path) -> list[Item]:
    return [_parsed(path, Item) for path in sorted(show_dir.glob(f"{EPISODES}/*/{RECORD}"))]


def _parsed(path: Path, kind: type[Record]) -> Record:
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as exc:
        raise PublishError(
            f"{path} is damaged or was written by another version.",
            action="Move its folder away, then publish that episode again: podmill retry",
        ) from exc


def _check(feed: bytes) -> None:
    errors = [finding for finding in lint(feed) if finding.level == "error"]
    if errors:
        raise PublishError(
            f"Directories would refuse the feed: {errors[0].where}: {errors[0].message}"
            + (f" ({len(errors) - 1} more)." if len(errors) > 1 else "."),
            action="Correct the show, then run: podmill retry",
        )
