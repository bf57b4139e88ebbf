"""Figures in languages other than English, written out as a voice says them."""

import re
from decimal import Decimal
from typing import Final

from num2words import num2words

_SIGNS: Final[dict[str, dict[str, str]]] = {
    "cs": {"%": "procent", "€": "eur", "$": "dolarů", "£": "liber"},
    "da": {"%": "procent", "€": "euro", "$": "dollars", "£": "pund"},
    "de": {"%": "Prozent", "€": "Euro", "$": "Dollar", "£": "Pfund"},
    "es": {"%": "por ciento", "€": "euros", "$": "dólares", "£": "libras"},
    "fr": {"%": "pour cent", "€": "euros", "$": "dollars", "£": "livres"},
    "it": {"%": "per cento", "€": "euro", "$": "dollari", "£": "sterline"},
    "nl": {"%": "procent", "€": "euro", "$": "dollar", "£": "pond"},
    "pl": {"%": "procent", "€": "euro", "$": "dolarów", "£": "funtów"},
    "pt": {"%": "por cento", "€": "euros", "$": "dólares", "£": "libras"},
    "ru": {"%": "процентов", "€": "евро", "$": "долларов", "£": "фунтов"},
    "sv": {"%": "procent", "€": "euro", "$": "dollar", "£": "pund"},
    "tr": {"%": "yüzde", "€": "euro", "$": "dolar", "£": "sterlin"},
    "uk": {"%": "відсотків", "€": "євро", "$": "доларів", "£": "фунтів"},
}
_POINT_DECIMAL: Final = frozenset(("en", "he", "ja", "ko", "th", "zh"))
"""Everyone else num2words knows writes a decimal comma."""

_DIGITS_MAX: Final = 15
"""A longer run of digits is not a quantity; num2words gives up on some."""

_SIGN_BEFORE = re.compile(r"([$€£])\s?(\d[\d.,\u00a0\u202f]*\d|\d)")
_NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,\u00a0\u202f]\d{3})+")


def written_out(text: str, language: str) -> str:
    """The text with its figures in words; languages num2words does not know keep their digits."""
    text = _SIGN_BEFORE.sub(r"\2 \1", text)
    text = _NUMBER.sub(lambda match: _in_words(match[0], language), text)
    for sign, name in _SIGNS.get(language, {}).items():
        text = text.replace(sign, f" {name} ")
    return text


def _in_words(figures: str, language: str) -> str:
    decimal, thousands = (".", ",") if language in _POINT_DECIMAL else (",", ".")
    plain = re.sub(r"[\u00a0\u202f]", "", figures)
    if _THOUSANDS.fullmatch(figures) and decimal not in figures:
        plain = plain.replace(thousands, "")
    plain = plain.replace(decimal, ".")
    if len(plain) > _DIGITS_MAX or plain.count(".") > 1 or "," in plain:
        return figures
    try:
        if re.fullmatch(r"1[1-9]\d\d", figures):
            return f" {num2words(int(plain), lang=language, to='year')} "
        return f" {num2words(Decimal(plain) if '.' in plain else int(plain), lang=language)} "
    except NotImplementedError:
        return figures
