"""Amounts of money."""

import re
from functools import lru_cache

from podmill.scripting.spoken.language import Forms, Language
from podmill.scripting.spoken.numbers import cardinal, is_one, quantity
from podmill.scripting.spoken.patterns import alternatives, number_pattern, start


@lru_cache(maxsize=16)
def _patterns(language: Language) -> tuple[re.Pattern[str], re.Pattern[str]]:
    signs = alternatives(language.currencies)
    number = rf"(?P<number>{number_pattern(language)})"
    magnitude = rf"(?:[ -]?(?P<magnitude>{alternatives(language.magnitudes)})(?!\w))?"
    before = rf"(?<!\w)(?P<minus>-?)(?P<sign>{signs}) ?{number}{magnitude}"
    after = rf"(?P<minus>(?<!\w)-)?{start()}{number}{magnitude} ?(?P<sign>{signs})(?!\w)"
    return re.compile(before), re.compile(after)


def _amount(number: str, forms: Forms, language: Language) -> str:
    whole, _, decimals = number.partition(language.decimal)
    one, many, cent, cents = forms
    if len(decimals) != 2 or decimals == "00":
        number = number if decimals and decimals != "00" else whole
        return f"{quantity(number, language)} {one if is_one(number) else many}"
    small = decimals.removeprefix("0")
    hundredths = f"{cardinal(small, language)} {cent if is_one(small) else cents}"
    if whole == "0":
        return hundredths
    return f"{quantity(whole, language)} {one if is_one(whole) else many} {language.word('and')} {hundredths}"


def say_money(text: str, language: Language) -> str:
    """``$4.7 million`` as four point seven million dollars, ``£3.50`` as three pounds and fifty pence."""
    if not language.currencies:
        return text

    def said(match: re.Match[str]) -> str:
        minus = f"{language.word('minus')} " if match["minus"] else ""
        forms = language.currencies[match["sign"]]
        if match["magnitude"]:
            magnitude = language.magnitudes[match["magnitude"]]
            return f"{minus}{quantity(match['number'], language)} {magnitude} {forms[1]}"
        return minus + _amount(match["number"], forms, language)

    for pattern in _patterns(language):
        text = pattern.sub(said, text)
    return text
