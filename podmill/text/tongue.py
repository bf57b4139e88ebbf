"""Which language a text is in, by its letters and its commonest small words."""

import re
from collections import Counter
from typing import Final

CHARS_MAX: Final = 4_000
"""Of a text, that are looked at."""
HITS_MIN: Final = 2
SHARE_MIN: Final = 0.08
"""Of all words that are small words of the language."""
AHEAD_MIN: Final = 1.5
"""Times as many as of the next language: kin share many."""

_WORD: Final = re.compile(r"[^\W\d_]+")
_LETTERS: Final = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("uk", re.compile(r"[\u0404\u0406\u0407\u0454\u0456\u0457\u0490\u0491]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)
"""Japanese has Chinese characters too, and Ukrainian Russian letters: the more telling ones come first."""
_LETTERS_SHARE_MIN: Final = 0.05
_SMALL: Final = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the of and to in is was that it for as with on by from at are were this which be have has had not but "
        "or an their its they he she his her would could been when where who than into only about after also more",
        "de": "der die das und ist nicht von den mit sich auf für im dem ein eine des auch es als bei wird aus nach "
        "war wurde sind zur zum durch über einer einem einen noch oder wie hat haben werden vor bis sie er",
        "fr": "le la les des et est une dans que qui pour sur pas plus par au avec ce sont du aux elle il ils cette "
        "ses sa son été était ont mais ou leur comme entre depuis",
        "es": "el la los las de que y en un una es por con para del se al lo como más pero sus su fue era está son "
        "también entre cuando muy sin sobre este esta desde hasta",
        "it": "il lo la gli le di che e è un una per con del della dei delle nel nella sono si non da al alla anche "
        "come più era stato fu suo sua questo questa tra dalla",
        "pt": "o os as de que e em um uma é por com para do da dos das no na se ao como mais mas foi era são também "
        "entre quando seu sua não pelo pela até este esta",
        "nl": "de het een en van is dat die in op te met voor niet zijn was aan er ook door als bij werd uit naar om "
        "maar worden heeft hebben nog wordt deze dit ze hij over",
        "pl": "i w na z do że się nie jest to o po od jak przez dla są był była było które który ale oraz tym tego "
        "jego jej przed ten ta także może",
        "sv": "och i att det som en på är av för med den till inte har ett om de var från eller kan men så vid sig sin "
        "efter när blev också mellan",
        "da": "og i at det som en på er af for med den til ikke har et om de var fra eller kan men så ved sig sin "
        "efter når blev også mellem",
    }.items()
}


def language_in(text: str) -> str | None:
    """The ISO 639-1 code of the language a text is in; None: it cannot be told."""
    text = text[:CHARS_MAX]
    letters = sum(map(str.isalpha, text))
    for language, pattern in _LETTERS:
        if letters and len(pattern.findall(text)) >= _LETTERS_SHARE_MIN * letters:
            return language
    words = _WORD.findall(text.casefold())
    hits = Counter({name: sum(word in small for word in words) for name, small in _SMALL.items()})
    (best, most), (_, next_most) = hits.most_common(2)
    sure = most >= HITS_MIN and most >= SHARE_MIN * len(words) and most >= AHEAD_MIN * next_most
    return best if sure else None


def primary(language: str) -> str:
    """A language without its region: ``en`` of ``en-US`` and ``en_GB``."""
    return language.replace("_", "-").partition("-")[0].lower()
