"""``podmill costs``: the same figures for people, scripts, spreadsheets and browsers."""

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from podmill import settings
from podmill.cli import main
from podmill.store.database import open_engine
from tests import spending

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def engine() -> Iterator[Engine]:
    opened = open_engine(settings.current())
    spending.fill(opened)
    yield opened
    opened.dispose()


def test_every_form_says_the_same(engine: Engine, tmp_path: Path, capsys: Captured) -> None:
    """Table, JSON, CSV and page have the ledger's own sum."""
    ledger = spending.in_ledger(engine)
    spent = ledger["spent"] + ledger["in_doubt"]
    page = tmp_path / "costs.html"

    assert main(["costs", "--by", "provider", "--html", str(page)]) == 0
    table = capsys.readouterr().out
    assert f"${spent / 1_000_000:.4f}" in table
    assert "elevenlabs" in table
    assert f"${spent / 1_000_000:.4f}" in page.read_text()
    for by in ("account", "day"):
        assert main(["costs", "--by", by, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert sum(row["spent_microusd"] for row in told["rows"]) == told["total"]["spent_microusd"]
        assert main(["costs", "--by", by, "--csv"]) == 0
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert sum(Decimal(row["settled_usd"]) for row in rows) * 1_000_000 == ledger["spent"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--since", "yesterday"], "Not a day or a month: 'yesterday'."),
        (["--since", "2026-11", "--until", "2026-10"], "is after the last"),
        (["--account", "nobody"], "There is no account 'nobody'"),
    ],
)
def test_a_mistake_is_exit_2(engine: Engine, arguments: list[str], says: str, capsys: Captured) -> None:
    """One line says what is wrong."""
    assert main(["costs", *arguments]) == 2
    told = capsys.readouterr()
    assert (told.out, says in told.err) == ("", True)
