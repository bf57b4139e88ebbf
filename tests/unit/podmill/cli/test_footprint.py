"""What a run takes."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from podmill.cli.footprint import PeakMemory, folder_bytes


def test_memory_counts_what_was_started() -> None:
    """A child that holds 200 MB is seen."""
    program = "x = bytearray(200_000_000); print(1, flush=True); input()"
    with PeakMemory() as alone:
        pass
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    with PeakMemory() as both:
        pass
    child.communicate(b"\n")
    assert both.peak_mb - alone.peak_mb >= 190


@pytest.mark.skipif(not psutil.LINUX, reason="only Linux tells what is shared")
def test_shared_memory_counts_once() -> None:
    """A child that forked after it took 200 MB holds them together with its own child."""
    program = "import os; x = bytearray(200_000_000); os.fork() and print(1, flush=True); os.read(0, 1)"
    with PeakMemory() as alone:
        pass
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    with PeakMemory() as both:
        pass
    child.communicate(b"\n\n")
    assert 190 <= both.peak_mb - alone.peak_mb < 300


def test_folder(tmp_path: Path) -> None:
    """Files count at any depth; a link does not count what it points to."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"12345")
    (tmp_path / "c").symlink_to(tmp_path / "a" / "b")
    assert folder_bytes(tmp_path) == 5
