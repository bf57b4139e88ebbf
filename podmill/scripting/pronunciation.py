"""How names are said: a list of respellings, checked, and put into what the voice is given."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

ENTRIES_MAX: Final = 20
NAME_CHARS: Final = range(2, 41)
LONGER_MAX: Final = 3
"""Times the letters of a name that its respelling may have."""

_LETTERS: Final = re.compile(r"[^\W\d_]+(?:[ '\u2019-][^\W\d_]+)*")


def usable(pairs: Iterable[tuple[str, str]], texts: Iterable[str]) -> dict[str, str]:
    """The respellings that can be used: of a name that the texts write so, in letters only, about as long as the name.

    What is said instead of a name is heard by everybody and read by nobody: it may not be a sentence.
    """
    whole = "\n".join(texts)
    found: dict[str, str] = {}
    for name, say in ((" ".join(given.split()), " ".join(said.split())) for given, said in pairs):
        letters = len(re.sub(r"\W", "", name))
        fits = len(name) in NAME_CHARS and _LETTERS.fullmatch(name) and name != name.lower()
        fits = fits and _LETTERS.fullmatch(say) and len(re.sub(r"\W", "", say)) <= LONGER_MAX * letters
        fits = fits and len(say.split()) <= len(name.split()) + 2 and say.casefold() != name.casefold()
        if fits and name not in found and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", whole):
            found[name] = say
        if len(found) == ENTRIES_MAX:
            break
    return found


def say_names(text: str, pronunciations: Mapping[str, str] | None) -> str:
    """The text with each name as it is said; of names that contain one another the longest counts."""
    if not pronunciations:
        return text
    names = sorted(pronunciations, key=len, reverse=True)
    pattern = "|".join(re.escape(name) for name in names)
    return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", lambda match: pronunciations[match[0]], text)
