"""Reading the operator's lists: TOML files of entries. A mistake is named by its file, its entry and its field."""

import re
import tomllib
from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from podmill.errors import ConfigurationError

NAMED_BY: Final = ("name", "provider", "unit", "currency")
"""Fields that tell one entry from the others."""

TOLD_MAX: Final = 10
"""Mistakes that are told of a list."""

Model = TypeVar("Model", bound=BaseModel)
Read = TypeVar("Read")


class Entry(NamedTuple):
    """One table of a list, as it is written."""

    place: str
    """What people are told it is: ``prices.toml:7: price 3 (elevenlabs, character)``."""
    row: dict[str, Any]

    @property
    def name(self) -> str:
        """Without its file."""
        return self.place.partition(": ")[2]

    def checked(self, model: type[Model]) -> Model:
        """It as a model.

        Raises:
            ConfigurationError: fields are missing or not usable: all of them.
        """
        try:
            return model.model_validate(self.row)
        except ValidationError as exc:
            problems = [_problem(dict(error), model) for error in exc.errors(include_url=False)]
            raise self.refused("; ".join(problems)) from exc

    def refused(self, problem: str, *, action: str = "") -> ConfigurationError:
        return ConfigurationError(f"{self.place}: {problem}.", action=action)


def every(stated: Iterable[Entry], read: Callable[[Entry], Read]) -> list[Read]:
    """What is read of each entry.

    Raises:
        ConfigurationError: some cannot be read: it tells of all of them.
    """
    made: list[Read] = []
    wrong: list[ConfigurationError] = []
    for entry in stated:
        try:
            made.append(read(entry))
        except ConfigurationError as exc:
            wrong.append(exc)
    together(wrong)
    return made


def together(wrong: Collection[ConfigurationError]) -> None:
    """Raise mistakes as one, if there are any.

    Raises:
        ConfigurationError: there are any.
    """
    if not wrong:
        return
    *others, last = list(wrong)[:TOLD_MAX]
    more = f" And {len(wrong) - TOLD_MAX} more mistakes." if len(wrong) > TOLD_MAX else ""
    told = " ".join([*map(str, others), last.message])
    raise ConfigurationError(told + more, action=last.action or "Correct it.")


def built_in(file: str, kinds: Collection[str]) -> dict[str, list[Entry]]:
    """The entries of a list that comes with Podmill, by kind: ``[[price]]`` is of the kind ``price``."""
    return _entries(files("podmill.money").joinpath(file).read_text(encoding="utf-8"), file, kinds)


def own(path: Path | None, kinds: Collection[str], *, setting: str) -> dict[str, list[Entry]]:
    """The entries of an operator's list; of no file, none.

    Args:
        setting: the environment variable that names the file.

    Raises:
        ConfigurationError: it cannot be read, or is not such a list.
    """
    if path is None:
        return {kind: [] for kind in kinds}
    try:
        return _entries(path.read_text(encoding="utf-8"), str(path), kinds)
    except OSError as exc:
        raise ConfigurationError(f"{path}: {exc.strerror}.", action=f"Correct or unset {setting}.") from exc
    except UnicodeDecodeError as exc:
        raise ConfigurationError(f"{path}: not UTF-8.", action=f"Correct or unset {setting}.") from exc


def _entries(text: str, file: str, kinds: Collection[str]) -> dict[str, list[Entry]]:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ConfigurationError(f"{file}: not valid TOML: {exc}.") from exc
    for kind, rows in raw.items():
        if kind not in kinds or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            known = ", ".join(f"[[{each}]]" for each in kinds)
            raise ConfigurationError(f"{file}: {kind!r} is no kind of entry.", action=f"There are: {known}.")
    return {kind: _of_kind(text, file, kind, raw.get(kind, [])) for kind in kinds}


def _of_kind(text: str, file: str, kind: str, rows: list[dict[str, Any]]) -> list[Entry]:
    header = re.compile(rf"\s*\[\[\s*{kind}\s*\]\]")
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if header.match(line)]
    # TOML is read without its lines. Entries that are written in another way have none.
    places = [f"{file}:{line}" for line in lines] if len(lines) == len(rows) else [file] * len(rows)
    return [
        Entry(f"{place}: {_name(kind, number, row)}", row)
        for number, (place, row) in enumerate(zip(places, rows, strict=True), start=1)
    ]


def _name(kind: str, number: int, row: dict[str, Any]) -> str:
    named = ", ".join(str(row[field]) for field in NAMED_BY if field in row)
    return f"{kind} {number} ({named})" if named else f"{kind} {number}"


def _problem(error: dict[str, Any], model: type[BaseModel]) -> str:
    """One mistake, with its field."""
    field = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        near = get_close_matches(field, model.model_fields, n=1)
        return f"{field}: there is no such field" + (f", but {near[0]!r}" if near else "")
    if error["type"] == "missing":
        return f"{field}: it is missing"
    problem = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"{field}: {problem}" if field else problem
