"""How much text is: in words, or in characters where words are not written apart."""

from dataclasses import dataclass
from typing import Final

from podmill.text.tongue import primary

UNSPACED: Final = ("ja", "zh", "th", "lo", "km", "my")
LINE_WORDS_MAX: Final = 40
LINE_CHARACTERS_MAX: Final = 90


@dataclass(frozen=True, slots=True)
class Amount:
    """Of a language."""

    characters: bool

    def of(self, text: str) -> int:
        return sum(not each.isspace() for each in text) if self.characters else len(text.split())

    def said(self, count: float) -> str:
        """As a prompt says it: ``120 words``."""
        return f"{round(count)} {'characters' if self.characters else 'words'}"

    @property
    def line_max(self) -> str:
        """Longest line."""
        return self.said(LINE_CHARACTERS_MAX if self.characters else LINE_WORDS_MAX)

    @property
    def tokens(self) -> int:
        """Of a reply, for one: a word is up to three in some languages, and the form around it as much again."""
        return 3 if self.characters else 6


def amount_in(language: str) -> Amount:
    return Amount(primary(language) in UNSPACED)
