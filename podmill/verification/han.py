"""Numbers in Chinese: 三百五十, 两百, 350 and 3.5万 are written in many ways and said in one."""

import re
from decimal import Decimal
from typing import Final

DIGITS: Final = "〇一二三四五六七八九"
_SAME: Final = str.maketrans("零两兩萬億", "〇二二万亿")
_SMALL: Final = {"十": 10, "百": 100, "千": 1000}
_LARGE: Final = {"万": 10**4, "亿": 10**8}
_UNITS: Final = _SMALL | _LARGE

NUMERALS: Final = frozenset(f"{DIGITS}零两兩十百千万萬亿億")
_DIGIT: Final = f"[{DIGITS}零两兩]"
_NUMBER: Final = re.compile(
    rf"(?P<percent>百分之)?(?:(?P<figures>\d+(?:,\d{{3}})*(?:\.\d+)?)(?P<units>[万萬亿億]*)(?P<sign>%?)"
    rf"|(?P<han>(?:{_DIGIT}|十)(?:{_DIGIT}|[十百千万萬亿億])*)(?:[点點](?P<parts>{_DIGIT}+)(?![十百千]))?)"
)
_DIGITS_MAX: Final = 15


def written_out(text: str) -> str:
    """The text with each number as it is said in full: 350 and 三百五 as 三百五十, 50% as 百分之五十."""
    return _NUMBER.sub(_said, text)


def _said(match: re.Match[str]) -> str:
    if match["figures"]:
        number = Decimal(match["figures"].replace(",", ""))
        for unit in match["units"].translate(_SAME):
            number *= _LARGE[unit]
    else:
        parts = "".join(str(DIGITS.index(each)) for each in (match["parts"] or "").translate(_SAME))
        number = Decimal(f"{value(match['han'].translate(_SAME))}.{parts or 0}")
    whole, _, rest = f"{number:f}".partition(".")
    if len(whole) > _DIGITS_MAX:
        return match[0]
    rest = rest.rstrip("0")
    said = _in_full(int(whole)) + ("点" + "".join(DIGITS[int(each)] for each in rest) if rest else "")
    return f"百分之{said}" if match["percent"] or match["sign"] else said


def value(numerals: str) -> int:
    """Of numerals with units, or of digits one by one: 二〇二四."""
    if not any(each in _UNITS for each in numerals):
        return int("".join(str(DIGITS.index(each)) for each in numerals))
    whole = section = digit = 0
    for each in numerals:
        if each == "亿":
            whole = (whole + section + digit or 1) * _LARGE[each]
            section = digit = 0
        elif each == "万":
            whole += (section + digit or 1) * _LARGE[each]
            section = digit = 0
        elif each in _SMALL:
            section += (digit or 1) * _SMALL[each]
            digit = 0
        else:
            digit = DIGITS.index(each)
    # 三百五 is 350, 三百〇五 is 305.
    short = _UNITS.get(numerals[-2], 1) // 10 if len(numerals) > 1 else 1
    return whole + section + digit * max(short, 1)


def _in_full(number: int) -> str:
    for name, size in reversed(_UNITS.items()):
        if number >= size:
            times, rest = divmod(number, size)
            said = name if size == 10 and times == 1 else _in_full(times) + name
            gap = DIGITS[0] if rest and rest < size // 10 else ""
            return said + gap + (_in_full(rest) if rest else "")
    return DIGITS[number]
