"""Databases of earlier versions, with something in every table, come to the newest revision with all of it."""

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import JSON, Boolean, Column, Float, Integer, MetaData, Numeric, func, select
from sqlmodel import SQLModel

from podmill.store import database

BEFORE = sorted(database.known_revisions() - {database.NEWEST})


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, podmill_home: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{podmill_home / 'podmill.db'}"


def value(column: Column[Any]) -> object:
    match column.type:
        case JSON():
            return []
        case Boolean():
            return True
        case Integer() | Float() | Numeric():
            return 1
    return "x"


@pytest.mark.parametrize("revision", BEFORE)
def test_what_was_there_is_still_there(url: str, podmill_home: Path, revision: str) -> None:
    """One row a table, each pointing at the others: a table that is made anew on the way would lose or refuse them."""
    engine = database.connect(url, podmill_home)
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with database.transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    metadata = MetaData()
    metadata.reflect(engine)
    filled = [each for each in metadata.sorted_tables if each.name != "alembic_version"]
    with database.transaction(engine) as connection:
        for each in filled:
            connection.execute(each.insert().values({column.name: value(column) for column in each.columns}))

    database.migrate(engine, podmill_home)

    with database.reading(engine) as connection:
        for name in {each.name for each in filled} & {*SQLModel.metadata.tables}:
            assert connection.scalar(select(func.count()).select_from(SQLModel.metadata.tables[name])), name
    engine.dispose()
