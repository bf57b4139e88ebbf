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
from podmill.scripting.sentences import words_in
from podmill.scripting.spoken import to_spoken
from podmill.scripting.spoken.language import language_of
from podmill.scripting.spoken.numbers import cardinal, ordinal
from podmill.text.tongue import primary

SHARED_MIN: Final = 0.5
"""Share of a statement's content words that must be those of its facts."""
CONTENT_LETTERS: Final = 4
"""Shorter words are rarely what a statement is about."""
UNCITED_WORDS_MAX: Final = 40
UNKNOWN_WORDS_MAX: Final = 12
"""The same in a language whose small words are not known: enough to greet and to ask."""
LONG: Final = 6
"""Letters from which on a word is hardly a small one, whatever the language."""
STRANGE_MAX: Final = 2
"""Content words that are nobody's in a sentence that names no fact: it may say that something is fascinating."""
ASKED_MAX: Final = 4
"""The same in a question, which may not be a claim with a question mark."""
TOLD_MAX: Final = 1
"""Content words of facts in a sentence that names none: it may lead over to the turbines, and say nothing of them."""
CLAIM_SHARED_MIN: Final = 0.6
"""Share of the words of a claim without support that makes a line that claim again."""
CLAIM_OWN_MIN: Final = 0.5
"""The same of those words that set the claim apart from the facts which the line names."""
NOUNS_CAPITALISED: Final = ("de", "lb")
"""Languages in which a capital letter does not tell a name."""
_FIRST_TELLS: Final = "en"
"""Language in which the first word of a sentence can be told from a name: in others it is often a verb."""
_NO_NAME: Final = re.compile(r"(?:ing|ed|ly)$")
_WIDE: Final = re.compile("[\u3040-\u9fff\uac00-\ud7a3]")
_HIRAGANA: Final = "[\u3040-\u309f]+"
"""Endings and small words of Japanese; what carries meaning is written in other characters, as a rule."""
_SENTENCE: Final = re.compile(r"(?<=[.!?:;\u2026])\s+|(?<=[\u3002\uff01\uff1f])\s*(?=.)")


@dataclass(frozen=True)
class Talk:
    """What is known of a language's small words."""

    negations: frozenset[str]
    glue: frozenset[str]
    numbers: frozenset[str]
    between: re.Pattern[str]
    """Of scripts without spaces: what stands between the words that carry meaning."""

    @property
    def known(self) -> bool:
        """Whether a line that says nothing can be told from one that states something."""
        return bool(self.glue)


@lru_cache(maxsize=16)
def talk_of(language: str) -> Talk:
    base = primary(language)
    table = tomllib.loads((files("podmill.scripting.by_model") / "talk.toml").read_text(encoding="utf-8")).get(base, {})
    glue = frozenset(table.get("glue", ()))
    numbers = _number_words(language) - glue
    if base in languages():
        glue |= phrases_in(base).words
    wide = sorted((re.escape(word) for word in glue if _WIDE.search(word)), key=len, reverse=True)
    between = re.compile("|".join([*wide, *([_HIRAGANA] if base == "ja" else []), "(?!)"]))
    return Talk(frozenset(table.get("negations", ())), glue, numbers, between)


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
    return word if _WIDE.search(word) else word[: CONTENT_LETTERS + (len(word) > 6)]


class Support:
    """What the lines of one episode may say."""

    def __init__(self, dossier: Dossier, language: str, named: Iterable[str]) -> None:
        """
        Args:
            dossier: with the claims that no source bears out: a line that makes one of them is found by its words.
            named: what may be named anywhere: the subject, titles, speakers.
        """
        self.language = language
        self.facts = {fact.id: fact for fact in dossier.facts if fact.supported}
        self._dossier_language = dossier.language
        self._talk = talk_of(language)
        named = [*named, *(source.title for source in dossier.sources)]
        self._named = frozenset(term for text in named for term in terms(text))
        self._subject = frozenset(root for text in named for root in self._roots(text))
        self._told = frozenset(root for fact in self.facts.values() for root in self._roots(fact.text))
        self._doubtful = [frozenset(self._roots(fact.text)) for fact in dossier.facts if not fact.supported]
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

    def translated(self, cited: Iterable[str]) -> bool:
        """Whether a line that names these facts says them in another language than theirs."""
        languages = (self.facts[fact].language or self._dossier_language for fact in cited if fact in self.facts)
        return any(primary(language) != primary(self.language) for language in languages)

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
        if primary(self.language) in NOUNS_CAPITALISED:
            return []
        found = []
        for sentence in _SENTENCE.split(text):
            for at, word in enumerate(WORD.findall(sentence)):
                # "They've" is as common as "they".
                low = word.lower().replace("\u2019", "'").partition("'")[0]
                capital = word[:1].isupper() and len(word) > 1
                if capital and low not in self._talk.glue and not (at == 0 and self._may_open(low)):
                    found.append(word)
        return found

    def _may_open(self, word: str) -> bool:
        """Whether a sentence may begin with a word that is no name."""
        if primary(self.language) != _FIRST_TELLS or word in self._small or not self._is_content(word):
            return True
        return _root(word) in self._told or _NO_NAME.search(word) is not None

    def _number(self, text: str, facts: Sequence[Fact]) -> str | None:
        known: frozenset[str] = frozenset().union(*(self.numbers(fact.text) for fact in facts), self._named_numbers)
        if facts and self.translated(fact.id for fact in facts):
            known |= self._translated(facts)
        wrong = sorted(self.numbers(text) - known)
        return f"says the number {wrong[0]!r}, which its facts do not have" if wrong else None

    def _translated(self, facts: Sequence[Fact]) -> frozenset[str]:
        """Numbers that facts in another language have as words."""
        ours = language_of(self.language)
        found: set[str] = set()
        for fact in facts:
            theirs = language_of(fact.language or self._dossier_language)
            if theirs.converter is None or ours.converter is None:
                continue
            words = set(words_of(fact.text.replace("-", " ")))
            values = [n for n in range(2, 101) if words & set(words_of(cardinal(str(n), theirs).replace("-", " ")))]
            found |= {word for value in values for word in words_of(cardinal(str(value), ours).replace("-", " "))}
        return frozenset(found)

    def _name(self, text: str, facts: Sequence[Fact]) -> str | None:
        if self.translated(fact.id for fact in facts):
            return None
        known = self._named | {
            term for fact in facts for part in (fact.text, fact.passage, fact.heading or "") for term in terms(part)
        }
        wrong = next((name for name in self.names(text) if not set(terms(name)) <= known), None)
        return f"names {wrong[:40]!r}, which its facts do not" if wrong else None

    def _claim(self, text: str, facts: Sequence[Fact]) -> str | None:
        if any(self._makes(text, claim, facts) for claim in self._doubtful):
            return "makes a claim that no source bears out"
        if facts:
            if self.translated(fact.id for fact in facts):
                return None
            return self._turned_round(text, facts) or self._own_words(text, facts)
        if words_in(text) > (UNCITED_WORDS_MAX if self._talk.known else UNKNOWN_WORDS_MAX):
            return "says much and names no fact"
        check = self._uncited if self._talk.known else self._uncited_unknown
        return next((fault for each in _SENTENCE.split(text) if (fault := check(each))), None)

    def _makes(self, text: str, claim: frozenset[str], facts: Sequence[Fact]) -> bool:
        """Whether a text says what a claim says beyond the facts."""
        own = claim - self._subject - {root for fact in facts for root in self._roots(fact.text)}
        said = claim.intersection(self._roots(text))
        return bool(own) and len(said) >= CLAIM_SHARED_MIN * len(claim) and len(said & own) >= CLAIM_OWN_MIN * len(own)

    def _own_words(self, text: str, facts: Sequence[Fact]) -> str | None:
        said = self._content(text)
        theirs = {_root(term) for fact in facts for part in (fact.text, fact.passage) for term in terms(part)}
        own = [term for term in said if _root(term) not in theirs and _root(term) not in self._subject]
        if len(said) - len(own) < SHARED_MIN * len(said):
            return f"is not what its facts say ({', '.join(sorted(set(own))[:4])[:80]})"
        return None

    def _turned_round(self, text: str, facts: Sequence[Fact]) -> str | None:
        negations = self._talk.negations
        theirs = [_negated(fact.text, negations) for fact in facts]
        ours = _negated(text, negations)
        if ours and not any(theirs):
            return "denies what its facts state"
        return "states what its facts deny" if all(theirs) and not ours else None

    def _uncited(self, sentence: str) -> str | None:
        """A sentence that puts something new beside a word of the facts states something."""
        said = {_root(term): term for term in self._content(sentence) if term not in self._named}
        new = {root: term for root, term in said.items() if root not in self._subject}
        strange = [term for root, term in new.items() if root not in self._told]
        told = len(new) - len(strange)
        about = any(_root(term) in self._told | self._subject for term in self._content(sentence))
        # A word of Chinese or Japanese is about two pairs of characters.
        size = 2 if _WIDE.search(sentence) else 1
        if sentence.rstrip().endswith(("?", "\uff1f")):
            stated = len(strange) > ASKED_MAX * size
        else:
            stated = (about and len(strange) >= size) or len(strange) > STRANGE_MAX * size or told > TOLD_MAX * size
        words = ", ".join(dict.fromkeys([*strange, *new.values()]))
        return f"states something ({words[:60]}) and names no fact" if stated else None

    def _uncited_unknown(self, sentence: str) -> str | None:
        """The same where small words are not known: it may only ask about what the facts are about."""
        about = [word for word in self._content(sentence) if len(word) >= LONG and _root(word) in self._told]
        asks = sentence.rstrip().endswith(("?", "\uff1f"))
        return f"states something ({', '.join(about)[:60]}) and names no fact" if about and not asks else None

    def _content(self, text: str) -> list[str]:
        """Its words that carry meaning."""
        found = []
        for word in words_of(text):
            if _WIDE.search(word):
                found += [pair for run in self._talk.between.split(word) if len(run) > 1 for pair in terms(run)]
            elif self._is_content(word := word.removesuffix("'s")):
                found.append(word)
        return found

    def _roots(self, text: str) -> Iterable[str]:
        return map(_root, self._content(text))

    def _is_content(self, word: str) -> bool:
        return len(word) >= CONTENT_LETTERS and word not in self._talk.glue


def _negated(text: str, negations: frozenset[str]) -> bool:
    words = words_of(text)
    wide = [each for each in negations if _WIDE.search(each)]
    return bool(negations.intersection(words)) or any(each in word for each in wide for word in words)
