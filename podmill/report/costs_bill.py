"""A provider's bill as a CSV file: exported from its console, or written by hand."""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Final

from podmill.briefs import content
from podmill.briefs.table_file import DELIMITERS
from podmill.errors import InputError
from podmill.money.amounts import MICRO
from podmill.money.prices import USD, rounded_microusd
from podmill.money.record import DAY_S, Record, Used
from podmill.settings import Settings

COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "time": ("date", "day", "time", "timestamp", "datetime", "created", "createdat", "starttime", "usagedate"),
    "request": ("request", "requestid", "generationid", "responseid"),
    "quantity": ("quantity", "usage", "usagequantity", "usageamount", "units", "characters", "credits", "tokens"),
    "cost": ("cost", "costusd", "costinusd", "totalcost", "amount", "amountusd", "amountvalue", "usd"),
    "currency": ("currency", "amountcurrency", "billingcurrency", "costcurrency"),
}
"""Headers by which each is known, in lower case and of letters alone. docs/operations.md lists them."""
ROWS_MAX: Final = 500_000
LARGEST: Final = Decimal(10) ** 12
"""Of a quantity or a cost."""
CENTS: Final = 2
"""Places that costs have at least: a file is rounded as its most exact cost is."""
NUMBER: Final = re.compile(r"[0-9]{1,30}(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,2})?")
DOLLARS: Final = re.compile(r"(US)?\$ ?|\s?USD", re.IGNORECASE)
SECONDS: Final = re.compile(r"[0-9]{10}(\.[0-9]{1,9})?")
YEARS: Final = range(2000, 2200)
DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
CELL_MAX: Final = 200
SHOWN: Final = 40
NAMED_MAX: Final = 20
"""Characters of a cell, and columns of a header, in a message."""


def read_bill(path: Path, settings: Settings) -> Record:
    """By request where a column names them, else by day.

    Raises:
        InputError: the file cannot be read, or a line cannot; names the line and the column.
    """
    path = path.expanduser().absolute()
    reader = _Reader(str(path))
    used = [reader.used(*row) for row in reader.rows(content.decode(content.read_bytes(path, settings), str(path)))]
    if not used:
        raise InputError("It has no lines below its header.", file=str(path))
    slack_microusd = max(0.5, 0.5 * 10.0 ** (6 - reader.places))
    return Record(
        path.name,
        tuple(replace(each, slack_microusd=slack_microusd) for each in used),
        by_request="request" in reader.columns,
    )


class _Reader:
    """Reads one file; every cell of a column that it knows must say something."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._header: list[str] = []
        self.columns: dict[str, int] = {}
        """Where each is."""
        self.places = CENTS

    def rows(self, text: str) -> Iterator[tuple[int, dict[str, str]]]:
        """Line and cells of each row."""
        delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        count, line = 0, 1
        try:
            for cells in reader:
                if not self._header:
                    self._map([cell.strip() for cell in cells])
                elif any(cell.strip() for cell in cells):
                    count += 1
                    if count > ROWS_MAX:
                        raise InputError(f"It has more than {ROWS_MAX:,} lines.", action="Split it.", file=self._file)
                    yield line, {what: self._cell(cells, what, line) for what in self.columns}
                line = reader.line_num + 1
        except csv.Error as exc:
            raise InputError(f"Not valid CSV: {exc}.", file=self._file, line=line) from None

    def used(self, line: int, cells: Mapping[str, str]) -> Used:
        if cells.get("currency", USD).upper() != USD:
            raise self._error("currency", line, cells["currency"], "is not USD", "Export it in US dollars.")
        at, lasts_s = self._time(cells["time"], line)
        quantity = self._number(cells["quantity"], "quantity", line) if "quantity" in cells else None
        cost = self._number(DOLLARS.sub("", cells["cost"]), "cost", line) if "cost" in cells else None
        if cost is not None:
            self.places = max(self.places, -int(cost.as_tuple().exponent))
        return Used(
            at=at,
            lasts_s=lasts_s,
            request_id=cells.get("request"),
            quantity=None if quantity is None else float(quantity),
            cost_microusd=None if cost is None else rounded_microusd(cost * MICRO),
        )

    def _map(self, header: list[str]) -> None:
        self._header = header
        for what, names in COLUMNS.items():
            found = [place for place, name in enumerate(header) if re.sub(r"[^a-z]", "", name.lower()) in names]
            if len(found) > 1:
                problem = f"Several columns may be the {what}: {_names(header[place] for place in found)}."
                raise InputError(problem, action="Leave one.", file=self._file, line=1)
            if found:
                self.columns[what] = found[0]
        if not {"quantity", "cost"} & self.columns.keys():
            action = f"Name a column `quantity` or `cost`; it has: {_names(header)}."
            raise InputError("No column says how much was billed.", action=action, file=self._file, line=1)
        if "time" not in self.columns:
            action = f"Name a column `date`; it has: {_names(header)}."
            raise InputError("No column says when it was.", action=action, file=self._file, line=1)

    def _cell(self, cells: Sequence[str], what: str, line: int) -> str:
        place = self.columns[what]
        cell = cells[place].strip() if place < len(cells) else ""
        if not cell or not cell.isprintable() or len(cell) > CELL_MAX:
            problem = "is empty" if not cell else "is no plain text"
            raise self._error(what, line, cell, problem, "Fill it in, or delete the line if it is a sum.")
        return cell

    def _time(self, cell: str, line: int) -> tuple[float, float]:
        """When it was, and how much later it may have been. What has no zone is in UTC."""
        if SECONDS.fullmatch(cell):
            return float(cell), 0.0
        try:
            read = dt.datetime.fromisoformat(cell.removesuffix("UTC").rstrip())
            at = read if read.tzinfo else read.replace(tzinfo=dt.UTC)
        except ValueError:
            at = None
        if at is None or at.year not in YEARS:
            action = "Write it as 2026-11-21 or 2026-11-21T14:30:00Z."
            raise self._error("time", line, cell, "is no day and no time", action)
        return at.timestamp(), DAY_S if DAY.fullmatch(cell) else 0.0

    def _number(self, cell: str, what: str, line: int) -> Decimal:
        if NUMBER.fullmatch(cell) and (number := Decimal(cell)) <= LARGEST:
            return number
        action = "Write it as 1234.5: a point, no separators, not below 0."
        raise self._error(what, line, cell, "is no amount", action)

    def _error(self, what: str, line: int, cell: str, problem: str, action: str) -> InputError:
        shown = f"{cell[:SHOWN]!r} " if cell else "It "
        name = self._header[self.columns[what]][:SHOWN]
        return InputError(f"{shown}{problem}.", action=action, file=self._file, line=line, field=name)


def _names(header: Iterable[str]) -> str:
    return ", ".join(repr(name[:SHOWN]) for name in islice(header, NAMED_MAX))
