"""The store keeps the same bytes once, whole or not at all."""

import errno

import pytest

from podmill.errors import DiskFullError, StoreError
from podmill.store.local import LocalStore


def test_the_same_bytes_are_kept_once(tmp_path):
    """Two files of one content have one address."""
    store = LocalStore(tmp_path / "store")
    file = tmp_path / "a.flac"
    file.write_bytes(b"sound")

    assert store.put(file) == store.put_bytes(b"sound", suffix=".flac")
    assert sum(path.is_file() for path in store.root.glob("??/*")) == 1


def test_a_damaged_file_is_not_handed_out(tmp_path):
    """A file that lost bytes counts as missing."""
    store = LocalStore(tmp_path)
    artifact = store.put_bytes(b"sound")
    place = store.path(artifact)
    place.chmod(0o644)
    place.write_bytes(b"so")

    assert not store.has(artifact)
    with pytest.raises(StoreError, match="does not hold"):
        store.path(artifact)


def test_a_full_disk_is_said_plainly_and_leaves_nothing(tmp_path, monkeypatch):
    """No space: a DiskFullError that names the folder, and no half-written file."""
    store = LocalStore(tmp_path / "store")

    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DiskFullError, match=str(tmp_path)):
        store.put_bytes(b"sound")
    assert list(store.root.iterdir()) == []
