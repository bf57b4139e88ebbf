"""Figures in languages other than English, written out as a voice says them."""

import re
from typing import Final

from num2words import num2words

from podmill.verification import han

_SIGNS: Final[dict[str, dict[str, str]]] = {
    "cs": {"%": "procent", "€": "eur", "$": "dolarů", "£": "liber"},
    "da": {",": "komma", "%": "procent", "€": "euro", "$": "dollars", "£": "pund"},
    "de": {",": "Komma", "%": "Prozent", "€": "Euro", "$": "Dollar", "£": "Pfund"},
    "es": {",": "coma", "%": "por ciento", "€": "euros", "$": "dólares", "£": "libras"},
    "fr": {",": "virgule", "%": "pour cent", "€": "euros", "$": "dollars", "£": "livres"},
    "it": {",": "virgola", "%": "per cento", "€": "euro", "$": "dollari", "£": "sterline"},
    "ja": {".": "点", "%": "パーセント", "€": "ユーロ", "$": "ドル", "£": "ポンド"},
    "nl": {",": "komma", "%": "procent", "€": "euro", "$": "dollar", "£": "pond"},
    "pl": {",": "przecinek", "%": "procent", "€": "euro", "$": "dolarów", "£": "funtów"},
    "pt": {",": "vírgula", "%": "por cento", "€": "euros", "$": "dólares", "£": "libras"},
    "ru": {"%": "процентов", "€": "евро", "$": "долларов", "£": "фунтов"},
    "sv": {",": "komma", "%": "procent", "€": "euro", "$": "dollar", "£": "pund"},
    "tr": {",": "virgül", "%": "yüzde", "€": "euro", "$": "dolar", "£": "sterlin"},
    "uk": {"%": "відсотків", "€": "євро", "$": "доларів", "£": "фунтів"},
}
LANGUAGES: Final = frozenset(
    ("ar", "az", "be", "bn", "ca", "cs", "cy", "da", "de", "eo", "es", "fa", "fi", "fr", "he", "hu", "id", "is", "it",
     "ja", "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk")
)  # fmt: skip
"""Languages whose whole numbers in num2words 0.5.14 are sound up to 15 digits. Amharic never returns from eight."""

CHINESE: Final = frozenset(("zh", "yue"))

_HUNDREDS_IN_YEARS: Final = frozenset(("da", "de", "nl", "no"))
"""Where 1998 is nineteen hundred ninety-eight."""

READ: Final = LANGUAGES | CHINESE | {"en"}
"""Languages whose figures and number words come out in one form."""

_POINT_DECIMAL: Final = frozenset(("bn", "he", "ja", "ko", "th"))
"""The others write a decimal comma."""

_DIGITS_MAX: Final = 15
"""A longer run of digits is not a quantity."""

_SIGN_BEFORE = re.compile(r"([$€£])\s?(\d[\d.,\u00a0\u202f]*\d|\d)")
_NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f]\d+)*")
_GROUPED = {mark: re.compile(rf"\d{{1,3}}(?:[{mark}\u00a0\u202f]\d{{3}})+") for mark in ".,"}


def written_out(text: str, language: str) -> str:
    """The text with its figures in words; languages without a converter keep their digits."""
    text = _SIGN_BEFORE.sub(r"\2 \1", text)
    if language in CHINESE:
        text = han.written_out(text)
    elif language in LANGUAGES:
        text = _NUMBER.sub(lambda match: _in_words(match[0], language), text)
    for sign in "%$€£":
        text = text.replace(sign, f" {_SIGNS.get(language, {}).get(sign, sign)} ")
    return text


def _in_words(figures: str, language: str) -> str:
    decimal, thousands = (".", ",") if language in _POINT_DECIMAL else (",", ".")
    whole, mark, parts = figures.partition(decimal)
    is_year = language in _HUNDREDS_IN_YEARS and re.fullmatch(r"1[1-9]\d\d", figures)
    if _GROUPED[thousands].fullmatch(whole):
        whole = re.sub(r"\D", "", whole)
    if len(whole) > _DIGITS_MAX or not whole.isdecimal() or (mark and not parts.isdecimal()):
        return figures
    said = [_whole(whole, language, form="year" if is_year else "cardinal")]
    if mark:
        said += [_SIGNS.get(language, {}).get(mark, mark), *(_whole(digit, language) for digit in parts)]
    return f" {' '.join(said)} "


def _whole(digits: str, language: str, *, form: str = "cardinal") -> str:
    if len(digits) > 1 and digits.startswith("0"):
        return " ".join(_whole(digit, language) for digit in digits)
    return str(num2words(int(digits), lang=language, to=form))
