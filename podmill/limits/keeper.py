"""One thread a process renews the leases of all slots it holds."""

import logging
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final

import redis

log = logging.getLogger(__name__)

RENEWALS: Final = 4
"""Per lease: two may fail before a slot lapses."""


class Keeper:
    """Renews slots while there are any; its thread ends soon after the last one is dropped."""

    def __init__(self, renew: Callable[[str, Mapping[str, int]], None], lease_s: float) -> None:
        self._renew = renew
        self._every_s = lease_s / RENEWALS
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._held: defaultdict[str, dict[str, int]] = defaultdict(dict)

    def hold(self, account: str, slot: str, granted_us: int) -> None:
        """Renew a slot from now on."""
        if self._pid != os.getpid():
            # A forked child has neither the thread nor a right to the slots of its parent.
            self._reset()
        with self._lock:
            self._held[account][slot] = granted_us
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="limiter-keeper", daemon=True)
                self._thread.start()

    def drop(self, account: str, slot: str) -> None:
        """Renew it no more. Once this returns no renewal of it is under way: none can bring it back."""
        with self._lock:
            self._held[account].pop(slot, None)

    def _work(self) -> None:
        pause = threading.Event()
        while not pause.wait(self._every_s):
            with self._lock:
                if not any(self._held.values()):
                    self._thread = None
                    return
                for account, slots in self._held.items():
                    if slots:
                        self._renew_through(account, slots)

    def _renew_through(self, account: str, slots: Mapping[str, int]) -> None:
        try:
            self._renew(account, slots)
        except redis.RedisError as exc:
            # Away for a moment; if it stays away nobody else gets a slot either.
            log.warning("could not renew %d slots of %s: %s", len(slots), account, exc)
