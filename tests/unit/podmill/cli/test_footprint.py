"""What a run takes."""

import subprocess
import sys
from pathlib import Path

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


def test_folder(tmp_path: Path) -> None:
    """Files count at any depth; a link does not count what it points to."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"12345")
    (tmp_path / "c").symlink_to(tmp_path / "a" / "b")
    assert folder_bytes(tmp_path) == 5
