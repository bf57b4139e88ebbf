"""Words of a model as plain text: no markup, nothing invisible, no directions for the stage, never too long."""

import re
import unicodedata
from typing import Final

from podmill.scripting.spoken.markup import drop_markup

LINE_CHARS_MAX: Final = 1_000
TITLE_CHARS_MAX: Final = 150
SUMMARY_CHARS_MAX: Final = 1_000

_DIRECTION: Final = re.compile(r"\[[^\[\]]{0,200}\]|\*[^*\n]{1,80}\*(?!\*)|<\|[^|<>]{0,80}\|>|<#[\d.]{1,8}#>")
"""``[laughs]``, ``*sighs*``, and the signs by which speech engines are told to make noises or pauses."""
_EMPHASIS: Final = re.compile(r"\*{2,3}|_{2,3}|`+|~~|(?<!\w)_|_(?!\w)")


def plain(text: str, chars_max: int = LINE_CHARS_MAX) -> str:
    """One line of plain text; cut after the last whole word that fits."""
    text = unicodedata.normalize("NFC", text[: 4 * chars_max])
    text = "".join(character if _visible(character) else " " for character in text)
    text = _EMPHASIS.sub("", _DIRECTION.sub(" ", drop_markup(re.sub(r"(\*\*|__)(?=\S)(.*?)(?<=\S)\1", r"\2", text))))
    text = text.replace("<", " ").replace(">", " ").replace("[", " ").replace("]", " ")
    text = re.sub(r" +(?=[.,;:!?])", "", " ".join(text.split()))
    return text if len(text) <= chars_max else text[:chars_max].rsplit(" ", 1)[0]


def said_by(text: str, names: tuple[str, ...]) -> str:
    """The line without its speaker's name, which models like to put before it."""
    for name in names:
        if text.casefold().startswith(f"{name.casefold()}:"):
            return text[len(name) + 1 :].strip()
    return text


def _visible(character: str) -> bool:
    category = unicodedata.category(character)
    return category not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or character in "\u200c\u200d"
