"""Reading the operator's lists: TOML files of entries. A mistake is named by its file, its entry and its field."""

import tomllib
from collections.abc import Collection
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from podmill.errors import ConfigurationError

NAMED_BY: Final = ("name", "provider", "unit", "currency")
"""Fields that tell one entry from the others."""

Model = TypeVar("Model", bound=BaseModel)


class Entry(NamedTuple):
    """One table of a list, as it is written."""

    place: str
    """What people are told it is: ``prices.toml: price 3 (elevenlabs, character)``."""
    row: dict[str, Any]

    def checked(self, model: type[Model]) -> Model:
        """It as a model.

        Raises:
            ConfigurationError: a field is missing or not usable.
        """
        try:
            return model.model_validate(self.row)
        except ValidationError as exc:
            first = exc.errors(include_url=False)[0]
            field = ".".join(map(str, first["loc"]))
            problem = first["msg"].removeprefix("Value error, ").rstrip(".")
            raise self.refused(f"{field}: {problem}" if field else problem) from exc

    def refused(self, problem: str, *, action: str = "") -> ConfigurationError:
        return ConfigurationError(f"{self.place}: {problem}.", action=action)


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
    return {
        kind: [Entry(_place(file, kind, number, row), row) for number, row in enumerate(raw.get(kind, []), start=1)]
        for kind in kinds
    }


def _place(file: str, kind: str, number: int, row: dict[str, Any]) -> str:
    named = ", ".join(str(row[field]) for field in NAMED_BY if field in row)
    return f"{file}: {kind} {number} ({named})" if named else f"{file}: {kind} {number}"
