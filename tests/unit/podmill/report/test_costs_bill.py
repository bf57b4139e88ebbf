"""Bills as CSV files, as consoles export them and as nobody should."""

from pathlib import Path

import pytest

from podmill import settings
from podmill.errors import InputError
from podmill.money.record import DAY_S, Record, Used
from podmill.report import costs_bill
from podmill.report.costs_bill import read_bill

DAY = "2026-11-21"
BEGAN = 1_795_219_200.0


def read(folder: Path, text: str) -> Record:
    bill = folder / "usage.csv"
    bill.write_text(text, encoding="utf-8")
    return read_bill(bill, settings.current())


def test_lines_of_requests(tmp_path: Path) -> None:
    """Times in every form, dollars with their sign; all costs are rounded as the most exact one is."""
    bill = read(
        tmp_path,
        "\ufeffCreated At\tRequest-ID\tCost (USD)\tCharacters\tCurrency\tModel\r\n"
        f"{DAY} 00:00:02 UTC\tr1\t$0.06\t750\tUSD\t\r\n"
        f"{DAY}T01:00:03+01:00\tr2\t1.5e-2\t187.5\tusd\tfast\r\n\r\n"
        f"{BEGAN + 4:.0f}\tr3\t0.125 USD\t0\tUSD\tfast\r\n",
    )
    assert (bill.source, bill.by_request) == ("usage.csv", True)
    assert bill.used == (
        Used(BEGAN + 2, 0.0, "r1", 750, 60_000, 500),
        Used(BEGAN + 3, 0.0, "r2", 187.5, 15_000, 500),
        Used(BEGAN + 4, 0.0, "r3", 0, 125_000, 500),
    )


def test_lines_of_days(tmp_path: Path) -> None:
    """A day is known to last; a cost without places is one to a cent."""
    bill = read(tmp_path, f"cost,day\n7,{DAY}\n")
    assert (bill.by_request, bill.used) == (False, (Used(BEGAN, DAY_S, cost_microusd=7_000_000, slack_microusd=5000),))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,size\na,1\n", ":1: No column says how much was billed. Name a column `quantity` or `cost`; it has: "),
        ("cost,note\n1,a\n", ":1: No column says when it was."),
        ("date,cost,total cost\n", ":1: Several columns may be the cost: 'cost', 'total cost'."),
        ("date,cost\n", ": It has no lines below its header."),
        (f"date,cost\n{DAY},1\n11/21/2026,1\n", ":3: date: '11/21/2026' is no day and no time."),
        ("date,cost\n0001-01-01,1\n", ":2: date: '0001-01-01' is no day and no time."),
        (f"date,cost\n{DAY},-1\n", ":2: cost: '-1' is no amount."),
        (f"date,cost\n{DAY},nan\n", ":2: cost: 'nan' is no amount."),
        (f"date,cost\n{DAY},9e99\n", ":2: cost: '9e99' is no amount."),
        (f'date,Cost ($)\n{DAY},"1,234"\n', ":2: Cost ($): '1,234' is no amount."),
        (f"date,cost\n{DAY},\n", ":2: cost: It is empty."),
        (f"date,cost,request id\n{DAY},1,\x1b[31m\n", ":2: request id: '\\x1b[31m' is no plain text."),
        (f"date,cost,currency\n{DAY},1,EUR\n", ":2: currency: 'EUR' is not USD."),
        (f'date,cost\n{DAY},"1\n', ":2: Not valid CSV: unexpected end of data."),
        ("\0", ":1: The file is binary, not text."),
    ],
)
def test_what_is_no_bill(text: str, says: str, tmp_path: Path) -> None:
    """The message names file, line and column."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'usage.csv'}{says}")


def test_a_bill_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many lines are read, and no more."""
    monkeypatch.setattr(costs_bill, "ROWS_MAX", 2)
    assert len(read(tmp_path, f"date,cost\n{DAY},1\n{DAY},2\n").used) == 2
    with pytest.raises(InputError, match="more than 2 lines"):
        read(tmp_path, f"date,cost\n{DAY},1\n{DAY},2\n{DAY},3\n")
