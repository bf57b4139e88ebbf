"""Writes the table of errors in docs/operations.md from ``podmill.recovery``. Run by ``make docs``; a test holds both
together."""

import re
from pathlib import Path
from typing import Final

from podmill.recovery import RECOVERIES, options

PAGE: Final = Path(__file__).with_name("operations.md")
BEGIN: Final = "<!-- Made by `make docs` from podmill/recovery.py. Do not edit. -->\n"
END: Final = "<!-- End of what `make docs` made. -->\n"
BETWEEN: Final = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)


def page(text: str) -> str:
    """The page with the table as it should be."""
    made, count = BETWEEN.subn(lambda _: f"{BEGIN}\n{table()}\n{END}", text)
    if count != 1:
        raise ValueError("the marks of the table are not there once")
    return made


def table() -> str:
    rows = ["| code | what happened | what Podmill does by itself | what you can do |", "|---|---|---|---|"]
    for code, row in RECOVERIES.items():
        ways = "<br>".join(_marked(way) for way in options(code))
        rows.append(f"| `{code}` | {_marked(row.happened)} | {_marked(row.by_itself)} | {ways} |")
    return "\n".join(rows) + "\n"


def _marked(text: str) -> str:
    """Commands and settings as code."""
    return re.sub(r"(?<=: )podmill .*|PODMILL_[A-Z_]+", lambda found: f"`{found[0]}`", text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{PAGE.name}: {len(RECOVERIES)} kinds of errors")
