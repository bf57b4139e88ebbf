"""A backup holds what the database refers to, and nothing secret; it is whole or not there."""

import hashlib
import json
import sqlite3
import tarfile
import threading
from pathlib import Path

import pytest

from podmill.backup import making
from podmill.errors import ConfigurationError, StoreError
from podmill.settings import load
from podmill.store import locks
from podmill.store.collect import collect
from podmill.store.database import open_engine
from podmill.store.local import LocalStore


def names(path: Path) -> list[str]:
    with tarfile.open(path) as tar:
        return tar.getnames()


@pytest.mark.parametrize("name", ["b.tar", "b.tar.gz"])
def test_what_is_in_it(settings, cover, tmp_path: Path, name: str):
    """Header, database, what that refers to, the public folder; not the password, not what nobody refers to."""
    (settings.home / "podmill.toml").write_text("minutes = 3\n")
    made = making.make(settings, tmp_path / name)

    stored = f"store/{cover.sha256[:2]}/{cover.sha256}.jpg"
    first = ["backup.json", "podmill.toml", "podmill.db"]
    assert names(made.path) == [*first, stored, "public/tides/cover.jpg", "public/tides/feed.xml", "manifest.jsonl"]
    assert (made.files, made.damaged) == (6, 0)
    assert made.path.read_bytes()[:2] == (b"\x1f\x8b" if name.endswith("gz") else b"ba")


def test_the_manifest_is_right(settings, cover, tmp_path: Path):
    """Sizes and hashes are those of the members; the published cover is another name of the stored one."""
    path = making.make(settings, tmp_path / "b.tar").path
    with tarfile.open(path) as tar:
        manifest = [json.loads(line) for line in tar.extractfile("manifest.jsonl").read().splitlines()]
        for row in manifest:
            if "same_as" in row:
                assert tar.getmember(row["name"]).linkname == row["same_as"]
                continue
            data = tar.extractfile(row["name"]).read()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (row["size_bytes"], row["sha256"])
    assert [row["name"] for row in manifest] == names(path)[:-1]


def test_only_the_owner_reads_it(settings, cover, tmp_path: Path):
    """A settings file may hold keys."""
    assert making.make(settings, tmp_path / "b.tar").path.stat().st_mode & 0o777 == 0o600


def test_the_database_is_of_one_moment_while_others_write(settings, cover, tmp_path: Path):
    """Two numbers that are always written together are equal in the copy; writers go on."""
    database = settings.home / "podmill.db"
    with sqlite3.connect(database) as setup:
        setup.execute("CREATE TABLE pair (a INTEGER, b INTEGER, padding TEXT)")
        setup.executemany("INSERT INTO pair VALUES (0, 0, ?)", [("x" * 500,)] * 2000)
    setup.close()
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        connection = sqlite3.connect(database, timeout=30)
        while not stop.is_set():
            with connection:
                connection.execute("UPDATE pair SET a = a + 1")
                connection.execute("UPDATE pair SET b = b + 1")
            written.set()
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    written.wait()
    try:
        path = making.make(settings, tmp_path / "b.tar").path
    finally:
        stop.set()
        writer.join()
    with tarfile.open(path) as tar:
        tar.extract("podmill.db", tmp_path, filter="data")
    copy = sqlite3.connect(tmp_path / "podmill.db")
    assert copy.execute("SELECT count(DISTINCT a), sum(a <> b) FROM pair").fetchone() == (1, 0)
    copy.close()


def test_nothing_is_collected_while_it_is_made(settings, cover, tmp_path: Path):
    """The collector lets a backup go first, at any moment of it."""
    engine = open_engine(settings)
    results = []
    making.make(settings, tmp_path / "b.tar", lambda _done, _of: results.append(collect(engine, settings)))

    assert results
    assert set(results) == {None}
    assert collect(engine, settings) is not None
    engine.dispose()


def test_a_collection_under_way_is_waited_for(settings, cover, tmp_path: Path):
    """The backup begins when the collector is done."""
    made: list[making.Made] = []
    backup = threading.Thread(target=lambda: made.append(making.make(settings, tmp_path / "b.tar")))
    with locks.collecting(settings.store_dir):
        backup.start()
        backup.join(0.5)
        assert made == []
    backup.join(20)
    assert len(made) == 1


def test_a_damaged_artifact_is_counted(settings, cover, tmp_path: Path):
    """It is kept as it is: better than no backup."""
    place = LocalStore(settings.store_dir).path(cover)
    place.chmod(0o644)
    place.write_bytes(b"COVER")

    assert making.make(settings, tmp_path / "b.tar").damaged == 1


def test_a_damaged_database_is_said(settings, cover, tmp_path: Path):
    """A backup that could not be used is not made."""
    database = settings.home / "podmill.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE big (text TEXT)")
        connection.executemany("INSERT INTO big VALUES (?)", [("x" * 3000,)] * 40)
    connection.close()
    data = bytearray(database.read_bytes())
    data[-5 * 4096 :] = b"\xff" * (5 * 4096)
    database.write_bytes(data)

    with pytest.raises(StoreError, match="is damaged"):
        making.make(settings, tmp_path / "b.tar")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(("b.", ".b."))] == []


def test_what_a_killed_one_left_is_removed(settings, cover, tmp_path: Path):
    """The next backup to the same place starts anew, and leaves nothing beside its file."""
    left = tmp_path / ".b.tar.partial"
    left.mkdir()
    (left / "whole").write_bytes(b"half")
    making.make(settings, tmp_path / "b.tar")

    assert not left.exists()


def test_two_at_once_to_one_file_are_refused(settings, cover, tmp_path: Path):
    """The second one says so."""

    def again(_done: int, _of: int) -> None:
        with pytest.raises(ConfigurationError, match="Another backup"):
            making.make(settings, tmp_path / "b.tar")

    making.make(settings, tmp_path / "b.tar", again)


@pytest.mark.parametrize("folder", ["public", "store"])
def test_it_must_lie_outside_of_what_it_holds(settings, cover, folder: str):
    """A backup in the public folder would be published."""
    with pytest.raises(ConfigurationError, match="would lie in"):
        making.make(settings, settings.home / folder / "b.tar")


def test_an_empty_home_folder_has_nothing(settings, tmp_path: Path):
    """And none is made in it."""
    with pytest.raises(ConfigurationError, match="nothing to back up"):
        making.make(settings, tmp_path / "b.tar")
    assert list(settings.home.iterdir()) == []


def test_postgresql_has_its_own_tools(podmill_home: Path, tmp_path: Path):
    """The message names them."""
    url = "postgresql+psycopg://u@127.0.0.1/x"
    settings, _ = load({"PODMILL_HOME": str(podmill_home), "PODMILL_DATABASE_URL": url})

    with pytest.raises(ConfigurationError, match="pg_dump"):
        making.make(settings, tmp_path / "b.tar")
