"""What languages are called, for a language model, and how their listeners are told who writes and speaks."""

import tomllib
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("podmill.scripting.by_model") / "languages.toml").read_text(encoding="utf-8"))


def language_name(code: str) -> str:
    """What a language is called in English; its code where that is not known."""
    return _table().get(_base(code), {}).get("name", code)


def disclosure_in(code: str) -> str:
    """One sentence that says that script and voices are artificial; empty where there is none in that language."""
    return _table().get(_base(code), {}).get("disclosure", "")


def _base(code: str) -> str:
    return code.lower().replace("_", "-").partition("-")[0]
