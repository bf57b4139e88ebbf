"""Abbreviations and acronyms."""

import re
from functools import lru_cache

from podmill.scripting.spoken.language import Language
from podmill.scripting.spoken.patterns import alternatives

_SENTENCE_STARTS = "The|A|An|In|It|This|That|These|Those|He|She|They|We|But|And|For|At|On|By|From|As|When|While|After"
_SHOUTED = r"(?<!\w)[A-Z]{2,40}+(?:[ '][A-Z]{1,40}+){3,400}+(?!\w)"
"""Four words in capitals, one after the other, are emphasis and no acronyms."""
_LONGEST_ACRONYM = 5


@lru_cache(maxsize=16)
def _patterns(language: Language) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    plain, numbered = language.abbreviations, language.before_number
    return (
        re.compile(rf"(?<![\w.])({alternatives(plain)})(?!\w)") if plain else None,
        re.compile(rf"(?<![\w.])({alternatives(numbered)}) ?(?=\d)") if numbered else None,
    )


def say_abbreviations(text: str, language: Language) -> str:
    """``e.g.`` as for example, ``No. 5`` as number five, ``Elm St.`` as Elm Street."""
    plain, numbered = _patterns(language)
    if language.is_english:
        text = re.sub(r"(?<=[a-z] )St\.(?! ?[A-Z])", "Street", text)

    def said(match: re.Match[str]) -> str:
        words = language.abbreviations[match[1]]
        # The full stop of an abbreviation may be that of its sentence as well.
        rest = text[match.end() : match.end() + 16]
        ends = match[1].endswith(".") and match[1][0].islower() and re.match(r"\s*$|\s+[A-Z]", rest)
        return f"{words}." if ends else words

    if numbered:
        text = numbered.sub(lambda match: f"{language.before_number[match[1]]} ", text)
    return plain.sub(said, text) if plain else text


def _dotted(match: re.Match[str]) -> str:
    letters = " ".join(match["letters"].replace(".", ""))
    return f"{letters}." if match["end"] is not None else letters


def say_acronyms(text: str, language: Language) -> str:
    """``API`` as A P I and ``NASA`` as a word; capitals that are only loud are left alone."""
    text = re.sub(
        rf"(?<![\w.])(?P<letters>(?:[A-Z]\.){{2,8}}+)(?P<end>(?=\s*$|\s+(?:{_SENTENCE_STARTS})\b))?", _dotted, text
    )
    text = re.sub(_SHOUTED, lambda match: match[0].lower(), text)

    def said(match: re.Match[str]) -> str:
        letters = match["letters"]
        known = language.acronyms.get(letters)
        if known:
            return known + match["plural"]
        if len(letters) > _LONGEST_ACRONYM:
            return letters.capitalize() + match["plural"]
        return " ".join(letters) + ("'s" if match["plural"] else "")

    mixed = [word for word in language.acronyms if not word.isupper()]
    if mixed:
        text = re.sub(rf"\b({alternatives(mixed)})\b", lambda match: language.acronyms[match[1]], text)
    return re.sub(r"(?<![^\W\d_])(?P<letters>[A-Z]{2,40}+)(?P<plural>s?)(?![^\W\d_])", said, text)
