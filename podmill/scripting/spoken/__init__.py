"""The spoken form of a text: what a voice can say, and nothing it cannot."""

from collections.abc import Callable
from typing import Final

from podmill.scripting.spoken.abbreviations import say_abbreviations, say_acronyms
from podmill.scripting.spoken.dates import say_dates, say_decades, say_times, say_years
from podmill.scripting.spoken.language import Language, language_of
from podmill.scripting.spoken.markup import drop_markup, say_addresses
from podmill.scripting.spoken.money import say_money
from podmill.scripting.spoken.numbers import (
    say_fractions,
    say_numbers,
    say_ordinals,
    say_ranges,
    say_ratios,
    say_roman_numerals,
    say_telephones,
    say_versions,
)
from podmill.scripting.spoken.symbols import even_out, join_lines, say_symbols, sweep
from podmill.scripting.spoken.units import say_units

__all__ = ["to_spoken"]

_RULES: Final[tuple[Callable[[str, Language], str], ...]] = (
    # What contains digits of its own comes before what would take them apart.
    say_addresses,
    say_dates,
    say_times,
    say_telephones,
    say_versions,
    say_decades,
    say_money,
    say_fractions,
    say_ratios,
    say_ranges,
    say_abbreviations,
    say_roman_numerals,
    say_units,
    say_ordinals,
    say_years,
    say_acronyms,
)
_PASSES = 6
"""A pass can bring to light what the next one says: ``<b>&amp;lt;`` is markup within markup. Two are the rule."""


def _one_pass(text: str, language: Language) -> str:
    text = join_lines(even_out(drop_markup(text)))
    if language.converter:
        for rule in _RULES:
            text = rule(text, language)
        text = say_numbers(text, language)
    else:
        text = say_addresses(text, language)
    return sweep(say_symbols(text, language), language)


def to_spoken(text: str, language: str) -> str:
    """Text in the words a voice says.

    Markup goes; addresses, numbers, dates, money, units, symbols and abbreviations become words of the language. Of a
    language whose numbers are not known the digits stay. Saying it again changes nothing. Time is linear in the length.

    Args:
        language: ISO 639-1 code, with or without a region: ``en``, ``pt-BR``.
    """
    known = language_of(language)
    for _ in range(_PASSES):
        said = _one_pass(text, known)
        if said == text:
            break
        text = said
    return text
