"""Prompts: one file for each version, so that a dossier can say what was asked."""

from importlib.resources import files
from string import Template
from typing import Final

_HARMLESS: Final = str.maketrans("<>", "\u2039\u203a")
"""What looks like the brackets of a tag and is none."""


def prompt(name: str, **values: str) -> str:
    """A prompt by name and version (``search_1``), with its blanks filled in."""
    text = files("podmill.research.prompts").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return Template(text).substitute(values)


def label(name: str) -> str:
    """What a dossier calls a prompt: ``search 2``."""
    return name.replace("_", " ")


def material(tag: str, text: str) -> str:
    """Text of others between tags that it cannot close."""
    return f"<{tag}>{text.translate(_HARMLESS)}</{tag}>"
