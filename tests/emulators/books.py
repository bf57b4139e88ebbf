"""The books of an emulated provider of words: what fails next, and a log of every request it got and charged."""

import json
import threading
import time
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any


class Books:
    """Safe to use from many threads.

    Args:
        faults: names that may be planned; each kind of request has its own plan.
    """

    def __init__(self, log: Path, faults: Collection[str]) -> None:
        self.terms: dict[str, Any] = {}
        """What a test set at the last reset."""
        self._faults = set(faults)
        self._next: deque[str] = deque()
        self._always: str | None = None
        self._lock = threading.Lock()
        self._log = log.open("a", encoding="utf-8")

    def plan(self, names: Iterable[str]) -> None:
        """The next requests fail like this, in this order; ``ok`` is no fault. After the last one nothing fails."""
        names = list(names)
        if unknown := set(names) - self._faults - {"ok"}:
            raise ValueError(f"not faults: {unknown}")
        with self._lock:
            self._next.extend(names)

    def reset(self, terms: Mapping[str, Any]) -> None:
        """Forget all; a line in the log says so. ``always``: a fault that every request meets, until the next reset."""
        with self._lock:
            self.terms = dict(terms)
            self._next.clear()
            self._always = self.terms.pop("always", None)
        self.note("reset", 0)

    def next_fault(self) -> str:
        """A fault for this request, or ``ok``."""
        with self._lock:
            return self._next.popleft() if self._next else self._always or "ok"

    def note(self, outcome: str, status: int, **more: Any) -> None:
        """Write a request down, before anything is answered."""
        line = json.dumps({"at": time.time(), "outcome": outcome, "status": status, **more})
        with self._lock:
            self._log.write(f"{line}\n")
            self._log.flush()
