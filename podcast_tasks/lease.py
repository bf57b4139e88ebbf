"""Keeping leases alive while steps work, and stopping the steps that hang."""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from podcast_tasks import worker
from podcast_tasks.journal import Claim, Journal
from podmill.errors import LeaseLostError, StoppingError
from podmill.store.outage import is_outage

log = logging.getLogger(__name__)

PROGRESS_EVERY_S: Final = 1.0
LOOK_EVERY_S: Final = 1.0
"""Longest time between two looks at the leases of this process."""
WAIT_LOOK_S: Final = 0.2
"""While a step waits: between two looks at whether it still should."""


class Lease:
    """One step's claim. When it is lost, the next call of ``progress``, ``check`` or ``wait`` stops the step."""

    def __init__(self, journal: Journal, claim: Claim) -> None:
        self.claim = claim
        self.waited_s = 0.0
        """Time it has waited in this worker."""
        self.began_at = self.renewed_at = time.monotonic()
        self.is_over = False
        """It was stopped by the time limit."""
        self._journal = journal
        self._lost = threading.Event()
        self._shown_at = 0.0

    def go_on(self, claim: Claim) -> None:
        """The step goes on under another claim of the same lease."""
        self.claim = claim

    def lose(self) -> None:
        """It belongs to somebody else now."""
        self._lost.set()

    def progress(self, fraction: float, activity: str) -> None:
        """Show how far the step is; at most once a second reaches the database.

        Raises:
            LeaseLostError: the step belongs to another worker, or was cancelled.
        """
        self._check_lost()
        moment = time.monotonic()
        if moment - self._shown_at < PROGRESS_EVERY_S:
            return
        self._shown_at = moment
        try:
            self._journal.show_progress(self.claim, fraction, activity)
        except Exception as error:
            if not is_outage(error):
                raise
            # A step needs no database until it is done: what it shows to people is no reason to stop it.
            log.warning("progress of %s %s is not shown: %s", self.claim.step, self.claim.episode_id, error)
        else:
            self.renewed_at = moment

    def check(self) -> None:
        """To be called now and then by whatever waits.

        Raises:
            LeaseLostError: the step belongs to another worker, or was cancelled.
            StoppingError: this worker is stopping; the step must not wait here any longer.
        """
        self._check_lost()
        if worker.is_stopping():
            raise StoppingError(f"{self.claim.step} of {self.claim.episode_id} is handed back: the worker stops.")

    def wait(self, seconds: float) -> None:
        """Do nothing for a while, under the lease.

        Raises:
            LeaseLostError, StoppingError: as ``check``, at once.
        """
        self.waited_s += seconds
        until = time.monotonic() + seconds
        while (left_s := until - time.monotonic()) > 0:
            self.check()
            self._lost.wait(min(left_s, WAIT_LOOK_S))
        self.check()

    def _check_lost(self) -> None:
        if self._lost.is_set():
            raise LeaseLostError(f"{self.claim.step} of {self.claim.episode_id} was taken over or cancelled.")


class Keeper:
    """Renews every lease of this process from one thread, and stops steps that pass their time limit.

    Args:
        journal: where leases are kept.
        stop_step: called with the claim of a step that passed its limit: parks or fails it.
        stop_work: called when steps hang that were stopped, with how many do: a thread cannot be killed, only its
            process.
    """

    def __init__(self, journal: Journal, stop_step: Callable[[Claim], None], stop_work: Callable[[int], None]) -> None:
        self._journal = journal
        self._stop_step = stop_step
        self._stop_work = stop_work
        self._held: dict[str, Lease] = {}
        self._starting = threading.Lock()
        self._pid = 0

    @contextmanager
    def hold(self, claim: Claim) -> Iterator[Lease]:
        """The lease of a claim, renewed for as long as the block lasts."""
        self._start()
        lease = Lease(self._journal, claim)
        self._held[claim.token] = lease
        try:
            yield lease
        finally:
            self._held.pop(claim.token, None)

    def _start(self) -> None:
        if self._pid == os.getpid():
            return
        with self._starting:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._keep, name="leases", daemon=True).start()

    def _keep(self) -> None:
        settings = self._journal.settings
        while True:
            time.sleep(min(settings.lease_s / 6, settings.step_time_limit_s / 4, LOOK_EVERY_S))
            # Leases come and go in other threads meanwhile; a copy made by one call is whole.
            held = list(self._held.values())
            try:
                self._renew([lease for lease in held if self._is_old(lease)])
                self._stop([lease for lease in held if time.monotonic() > lease.began_at + settings.step_time_limit_s])
            except Exception as error:
                # The database may be away for a moment: the next look is soon. If it stays away leases expire, which
                # is what they are for, and whoever comes back first has the step.
                if is_outage(error):
                    log.warning("%d leases could not be renewed: %s", len(held), error)
                else:
                    log.exception("%d leases could not be renewed", len(held))

    def _is_old(self, lease: Lease) -> bool:
        return not lease.is_over and time.monotonic() - lease.renewed_at >= self._journal.settings.lease_s / 3

    def _renew(self, leases: list[Lease]) -> None:
        if not leases:
            return
        moment = time.monotonic()
        kept = self._journal.renew([lease.claim for lease in leases])
        for lease in leases:
            if lease.claim.token in kept:
                lease.renewed_at = moment
            else:
                lease.lose()

    def _stop(self, leases: list[Lease]) -> None:
        for lease in leases:
            if lease.is_over:
                continue
            log.error("%s of %s hangs and is stopped", lease.claim.step, lease.claim.episode_id)
            # Lost already: it is for another worker to decide, but this one's thread hangs all the same.
            with contextlib.suppress(LeaseLostError):
                self._stop_step(lease.claim)
            lease.is_over = True
            lease.lose()
        # One may have come to its end just now, and then nothing hangs.
        if hanging := sum(lease.claim.token in self._held for lease in leases):
            self._stop_work(hanging)
