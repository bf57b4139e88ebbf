"""The words of a text that carry its meaning, cut down to stems, and what must not differ between two statements."""

# ruff: noqa: RUF001, SIM905 - typographic apostrophes; word lists that read better as text

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:[\u200c\u200d'’\-][^\W\d_]+)*|[%$€£¥°]")
_MARKS: Final = re.compile(r"[\u0300-\u036f]")
# Scripts written without spaces, and Hangul, whose words carry their endings: pairs of characters stand for words.
_UNSPACED: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)
_CJK_NUMERALS: Final = frozenset("〇零一二三四五六七八九十百千万亿億兆两")

STOP_WORDS: Final = frozenset(
    """a about above after again all also although am among an and any are as at be because been before being below
    between both but by can come could did do does doing done down during each either else ever every few for from
    further get give go had has have having he her here hers herself him himself his how however i if in into is it
    its itself just like made make makes making many may me might more most much must my myself neither no nor not of
    off often on once one only or other others our ours out over own part per quite rather said same say says several
    shall she should since so some such than that the their theirs them themselves then there these they thing this
    those though through thus to too under until up upon us use used uses using very was way we well were what when
    where whether which while who whole whom whose why will with within without would yet you your yours
    der die das den dem des ein eine einer eines einem einen und oder aber ist sind war waren wird werden wurde wurden
    nicht mit von vom zu zum zur im in am auf aus bei für durch über unter nach vor als auch es er sie wir ich
    le la les un une des du de et ou mais est sont était étaient dans par pour sur avec sans que qui ce cette ces il
    elle ils elles on ne pas plus au aux en
    el los las una unos unas y o pero es son era eran fue fueron del al con sin por para como más se lo su sus
    """.split()
)
"""Common words of English, German, French and Spanish; in other languages rarity alone decides."""

NEGATIONS: Final = frozenset(
    """no not never none neither nor cannot without nobody nothing n't hardly rarely seldom few little
    nicht kein keine keiner keinen nie niemals ohne ne pas jamais sans aucun aucune nunca jamás sin ningún non mai
    senza não nunca sem niet geen nooit zonder не нет никогда без ليس لا لم لن""".split()
)
_HEDGES: Final = frozenset("may might could can should would must will some most all many only half every any".split())
_NUMBER_WORDS: Final = frozenset(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion trillion
    dozen first second third fourth fifth sixth seventh eighth ninth tenth half quarter twice double triple percent
    ein eins zwei drei vier fünf sechs sieben acht neun zehn hundert tausend million milliarde
    un deux trois quatre cinq six sept huit neuf dix cent mille uno dos tres cuatro cinco seis siete ocho nueve diez
    cien mil""".split()
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a statement is about, for comparing it with others."""

    stems: tuple[str, ...]
    """Of its meaningful words, in order."""
    bag: frozenset[str]
    """The same, without order."""
    joined: str
    """The same, run together."""
    fixed: tuple[str, ...]
    """Numbers, units of them, negations and hedges, sorted: two statements that differ in one say different things."""


@lru_cache(maxsize=8192)
def terms(text: str) -> Terms:
    """The terms of a text."""
    stems: list[str] = []
    fixed: list[str] = []
    for word in words(text):
        if word[0].isdigit() or word in "%$€£¥°":
            fixed.append(_number(word))
        elif word in _NUMBER_WORDS or word in NEGATIONS or word in _HEDGES or word.endswith("n't"):
            fixed.append("not" if word.endswith("n't") else word)
        elif word not in STOP_WORDS:
            stems.append(stem(word))
    fixed.extend(char for char in text if char in _CJK_NUMERALS)
    return Terms(tuple(stems), frozenset(stems), "".join(stems), tuple(sorted(fixed)))


def words(text: str) -> Iterator[str]:
    """The words of a text, case-folded and without Latin accents; pairs of characters where words are not spaced."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    for match in _WORD.finditer(folded):
        word = match[0].removesuffix("'s")
        unspaced = _UNSPACED.fullmatch(word)
        if unspaced and len(word) > 2:
            yield from (word[index : index + 2] for index in range(len(word) - 1))
        elif word:
            yield word


def stem(word: str) -> str:
    """A word without its commonest (English) endings and without accents; crude, but alike on both sides."""
    word = _MARKS.sub("", unicodedata.normalize("NFD", word))
    if not word.isascii() or len(word) < 4:
        return word
    for ending, replacement, shortest in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= shortest:
            word = word[: len(word) - len(ending)] + replacement
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lszeo":
        word = word[:-1]
    return word[:-1] if word.endswith("e") and not word.endswith("ee") and len(word) > 3 else word


_ENDINGS: Final = (
    ("ational", "at", 3),
    ("ization", "iz", 3),
    ("isation", "iz", 3),
    ("ments", "", 4),
    ("ment", "", 4),
    ("nesses", "", 3),
    ("ness", "", 3),
    ("ions", "", 4),
    ("ion", "", 4),
    ("ings", "", 3),
    ("ing", "", 3),
    ("ies", "y", 2),
    ("ied", "y", 2),
    ("ally", "al", 3),
    ("ly", "", 4),
    ("sses", "ss", 2),
    ("xes", "x", 2),
    ("ches", "ch", 2),
    ("shes", "sh", 2),
    ("ves", "f", 2),
    ("ed", "", 3),
    ("ss", "ss", 1),
    ("us", "us", 2),
    ("is", "is", 2),
    ("s", "", 3),
)


def _number(word: str) -> str:
    # 4,500 and 4500 are the same number; 4,5 (a decimal in much of Europe) and 45 are not.
    return re.sub(r"(?<=\d),(?=\d{3}(?:\D|$))", "", word)
