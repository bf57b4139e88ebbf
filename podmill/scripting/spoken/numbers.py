"""Numbers as words: cardinals, ordinals, decimals, fractions, ranges, versions, telephone numbers, Roman numerals."""

import re
from functools import lru_cache

from num2words import num2words

from podmill.scripting.spoken.language import Language
from podmill.scripting.spoken.patterns import alternatives, number_pattern, start

_LONGEST = 15
"""Digits beyond which a number is read digit by digit: nobody follows a quadrillion by ear, and some languages of
num2words end there."""
_DIGITS_EN = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_PARTS_EN = {2: ("half", "halves"), 4: ("quarter", "quarters")}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_CUES = (
    "Act Apollo Article Book Bowl Chapter Class Episode Figure Level Mark Part Phase Saturn Scene Section Session "
    "Stage Table Title Type Unit Vatican Volume War"
)
_REGNAL = (
    "Alexander Benedict Catherine Charles Constantine Darius Edward Elizabeth Ferdinand Francis Frederick George "
    "Gustav Henry Ivan James John Joseph Leo Leopold Louis Mehmed Napoleon Nicholas Otto Paul Peter Philip Pius "
    "Ptolemy Ramesses Richard Rudolf Sigismund Victoria Wilhelm William"
)


@lru_cache(maxsize=4096)
def _converted(number: int, converter: str, to: str) -> str:
    """What num2words says, without its pauses, or nothing where it cannot."""
    try:
        said = num2words(number, lang=converter, to=to)
    except (RuntimeError, ArithmeticError, ValueError, TypeError, LookupError, AttributeError):
        # Its converters fail in their own ways on what they do not know.
        return ""
    said = " ".join(str(said).replace(",", " ").split())
    return "" if any(character.isdigit() for character in said) else said


def digits(text: str, language: Language) -> str:
    """Each digit by itself."""
    return " ".join(_converted(int(digit), language.converter or "en", "cardinal") for digit in text if digit.isdigit())


def cardinal(text: str, language: Language) -> str:
    """``1,234`` without its separators, in words; digit by digit when long or led by a zero."""
    if len(text) > _LONGEST or (len(text) > 1 and text.startswith("0")):
        return digits(text, language)
    return _converted(int(text), language.converter or "en", "cardinal") or digits(text, language)


def ordinal(text: str, language: Language) -> str:
    """``21`` as twenty-first; the cardinal where the language has no ordinal here."""
    if len(text) > _LONGEST:
        return digits(text, language)
    return _converted(int(text), language.converter or "en", "ordinal") or cardinal(text, language)


def quantity(text: str, language: Language) -> str:
    """A number as written, with thousands separators and decimals, in words."""
    whole, _, decimals = text.partition(language.decimal)
    said = cardinal(re.sub(r"\D", "", whole), language)
    if decimals:
        said = f"{said} {language.word('point')} {digits(decimals, language)}"
    return said


def is_one(text: str) -> bool:
    """Whether a unit after this number is in the singular."""
    return text == "1"


def year(text: str, language: Language) -> str:
    """Four digits as a year: nineteen ninety-eight."""
    if language.is_english and text[1:3] != "00":
        high, low = text[:2], text[2:]
        if low == "00":
            return f"{cardinal(high, language)} hundred"
        said = f"oh {cardinal(low[1], language)}" if low[0] == "0" else cardinal(low, language)
        return f"{cardinal(high, language)} {said}"
    return _converted(int(text), language.converter or "en", "year") or cardinal(text, language)


def _fraction(match: re.Match[str], language: Language) -> str:
    above, below = match["above"], match["below"]
    if not language.is_english or len(below) > 2 or int(below) < 2:
        return f"{cardinal(above, language)} {language.word('over')} {cardinal(below, language)}"
    if (above, below) == ("24", "7"):
        return "twenty-four seven"
    one, many = _PARTS_EN.get(int(below)) or (ordinal(below, language), f"{ordinal(below, language)}s")
    return f"{cardinal(above, language)} {one if is_one(above) else many}"


def say_fractions(text: str, language: Language) -> str:
    """``2/3`` as two thirds, ``1 1/2`` as one and one half."""
    said = re.sub(
        rf"{start()}(?P<whole>\d{{1,3}}) (?=\d{{1,2}}/\d{{1,2}}(?![\d/]|[.,]\d))",
        lambda match: f"{cardinal(match['whole'], language)} {language.word('and')} ",
        text,
    )
    return re.sub(
        rf"{start()}(?P<above>\d{{1,3}})/(?P<below>\d{{1,3}})(?![\d/]|[.,]\d)",
        lambda match: _fraction(match, language),
        said,
    )


def say_ratios(text: str, language: Language) -> str:
    """``2:1`` as two to one, ``3 x 4`` as three by four."""
    number = number_pattern(language)
    said = re.sub(rf"{start()}(\d{{1,4}}):(?=\d{{1,4}}(?![\d:]))", rf"\1 {language.word('to')} ", text)
    return re.sub(rf"{start()}({number}) ?[\u00d7x] ?(?=\d)", rf"\1 {language.word('by')} ", said)


def say_ranges(text: str, language: Language) -> str:
    """``3-5`` as three to five; the numbers themselves are left for the rules that follow."""
    number = number_pattern(language)
    return re.sub(rf"{start()}({number}%?) ?- ?(?=\d)", rf"\1 {language.word('to')} ", text)


def say_ordinals(text: str, language: Language) -> str:
    """``21st`` as twenty-first."""
    if not language.is_english:
        return text
    return re.sub(
        rf"{start()}(\d{{1,3}}(?:,\d{{3}}){{0,4}}+|\d{{1,15}}+)(?:st|nd|rd|th)\b",
        lambda match: ordinal(match[1].replace(",", ""), language),
        text,
    )


def say_versions(text: str, language: Language) -> str:
    """``3.11.7`` (also an address such as 10.0.0.1) as three point eleven point seven."""
    point = f" {language.word('dot' if not language.is_english else 'point')} "

    def said(match: re.Match[str]) -> str:
        return point.join(cardinal(part, language) for part in match[0].split("."))

    return re.sub(rf"{start()}\d{{1,5}}(?:\.\d{{1,5}}){{2,5}}+(?!\d|\.\d)", said, text)


def say_telephones(text: str, language: Language) -> str:
    """``+1 555-123-4567`` digit by digit, with a pause between the groups."""

    def said(match: re.Match[str]) -> str:
        groups = ", ".join(digits(group, language) for group in re.findall(r"\d+", match[0]))
        return f"{language.word('plus')} {groups}" if match[0].startswith("+") else groups

    group = r"(?:[ .-]\d{2,4})"
    international = rf"\+\d{{1,3}}(?:[ .-]\(?\d{{1,4}}\)?)?{group}{{1,4}}+"
    bracketed = r"\(\d{3}\) ?\d{3}[-. ]\d{4}"
    national = r"\d{3}[-. ]\d{3}[-. ]\d{4}"
    return re.sub(rf"(?<![\w.,])(?:{international}|{bracketed}|{national})(?![\d-])", said, text)


def _roman(text: str) -> int:
    """The value of a well-formed Roman numeral, else 0."""
    if not re.fullmatch(r"C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})", text):
        return 0
    values = [_ROMAN[letter] for letter in text]
    return sum(
        -value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True)
    )


def say_roman_numerals(text: str, language: Language) -> str:
    """``Henry VIII`` as Henry the eighth, ``World War II`` as World War two."""
    if not language.is_english:
        return text

    def regnal(match: re.Match[str]) -> str:
        value = _roman(match["roman"])
        return f"{match['name']} the {ordinal(str(value), language)}" if value else match[0]

    def counted(match: re.Match[str]) -> str:
        value = _roman(match["roman"])
        return f"{match['name']} {cardinal(str(value), language)}" if value else match[0]

    said = re.sub(rf"\b(?P<name>{alternatives(_REGNAL.split())}) (?P<roman>[IVXLC]{{1,8}})\b(?!\.\w)", regnal, text)
    said = re.sub(rf"\b(?P<name>{alternatives(_CUES.split())}) (?P<roman>[IVXLC]{{1,8}})\b(?!\.\w)", counted, said)
    return re.sub(r"\b(?P<name>[A-Z][a-z]{2,30}) (?P<roman>[IVX]{2,6})\b", counted, said)


def say_numbers(text: str, language: Language) -> str:
    """Every number that no other rule has taken."""
    number = number_pattern(language)

    def signed(match: re.Match[str]) -> str:
        sign = language.word("minus" if match["sign"] == "-" else "plus")
        return f"{sign} {quantity(match['number'], language)}"

    said = re.sub(rf"(?<![\w.,])(?P<sign>[-+])(?P<number>{number})", signed, text)
    said = re.sub(r"(?<=[A-Za-z])(\d{1,15}+)s\b", lambda match: f" {cardinal(match[1], language)}s", said)
    # "3-day" keeps its hyphen, "MP3" and "5G" are parted.
    said = re.sub(rf"{start()}{number}(?=-\w)", lambda match: f" {quantity(match[0], language)}", said)
    said = re.sub(rf"{start()}{number}", lambda match: f" {quantity(match[0], language)} ", said)
    return re.sub(r"\d{1,60}", lambda match: f" {cardinal(match[0], language)} ", said)
