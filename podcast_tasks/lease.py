"""Keeping a lease alive while a step works."""

import logging
import threading
import time
from types import TracebackType

from podcast_tasks.journal import Claim, Journal
from podmill.errors import LeaseLostError

log = logging.getLogger(__name__)

PROGRESS_EVERY_S = 1.0


class Lease:
    """Renews a claim from a thread. When it is lost, the next call of ``progress`` stops the step."""

    def __init__(self, journal: Journal, claim: Claim) -> None:
        self._journal = journal
        self._claim = claim
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._shown_at = 0.0
        self._thread = threading.Thread(target=self._renew, name=f"lease-{claim.episode_id[:8]}", daemon=True)

    def __enter__(self) -> "Lease":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def progress(self, fraction: float, activity: str) -> None:
        """Show how far the step is; at most once a second reaches the database.

        Raises:
            LeaseLostError: the step belongs to another worker, or was cancelled.
        """
        if self._lost.is_set():
            raise LeaseLostError(f"{self._claim.step} of {self._claim.episode_id} was taken over or cancelled.")
        if time.monotonic() - self._shown_at >= PROGRESS_EVERY_S:
            self._shown_at = time.monotonic()
            self._journal.show_progress(self._claim, fraction, activity)

    def _renew(self) -> None:
        while not self._stop.wait(self._journal.settings.lease_s / 3):
            try:
                self._journal.renew(self._claim)
            except LeaseLostError:
                self._lost.set()
                return
            except Exception:
                # The database may be away for a moment; if it stays away the lease expires, which is what it is for.
                log.exception("could not renew the lease of %s %s", self._claim.step, self._claim.episode_id)
