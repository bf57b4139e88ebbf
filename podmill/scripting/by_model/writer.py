"""Writers that are language models: outline, chapters, the whole script; then a check that no model can talk round."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Final

from models.brief import Brief
from models.dossier import Dossier
from models.script import Chapter, Provenance, Script
from podmill.context import StepContext
from podmill.errors import ScriptError
from podmill.scripting.by_model import length
from podmill.scripting.by_model.clean import SUMMARY_CHARS_MAX, TITLE_CHARS_MAX, plain
from podmill.scripting.by_model.desk import Desk
from podmill.scripting.by_model.draft import Draft, Said
from podmill.scripting.by_model.language_model import LanguageModel, open_model
from podmill.scripting.by_model.names import disclosure_in
from podmill.scripting.by_model.shapes import Changes, ChapterText, Plan, PlannedChapter
from podmill.scripting.by_model.support import Support
from podmill.scripting.by_model.tasks import Tasks, rules
from podmill.scripting.pace import NO_RATES, Rates
from podmill.scripting.pronunciation import usable
from podmill.scripting.sentences import words_in
from podmill.scripting.writer import WriterCapabilities

PASSES_MAX: Final = 3
"""Of the whole script: one always, more while lines are at fault or the length is not right."""
WELCOME_MAX: Final = 6
"""Lines in which listeners are welcomed and told who speaks."""
RUNAWAY: Final = 3
"""Times the asked length of a chapter beyond which a model has lost its way: the rest is not looked at."""
DISCLOSURE_WORDS: Final = range(4, 60)
CHAPTERS_MAX: Final = 120
HOOK_MAX: Final = 2
FILLED_MAX: Final = 0.2
"""Share of lines in a source's own words from which on a person is told."""


class ModelWriter:
    """One pipeline for every language model; a subclass only names it."""

    name: ClassVar[str]
    capabilities: ClassVar = WriterCapabilities(needs_dossier=True, languages=None, speakers_max=4, paid=True)

    def write(self, brief: Brief, dossier: Dossier | None, context: StepContext, rates: Rates = NO_RATES) -> Script:
        return compose(open_model(self.name, context.settings), brief, dossier, context, rates)


def compose(
    model: LanguageModel, brief: Brief, dossier: Dossier | None, context: StepContext, rates: Rates = NO_RATES
) -> Script:
    """The script of an episode, written by a language model and checked without one.

    Raises:
        HeldError: the model's provider refuses to write a passage.
        ScriptError: there is nothing to tell, or the model wrote nothing that can be used.
        PodmillError: as ``LanguageModel.complete``.
    """
    if dossier is None or not dossier.told.facts:
        raise ScriptError("Research found no facts to tell.", action="Add sources that are about the topic.")
    return _Episode(brief, dossier, Desk(model, context, rules(brief)), rates).script()


class GeminiWriter(ModelWriter):
    name = "gemini"


class OpenAIWriter(ModelWriter):
    name = "openai"


class _Episode:
    """One script while it is made."""

    def __init__(self, brief: Brief, dossier: Dossier, desk: Desk, rates: Rates) -> None:
        self.brief = brief
        self.dossier = dossier.told
        self.desk = desk
        self.topic = brief.topic or brief.title or dossier.topic
        self.target_s = brief.minutes * 60
        self.tasks = Tasks(brief, self.dossier, desk, self.topic)
        named = [self.topic, dossier.topic, brief.title or "", *(member.name for member in brief.cast)]
        avoid = brief.brand.avoid if brief.brand else ()
        self.draft = Draft(brief.cast, brief.language, Support(dossier, brief.language, named), rates, avoid)
        self.said_so: dict[str, str] = {}
        self.dropped = 0
        """Lines that no fact supports, and lines that were said before."""
        self.filled = 0
        """Sentences of sources that are told as they stand, because the model wrote too little."""

    def script(self) -> Script:
        plan = self._plan()
        chapters = _chapters(plan, {fact.id for fact in self.dossier.facts})
        disclosure = self._disclosure(plan.disclosure)
        self._write(plan, chapters, self.target_s - self.draft.line_s(Said(self.brief.cast[0].speaker, disclosure, 0)))
        self._disclose(disclosure)
        for number in range(PASSES_MAX):
            self.draft.mark_repeated()
            if number and not self._must_change():
                break
            self._progress(0.7 + 0.25 * number / PASSES_MAX, "reading the whole script")
            self._pass()
        self.draft.mark_repeated()
        self.dropped = self.draft.drop_faulty()
        self._must_tell()
        relevance = {fact.id: fact.relevance for fact in self.dossier.facts}
        length.trim(self.draft, self.target_s, relevance)
        self.filled = length.fill(self.draft, self.dossier, self.target_s)
        script = self._whole(plan, chapters)
        self._progress(1.0, f"{len(script.lines)} lines")
        return script

    def _progress(self, share: float, words: str) -> None:
        self.desk.context.progress(share, words)

    def _plan(self) -> Plan:
        self._progress(0.0, "planning")
        known = {fact.id for fact in self.dossier.facts}
        count = round(self.target_s / length.pace(self.draft, self.dossier))

        def check(plan: Plan) -> str | None:
            return None if _chapters(plan, known) else "No chapter names a fact of the material by its id."

        return self.desk.ask(self.tasks.outline(count), Plan, check)

    def _write(self, plan: Plan, chapters: Sequence[PlannedChapter], target_s: float) -> None:
        """Each chapter gets what the ones before it left of the time, so that a model's habit evens out."""
        self.draft.titles = [plain(chapter.title, TITLE_CHARS_MAX) for chapter in chapters]
        shares = [max(chapter.share, 1.0) for chapter in chapters]
        for number in range(len(chapters)):
            self._progress(0.1 + 0.6 * number / len(chapters), f"writing chapter {number + 1} of {len(chapters)}")
            left_s = max(target_s - self.draft.seconds(), 0.2 * target_s / len(chapters))
            share = shares[number] / sum(shares[number:])
            count = max(round(left_s * share / length.pace(self.draft, self.dossier)), 20)
            task = self.tasks.chapter(plan, chapters, number, count, self.draft.lines)
            reply = self.desk.ask(task, ChapterText, lambda text: None if text.lines else "It has no lines.")
            self.draft.add(reply.lines, number, RUNAWAY * count)

    def _must_tell(self) -> None:
        if not any(line.facts for line in self.draft.lines):
            raise ScriptError(
                f"Nothing that {self.desk.model.model} wrote is borne out by the sources.",
                action=f"Name another model in {self.desk.model.setting}, or choose the writer `offline`, and run: "
                "podmill retry",
            )

    def _disclosure(self, offered: str) -> str:
        """How listeners are told who writes and speaks: in our words, or else in the model's."""
        text = disclosure_in(self.brief.language) or plain(offered)
        return "" if words_in(text) not in DISCLOSURE_WORDS or self.draft.support.numbers(text) else text

    def _disclose(self, text: str) -> None:
        """Right after listeners are welcomed."""
        if text and self.draft.lines:
            at = self._welcomed()
            before = self.draft.lines[at]
            self.draft.lines.insert(at + 1, Said(before.speaker, text, before.chapter, fixed=True))

    def _welcomed(self) -> int:
        """The line that first names a speaker, where the opening has one; else the first."""
        names = [name for member in self.brief.cast if (name := member.name.casefold())]
        for at, line in enumerate(self.draft.lines[:WELCOME_MAX]):
            if not line.facts and line.chapter == 0 and any(name in line.text.casefold() for name in names):
                return at
        return 0

    def _must_change(self) -> bool:
        faulty = any(line.fault for line in self.draft.lines)
        return faulty or abs(length.off(self.draft, self.target_s)) > length.TOLERANCE

    def _pass(self) -> None:
        """Show every line once, in as few tasks as the model takes, the last lines first: numbers before them stay."""
        self_s = self.draft.seconds([line for line in self.draft.lines if line.fault is None])
        missing_s = self.target_s - self_s
        if abs(missing_s) <= length.AIM * self.target_s:
            missing_s = 0.0
        count = missing_s / length.pace(self.draft, self.dossier)
        total = len(self.draft.lines)
        for first, last in reversed(list(self.tasks.windows(self.draft))):
            share = (last - first) / total
            changes = self.desk.ask(self.tasks.whole(self.draft, first, last, round(count * share)), Changes)
            inside = range(first, last)
            self.draft.change(
                [edit for edit in changes.edits if edit.line in inside],
                [line for line in changes.unsupported if line in inside],
            )
            for pair in changes.pronunciations:
                self.said_so.setdefault(pair.name, pair.say)

    def _whole(self, plan: Plan, planned: Sequence[PlannedChapter]) -> Script:
        """The script, with a last look at every line: nothing that failed the check is in it."""
        draft = self.draft
        kept = [line for line in draft.lines if line.fixed or draft.support.fault(line.text, line.facts) is None]
        used = sorted({line.chapter for line in kept})
        kept = [replace(line, chapter=used.index(line.chapter)) for line in kept]
        sources = {fact.id: fact.source_id for fact in self.dossier.facts}
        pronunciations = usable(self.said_so.items(), [line.text for line in kept])
        lines = draft.numbered(kept, sources, pronunciations)
        cited = {source for line in lines for source in line.sources}
        titles = [self._honest(draft.titles[at], planned[at].facts) or f"{at + 1}" for at in used]
        first = {line.chapter: line.index for line in reversed(lines)}
        facts = [fact for chapter in planned for fact in chapter.facts]
        title = self.brief.title or self._honest(plain(plan.title, TITLE_CHARS_MAX), facts) or self.topic
        estimated_s = draft.seconds(kept)
        return Script(
            title=title,
            summary=self.brief.summary or self._summary(plain(plan.summary, SUMMARY_CHARS_MAX), facts, titles),
            language=self.brief.language,
            chapters=tuple(Chapter(title=name, first_line=first[at]) for at, name in enumerate(titles)),
            lines=tuple(lines),
            sources=tuple(source for source in self.dossier.sources if source.id in cited),
            speakers={member.speaker: member.name for member in self.brief.cast},
            writer=f"{self.desk.model.provider}:{self.desk.model.model}",
            estimated_s=round(estimated_s, 1),
            warnings=self._warnings(estimated_s, kept),
            pronunciations=pronunciations,
            provenance=Provenance(
                provider=self.desk.model.provider,
                model=self.desk.answered_by or self.desk.model.model,
                prompts=tuple(sorted(self.desk.prompts)),
                calls=self.desk.calls,
                input_tokens=self.desk.input_tokens,
                output_tokens=self.desk.output_tokens,
                repaired=self.desk.repaired,
                dropped=self.dropped,
            ),
        )

    def _honest(self, text: str, facts: Sequence[str]) -> str:
        """A title or summary, or nothing when it has a number or a name that the facts do not have."""
        return "" if text and self.draft.support.stated(text, facts) else text

    def _summary(self, text: str, facts: Sequence[str], titles: Sequence[str]) -> str:
        return self._honest(text, facts) or f"{self.topic}: {', '.join(titles)}."

    def _warnings(self, estimated_s: float, lines: Sequence[Said]) -> tuple[str, ...]:
        found = []
        asked, made = self.brief.minutes, estimated_s / 60
        if made < asked * (1 - length.TOLERANCE):
            found.append(f"Asked for {asked:g} minutes; the sources carry about {made:.1f}. Add sources for more.")
        elif made > asked * (1 + length.TOLERANCE):
            found.append(f"Asked for {asked:g} minutes; the nearest that can be told is about {made:.1f}.")
        if self.filled > FILLED_MAX * len(lines):
            found.append(
                f"{self.filled} of {len(lines)} lines are sentences of the sources as they stand, because "
                f"{self.desk.model.model} wrote too little that they bear out."
            )
        if not any(line.fixed for line in lines):
            found.append("Nothing in it says that script and voices are artificial: say so in the show notes.")
        translated = sum(self.draft.support.translated(line.facts) for line in lines)
        if translated:
            found.append(
                f"{translated} of {len(lines)} lines rest on sources in another language than {self.brief.language}: "
                "their numbers were compared with the sources, their wording by the model only."
            )
        return tuple(found)


def _chapters(plan: Plan, known: set[str]) -> list[PlannedChapter]:
    """The chapters that tell something; each fact in the first that names it, those of the hook in the first of all."""
    told: set[str] = set()
    found: list[PlannedChapter] = []
    for chapter in plan.chapters:
        named = chapter.facts if found else [*plan.hook[:HOOK_MAX], *chapter.facts]
        facts = [fact for fact in dict.fromkeys(named) if fact in known and fact not in told]
        told |= set(facts)
        if facts:
            title = plain(chapter.title, TITLE_CHARS_MAX)
            share = chapter.share if 0 < chapter.share <= 100 else 1.0
            found.append(PlannedChapter(title=title, aim=chapter.aim, facts=facts, share=share))
    return found[:CHAPTERS_MAX]
