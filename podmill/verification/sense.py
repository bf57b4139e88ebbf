"""What turns the sense of a line however alike it sounds: a number that is another one, a "not" more or less."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from podmill.verification import han
from podmill.verification.normalize import words
from podmill.verification.numerals import CHINESE, LANGUAGES

NEGATIONS: Final[dict[str, frozenset[str]]] = {
    language: frozenset(listed.split())
    for language, listed in {
        "ar": "لا لم لن ليس ليست ما",
        "cs": "ne není nikdy nic nikdo bez",
        "da": "nej ikke aldrig intet ingen uden",
        "de": "nein nicht nie niemals nichts niemand kein keine keinen keinem keiner keines ohne",
        "el": "όχι δεν δε μην ποτέ χωρίς",
        "en": "no not never none nothing nobody neither nor without",
        "es": "no nunca jamás nada nadie ningún ninguna ni sin",
        "fi": "ei en et emme ette eivät eikä ilman",
        "fr": "non pas jamais rien aucun aucune ni sans",
        "he": "לא אין אל בלי",
        "hi": "नहीं न मत बिना",
        "hu": "nem ne sem soha semmi senki nélkül",
        "id": "tidak bukan jangan tanpa",
        "it": "no non mai niente nulla nessuno nessuna né senza",
        "ko": "안 못 아니요 아니 없이",
        "nl": "nee niet nooit niets niemand geen zonder",
        "no": "nei ikke aldri ingenting ingen uten",
        "pl": "nie nigdy nic nikt bez",
        "pt": "não nunca jamais nada ninguém nenhum nenhuma nem sem",
        "ro": "nu niciodată nimic nimeni fără",
        "ru": "нет не ни никогда ничего никто без",
        "sv": "nej inte aldrig inget ingenting ingen utan",
        "tr": "hayır değil yok asla",  # noqa: RUF001
        "uk": "ні не нема ніколи нічого ніхто без",
        "vi": "không chẳng chưa đừng",
        "zh": "不 没 沒 无 無 未 别 別 勿",
    }.items()
}
"""Words that deny, as they are compared. Languages that deny within a word have none for it."""

_COUNTED: Final = (*range(2, 1000), *range(1000, 100_000, 1000), *range(1100, 2100), 10**6, 2 * 10**6, 10**9, 2 * 10**9)
_WORDS_MAX: Final = 6
"""Of a number, as it is looked up."""


def touched(said: Sequence[str], heard: Sequence[str], language: str) -> bool:
    """Whether some words may be heard in another sense: with another number, or denied more or less often.

    Of two numbers both must be known: one that is heard as a word is misheard.

    Args:
        language: two or three letters.
    """
    one, other = (numbers(words, language) for words in (said, heard))
    less, more = (_denials(words, language) for words in (said, heard))
    return len(less) != len(more) or bool(one and other and one != other)


def turned(said: Sequence[str], heard: Sequence[str], language: str) -> str:
    """From what to what the sense of some words is turned, if transcribers hear it so again; empty when it is not.

    A denial for which another word is heard (``at`` for ``not``) may be misheard twice in the same way.
    """
    if not touched(said, heard, language):
        return ""
    less, more = (_denials(words, language) for words in (said, heard))
    if len(less) != len(more):
        surplus = len(heard) - len(more) - len(said) + len(less)
        is_other = surplus > 0 if len(less) > len(more) else surplus < 0
        return "" if is_other else f"{' '.join(less)}: {' '.join(more)}"
    return f"{' '.join(numbers(said, language))}: {' '.join(numbers(heard, language))}"


def _denials(texts: Sequence[str], language: str) -> list[str]:
    return [text for text in texts if text in NEGATIONS.get(language, ())]


def numbers(texts: Sequence[str], language: str) -> list[str]:
    """The numbers in comparable words. Forms that num2words does not write, such as genders and cases, are none."""
    if language == "en":
        figures = "".join(char for text in texts for char in text if char.isdigit())
        return [figures] if figures else []
    if language in (*CHINESE, "ja"):
        numerals = "".join(char for text in texts for char in text if char in han.NUMERALS)
        return [numerals] if numerals else []
    known = _known(language)
    found, place = [], 0
    while place < len(texts):
        ends = range(min(place + _WORDS_MAX, len(texts)), place, -1)
        end = next((end for end in ends if "".join(texts[place:end]) in known), None)
        found += [known["".join(texts[place:end])]] if end else []
        place = end or place + 1
    return found


@lru_cache(maxsize=4)
def _known(language: str) -> dict[str, str]:
    """Figures by how they are said, without spaces."""
    if language not in LANGUAGES:
        return {}
    return {"".join(words(str(number), language)): str(number) for number in _COUNTED}
