"""A restored node is the node; what was there before is moved aside, whole."""

import io
import json
import os
import sqlite3
import tarfile
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from models.tables import Episode, PublicationRow, StepDocument, table
from podmill import nodefile
from podmill.backup import making, swap
from podmill.backup.restoring import restore
from podmill.errors import ConfigurationError, DiskFullError, InputError
from podmill.node import Node
from podmill.settings import load
from podmill.store.database import UNFINISHED_RESTORE, open_engine, reading, transaction
from podmill.store.local import LocalStore
from tests.unit.podmill.backup.conftest import FEED, fill, title_in, tree


@pytest.fixture
def backup(settings, cover, tmp_path: Path) -> Path:
    return making.make(settings, tmp_path / "b.tar.gz").path


def test_everything_comes_back(settings, cover, backup: Path, elsewhere):
    """Database, store, public folder; a file that had two names has two names again."""
    restore(elsewhere, backup)

    assert title_in(elsewhere) == "Tides"
    stored = LocalStore(elsewhere.store_dir).path(cover)
    assert tree(elsewhere.public) == {"tides/cover.jpg": b"cover", "tides/feed.xml": FEED}
    assert stored.samefile(elsewhere.public / "tides" / "cover.jpg")
    assert stored.stat().st_mode & 0o777 == 0o444
    open_engine(elsewhere).dispose()


def test_modification_times_of_what_is_published_come_back(settings, cover, elsewhere, tmp_path: Path):
    """Listeners' programs ask whether the feed is newer."""
    os.utime(settings.public / "tides" / "feed.xml", (1_700_000_000, 1_700_000_000))
    restore(elsewhere, making.make(settings, tmp_path / "b.tar").path)

    assert (elsewhere.public / "tides" / "feed.xml").stat().st_mtime == 1_700_000_000


def test_what_is_there_is_not_touched_without_force(backup: Path, elsewhere):
    """Nothing is changed, and the message names --force."""
    fill(elsewhere, "Mills")
    before = tree(elsewhere.home)

    with pytest.raises(ConfigurationError, match="--force"):
        restore(elsewhere, backup)
    assert tree(elsewhere.home) == before | {".node.lock": b""}


def test_with_force_it_is_moved_aside_whole(backup: Path, elsewhere):
    """Also what SQLite had only in its log: another database would be damaged by it."""
    fill(elsewhere, "Mills")
    crashed = sqlite3.connect(elsewhere.home / "podmill.db")
    crashed.execute("UPDATE show SET title = 'Wind mills'")
    crashed.commit()
    log = (elsewhere.home / "podmill.db-wal").read_bytes()
    done = restore(elsewhere, backup, force=True)
    crashed.close()

    assert title_in(elsewhere) == "Tides"
    database = next(path for path in done.aside if path.name.startswith("podmill.db"))
    assert len(done.aside) == 3
    assert log
    old = sqlite3.connect(database)
    assert old.execute("SELECT title FROM show").fetchone() == ("Wind mills",)
    old.close()


def test_publications_know_where_their_files_are(settings, cover, elsewhere, tmp_path: Path):
    """What is in the public folder of before is in that of now; what lies elsewhere stays there."""
    engine = open_engine(settings)
    paths = {"path": f"{settings.public}/tides/a.mp3", "feed_path": "/srv/feed.xml", "url": "http://x/ü"}
    with transaction(engine) as connection:
        row = Episode(id="e", key="e", show="tides", title="t", brief={}, created_at=0, updated_at=0).model_dump()
        connection.execute(insert(table(Episode)).values(row))
        body = {"target": "folder", "url": "", "body": json.dumps(paths), "created_at": 0}
        connection.execute(insert(table(PublicationRow)).values(episode_id="e", **body))
        document = {"episode_id": "e", "step": "publishing", "created_at": 0}
        connection.execute(insert(table(StepDocument)).values(body=json.dumps({"items": [paths]}), **document))
    restore(elsewhere, making.make(settings, tmp_path / "b.tar").path)

    moved = paths | {"path": f"{elsewhere.public}/tides/a.mp3"}
    with reading(open_engine(elsewhere)) as connection:
        assert json.loads(connection.scalar(select(table(PublicationRow).c.body))) == moved
        assert json.loads(connection.scalar(select(table(StepDocument).c.body))) == {"items": [moved]}


def test_a_running_node_keeps_its_home_folder(backup: Path, elsewhere):
    """Nothing is even unpacked."""
    with nodefile.held(elsewhere), pytest.raises(ConfigurationError, match="A node is running"):
        restore(elsewhere, backup, force=True)


def test_settings_come_back_unless_there_are_some(settings, cover, elsewhere, tmp_path: Path):
    """One's own are kept."""
    (settings.home / "podmill.toml").write_text("minutes = 3\n")
    path = making.make(settings, tmp_path / "b.tar").path

    assert not restore(elsewhere, path).own_config_kept
    assert (elsewhere.home / "podmill.toml").read_text() == "minutes = 3\n"
    (elsewhere.home / "podmill.toml").write_text("minutes = 4\n")
    assert restore(elsewhere, path, force=True).own_config_kept
    assert (elsewhere.home / "podmill.toml").read_text() == "minutes = 4\n"


def test_settings_that_lead_elsewhere_are_a_person_s_to_accept(settings, cover, elsewhere, tmp_path: Path):
    """A backup does not decide where files of this machine go."""
    (settings.home / "podmill.toml").write_text(f'public_dir = "{tmp_path}/etc"\n')
    path = making.make(settings, tmp_path / "b.tar").path

    with pytest.raises(ConfigurationError, match=r"tar -xf .*b\.tar -C .* podmill\.toml"):
        restore(elsewhere, path)
    assert set(tree(elsewhere.home)) == {".node.lock"}


def test_a_backup_of_a_newer_version_is_refused(settings, cover, elsewhere, tmp_path: Path):
    """Its tables are not known here: the message says which version wrote it."""
    path = making.make(settings, tmp_path / "b.tar").path
    newer = tmp_path / "newer.tar"
    with tarfile.open(path) as old, tarfile.open(newer, "w") as new:
        for info in old:
            content = old.extractfile(info) if info.isreg() else None
            data = content.read() if content else b""
            if info.name == "backup.json":
                data = json.dumps(json.loads(data) | {"revision": "9999", "podmill": "77.1"}).encode()
                info.size = len(data)
            new.addfile(info, io.BytesIO(data))

    with pytest.raises(InputError, match=r"Podmill 77\.1.*does not know"):
        restore(elsewhere, newer)


def test_without_room_nothing_begins(backup: Path, tmp_path: Path):
    """The reserve is kept."""
    full, _ = load({"PODMILL_HOME": str(tmp_path / "full"), "PODMILL_DISK_RESERVE_MB": "100000000"})

    with pytest.raises(DiskFullError, match="unpack the backup"):
        restore(full, backup)
    assert set(tree(full.home)) == {".node.lock"}


class Killed(BaseException):
    """The process ends here."""


RENAMES = 13
"""Also tried: the plan, and for each of three parts that of the old, of two files beside it, and of the new."""


@pytest.mark.parametrize(
    ("number", "again"), [*((number, "restore") for number in range(RENAMES)), (1, "node"), (RENAMES - 1, "node")]
)
def test_killed_between_any_two_renames_it_is_finished_later(
    backup: Path, elsewhere, monkeypatch, number: int, again: str
):
    """Before the plan is written nothing was changed; after it the next node or restore does the rest."""
    fill(elsewhere, "Mills")
    left = number

    def rename(name: str):
        real = getattr(Path, name)

        def counted(self: Path, target: Path) -> Path:
            nonlocal left
            if left == 0:
                raise Killed
            left -= 1
            return real(self, target)

        return counted

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename("rename"))
        patch.setattr(Path, "replace", rename("replace"))
        with pytest.raises(Killed):
            restore(elsewhere, backup, force=True)
    if number == 0:
        assert title_in(elsewhere) == "Mills"
        assert not (elsewhere.home / UNFINISHED_RESTORE).exists()
        return
    with pytest.raises(ConfigurationError, match=r"interrupted.*podmill up"):
        open_engine(elsewhere)
    if again == "node":
        monkeypatch.setattr(Node, "_start", lambda _node: None)
        with Node(elsewhere):
            pass
    else:
        assert restore(elsewhere, backup) is None

    assert title_in(elsewhere) == "Tides"
    assert tree(elsewhere.public) == {"tides/cover.jpg": b"cover", "tides/feed.xml": FEED}
    assert not (elsewhere.home / UNFINISHED_RESTORE).exists()
    assert sum("before-" in path.name for path in elsewhere.home.iterdir()) == 3
    assert [path.name for path in elsewhere.home.iterdir() if path.name.startswith(".restoring")] == []


def test_what_a_killed_restore_unpacked_is_removed_by_the_next_node(backup: Path, elsewhere, monkeypatch):
    """It never had its place."""
    with monkeypatch.context() as patch:
        patch.setattr("podmill.backup.restoring._remove", lambda _staged: None)
        patch.setattr("podmill.backup.swap.begin", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            restore(elsewhere, backup)
    assert (elsewhere.home / ".restoring-podmill.db").exists()
    monkeypatch.setattr(Node, "_start", lambda _node: None)
    with Node(elsewhere):
        assert set(tree(elsewhere.home)) == {".node.lock"}


def test_what_came_back_meanwhile_is_moved_aside_too(tmp_path: Path, elsewhere):
    """A process that made a new database between two tries loses nothing either."""
    home = elsewhere.home
    home.mkdir()
    for name, text in (("new", "restored"), ("db", "came back"), ("aside", "was there first")):
        (home / name).write_text(text)
    exchange = swap.Exchange(place=home / "db", staged=home / "new", aside=home / "aside")
    swap.begin(elsewhere, swap.Plan(exchanges=[exchange]))

    assert swap.finish(elsewhere)
    assert not swap.finish(elsewhere)
    assert tree(home) == {"db": b"restored", "aside": b"was there first", "aside.2": b"came back"}
