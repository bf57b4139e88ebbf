"""Outages of the database: what counts as one, and going on trying through it."""

import functools
import itertools
import logging
import random
import sqlite3
import time
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from sqlalchemy import exc

from podmill.errors import ConfigurationError
from podmill.settings import current

log = logging.getLogger(__name__)
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

PAUSE_FIRST_S: Final = 0.05
PAUSE_MAX_S: Final = 1.0
"""Well below the time between two passes of the reconciler: whoever holds a lease is back before it is sent again."""

_SQLITE: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_PROTOCOL,
}
_POSTGRESQL: Final = {"08", "40", "53", "57", "58"}
"""Classes of SQLSTATE: connection, rollback (deadlock), resources, intervention (restart), system."""


def is_outage(error: BaseException | None) -> bool:
    """Whether the database was away, locked or full: the same statement may succeed later."""
    if isinstance(error, ConfigurationError):  # how an engine that cannot be opened says it
        error = error.__cause__
    if isinstance(error, exc.TimeoutError):  # no connection of the pool came free
        return True
    if not isinstance(error, exc.DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # the connection broke, or could not be made
        return isinstance(error, (exc.OperationalError, exc.InterfaceError))
    return state[:2] in _POSTGRESQL


def through_outages(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Repeat a function while the database is away, for up to ``PODMILL_OUTAGE_PATIENCE_S``; then its error is raised.

    The function must be one transaction, and harmless to repeat: when a connection breaks during a commit, nobody knows
    whether it was done.
    """

    @functools.wraps(function)
    def patient(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        give_up_at = None
        for number in itertools.count():
            try:
                return function(*args, **kwargs)
            except (exc.SQLAlchemyError, ConfigurationError) as error:
                if not is_outage(error):
                    raise
                moment = time.monotonic()
                if give_up_at is None:
                    give_up_at = moment + current().outage_patience_s
                    log.warning("the database is away: %s", error)
                if moment >= give_up_at:
                    raise
                pause_s = min(PAUSE_FIRST_S * 2 ** min(number, 10), PAUSE_MAX_S)
                time.sleep(random.uniform(pause_s / 2, pause_s))  # noqa: S311 - jitter, not a secret
        raise AssertionError

    return patient
