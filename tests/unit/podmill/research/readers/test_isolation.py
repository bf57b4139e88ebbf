"""Reading in a child process."""

import threading
from pathlib import Path

import pytest

from podmill.errors import SourceError
from podmill.research.media_types import MARKDOWN, PDF
from podmill.research.readers import Paragraph, Reading
from podmill.research.readers.isolation import read


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "ä b.md"
    path.write_text("# Bees\n\nBees dänce.\n", encoding="utf-8")
    return path


def test_the_reading_comes_back(page: Path) -> None:
    """What the child read is what a reader would have read."""
    assert read(page, MARKDOWN) == Reading((Paragraph("Bees dänce.", "line 3", "Bees"),), title="Bees")


def test_so_does_the_reason(page: Path) -> None:
    """An explained error crosses over with its message and what to do."""
    with pytest.raises(SourceError, match="damaged PDF") as caught:
        read(page, PDF)
    assert caught.value.action


def test_a_child_that_dies_is_explained(tmp_path: Path) -> None:
    """A crash of the reader (here: no file) costs the source, not the worker."""
    with pytest.raises(SourceError, match="too complex to read"):
        read(tmp_path / "none.md", MARKDOWN)


def test_time_is_bounded(tmp_path: Path) -> None:
    """A document that never ends is given up: a pipe that nobody writes to."""
    import os

    pipe = tmp_path / "pipe.md"
    os.mkfifo(pipe)

    with pytest.raises(SourceError, match="not read within 1 seconds"):
        read(pipe, MARKDOWN, timeout_s=1)


def test_memory_is_bounded(tmp_path: Path) -> None:
    """A document larger than the child's memory ends the child only."""
    large = tmp_path / "large.md"
    with large.open("wb") as out:
        out.truncate(3 << 30)

    with pytest.raises(SourceError, match="too complex to read"):
        read(large, MARKDOWN)


def test_many_at_once(page: Path) -> None:
    """Threads of one worker read side by side."""
    found: list[Reading] = []
    threads = [threading.Thread(target=lambda: found.append(read(page, MARKDOWN))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({reading.title for reading in found}) == 1
    assert len(found) == 3
