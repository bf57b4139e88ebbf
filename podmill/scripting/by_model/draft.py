"""An episode while it is written: its lines, what is wrong with each, and changes to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from models.brief import CastMember
from models.script import Line
from podmill.scripting.by_model.amount import Amount, amount_in
from podmill.scripting.by_model.clean import plain, said_by
from podmill.scripting.by_model.shapes import Edit, SaidLine
from podmill.scripting.by_model.support import Support
from podmill.scripting.pace import ENDS_S, Rates, speaking_s
from podmill.scripting.phrases import words_of
from podmill.scripting.pronunciation import say_names
from podmill.scripting.sentences import split_long
from podmill.scripting.spoken import to_spoken
from podmill.text.said import said_in

EDITS_MAX: Final = 400
"""Of one reply."""
REPEATED_WORDS: Final = 4
FACTS_MAX: Final = 12
"""That one line names."""


@dataclass(frozen=True, slots=True)
class Said:
    """A line before it has its place."""

    speaker: str
    text: str
    chapter: int
    facts: tuple[str, ...] = ()
    fault: str | None = None
    """Why it may not be said as it is."""
    fixed: bool = False
    """Our own words, which nobody changes: what listeners must be told."""


@dataclass
class Draft:
    cast: Sequence[CastMember]
    language: str
    support: Support
    rates: Rates
    avoid: Sequence[str] = ()
    """Words that the show does not say."""
    titles: list[str] = field(default_factory=list)
    """Of the chapters."""
    lines: list[Said] = field(default_factory=list)
    _spoken: dict[str, str] = field(default_factory=dict)
    _seconds: dict[tuple[str, str], float] = field(default_factory=dict)
    _speaker: int = 0

    @property
    def amount(self) -> Amount:
        return amount_in(self.language)

    def said(self, given: SaidLine | Edit, chapter: int) -> Said | None:
        """A line of a model's as far as it can be used: plain, by somebody of the cast; with its fault."""
        text = said_by(plain(given.text), tuple(name for member in self.cast for name in (member.speaker, member.name)))
        if not self.spoken(text):
            return None
        facts = tuple(dict.fromkeys(fact.strip() for fact in given.facts[:FACTS_MAX] if fact.strip()))
        return Said(
            self._member(given.speaker), text, chapter, facts, self.support.fault(text, facts) or self._off(text)
        )

    def _off(self, text: str) -> str | None:
        avoided = next((words for words in self.avoid if said_in(words, text)), None)
        return None if avoided is None else f"says {avoided!r}, which this show does not say"

    def add(self, given: Sequence[SaidLine], chapter: int, most: int) -> None:
        """The lines of a chapter, at the end.

        Args:
            most: words or characters after which no further lines are taken.
        """
        count = 0
        for each in given:
            said = self.said(each, chapter)
            if said is not None:
                self.lines.append(said)
                count += self.amount.of(said.text)
            if count > most:
                return

    def _member(self, name: str) -> str:
        """Whom a model means; a name that is nobody's goes to the one after the last speaker."""
        wanted = name.strip().strip("[]").casefold()
        for member in self.cast:
            if wanted in (member.speaker.casefold(), member.name.casefold()):
                self._speaker = self.cast.index(member)
                return member.speaker
        self._speaker = (self._speaker + 1) % len(self.cast)
        return self.cast[self._speaker].speaker

    def change(self, edits: Sequence[Edit], unsupported: Sequence[int]) -> None:
        """Lines changed as an editor says. A change that makes a good line a bad one is not made.

        Args:
            unsupported: numbers of lines that may not be said as they are.
        """
        marked = set(unsupported)
        lines = [
            replace(line, fault=line.fault or "states what the facts it names do not say")
            if at in marked and not line.fixed
            else line
            for at, line in enumerate(self.lines)
        ]
        added: dict[int, list[Said]] = {}
        removed: set[int] = set()
        for edit in edits[:EDITS_MAX]:
            at = edit.line
            if not 0 <= at < len(lines) or (lines[at].fixed and edit.change != "add_after"):
                continue
            said = self.said(edit, lines[at].chapter)
            if edit.change == "remove":
                removed.add(at)
            elif said is not None and edit.change == "add_after" and said.fault is None:
                added.setdefault(at, []).append(said)
            elif said is not None and edit.change == "replace" and (said.fault is None or lines[at].fault):
                lines[at] = said
        self.lines = [
            each for at, line in enumerate(lines) for each in ([] if at in removed else [line]) + added.get(at, [])
        ]

    def mark_repeated(self) -> None:
        """What was said before is at fault; short reactions may come again."""
        seen: set[str] = set()
        for at, line in enumerate(self.lines):
            words = " ".join(words_of(line.text))
            if words in seen and len(words.split()) >= REPEATED_WORDS and not line.fixed:
                self.lines[at] = replace(line, fault=line.fault or "was said before")
            seen.add(words)

    def drop_faulty(self) -> int:
        """Leave out what may not be said; returns how many lines that were."""
        before = len(self.lines)
        self.lines = [line for line in self.lines if line.fault is None]
        return before - len(self.lines)

    def spoken(self, text: str) -> str:
        if text not in self._spoken:
            self._spoken[text] = to_spoken(text, self.language)
        return self._spoken[text]

    def line_s(self, line: Said) -> float:
        """Speaking time of a line, with the pause after it."""
        key = (line.speaker, line.text)
        if key not in self._seconds:
            self._seconds[key] = speaking_s(self.numbered([line]), self.rates) - ENDS_S
        return self._seconds[key]

    def seconds(self, lines: Sequence[Said] | None = None) -> float:
        """Speaking time of lines, by default of all."""
        return ENDS_S + sum(self.line_s(line) for line in (self.lines if lines is None else lines))

    def numbered(
        self,
        lines: Sequence[Said],
        sources: Mapping[str, str] | None = None,
        pronunciations: Mapping[str, str] | None = None,
    ) -> list[Line]:
        """As lines of a script; long ones in pieces that can be repaired by themselves.

        Args:
            sources: fact to its source.
        """
        found: list[Line] = []
        for line in lines:
            for piece in split_long(line.text):
                spoken = to_spoken(say_names(piece, pronunciations), self.language) if pronunciations else ""
                spoken = spoken or self.spoken(piece)
                if spoken:
                    cited = dict.fromkeys((sources or {}).get(fact, "") for fact in line.facts)
                    found.append(
                        Line(
                            index=len(found),
                            speaker=line.speaker,
                            text=piece,
                            spoken=spoken,
                            chapter=line.chapter,
                            facts=line.facts,
                            sources=tuple(source for source in cited if source),
                        )
                    )
        return found
