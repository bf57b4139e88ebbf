"""How much memory and disk a run takes."""

import threading
from pathlib import Path
from types import TracebackType

import psutil

EVERY_S = 1
"""Between two looks: to tell how much of a process is shared, the kernel walks all its pages."""


class PeakMemory:
    """The most memory that this process and all it started held at one moment, while a ``with`` lasts.

    On Linux a page that several processes share counts once (proportional set size). Elsewhere resident sizes are
    added, and the truth is a little lower.
    """

    def __init__(self) -> None:
        self._peak_bytes = 0
        self._done = threading.Event()
        self._sampler = threading.Thread(target=self._watch, name="peak-memory", daemon=True)

    @property
    def peak_mb(self) -> int:
        return self._peak_bytes // 1_000_000

    def __enter__(self) -> "PeakMemory":
        self._look()
        self._sampler.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._done.set()
        self._sampler.join()

    def _watch(self) -> None:
        while not self._done.wait(EVERY_S):
            self._look()

    def _look(self) -> None:
        own = psutil.Process()
        held = 0
        for process in (own, *own.children(recursive=True)):
            try:
                held += process.memory_full_info().pss if psutil.LINUX else process.memory_info().rss
            except psutil.Error:
                continue
        self._peak_bytes = max(self._peak_bytes, held)


def folder_bytes(folder: Path) -> int:
    """Size of all files under a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
