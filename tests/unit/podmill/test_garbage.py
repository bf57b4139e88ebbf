"""A program that imports much looks for garbage seldom."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("program", ["from podmill.cli import main; main(['--version'])", "import podcast_tasks"])
def test_programs_search_seldom_and_not_at_their_end(program: str) -> None:
    """The command line and the workers; what is registered first for the end comes last, and finds all frozen."""
    look = "import atexit, gc; atexit.register(lambda: print(gc.get_threshold()[0], gc.get_freeze_count() > 10_000))"
    told = subprocess.run([sys.executable, "-c", f"{look}; {program}"], capture_output=True, text=True, timeout=60)

    assert told.stdout.splitlines()[-1] == "10000 True", told.stderr
