"""Quantities with a unit."""

import re
from functools import lru_cache

from podmill.scripting.spoken.language import Language
from podmill.scripting.spoken.numbers import is_one, quantity
from podmill.scripting.spoken.patterns import alternatives, number_pattern, start

_SUPERSCRIPTS = {"^2": "²", "^3": "³"}


@lru_cache(maxsize=16)
def _pattern(language: Language) -> re.Pattern[str]:
    number = rf"(?P<sign>(?<![\w.,])-)?(?<![^\W\d_]){start()}(?P<number>{number_pattern(language)})"
    unit = rf"(?P<unit>{alternatives(language.units)})(?![\w²³']|/\w|[.]\w)"
    return re.compile(f"{number}[ -]?{unit}")


def say_units(text: str, language: Language) -> str:
    """``20 km/h`` as twenty kilometers per hour; in ``20 to 30 °C`` only the last number has one."""
    if not language.units:
        return text
    for written, superscript in _SUPERSCRIPTS.items():
        text = text.replace(written, superscript)

    def said(match: re.Match[str]) -> str:
        number = match["number"]
        one, many = language.units[match["unit"]]
        minus = f"{language.word('minus')} " if match["sign"] else ""
        return f"{minus}{quantity(number, language)} {one if is_one(number) else many} "

    return _pattern(language).sub(said, text)
