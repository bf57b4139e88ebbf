"""What was paid: every way of adding the ledger up comes to what the ledger says."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal

import pytest
from rich.console import Console
from sqlalchemy import Engine, create_engine
from sqlmodel import SQLModel

from podmill.errors import InputError
from podmill.report.costs import SHARES, WAYS, By, CostRow, add_up
from podmill.report.costs_book import Asked, Book, day_of, open_book
from podmill.report.costs_page import render_costs
from podmill.report.costs_table import costs_csv, costs_table
from podmill.store.database import connect, snapshot
from tests import spending

SUMS = ("settled_microusd", "in_doubt_microusd", "provider_microusd", "under_way_microusd", "held_microusd")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    home = tmp_path_factory.mktemp("costs")
    opened = connect(f"sqlite:///{home / 'podmill.db'}", home)
    SQLModel.metadata.create_all(opened)
    spending.fill(opened)
    yield opened
    opened.dispose()


def book(engine: Engine, **asked: str) -> Book:
    with snapshot(engine) as connection:
        return open_book(connection, Asked(**asked))


@pytest.mark.parametrize("by", WAYS)
def test_every_sum_is_the_ledger_s_to_the_micro_dollar(engine: Engine, by: By) -> None:
    """Rows add up to the total, and the total is what the ledger's own sums hold: spent, reserved, all purses."""
    costs = add_up(book(engine), by)
    held = spending.in_ledger(engine)
    total = costs.total

    for name in SUMS[: -1 if by in SHARES else None]:
        assert sum(getattr(row, name) for row in costs.rows) == getattr(total, name), name
    assert total.settled_microusd == held["spent"]
    assert total.in_doubt_microusd == held["in_doubt"]
    assert total.provider_microusd == held["provider"]
    assert total.in_doubt_microusd + total.under_way_microusd + total.held_microusd == held["reserved"]
    assert total.spent_microusd + total.under_way_microusd + total.held_microusd == held["purses"]
    assert total.spent_microusd < total.provider_microusd


def rows(engine: Engine, by: By, **asked: str) -> dict[str, CostRow]:
    return {row.title: row for row in add_up(book(engine, **asked), by).rows}


def test_rows_are_what_they_are_named(engine: Engine) -> None:
    """Amounts, episodes, minutes and estimates stand in the row they belong to."""
    one, two, research = (1001, 167, 3)
    october = one * 80 + two * 80 + round(research * 7000.3)
    month = rows(engine, "month")
    assert list(month) == ["2026-10", "2026-11"]
    assert (month["2026-10"].spent_microusd, month["2026-10"].requests) == (october, 3)
    assert (month["2026-10"].published, month["2026-10"].audio_s) == (1, 120)
    assert month["2026-10"].per_minute_microusd == october / 2
    assert (month["2026-10"].estimated_microusd, month["2026-10"].estimated_cost_microusd) == (100_000, october)

    batch = rows(engine, "batch")
    assert (batch["autumn.yaml"].success_rate, batch["none"].success_rate) == (1, 0)
    assert batch["autumn.yaml"].elapsed_s == spending.HOUR_S

    step = rows(engine, "step")
    assert list(step) == ["research", "synthesis"]
    assert step["synthesis"].estimated_microusd == 200_000
    assert step["synthesis"].busy_s == 120
    assert step["research"].quantities == {"exa character": 12}

    account = rows(engine, "account")
    anna = account["anna"]
    assert anna.spent_microusd == sum(
        round(cost * 0.875) for number in (2, 3) for cost in ((1001 + number) * 80, two * 80, round(research * 7000.3))
    )


def test_a_part_of_the_ledger(engine: Engine) -> None:
    """Days, an account and a show choose; parts add up to the whole."""
    whole = add_up(book(engine), "episode").total
    before, after = (
        add_up(book(engine, **each), "day").total for each in ({"until": "2026-10-31"}, {"since": "2026-11-01"})
    )
    assert before.spent_microusd + after.spent_microusd == whole.spent_microusd
    assert before.estimated_cost_microusd == before.spent_microusd
    shows = [add_up(book(engine, show=show), "show").total.spent_microusd for show in ("sea", "sky")]
    accounts = [add_up(book(engine, account=name), "show").total.spent_microusd for name in ("default", "anna")]
    assert sum(shows) == sum(accounts) == whole.spent_microusd
    assert add_up(book(engine, show="none"), "day").rows == []


def test_csv_adds_up_and_runs_nothing(engine: Engine) -> None:
    """The column of amounts is exact, and a title is no formula of a spreadsheet."""
    costs = add_up(book(engine), "episode")
    costs.rows[0].title = "=SUM(1)"
    read = list(csv.DictReader(io.StringIO(costs_csv(costs))))
    assert sum(Decimal(row["spent_usd"]) for row in read) * 1_000_000 == costs.total.spent_microusd
    assert read[0]["title"] == "'=SUM(1)"


@pytest.mark.parametrize("width", [80, 160])
def test_amounts_are_whole_on_any_terminal(engine: Engine, width: int) -> None:
    """A narrow one shows fewer columns, none cut off; a long title takes more lines."""
    costs = add_up(book(engine), "provider")
    costs.rows[0].title = "The Extraordinarily Long Name of a Provider of Voices"
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(costs_table(costs, width=width))
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "…" not in said
    assert all(f"${row.spent_microusd / 1_000_000:,.4f}" in said for row in (*costs.rows, costs.total))
    assert ("Did cost" in said) == (width > 80)


def test_the_page_escapes_and_needs_nothing(engine: Engine) -> None:
    """Words are words, doubt stands apart, and no address is in it."""
    page = render_costs(book(engine), made_at=dt.datetime.now(dt.UTC))
    assert "&lt;b&gt;Bees&lt;/b&gt;" in page
    assert "<b>Bees" not in page
    assert 'class="in_doubt"' in page
    assert "$0.0622</strong>" in page
    assert "href=" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


def test_a_ledger_without_anything(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing was paid: the page says so."""
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine)
    with engine.connect() as connection:
        page = render_costs(open_book(connection), made_at=dt.datetime.now(dt.UTC))
    engine.dispose()
    assert "Nothing was paid for." in page


@pytest.mark.parametrize(
    ("text", "first", "last"), [("2026-02", "2026-02-01", "2026-02-28"), ("2026-11-21", "2026-11-21", "2026-11-21")]
)
def test_days(text: str, first: str, last: str) -> None:
    """A month is its first or its last day."""
    assert (day_of(text), day_of(text, last=True)) == (first, last)


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-02-30", "today", "٢٠٢٦-11"])
def test_what_is_no_day(text: str) -> None:
    """It is refused with how to write it."""
    with pytest.raises(InputError, match="Not a day"):
        day_of(text)
