"""Whether the sources bear out what a line says: a check of words, the same for every model.

It cannot understand. It finds numbers and names that no cited fact has, statements turned round, words that are mostly
not the facts' own, and claims without a fact. What it cannot find (known words put together wrongly) is left to the
whole-script pass.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

from models.dossier import Dossier, Fact
from podmill.scripting.phrases import WORD, languages, phrases_in, words_of
from podmill.scripting.spoken import to_spoken
from podmill.scripting.spoken.language import language_of
from podmill.scripting.spoken.numbers import cardinal, ordinal

SHARED_MIN: Final = 0.5
"""Share of a statement's content words that must be those of its facts."""
CONTENT_LETTERS: Final = 4
"""Shorter words are rarely what a statement is about."""
UNCITED_WORDS_MAX: Final = 40
_NEW_MAX: Final = 2
"""Content words that are nobody's in a sentence that names no fact: it may say that something is fascinating."""
NOUNS_CAPITALISED: Final = ("de", "lb")
"""Languages in which a capital letter does not tell a name."""
_WIDE: Final = re.compile("[\u3040-\u9fff\uac00-\ud7a3]")
_SENTENCE: Final = re.compile(r"(?<=[.!?:;\u2026\u3002\uff01\uff1f])\s+")


@dataclass(frozen=True)
class Talk:
    """What is known of a language's small words."""

    negations: frozenset[str]
    glue: frozenset[str]
    numbers: frozenset[str]


@lru_cache(maxsize=16)
def talk_of(language: str) -> Talk:
    base = language.lower().replace("_", "-").partition("-")[0]
    table = tomllib.loads((files("podmill.scripting.by_model") / "talk.toml").read_text(encoding="utf-8")).get(base, {})
    glue = frozenset(table.get("glue", ()))
    numbers = _number_words(language) - glue
    if base in languages():
        glue |= phrases_in(base).words
    return Talk(frozenset(table.get("negations", ())), glue, numbers)


def _number_words(language: str) -> frozenset[str]:
    """Words that can be nothing but a number. One, first and second have other uses; so have what joins numbers."""
    known = language_of(language)
    if known.converter is None:
        return frozenset()
    small = {word for number in (0, 1) for word in words_of(cardinal(str(number), known))}
    small |= {word for number in (1, 2, 3) for word in words_of(ordinal(str(number), known))}
    said = {word for number in _COUNTS for word in words_of(cardinal(str(number), known).replace("-", " "))}
    said |= {word for number in range(4, 100) for word in words_of(ordinal(str(number), known).replace("-", " "))}
    return frozenset(word for word in said - small if len(word) > 2)


_COUNTS: Final = (*range(2, 1001), 2000, 10**6, 2 * 10**6, 10**9, 2 * 10**9)


def terms(text: str) -> list[str]:
    """Its words; of languages written without spaces, every two characters."""
    found: list[str] = []
    for word in words_of(text):
        if _WIDE.search(word):
            found += [word[at : at + 2] for at in range(max(len(word) - 1, 1))]
        else:
            found.append(word.removesuffix("'s"))
    return found


def _root(word: str) -> str:
    """What a word has in common with its other forms, roughly."""
    return word if _WIDE.search(word) else word[: max(CONTENT_LETTERS, min(len(word), 6) - 1)]


class Support:
    """What the lines of one episode may say."""

    def __init__(self, dossier: Dossier, language: str, named: Iterable[str]) -> None:
        """
        Args:
            named: what may be named anywhere: the subject, titles, speakers.
        """
        self.language = language
        self.facts = {fact.id: fact for fact in dossier.facts if fact.supported}
        self._dossier_language = dossier.language
        self.same_language = _base(dossier.language) == _base(language)
        self._titles = {source.id: source.title for source in dossier.sources}
        self._talk = talk_of(language)
        self._named = frozenset(term for text in named for term in terms(text))
        self._named |= frozenset(term for title in self._titles.values() for term in terms(title))
        self._subject = frozenset(_root(term) for term in self._named if self._is_content(term))
        self._told = frozenset(
            _root(term) for fact in self.facts.values() for term in terms(fact.text) if self._is_content(term)
        )
        self._small = frozenset(
            word for fact in self.facts.values() for word in WORD.findall(fact.passage) if word.islower()
        )
        self._numbers: dict[str, frozenset[str]] = {}
        self._named_numbers = self.numbers(" . ".join(sorted(self._named)))

    def fault(self, text: str, cited: Sequence[str]) -> str | None:
        """Why a line may not be said, in words a model can follow; None if it may."""
        strange = [fact for fact in cited if fact not in self.facts]
        if strange:
            return f"names {strange[0][:20]!r}, which is not a fact of the material"
        facts = [self.facts[fact] for fact in cited]
        return self._number(text, facts) or self._name(text, facts) or self._claim(text, facts)

    def stated(self, text: str, cited: Sequence[str]) -> str | None:
        """As ``fault``, for a heading or a summary: only its numbers and names are looked at."""
        facts = [self.facts[fact] for fact in cited if fact in self.facts]
        return self._number(text, facts) or self._name(text, facts)

    def numbers(self, text: str) -> frozenset[str]:
        """The numbers of a text, as words where the language's are known."""
        if text not in self._numbers:
            said = to_spoken(text, self.language).replace("-", " ")
            found = {word for word in words_of(said) if word in self._talk.numbers or word.isdigit()}
            self._numbers[text] = frozenset(found)
        return self._numbers[text]

    def names(self, text: str) -> list[str]:
        """Words that can only be names: a capital inside a sentence, or before a word nobody writes small."""
        if _base(self.language) in NOUNS_CAPITALISED or not self.same_language:
            return []
        found = []
        for sentence in _SENTENCE.split(text):
            for at, word in enumerate(WORD.findall(sentence)):
                # "They've" is as common as "they".
                low = word.lower().replace("\u2019", "'").partition("'")[0]
                capital = word[:1].isupper() and len(word) > 1
                opens = at == 0 and (low in self._talk.glue or low in self._small or not self._is_content(low))
                if capital and not opens and low not in self._talk.glue:
                    found.append(word)
        return found

    def _number(self, text: str, facts: Sequence[Fact]) -> str | None:
        known: frozenset[str] = frozenset().union(*(self.numbers(fact.text) for fact in facts), self._named_numbers)
        if not self.same_language:
            known |= self._translated(facts)
        wrong = sorted(self.numbers(text) - known)
        return f"says the number {wrong[0]!r}, which its facts do not have" if wrong else None

    def _translated(self, facts: Sequence[Fact]) -> frozenset[str]:
        """Numbers that facts in another language have as words."""
        theirs = language_of(self._dossier_language)
        ours = language_of(self.language)
        words = {word for fact in facts for word in words_of(fact.text.replace("-", " "))}
        values = [n for n in range(2, 101) if words & set(words_of(cardinal(str(n), theirs).replace("-", " ")))]
        return frozenset(word for value in values for word in words_of(cardinal(str(value), ours).replace("-", " ")))

    def _name(self, text: str, facts: Sequence[Fact]) -> str | None:
        known = self._named | {
            term for fact in facts for part in (fact.text, fact.passage, fact.heading or "") for term in terms(part)
        }
        wrong = next((name for name in self.names(text) if not set(terms(name)) <= known), None)
        return f"names {wrong[:40]!r}, which its facts do not" if wrong else None

    def _claim(self, text: str, facts: Sequence[Fact]) -> str | None:
        if not self.same_language:
            return None if facts or len(words_of(text)) <= UNCITED_WORDS_MAX else "says much and names no fact"
        if facts:
            return self._turned_round(text, facts) or self._own_words(text, facts)
        if len(words_of(text)) > UNCITED_WORDS_MAX:
            return "says much and names no fact"
        return next((fault for each in _SENTENCE.split(text) if (fault := self._uncited(each))), None)

    def _own_words(self, text: str, facts: Sequence[Fact]) -> str | None:
        said = [term for term in terms(text) if self._is_content(term)]
        theirs = {_root(term) for fact in facts for part in (fact.text, fact.passage) for term in terms(part)}
        own = [term for term in said if _root(term) not in theirs and _root(term) not in self._subject]
        if len(said) - len(own) < SHARED_MIN * len(said):
            return f"is not what its facts say ({', '.join(sorted(set(own))[:4])[:80]})"
        return None

    def _turned_round(self, text: str, facts: Sequence[Fact]) -> str | None:
        negations = self._talk.negations
        theirs = [bool(negations.intersection(words_of(fact.text))) for fact in facts]
        ours = bool(negations.intersection(words_of(text)))
        if ours and not any(theirs):
            return "denies what its facts state"
        return "states what its facts deny" if all(theirs) and not ours else None

    def _uncited(self, sentence: str) -> str | None:
        """A sentence that puts something new beside a word of the facts states something."""
        if sentence.rstrip().endswith(("?", "\uff1f")):
            return None
        said = [term for term in terms(sentence) if self._is_content(term) and term not in self._named]
        about = [term for term in terms(sentence) if _root(term) in self._told | self._subject]
        new = [term for term in said if _root(term) not in self._subject]
        stated = (about and new) or len(new) > _NEW_MAX
        return f"states something ({', '.join(new[:3])[:60]}) and names no fact" if stated else None

    def _is_content(self, term: str) -> bool:
        wide = _WIDE.search(term) is not None
        return (wide or len(term) >= CONTENT_LETTERS) and term not in self._talk.glue


def _base(language: str) -> str:
    return language.lower().replace("_", "-").partition("-")[0]
