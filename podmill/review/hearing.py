"""What there is of an episode to hear: its lines, what was heard of them, what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, exists, or_, select

from models.documents import Document
from models.heard import ScoreRow
from models.quote import Quote
from models.recording import Recording
from models.score import Score
from models.script import Script
from models.steps import Step
from models.tables import PublicationRow, StepDocument, StepRun, table
from models.verdict import Verdict
from podmill.errors import InputError
from podmill.review.queue import Entry

DOCUMENT, SCORE = table(StepDocument), table(ScoreRow)
PUBLICATION, STEP_RUN = table(PublicationRow), table(StepRun)
AnyDocument = TypeVar("AnyDocument", bound=Document)


class HeardLine(BaseModel):
    """A line of the script beside what was heard of it."""

    model_config = ConfigDict(frozen=True)

    number: int
    """From 1."""
    speaker: str
    text: str
    heard: str | None
    """In normalized words; None: nobody has listened."""
    word_accuracy: float | None
    faults: tuple[str, ...]
    """What is wrong with it, or casts doubt on it."""
    start_s: float | None
    """In the recording; None: it is not spoken."""
    end_s: float | None
    in_question: bool


class Hearing(BaseModel):
    """An item of the queue, with all that its decision needs."""

    model_config = ConfigDict(frozen=True)

    item: Entry
    scores: tuple[Score, ...]
    lines: tuple[HeardLine, ...]
    duration_s: float | None
    """Of the recording; None: there is none."""
    public: bool
    """Listeners may have it: to reject it is to take it down."""

    @property
    def in_question(self) -> tuple[HeardLine, ...]:
        return tuple(line for line in self.lines if line.in_question)


@dataclass(frozen=True, slots=True)
class Made:
    """What the steps have made of an episode so far."""

    script: Script | None
    """As it is spoken: without what was left out for its price."""
    recording: Recording | None
    """None: nothing is spoken, or it is text only."""
    verdict: Verdict | None
    kept: tuple[int, ...] | None = None
    """Of each line of that script, its index in the script as it was written; None: nothing was left out."""

    def line(self, number: int) -> int:
        """The index of a line that a person numbered from 1.

        Raises:
            InputError: the script has no such line.
        """
        count = len(self.script.lines) if self.script else 0
        if not 1 <= number <= count:
            raise InputError(f"The script has no line {number}.", action=f"It has {count}.", field="line")
        return number - 1


def made(connection: Connection, episode_id: str) -> Made:
    script = document(connection, episode_id, Step.SCRIPTING, Script)
    quote = document(connection, episode_id, Step.COST_CHECK, Quote)
    recording = document(connection, episode_id, Step.SYNTHESIS, Recording)
    degraded = quote.degraded if quote else None
    return Made(
        degraded.script(script) if script and degraded else script,
        None if recording is None or recording.text_only else recording,
        document(connection, episode_id, Step.VERIFICATION, Verdict),
        degraded.lines if degraded else None,
    )


def document(connection: Connection, episode_id: str, step: Step, kind: type[AnyDocument]) -> AnyDocument | None:
    """What a step made; None when it has not."""
    body = connection.scalar(
        select(DOCUMENT.c.body).where(DOCUMENT.c.episode_id == episode_id, DOCUMENT.c.step == step)
    )
    return None if body is None else kind.model_validate_json(body)


def scores(connection: Connection, episode_id: str) -> tuple[Score, ...]:
    """What was measured of an episode, by name."""
    columns = (SCORE.c[name] for name in ("name", "value", "limit", "passed", "said", "lines"))
    rows = connection.execute(select(*columns).where(SCORE.c.episode_id == episode_id).order_by(SCORE.c.name))
    return tuple(Score.model_validate(dict(row)) for row in rows.mappings())


def hearing(connection: Connection, item: Entry) -> Hearing:
    """An item with its lines; where none is in question by itself, all are."""
    found = made(connection, item.episode_id)
    return Hearing(
        item=item,
        scores=scores(connection, item.episode_id),
        lines=_lines(found, item.lines),
        duration_s=found.recording.duration_s if found.recording else None,
        public=is_public(connection, item.episode_id),
    )


def is_public(connection: Connection, episode_id: str) -> bool:
    """Whether listeners may have an episode: it was published, or a worker began to, and may have died half-way."""
    published = exists().where(PUBLICATION.c.episode_id == episode_id)
    begun = exists().where(
        STEP_RUN.c.episode_id == episode_id, STEP_RUN.c.step == Step.PUBLISHING, STEP_RUN.c.started_at.is_not(None)
    )
    return bool(connection.scalar(select(or_(published, begun))))


def _lines(found: Made, asked: Sequence[int]) -> tuple[HeardLine, ...]:
    if found.script is None:
        return ()
    verdicts = {line.index: line for line in found.verdict.lines} if found.verdict else {}
    times = {line.index: line for line in found.recording.lines} if found.recording else {}
    shown = []
    for line in found.script.lines:
        verdict, time = verdicts.get(line.index), times.get(line.index)
        faults = verdict.faults if verdict else ()
        shown.append(
            HeardLine(
                number=line.index + 1,
                speaker=found.script.speakers.get(line.speaker, line.speaker),
                text=line.text,
                heard=verdict.heard if verdict else None,
                word_accuracy=verdict.word_accuracy if verdict else None,
                faults=tuple(f"{fault.kind.replace('_', ' ')}: {fault.said}" for fault in faults),
                start_s=time.start_s if time else None,
                end_s=time.end_s if time else None,
                in_question=not asked or line.index + 1 in asked,
            )
        )
    return tuple(shown)
