"""What is known of a language: the words around its numbers, as data."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from num2words import CONVERTER_CLASSES

Forms = tuple[str, ...]

_SAYABLE: Final = frozenset(
    ("ar", "az", "be", "bn", "ca", "cs", "cy", "da", "de", "en", "eo", "es", "fa", "fi", "fr", "he", "hu", "id", "is",
     "it", "ja", "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk")
)  # fmt: skip
"""Languages whose numbers in num2words 0.5.14 are sound up to 15 digits. Amharic never returns from eight."""


@dataclass(frozen=True, eq=False)
class Language:
    """One language. Compared by identity: each is loaded once.

    A language without a table of its own has empty ones: its numbers are still said where num2words knows it, its
    symbols are dropped.
    """

    code: str
    """ISO 639-1 with an optional region: ``pt-BR``."""
    converter: str | None
    """Its name in num2words, or None when its numbers stay as they are written."""
    decimal: str = "."
    date: str = "{day} {month} {year}"
    day_month: str = "{day} {month}"
    day_ordinal: bool = False
    months: tuple[str, ...] = ()
    months_short: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    symbols: Mapping[str, str] = field(default_factory=dict)
    magnitudes: Mapping[str, str] = field(default_factory=dict)
    currencies: Mapping[str, Forms] = field(default_factory=dict)
    """Symbol or code to: one, many, one hundredth, many hundredths."""
    units: Mapping[str, Forms] = field(default_factory=dict)
    """Symbol to: one, many."""
    abbreviations: Mapping[str, str] = field(default_factory=dict)
    before_number: Mapping[str, str] = field(default_factory=dict)
    acronyms: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_english(self) -> bool:
        return self.code.startswith("en")

    def word(self, name: str) -> str:
        """A connecting word (``point``, ``minus``), or nothing in a language without a table."""
        return self.words.get(name, "")


def _converter(code: str) -> str | None:
    base, _, region = code.partition("-")
    if base not in _SAYABLE:
        return None
    for name in (f"{base}_{region.upper()}", base):
        if name in CONVERTER_CLASSES:
            return name
    return None


def _table(base: str) -> dict[str, Any]:
    path = files("podmill.scripting.spoken") / "languages" / f"{base}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _forms(table: Mapping[str, list[str]]) -> dict[str, Forms]:
    return {symbol: tuple(forms) for symbol, forms in table.items()}


@lru_cache(maxsize=64)
def language_of(code: str) -> Language:
    """The language of a code such as ``en``, ``en-GB`` or ``pt_BR``; never fails."""
    clean = code.strip().lower().replace("_", "-")
    base = clean.partition("-")[0]
    table = _table(base) if base.isascii() and base.isalpha() else {}
    months = table.pop("months", {})
    return Language(
        code=clean,
        converter=_converter(clean),
        months=tuple(months.get("full", ())),
        months_short=tuple(months.get("short", ())),
        currencies=_forms(table.pop("currencies", {})),
        units=_forms(table.pop("units", {})),
        **table,
    )
