"""What the database refers to in the store.

Conservative, as a garbage collector that takes every word which looks like a pointer for one: whatever looks like the
hash of an artifact, in any column of any table that holds JSON, is one. A new document or table needs no word here.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import JSON, Column, Connection, Text, cast, select

from models.tables import Episode, table

HASH: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
NAMED: Final = "%sha256%"
"""Every reference is an ``Artifact`` in JSON; rows without the name of its field are not fetched."""
ROWS_AT_ONCE: Final = 200


def referred(connection: Connection) -> set[bytes]:
    """SHA-256 of every artifact that a row refers to: 32 bytes each, however large the documents are.

    The connection's transaction must see one moment of the database (``store.database.snapshot``): a reference that
    moves from one table to another between two statements would be missed.
    """
    found: set[bytes] = set()
    for column in _columns_of_json():
        text = cast(column, Text)
        statement = select(text).where(text.like(NAMED))
        for body in connection.execute(statement, execution_options={"yield_per": ROWS_AT_ONCE}).scalars():
            found.update(map(bytes.fromhex, HASH.findall(body)))
    return found


def _columns_of_json() -> Iterator[Column[Any]]:
    for each in table(Episode).metadata.sorted_tables:
        yield from (column for column in each.columns if isinstance(column.type, JSON) or column.name == "body")
