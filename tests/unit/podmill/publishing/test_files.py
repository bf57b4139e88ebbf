import subprocess
import sys
import threading
from pathlib import Path

import pytest

from models.documents import Artifact
from podmill.errors import DiskFullError, PublishError, StoreError, TransientError
from podmill.publishing import files
from podmill.store.local import LocalStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "public"
    made.mkdir()
    return made


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Path, Artifact]:
    store = LocalStore(tmp_path / "store")
    artifact = store.put_bytes(b"sound" * 1000, suffix=".mp3")
    return store.path(artifact), artifact


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_write_touches_nothing_that_is_right_already(folder: Path) -> None:
    """Writing the same bytes again keeps the file itself; other bytes replace it, readable by a web server."""
    path = folder / "feed.xml"

    assert files.write(path, b"one")
    first = path.stat()
    assert not files.write(path, b"one")
    assert (first.st_ino, first.st_mtime_ns) == (path.stat().st_ino, path.stat().st_mtime_ns)
    assert files.write(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o644
    assert names(folder) == ["feed.xml"]


def test_place_takes_no_room_twice(folder: Path, stored: tuple[Path, Artifact]) -> None:
    """On one file system the published file is the store's file, and placing it again changes nothing."""
    source, artifact = stored
    path = folder / "a.mp3"

    assert files.place(source, artifact, path)
    assert path.samefile(source)
    assert not files.place(source, artifact, path)


def test_place_copies_what_others_could_not_read(folder: Path, stored: tuple[Path, Artifact]) -> None:
    """A store that only its owner may read stays so; the published copy is for everybody."""
    source, artifact = stored
    source.chmod(0o400)
    path = folder / "a.mp3"
    files.place(source, artifact, path)

    assert not path.samefile(source)
    assert path.read_bytes() == source.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o644
    assert source.stat().st_mode & 0o777 == 0o400


def test_place_repairs_a_published_file_that_was_changed(folder: Path, stored: tuple[Path, Artifact]) -> None:
    """A published file of the right size but with other bytes is replaced."""
    source, artifact = stored
    path = folder / "a.mp3"
    path.write_bytes(b"noise" * 1000)

    assert files.place(source, artifact, path)
    assert path.read_bytes() == source.read_bytes()


def test_place_refuses_a_damaged_source(folder: Path, stored: tuple[Path, Artifact]) -> None:
    """Bytes that are not the artifact's are never published."""
    source, artifact = stored
    source.chmod(0o644)
    source.write_bytes(b"noise" * 1000)

    with pytest.raises(StoreError, match="damaged"):
        files.place(source, artifact, folder / "a.mp3")
    assert names(folder) == []


def test_a_lock_holds_against_another_thread_and_process(folder: Path) -> None:
    """While one holds the folder another waits, and gives up with an error that is tried again."""
    refused: list[bool] = []

    def contend() -> None:
        with pytest.raises(TransientError), files.locked(folder, timeout_s=0.05):
            pass
        refused.append(True)

    program = f"from podmill.publishing import files\nwith files.locked(files.Path({str(folder)!r}), timeout_s=0.05): 0"
    with files.locked(folder):
        thread = threading.Thread(target=contend)
        thread.start()
        thread.join()
        other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    with files.locked(folder, timeout_s=0):
        pass

    assert refused == [True]
    assert other.returncode == 1
    assert "TransientError" in other.stderr


def test_a_lock_sweeps_what_a_killed_holder_left(folder: Path) -> None:
    """Half-written files of a publisher that died are gone once another holds the folder."""
    (folder / ".incoming-abc").write_bytes(b"half")
    (folder / "feed.xml").write_bytes(b"whole")
    with files.locked(folder):
        assert names(folder) == [".lock", "feed.xml"]


def test_a_full_disk_is_said_plainly(folder: Path) -> None:
    """What the kernel says when a device is full becomes an error with the next action."""
    full = Path("/dev/full")
    with pytest.raises(DiskFullError, match="No space left"), files.plainly_said(folder):
        full.write_bytes(b"x")


def test_a_folder_that_cannot_be_made_is_said_plainly(folder: Path) -> None:
    """A file where a folder should be is an error that names the place."""
    (folder / "public").write_bytes(b"")
    with pytest.raises(PublishError, match=r"Cannot write in .*public"), files.plainly_said(folder / "public"):
        (folder / "public" / "show").mkdir(parents=True)
