"""A node that is restored into another folder: publications say where their files lie."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

STATEMENTS: Final = (
    "UPDATE publication SET body = moved(body)",
    "UPDATE document SET body = moved(body) WHERE step = 'publishing'",
)


def move_publications(database: Path, before: str, after: Path) -> None:
    """Let every path of a publication that lies in the public folder of before lie in that of now."""
    if before == str(after):
        return

    def moved(body: str) -> str:
        return json.dumps(_moved(json.loads(body), before + "/", f"{after}/"), ensure_ascii=False)

    with closing(sqlite3.connect(database)) as connection, connection:
        connection.create_function("moved", 1, moved, deterministic=True)
        for statement in STATEMENTS:
            connection.execute(statement)


def _moved(value: Any, before: str, after: str) -> Any:
    if isinstance(value, dict):
        return {key: _moved(each, before, after) for key, each in value.items()}
    if isinstance(value, list):
        return [_moved(each, before, after) for each in value]
    if isinstance(value, str) and value.startswith(before):
        return after + value.removeprefix(before)
    return value
