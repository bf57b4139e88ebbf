"""English in one form: OpenAI's normalizer for Whisper, and what it leaves undone.

The normalizer (`whisper-normalizer`, from the Whisper paper, appendix C) does contractions, titles, British spelling
and most numbers. The rewrites before it settle how dates, times, money, units, fractions, addresses and spelled
acronyms are written, because a voice says them one way and Whisper writes them another.
"""

import re
import unicodedata
from functools import lru_cache
from importlib.resources import files
from typing import Final

from whisper_normalizer.english import EnglishTextNormalizer

from podmill.verification.tokens import tokens

_MONTHS: Final = {
    "jan": "january", "feb": "february", "mar": "march", "apr": "april", "jun": "june", "jul": "july",
    "aug": "august", "sep": "september", "sept": "september", "oct": "october", "nov": "november", "dec": "december",
}  # fmt: skip
_MONTH: Final = "|".join((*dict.fromkeys(_MONTHS.values()), "may"))

_UNITS: Final = {
    "km": "kilometers", "m": "meters", "cm": "centimeters", "mm": "millimeters", "kg": "kilograms", "g": "grams",
    "mg": "milligrams", "lb": "pounds", "lbs": "pounds", "oz": "ounces", "ft": "feet", "mi": "miles", "l": "liters",
    "ml": "milliliters", "mph": "miles per hour", "km/h": "kilometers per hour", "kph": "kilometers per hour",
    "kb": "kilobytes", "mb": "megabytes", "gb": "gigabytes", "tb": "terabytes", "khz": "kilohertz", "hz": "hertz",
    "mhz": "megahertz", "ghz": "gigahertz", "kw": "kilowatts", "mw": "megawatts", "gw": "gigawatts",
    "kwh": "kilowatt hours", "min": "minutes", "sec": "seconds", "hr": "hours", "hrs": "hours", "ms": "milliseconds",
    "db": "decibels", "°c": "degrees celsius", "°f": "degrees fahrenheit", "°": "degrees",
}  # fmt: skip
"""After a figure only."""

_MAGNITUDES: Final = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion"}
_FRACTIONS: Final = {
    "1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "one quarter", "3/4": "three quarters",
    "1/5": "one fifth", "2/5": "two fifths", "3/5": "three fifths", "4/5": "four fifths", "1/8": "one eighth",
    "3/8": "three eighths", "5/8": "five eighths", "7/8": "seven eighths", "1/10": "one tenth",
}  # fmt: skip
_SMALL: Final = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip
"""Numbers that are said before ``and a half``, or in the time of day."""

_ABBREVIATIONS: Final = {
    "vs": "versus", "etc": "et cetera", "e.g": "for example", "i.e": "that is", "approx": "approximately",
    "dept": "department", "inc": "incorporated", "ltd": "limited", "corp": "corporation", "ave": "avenue",
}  # fmt: skip

_IS: Final = "it|that|what|he|she|who|there|here|where|how|when|why|this|everything|something|nothing|everyone|let"
"""Words after which ``'s`` is a verb; after any other it makes a genitive, which sounds like a plural."""


def _alternatives(table: dict[str, str]) -> str:
    return "|".join(re.escape(key) for key in sorted(table, key=len, reverse=True))


_NUMBER: Final = rf"{_alternatives(_SMALL)}|\d+"


def _half(match: re.Match[str]) -> str:
    return f"{_SMALL.get(match[1], match[1])}.5"


def _time_of_day(match: re.Match[str]) -> str:
    """``half past two`` to ``2 30``, ``quarter to three`` to ``2 45``: as it is written."""
    hour = int(_SMALL.get(match[2], match[2]))
    if match[1] == "half past":
        return f"{hour} 30"
    return f"{hour} 15" if match[1].endswith("past") else f"{(hour - 2) % 12 + 1} 45"


_DIGITS_MAX: Final = 15
"""The normalizer reads figures as one number; longer ones are cut, or Python's limit on integers would stop it."""

_REWRITES: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"[\[\](){}<>]", " "),  # the normalizer drops what stands in brackets; a voice does not
        (rf"\d{{{_DIGITS_MAX}}}(?=\d)", lambda m: m[0] + " "),
        (rf"\b(?!(?:{_IS})')(\w+)'s\b", r"\1s"),
        (r"\bo'\s?clock\b", "oclock"),
        (r"\b(\d{1,2})[.:](?!00)(\d\d)(?=\s*[ap]\.?\s?m\b)", r"\1 \2"),
        (r"\b(\d{1,2})[.:]00\s*(?=[ap]\.?\s?m\b)", r"\1 "),
        (r"\b(\d{1,2}):00\b", r"\1 oclock"),
        (r"(?<=\d)\s*([ap])\.?\s?m\b\.?", r" \1m"),
        (r"(?<=\d),(?=\d{3}\b)", ""),
        (
            rf"([$€£][\d.]+)\s?({_alternatives(_MAGNITUDES)})\b",
            lambda m: f"{m[1]} {_MAGNITUDES[m[2]]}",
        ),
        (r"\bus\s?\$", "$"),
        (rf"(?<=\d)\s?({_alternatives(_UNITS)})(?![\w/'])", lambda m: f" {_UNITS[m[1]]} "),
        (rf"(?<=\d)\s+({_alternatives(_FRACTIONS)})(?![\d/])", lambda m: f" and {_FRACTIONS[m[1]]}"),
        (rf"(?<![\d/])({_alternatives(_FRACTIONS)})(?![\d/])", lambda m: _FRACTIONS[m[1]]),
        (rf"\b({_NUMBER}) and (?:a|one) half\b", _half),
        (r"\b(?:a|one) (hundred|thousand|million|billion|trillion) and a half\b", r"1.5 \1"),
        (rf"\b(half past|quarter past|quarter to) ({_NUMBER})\b", _time_of_day),
        (r"\be-mail", "email"),
        (rf"\b({_alternatives(_MONTHS)})\b\.?(?=\s+\d)", lambda m: _MONTHS[m[1]]),
        (rf"(?<![\w.])({_alternatives(_ABBREVIATIONS)})\b\.?(?!\w)", lambda m: _ABBREVIATIONS[m[1]]),
        (r"(?:\bno\.|#)\s*(?=\d)", " number "),
        (r"(?<=\w\w)\.(?=[a-z]{2})", " dot "),
        (r"(?<=\d)\.(?=\d)", " point "),
        (r"(?<![\w.])\.(?=\d)", "0 point "),
        (r"\bzero point\b", "0 point"),
        (r"(?<!\w)[-\u2212](?=[$€£]?\d)", " minus "),
        (r"(?<=\d)\s?\u2013\s?(?=[$€£]?\d)", " to "),
        (r"\bper cent\b|%", " percent "),
        (r"&", " and "),
        (r"\+", " plus "),
        (r"@", " at "),
        (r"=", " equals "),
        (r"\ba (?=(?:hundred|thousand|million|billion|trillion|half|quarter|third)\b)", "one "),
        (r"\bii\b", "two"),
        (r"\biii\b", "three"),
        (r"\bcannot\b", "can not"),
        (r"\bok\b", "okay"),
        (r"\balright\b", "all right"),
    )
)
_ACRONYM: Final = re.compile(r"\b[A-Z](?:[. -]{1,2}[A-Z])+(?:'?s)?\b")
"""Spelled out: ``C E O``, ``C.E.O.``, ``A P Is``. Joined, before ``O`` is taken for a zero."""

_CLAUSE_END: Final = re.compile(r"(?<=[!?])\s+|(?<=\w\w\.)\s+")
"""Numbers on two sides of a full stop are two numbers."""

_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_ENDINGS: Final = ("st", "nd", "rd", *("th",) * 6)
_ORDINAL: Final = re.compile(rf"\b({'|'.join(_TENS)})-({'|'.join(_ORDINALS)})\b")


def _ordinal(match: re.Match[str]) -> str:
    """``twenty-ninth`` to ``29th``; the normalizer leaves ``20 ninth``."""
    one = _ORDINALS.index(match[2])
    return f"{_TENS.index(match[1]) + 2}{one + 1}{_ENDINGS[one]}"


_HUNDREDS_AND: Final = re.compile(r"\b(\d+)00 and (\d\d?)(?![\w.,:%])")
"""``600 and 88``, as it is at times written."""

_DAY: Final = re.compile(rf"\b({_MONTH}) (\d{{1,2}})(?:st|nd|rd|th)\b")
"""``March third`` and ``March 3``: either is said, either is written."""


@lru_cache(maxsize=1)
def _homophones() -> dict[str, str]:
    """Words that sound the same, by the first of each group: a listener hears no difference, nor can this."""
    text = files("podmill.verification").joinpath("homophones.txt").read_text(encoding="utf-8")
    groups = (line.split() for line in text.splitlines())
    return {word: group[0] for group in groups for word in group[1:]}


@lru_cache(maxsize=1)
def _normalizer() -> EnglishTextNormalizer:
    return EnglishTextNormalizer()


def words(text: str) -> list[str]:
    """Comparable words of an English text; none for hesitations (``hmm``, ``um``) alone."""
    text = re.sub("([\u00bc-\u00be\u2150-\u215e])", r" \1", text)
    text = unicodedata.normalize("NFKC", text).replace("\u2044", "/").replace("\u2019", "'")
    text = _ACRONYM.sub(lambda match: re.sub(r"[. '-]", "", match[0]), text).lower()
    found: list[str] = []
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    text = _ORDINAL.sub(_ordinal, text)
    for clause in _CLAUSE_END.split(text):
        normal = _DAY.sub(r"\1 \2", _normalizer()(clause))
        normal = _HUNDREDS_AND.sub(lambda match: f"{match[1]}{match[2]:0>2}", normal)
        normal = re.sub(r"\bone(?=[.%])", "1", normal)  # the normalizer writes out every 1, inside figures too
        found.extend(_trimmed(normal))
    return found


def _trimmed(normal: str) -> list[str]:
    """Tokens of normalized text; figures keep their sign and point, all else loses what is not a letter."""
    found = []
    for token in normal.split():
        if any(char.isdigit() for char in token):
            figure = token.rstrip(".")
            found.append(f"0{figure}" if figure.startswith(".") else figure)
        else:
            found.extend(_homophones().get(word, word) for word in tokens(token))
    return found
