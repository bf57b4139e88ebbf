"""A node's home folder with everything that is backed up, and what is not."""

import os
import sqlite3
from pathlib import Path

import pytest

from models.documents import Artifact
from models.tables import Show, table
from podmill.settings import Settings, load
from podmill.store.database import connect, migrate, transaction
from podmill.store.local import LocalStore

FEED = b"<rss>tides</rss>"


@pytest.fixture
def settings(podmill_home: Path) -> Settings:
    return load({"PODMILL_HOME": str(podmill_home), "PODMILL_DISK_RESERVE_MB": "0"})[0]


@pytest.fixture
def cover(settings: Settings) -> Artifact:
    """Of the one show; also published, as another name of the same file."""
    return fill(settings, "Tides")


def fill(settings: Settings, title: str) -> Artifact:
    """Make a database with one show, its cover in the store, and a public folder."""
    store = LocalStore(settings.store_dir)
    cover = store.put_bytes(b"cover", suffix=".jpg", media_type="image/jpeg")
    store.put_bytes(b"nobody refers to this")
    engine = connect(settings.database, settings.home)
    migrate(engine, settings.home)
    row = Show(slug="tides", title=title, guid="g", created_at=0, cover=cover.model_dump()).model_dump()
    with transaction(engine) as connection:
        connection.execute(table(Show).insert().values(row))
    engine.dispose()
    folder = settings.public / "tides"
    folder.mkdir(parents=True)
    (folder / "feed.xml").write_bytes(FEED)
    (folder / ".incoming-x").write_bytes(b"half a file")
    os.link(store.path(cover), folder / "cover.jpg")
    (settings.home / "password").write_text("secret")
    return cover


def title_in(settings: Settings) -> str:
    """Title of the show, read without Podmill."""
    connection = sqlite3.connect(settings.home / "podmill.db")
    try:
        return str(connection.execute("SELECT title FROM show").fetchone()[0])
    finally:
        connection.close()


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of this process that lead to another home folder, which is yet to be made."""
    monkeypatch.setenv("PODMILL_HOME", str(tmp_path / "elsewhere"))
    return load({"PODMILL_HOME": str(tmp_path / "elsewhere"), "PODMILL_DISK_RESERVE_MB": "0"})[0]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
