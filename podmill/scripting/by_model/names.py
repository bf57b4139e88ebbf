"""What languages are called, for a language model, and how their listeners are told who writes and speaks."""

import tomllib
from functools import lru_cache
from importlib.resources import files

from podmill.text.tongue import primary


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("podmill.scripting.by_model") / "languages.toml").read_text(encoding="utf-8"))


def language_name(code: str) -> str:
    """What a language is called in English; its code where that is not known."""
    return _table().get(primary(code), {}).get("name", code)


def disclosure_in(code: str) -> str:
    """One sentence that says that script and voices are artificial; empty where there is none in that language."""
    return _table().get(primary(code), {}).get("disclosure", "")
