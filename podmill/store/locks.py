"""Locks between the processes that use one store, on this host or on another with the same shared folder.

The kernel lets go of them when their process ends, however it ends.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def placing(root: Path) -> Iterator[None]:
    """Held by everybody who gives a file its name. Any number at once, but never beside ``sweeping``."""
    with _locked(root / ".placing", fcntl.LOCK_SH):
        yield


@contextmanager
def sweeping(root: Path) -> Iterator[None]:
    """Held by the collector while it looks at the age of a few files and removes those that are old enough."""
    with _locked(root / ".placing", fcntl.LOCK_EX):
        yield


@contextmanager
def reading_whole(root: Path) -> Iterator[None]:
    """Held by a backup: nothing is collected meanwhile. Waits for a collection that is under way."""
    with _locked(root / ".collecting", fcntl.LOCK_SH):
        yield


@contextmanager
def collecting(root: Path) -> Iterator[None]:
    """Held by the one collector.

    Raises:
        BlockingIOError: a backup is being made, or another host collects.
    """
    with _locked(root / ".collecting", fcntl.LOCK_EX | fcntl.LOCK_NB):
        yield


@contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Opened for appending: a network file system gives an exclusive lock only on a file that may be written.
    with path.open("ab") as file:
        fcntl.flock(file, how)
        yield
