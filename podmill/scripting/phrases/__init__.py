"""The bank of phrases: what hosts say around the facts, as data, one file a language."""

import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def words_of(text: str) -> list[str]:
    """Its words in lower case, without punctuation."""
    return WORD.findall(text.casefold().replace("\u2019", "'"))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    else:
        for item in value.values():
            yield from _strings(item)


@dataclass(frozen=True, eq=False)
class PhraseBank:
    """The phrases of one language."""

    tables: dict[str, dict[str, Any]]
    words: frozenset[str]
    """Every word that a phrase may contain, placeholders left out."""

    def all(self, table: str, name: str) -> list[str]:
        return list(self.tables[table][name])

    def one(self, table: str, name: str) -> str:
        return str(self.tables[table][name])

    def shuffled(self, table: str, name: str, seed: str) -> list[str]:
        """In an order that depends on nothing but the seed."""
        return sorted(self.all(table, name), key=lambda phrase: hashlib.sha256(f"{seed}{phrase}".encode()).digest())


def languages() -> tuple[str, ...]:
    """ISO 639-1 codes of the languages there are phrases for."""
    names = (entry.name for entry in files("podmill.scripting.phrases").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@lru_cache(maxsize=16)
def phrases_in(language: str) -> PhraseBank:
    """The bank of a language with or without a region. The language is one of ``languages()``."""
    base = language.lower().replace("_", "-").partition("-")[0]
    path = files("podmill.scripting.phrases") / f"{base}.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    said = {name: table for name, table in tables.items() if name != "fact"}
    said["attribution"] = {"attribution": tables["fact"]["attribution"]}
    bare = (re.sub(r"\{\w+\}", " ", phrase) for phrase in _strings(said))
    # "and" also joins the headings and titles of a list.
    return PhraseBank(tables, frozenset(word for phrase in bare for word in words_of(phrase)))
