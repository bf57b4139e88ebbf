"""The clock of the database: leases of many hosts are compared by one clock only."""

from typing import Any

from sqlalchemy import Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement


class now(FunctionElement[float]):  # noqa: N801 - reads as SQL
    """Seconds since 1970 at the moment the statement runs, as the database sees it."""

    type = Float()
    inherit_cache = True


@compiles(now, "sqlite")
def _sqlite(_element: Any, _compiler: Any, **_kw: Any) -> str:
    # julianday() works on every SQLite; unixepoch('subsec') only since 3.42, newer than Debian 12's.
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _postgresql(_element: Any, _compiler: Any, **_kw: Any) -> str:
    return "extract(epoch from clock_timestamp())::double precision"
