"""Text as it is compared: what was to be said and what was heard, in the same form."""

from podmill.verification import english
from podmill.verification.numerals import written_out
from podmill.verification.tokens import tokens


def primary(language: str) -> str:
    """``pt-BR`` to ``pt``: transcribers know no regions."""
    return language.replace("_", "-").split("-")[0].lower()


def words(text: str, language: str) -> list[str]:
    """Comparable words of a text.

    English numbers, money, dates, times, units, contractions, abbreviations and spellings come out in one form
    whichever way they were written. Other languages get their figures written out. Text with at least one letter or
    digit of any writing system gives at least one word.
    """
    if primary(language) == "en":
        return english.words(text) or tokens(text)
    return tokens(written_out(text, primary(language))) or tokens(text)
