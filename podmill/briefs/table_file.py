"""Rows of CSV and JSONL files."""

import csv
import io
from collections.abc import Iterator

from podmill.briefs.json_file import read_json_line
from podmill.briefs.nodes import Node
from podmill.briefs.records import RefusedRow
from podmill.errors import InputError

DELIMITERS = (",", ";", "\t")
"""What spreadsheets write; the one most often in the header is taken."""


def csv_rows(text: str, file: str) -> Iterator[Node | RefusedRow]:
    """One mapping per row after the header; a row that cannot be split is refused and the next one read.

    Raises:
        InputError: the header is missing or names a column twice.
    """
    delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    first = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as exc:
            if not header:
                raise InputError(f"Not valid CSV: {exc}.", file=file, line=first) from None
            yield RefusedRow(file=file, line=first, message=f"Not valid CSV: {exc}.")
        else:
            if not header:
                header = _header(cells, file)
            elif any(cell.strip() for cell in cells):
                yield _csv_row(header, cells, file, first)
        first = reader.line_num + 1


def _header(cells: list[str], file: str) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    for name in header:
        if not name or header.count(name) > 1:
            problem = f"The header names {name!r} more than once." if name else "A column of the header has no name."
            raise InputError(problem, file=file, line=1)
    return header


def _csv_row(header: list[str], cells: list[str], file: str, line: int) -> Node | RefusedRow:
    if len(cells) > len(header):
        message = f"The row has {len(cells)} cells, the header {len(header)}. Put text with separators in quotes."
        return RefusedRow(file=file, line=line, message=message)
    return Node({name: Node(cell, line) for name, cell in zip(header, cells, strict=False) if cell.strip()}, line)


def jsonl_rows(text: str, file: str) -> Iterator[Node | RefusedRow]:
    """One value per line that is not blank."""
    # Not splitlines(): U+2028 and its like may stand inside a JSON string.
    for line, row in enumerate(text.split("\n"), start=1):
        if row.strip():
            try:
                yield read_json_line(row, file, line)
            except InputError as exc:
                yield RefusedRow(file=file, line=line, message=exc.message)
