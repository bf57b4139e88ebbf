"""Dates, years, decades and times of day."""

import re
from functools import lru_cache

from podmill.scripting.spoken.language import Language
from podmill.scripting.spoken.numbers import cardinal, ordinal, year
from podmill.scripting.spoken.patterns import alternatives, start

_YEAR = r"(?:1[1-9]\d\d|20\d\d)"
_COUNTED = r"(?! (?!was|is|has|this|his|its|as|us|plus|across|towards|perhaps|less|always)[a-z]{2,20}s\b)"
"""Not a year: a lower-case plural follows, and the number counts it (1998 people would still be read as a year)."""


def _months(language: Language) -> dict[str, str]:
    """Every way a month is written, in lower case, to its name."""
    full = language.months
    short = zip(language.months_short, full, strict=True)
    return {name.lower(): name for name in full} | {name.lower(): month for name, month in short}


def _day(text: str, language: Language) -> str:
    number = str(int(text))
    return ordinal(number, language) if language.day_ordinal else cardinal(number, language)


def _say_date(day: str, month: str, of_year: str | None, language: Language) -> str:
    if of_year is None:
        return language.day_month.format(day=_day(day, language), month=month)
    return language.date.format(day=_day(day, language), month=month, year=_say_year(of_year, language))


def _say_year(text: str, language: Language) -> str:
    return year(text, language) if re.fullmatch(_YEAR, text) else cardinal(text, language)


@lru_cache(maxsize=16)
def _date_patterns(language: Language) -> tuple[re.Pattern[str], re.Pattern[str]]:
    # The full stop of a short name goes with it; the one after a whole name ends a sentence.
    full = [name.lower() for name in language.months]
    short = [name for name in _months(language) if name not in full]
    month = rf"(?P<month>(?:{alternatives(full)})\b|(?:{alternatives(short)})\b\.?)"
    day = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th|er|º)?"
    link = r"(?: de| of|,)?"
    day_first = rf"(?:\bthe )?{start()}{day}\.?{link} {month}(?:{link} (?P<year>\d{{4}})(?!\d|[.,]\d))?"
    month_first = rf"\b{month} {day}(?![\d:%]|[.,]\d)(?:,? (?P<year>\d{{4}})(?!\d|[.,]\d))?"
    return re.compile(day_first, re.IGNORECASE), re.compile(month_first, re.IGNORECASE)


def _say_named(text: str, language: Language) -> str:
    names = _months(language)

    def said(match: re.Match[str]) -> str:
        if not 1 <= int(match["day"]) <= 31:
            return match[0]
        return _say_date(match["day"], names[match["month"].lower().rstrip(".")], match["year"], language)

    for pattern in _date_patterns(language):
        text = pattern.sub(said, text)
    return text


def _say_numeric(text: str, language: Language) -> str:
    def said(match: re.Match[str]) -> str:
        first, second = match["first"], match["second"]
        # 11/21/2026 and 21/11/2026 tell themselves apart; 3/4/2026 is read the English language's American way.
        month, day = (first, second) if language.is_english and int(first) <= 12 else (second, first)
        if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
            return match[0]
        return _say_date(day, language.months[int(month) - 1], match["year"], language)

    def iso(match: re.Match[str]) -> str:
        month, day = int(match["month"]), int(match["day"])
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return match[0]
        return _say_date(match["day"], language.months[month - 1], match["year"], language)

    text = re.sub(rf"{start()}(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d)(?![\d-])", iso, text)
    separator = r"(?P<separator>[/.])"
    pattern = rf"{start()}(?P<first>\d{{1,2}}){separator}(?P<second>\d{{1,2}})(?P=separator)(?P<year>\d{{4}})(?!\d)"
    return re.sub(pattern, said, text)


def say_dates(text: str, language: Language) -> str:
    """``21 November 2026``, ``Nov 21, 2026``, ``2026-11-21`` and ``11/21/2026``."""
    return _say_named(_say_numeric(text, language), language) if language.months else text


def say_times(text: str, language: Language) -> str:
    """``14:30`` as fourteen thirty, ``3 pm`` as three P M."""

    def clock(match: re.Match[str]) -> str:
        hour, minute = match["hour"], match["minute"]
        if not language.is_english:
            said = f"{cardinal(str(int(hour)), language)} {language.word('hour')}"
            return said if minute == "00" else f"{said} {cardinal(str(int(minute)), language)}"
        hour_said = cardinal(str(int(hour)), language)
        if minute == "00":
            return (
                hour_said
                if _half(text, match)
                else f"{hour_said} o'clock"
                if int(hour) <= 12
                else f"{hour_said} hundred"
            )
        return (
            f"{hour_said} {f'oh {cardinal(minute[1], language)}' if minute[0] == '0' else cardinal(minute, language)}"
        )

    pattern = rf"{start()}(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d)?(?![\d:])"
    said = re.sub(pattern, clock, text)
    if not language.is_english:
        return said
    # Full stops within "p.m." go, one that also ends a sentence stays.
    said = re.sub(r"(?<=[\da-z]) ?\b(a|p)\.m\.(?= [A-Z]|\s*$)", lambda match: f" {match[1].upper()} M.", said)
    return re.sub(r"(?<=[\da-z]) ?(?<![a-z])(a|p)\.?m\b\.?", lambda match: f" {match[1].upper()} M", said)


def _half(text: str, match: re.Match[str]) -> bool:
    """Whether the half of the day is written after the time."""
    return re.match(r" ?[ap]\.?m\b", text[match.end() : match.end() + 6], re.IGNORECASE) is not None


def say_decades(text: str, language: Language) -> str:
    """``1980s`` as nineteen eighties, ``'90s`` as nineties."""
    if not language.is_english:
        return text

    def plural(words: str) -> str:
        return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"

    said = re.sub(rf"{start()}({_YEAR})'?s\b", lambda match: plural(year(match[1], language)), text)
    return re.sub(rf"'?{start()}([2-9]0)'?s\b", lambda match: plural(cardinal(match[1], language)), said)


def say_years(text: str, language: Language) -> str:
    """``1998`` as nineteen ninety-eight, where it does not count something."""
    if not language.is_english:
        return text
    pattern = rf"{start()}(?<![-+#$£€])({_YEAR})(?![\d%°]|[.,:/]\d|[A-Za-z]){_COUNTED}"
    return re.sub(pattern, lambda match: year(match[1], language), text)
