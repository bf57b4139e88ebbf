"""Who says what: chapters become lines of dialogue."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field, replace

from models.brief import CastMember
from models.dossier import Fact, SourceRecord
from podmill.scripting.outline import Group, Unit
from podmill.scripting.phrases import WORD, PhraseBank
from podmill.scripting.sentences import WORDS_MAX, split_long, words_in

_NAMED_DOCUMENTS_MAX = 3
_RECAPPED_MAX = 6
"""Headings that a closing names; a listener does not take in more."""
_HEADING_WORDS_MAX = 10


@dataclass(frozen=True)
class Utterance:
    """A line before it has its place and its spoken form."""

    speaker: str
    text: str
    chapter: int
    facts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def listed(items: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1])))


def common_words(facts: Sequence[Fact], bank: PhraseBank) -> frozenset[str]:
    """Words that are no names: those of the bank, and those that the facts write in small letters."""
    known = (word.lower() for word in [*bank.all("fact", "lower"), *bank.all("fact", "asking")])
    return frozenset(known) | {word for fact in facts for word in WORD.findall(fact.text) if word.islower()}


def in_sentence(title: str, common: Container[str]) -> str:
    """A heading as part of a sentence: no end mark, and no capital on a word that is not a name."""
    title = " ".join(title.split()).rstrip(" .!?:;,")
    first, _, rest = title.partition(" ")
    return f"{first.lower()} {rest}".strip() if first.istitle() and first.lower() in common else title


def _turns(units: Sequence[Unit]) -> list[list[Fact]]:
    """Units as turns: as many to a turn as can be told in one go, and none is torn apart."""
    turns: list[list[Fact]] = []
    for unit in units:
        words = sum(words_in(fact.text) for fact in [*(turns[-1] if turns else []), *unit.facts])
        if turns and words <= WORDS_MAX:
            turns[-1].extend(unit.facts)
        else:
            turns.append(list(unit.facts))
    return turns


@dataclass
class Conversation:
    """Builds an episode's lines. No phrase is used twice; which one is used depends on the seed alone."""

    cast: Sequence[CastMember]
    bank: PhraseBank
    topic: str
    sources: Sequence[SourceRecord]
    seed: str
    common: Container[str] = ()
    """Words that lose their capital inside a sentence."""
    lines: list[Utterance] = field(default_factory=list)
    _decks: dict[str, Iterator[str]] = field(default_factory=dict)
    _introduced: set[str] = field(default_factory=set)
    _chapter: int = 0

    @property
    def alone(self) -> bool:
        return len(self.cast) == 1

    def _phrase(self, table: str, kind: str, /, **values: str) -> str | None:
        """The next unused phrase of a kind, or None when all have been said."""
        key = f"{table}.{kind}"
        if key not in self._decks:
            self._decks[key] = iter(self._deck(table, kind))
        phrase = next(self._decks[key], None)
        return phrase.format(**values) if phrase is not None else None

    def _deck(self, table: str, kind: str) -> list[str]:
        phrases = self.bank.shuffled(table, kind, self.seed)
        if kind not in ("ask", "take"):
            return phrases
        reactions = self.bank.shuffled(table, "react", self.seed)
        return phrases + [f"{reaction} {phrase}" for reaction in reactions for phrase in phrases]

    def _say(self, member: CastMember, text: str | None) -> None:
        if text:
            self.lines.append(Utterance(member.speaker, text, self._chapter))

    def open(self) -> None:
        """Hosts greet, name the subject, and say whose words and whose voices these are."""
        host, others = self.cast[0], self.cast[1:]
        greeting = self._phrase("opening", "greet_alone" if self.alone else "greet", name=host.name)
        subject = self._phrase("opening", "subject", topic=in_sentence(self.topic, self.common)) or ""
        if self.alone:
            self._say(host, f"{greeting} {subject}")
        else:
            self._say(host, greeting)
            for member in others[:-1]:
                self._say(member, self._phrase("opening", "join", name=member.name))
            self._say(others[-1], f"{self._phrase('opening', 'join', name=others[-1].name) or ''} {subject}".strip())
        self._say(host, self._phrase("opening", "disclosure", documents=self._documents()))

    def _documents(self) -> str:
        titles = [source.title for source in self.sources]
        if len(titles) > _NAMED_DOCUMENTS_MAX or any(words_in(title) > _HEADING_WORDS_MAX for title in titles):
            return self.bank.one("opening", "documents_many")
        name = ("documents_one", "documents_two", "documents_three")[len(titles) - 1]
        return self.bank.one("opening", name).format(title=titles[0], titles=listed(titles))

    def tell(self, chapters: Sequence[Group]) -> None:
        """Every chapter: one host asks, the others tell, and they take turns."""
        for number, chapter in enumerate(chapters):
            self._chapter = number
            asker = self.cast[number % len(self.cast)]
            self._introduce(asker, chapter.title)
            self._tell_units(chapter.units, number)

    def _introduce(self, asker: CastMember, title: str) -> None:
        heading = in_sentence(title, self.common)
        if title.rstrip().endswith("?") and not self.alone:
            self._say(asker, self._phrase("chapter", "name_it", heading=title.rstrip(" ?")))
            return
        kind = "ask_about"
        if title.partition(" ")[0] in self.bank.all("fact", "openers") or words_in(title) > _HEADING_WORDS_MAX:
            kind, heading = "called", title
        elif self._chapter == 0:
            kind = "begin"
        alone = {"ask_about": "alone", "begin": "begin_alone", "called": "called_alone"}
        self._say(asker, self._phrase("chapter", alone[kind] if self.alone else kind, heading=heading))

    def _tell_units(self, units: Sequence[Unit], number: int) -> None:
        teller = (number + 1) % len(self.cast)
        for position, turn in enumerate(_turns(units)):
            if position and self.alone:
                self._say(self.cast[0], self._phrase("turn", "alone"))
            elif position:
                listener = (teller + 1) % len(self.cast)
                if (position + number) % 2:
                    self._say(self.cast[listener], self._phrase("turn", "ask"))
                else:
                    teller = listener
                    self._say(self.cast[teller], self._phrase("turn", "take"))
            self._state(self.cast[teller], turn)

    def _state(self, member: CastMember, facts: Sequence[Fact]) -> None:
        """Facts in the source's own words, as few lines as their length allows."""
        for position, fact in enumerate(facts):
            text = " ".join(fact.text.split())
            title = self._title_to_name(fact)
            if title:
                text = self.bank.one("fact", "attribution").format(title=title) + text[0].lower() + text[1:]
            previous = self.lines[-1]
            joins = position > 0 and previous.sources == (fact.source_id,) and not title
            if joins and words_in(previous.text) + words_in(text) <= WORDS_MAX:
                self.lines[-1] = replace(previous, text=f"{previous.text} {text}", facts=(*previous.facts, fact.id))
                continue
            for piece in split_long(text):
                self.lines.append(Utterance(member.speaker, piece, self._chapter, (fact.id,), (fact.source_id,)))

    def _title_to_name(self, fact: Fact) -> str | None:
        """The title that leads this fact: each source is named once, before a sentence that takes it well."""
        if fact.source_id in self._introduced:
            return None
        if len(self.sources) == 1:
            # Named in the opening already: with its first fact or not again.
            self._introduced.add(fact.source_id)
        title = next((source.title for source in self.sources if source.id == fact.source_id), "")
        takes_it = fact.text.split()[0] in self.bank.all("fact", "lower")
        if not takes_it or not title or words_in(title) > _HEADING_WORDS_MAX:
            return None
        self._introduced.add(fact.source_id)
        return title

    def close(self, chapters: Sequence[Group]) -> None:
        """A recap of the headings, the sources, and goodbye."""
        headings = [in_sentence(chapter.title, self.common) for chapter in chapters]
        asked = any(chapter.title.rstrip().endswith("?") for chapter in chapters)
        short = len(headings) <= _RECAPPED_MAX and not asked
        recap = self._phrase("closing", "recap", headings=listed(headings)) if short else None
        self._say(self.cast[0], recap or self._phrase("closing", "end"))
        self._say(self.cast[-1], self._phrase("closing", "thanks"))
        if not self.alone:
            self._say(self.cast[0], self._phrase("closing", "goodbye"))
