"""Room is asked for before the work, and a refusal says how much and where."""

import shutil
from pathlib import Path

import pytest

from podmill.errors import DiskFullError
from podmill.store.room import MEGABYTE, check_room


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def test_enough(tmp_path: Path):
    """With room to spare nothing happens, also for a folder that is yet to be made."""
    check_room({tmp_path: 1000, tmp_path / "not" / "yet": 1000}, 0, to="master")


def test_too_little(tmp_path: Path):
    """The message names the folder, what is wanted, and what to free; the action says that it goes on by itself."""
    need = free_bytes(tmp_path) + 50_000 * MEGABYTE
    with pytest.raises(DiskFullError) as caught:
        check_room({tmp_path: need}, 0, to="master")
    assert f"wanted in {tmp_path}" in caught.value.message
    assert f"in {tmp_path}; what waits for it goes on by itself." in caught.value.action
    asked = int(caught.value.action.split()[3])
    assert asked == pytest.approx(50_000, rel=0.05)


def test_the_reserve_is_kept(tmp_path: Path):
    """What would fit, but not leave the reserve, is refused."""
    with pytest.raises(DiskFullError, match="kept in reserve"):
        check_room({tmp_path: 1}, free_bytes(tmp_path) // MEGABYTE + 50_000, to="master")


def test_folders_on_one_disk_share_its_room(tmp_path: Path):
    """Two needs that fit one by one, but not together, are refused."""
    need = free_bytes(tmp_path) * 6 // 10
    check_room({tmp_path: need}, 0, to="master")
    with pytest.raises(DiskFullError):
        check_room({tmp_path: need, tmp_path / "store": need}, 0, to="master")
