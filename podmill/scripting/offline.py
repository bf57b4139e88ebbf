"""The writer that needs no key: a dialogue made of the sources' own sentences."""

import hashlib
from typing import ClassVar

from models.brief import Brief
from models.dossier import Dossier
from models.script import Chapter, Line, Script
from podmill.context import StepContext
from podmill.errors import ScriptError
from podmill.scripting.checks import check_facts
from podmill.scripting.outline import Outline, outline
from podmill.scripting.pace import NO_RATES, Rates, speaking_s
from podmill.scripting.phrases import PhraseBank, languages, phrases_in
from podmill.scripting.spoken import to_spoken
from podmill.scripting.turns import Conversation, Utterance, common_words, in_sentence, listed
from podmill.scripting.writer import WriterCapabilities

_TOLERANCE = 0.10
"""Share of the asked length by which an episode may miss it without a warning."""


class OfflineWriter:
    """Tells facts nearly word for word, each with its source; all else is greeting, asking and pointing.

    It understands nothing, so it claims nothing: what it adds comes from a bank of phrases, and ``checks`` proves it.
    """

    capabilities: ClassVar = WriterCapabilities(needs_dossier=True, languages=languages(), speakers_max=4, paid=False)

    def write(
        self,
        brief: Brief,
        dossier: Dossier | None,
        context: StepContext,
        rates: Rates = NO_RATES,
    ) -> Script:
        dossier = dossier.told.own if dossier else None
        if dossier is None or not dossier.facts:
            raise ScriptError("Research found no facts to tell.", action="Add sources that are about the topic.")
        bank = phrases_in(brief.language)
        context.progress(0.1, "choosing facts")
        plan = outline(dossier, bank, brief.minutes)
        if not plan.ranked:
            raise ScriptError("No sentence of the sources can be told aloud.", action="Add sources in whole sentences.")
        draft = _Draft(brief, dossier, bank, plan, rates)
        count = draft.best_count()
        context.progress(0.8, "checking every line against its source")
        script = draft.script(count)
        check_facts(script, dossier, bank, draft.topic)
        context.progress(1.0, f"{len(script.lines)} lines")
        return script


class _Draft:
    """One episode, at any number of facts."""

    def __init__(self, brief: Brief, dossier: Dossier, bank: PhraseBank, plan: Outline, rates: Rates) -> None:
        self.brief = brief
        self.dossier = dossier
        self.bank = bank
        self.plan = plan
        self.rates = rates
        self.topic = brief.topic or brief.title or dossier.topic
        self.common = common_words(dossier.facts, bank)
        facts = "".join(fact.text for fact in dossier.facts)
        self.seed = hashlib.sha256(f"{self.topic}{facts}".encode()).hexdigest()
        self._spoken: dict[str, str] = {}

    def _utterances(self, count: int) -> list[Utterance]:
        chapters = self.plan.chapters(count)
        used = {fact.source_id for chapter in chapters for unit in chapter.units for fact in unit.facts}
        sources = [source for source in self.dossier.sources if source.id in used]
        conversation = Conversation(self.brief.cast, self.bank, self.topic, sources, self.seed, self.common)
        conversation.open()
        conversation.tell(chapters)
        conversation.close(chapters)
        return conversation.lines

    def _say(self, text: str) -> str:
        if text not in self._spoken:
            self._spoken[text] = to_spoken(text, self.brief.language)
        return self._spoken[text]

    def lines(self, count: int) -> list[Line]:
        """The lines when the best ``count`` units are told."""
        return [
            Line(
                index=index,
                speaker=said.speaker,
                text=said.text,
                spoken=self._say(said.text),
                chapter=said.chapter,
                facts=said.facts,
                sources=said.sources,
            )
            for index, said in enumerate(self._utterances(count))
        ]

    def seconds(self, count: int) -> float:
        return speaking_s(self.lines(count), self.rates)

    def best_count(self) -> int:
        """The number of units whose episode is nearest to the asked length."""
        target_s = self.brief.minutes * 60
        low, high = 1, len(self.plan.ranked)
        while low < high:
            middle = (low + high) // 2
            if self.seconds(middle) < target_s:
                low = middle + 1
            else:
                high = middle
        near = range(max(1, low - 2), min(len(self.plan.ranked), low + 1) + 1)
        return min(near, key=lambda count: abs(self.seconds(count) - target_s))

    def script(self, count: int) -> Script:
        lines = self.lines(count)
        titles = [chapter.title for chapter in self.plan.chapters(count)]
        first = {line.chapter: line.index for line in reversed(lines)}
        cited = {source for line in lines for source in line.sources}
        sources = tuple(source for source in self.dossier.sources if source.id in cited)
        estimated_s = speaking_s(lines, self.rates)
        return Script(
            title=self.brief.title or self.topic[:1].upper() + self.topic[1:],
            summary=self.brief.summary or self._summary(titles, [source.title for source in sources]),
            language=self.brief.language,
            chapters=tuple(Chapter(title=title, first_line=first[at]) for at, title in enumerate(titles)),
            lines=tuple(lines),
            sources=sources,
            speakers={member.speaker: member.name for member in self.brief.cast},
            writer="offline",
            estimated_s=round(estimated_s, 1),
            warnings=self._warnings(estimated_s),
        )

    def _summary(self, titles: list[str], sources: list[str]) -> str:
        subject = in_sentence(self.topic, self.common)
        return f"An episode about {subject}: {listed(titles)}. Made from {listed(sources)}."

    def _warnings(self, estimated_s: float) -> tuple[str, ...]:
        asked, made = self.brief.minutes, estimated_s / 60
        if made < asked * (1 - _TOLERANCE):
            return (f"Asked for {asked:g} minutes; the sources carry about {made:.1f}. Add sources for more.",)
        if made > asked * (1 + _TOLERANCE):
            return (f"Asked for {asked:g} minutes; the nearest that can be told is about {made:.1f}.",)
        return ()
