"""Deciding what is done with an episode that a person was to hear, and carrying it out.

Each decision is one transaction: whoever is second is told who was first, and nothing of theirs is done. Rows are
locked as the journal locks them: the episode's step runs before all else.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from models.gates import Brand, StatedGates
from models.score import Score
from models.script import Line, Script
from models.steps import OPEN_STATES, STEPS, EpisodeState, Step, StepState, following
from models.tables import Charge, Episode, PublicationRow, Show, StepRun, table
from pipelines.episode import put_back
from podcast_tasks import admission, entries
from podmill import publishing
from podmill.errors import InputError
from podmill.money import charge, ledger
from podmill.review import queue
from podmill.review.asking import JUDGED, UNHEARD
from podmill.review.hearing import Made, document, is_public, made
from podmill.review.queue import Decision, Entry
from podmill.scripting.pronunciation import say_names
from podmill.scripting.sentences import WORDS_MAX, words_in
from podmill.scripting.spoken import to_spoken
from podmill.settings import Settings
from podmill.store import voices
from podmill.store.database import open_engine, reading, transaction

CHARGE, EPISODE, PUBLICATION = table(Charge), table(Episode), table(PublicationRow)
SHOW, STEP_RUN = table(Show), table(StepRun)

REJECTED: Final = "rejected"
"""Code of an episode that a person did not want."""
SPOKEN_FROM: Final = STEPS.index(Step.VERIFICATION)
"""From this step on an episode has a recording."""


@dataclass(frozen=True, slots=True)
class _Case:
    """An item whose decision is being made: nobody else can change its episode before the transaction ends."""

    connection: Connection
    item: Entry
    state: EpisodeState
    step: Step
    code: str | None
    error: str | None
    rounds: dict[str, int]
    """Of each step that has run."""

    @property
    def id(self) -> str:
        return self.item.episode_id

    def must_stand_still(self) -> None:
        """Raises:
        InputError: a worker may have it in hand.
        """
        if self.state in OPEN_STATES:
            raise InputError(
                f"The episode is in {self.step} at the moment.",
                action="Decide once it is published or has stopped: podmill review show " + str(self.item.id),
            )

    def must_owe_nothing_unknown(self) -> None:
        """Raises:
        InputError: a request may have been paid, and is found again by what it asked for.
        """
        unknown = (CHARGE.c.episode_id == self.id, CHARGE.c.state.in_(charge.OPEN))
        if self.connection.scalar(select(CHARGE.c.key).where(*unknown).limit(1)) is not None:
            raise InputError(
                "A request was sent for this episode, and whether it was paid is not known: other words might be paid "
                "beside it.",
                action=f"Decide on it first: podmill charges --episode {self.id[:8]}",
            )


def approve(name: str, settings: Settings, *, by: str, note: str = "") -> Entry:
    """It is good as it is: an episode that waits goes on, one that was published stays so.

    Raises:
        InputError: there is no such item, it was decided before, or there is nothing that could be approved.
    """
    return _decide(name, settings, "approved", _go_on, by=by, note=note)


def respeak(name: str, settings: Settings, *, by: str, lines: Collection[int] = (), note: str = "") -> Entry:
    """Lines are spoken once more in another way, and verified again; what is published is then replaced.

    Args:
        lines: from 1; none: those in question.

    Raises:
        InputError: there is no such item or line, it was decided before, nothing was spoken yet, or no line is named.
    """

    def act(case: _Case) -> dict[str, Any]:
        found = made(case.connection, case.id)
        wanted = sorted({found.line(number) for number in lines or case.item.lines})
        if not wanted:
            raise InputError("No line is in question by itself.", action="Name them: --lines 3,7", field="lines")
        _speak_again(case, found, wanted)
        return {"lines": [index + 1 for index in wanted]}

    return _decide(name, settings, "respoken", act, by=by, note=note)


def edit(name: str, settings: Settings, *, by: str, texts: Mapping[int, str], note: str = "") -> Entry:
    """Lines say something else: they are spoken anew and verified, and transcript and notes follow.

    Args:
        texts: what lines say now, by their numbers from 1.

    Raises:
        InputError: there is no such item or line, it was decided before, a text cannot be a line, or a request that
            may have been paid has not been found out.
    """
    if not texts:
        raise InputError("No line is edited.", action='As in: --line 7 --text "..."', field="line")

    def act(case: _Case) -> dict[str, Any]:
        case.must_stand_still()
        case.must_owe_nothing_unknown()
        found = made(case.connection, case.id)
        said = {found.line(number): text for number, text in sorted(texts.items())}
        edits = _rewrite(case, found, said, settings)
        if STEPS.index(case.step) >= SPOKEN_FROM:
            _speak_again(case, found, said)
        else:
            _go_on_with_the_words(case, found, said)
        return {"edits": edits}

    return _decide(name, settings, "edited", act, by=by, note=note)


def reject(name: str, settings: Settings, *, by: str, note: str) -> Entry:
    """It is not to be heard: an episode that is not published fails, one that is is taken down. Its money is released.

    Raises:
        InputError: there is no such item, it was decided before, or no reason is given.
        PublishError, TransientError: it cannot be taken down; nothing is decided.
    """
    if not note.strip():
        raise InputError("Say why it is rejected.", action='Add: --note "..."', field="note")

    with reading(open_engine(settings)) as connection:
        asked = _opened(connection, name)
        public = asked.item.state == "open" and _is_public(asked)
    # Held before the transaction: a publisher may have the show for minutes, and others write meanwhile.
    held = publishing.withdrawal(asked.item.show, settings) if public else nullcontext()
    with held as withdraw:

        def act(case: _Case) -> dict[str, Any]:
            if _is_public(case) and withdraw is None:
                raise InputError("It was published just now.", action="Decide again.")
            told = f"Rejected by {by}: {note.strip()}{' It was taken down.' if withdraw else ''}"
            here = (STEP_RUN.c.episode_id == case.id, STEP_RUN.c.state != StepState.DONE)
            stopped = {"state": StepState.FAILED, "lease_token": None, "lease_expires_at": None, "error": told}
            case.connection.execute(update(STEP_RUN).where(*here).values(**stopped))
            closed = {"state": EpisodeState.FAILED, "error": told, "error_code": REJECTED, "activity": ""}
            entries.move(case.connection, case.id, **closed)
            ledger.release(case.connection, case.id)
            voices.forget_episode(case.connection, case.id)
            if withdraw:
                case.connection.execute(delete(PUBLICATION).where(PUBLICATION.c.episode_id == case.id))
                # Last, and before the commit: what cannot be taken down is not rejected.
                withdraw(case.id)
            return {"taken_down": withdraw is not None}

        return _decide(name, settings, "rejected", act, by=by, note=note)


def _is_public(case: _Case) -> bool:
    """Whether it must be taken down.

    Raises:
        InputError: it is about to be published.
    """
    if case.step is Step.PUBLISHING:
        case.must_stand_still()
    return is_public(case.connection, case.id)


def _decide(
    name: str,
    settings: Settings,
    decision: Decision,
    act: Callable[[_Case], dict[str, Any]],
    *,
    by: str,
    note: str,
) -> Entry:
    engine = open_engine(settings)
    with transaction(engine) as connection:
        case = _opened(connection, name)
        if not queue.close(connection, case.item.id, decision, by, note.strip()):
            decided = queue.find(connection, str(case.item.id))
            who = f" by {decided.decided_by}" if decided.decided_by else ""
            raise InputError(
                f"Item {decided.id} was {decided.state}{who} already.", action="See: podmill review list --decided"
            )
        told = act(case)
        entries.note(connection, case.id, decision, by=by, note=note.strip(), item=case.item.id, **told)
        result = queue.find(connection, str(case.item.id))
    admission.admit(engine, settings)
    return result


def _opened(connection: Connection, name: str) -> _Case:
    item = queue.find(connection, name)
    runs = select(STEP_RUN.c.step, STEP_RUN.c.round).where(STEP_RUN.c.episode_id == item.episode_id)
    rounds = {row.step: row.round for row in connection.execute(runs.order_by(STEP_RUN.c.step).with_for_update())}
    columns = (EPISODE.c.state, EPISODE.c.step, EPISODE.c.error_code, EPISODE.c.error)
    row = connection.execute(select(*columns).where(EPISODE.c.id == item.episode_id).with_for_update()).one()
    return _Case(connection, item, EpisodeState(row.state), Step(row.step), row.error_code, row.error, rounds)


def _go_on(case: _Case) -> dict[str, Any]:
    if case.state is not EpisodeState.REVIEW:
        return {}
    if case.code == UNHEARD:
        put_back(case.connection, case.id, case.step, round_=case.rounds[case.step])
    elif case.code == JUDGED:
        _after(case)
    else:
        raise InputError(
            f"It stopped in {case.step}, and there is nothing yet that could be approved: {case.error}",
            action=f"Correct what it says, or run: podmill retry {case.id[:8]}",
        )
    return {}


def _after(case: _Case) -> None:
    """What the step made is good enough: the next one is due."""
    upcoming = following(case.step)
    if upcoming is None:
        raise InputError("It stopped in its last step.", action=f"Run: podmill retry {case.id[:8]}")
    here = (STEP_RUN.c.episode_id == case.id, STEP_RUN.c.step == case.step)
    case.connection.execute(update(STEP_RUN).where(*here).values(state=StepState.DONE, error=None))
    put_back(case.connection, case.id, upcoming, round_=case.rounds[case.step])


def _go_on_with_the_words(case: _Case, found: Made, lines: Collection[int]) -> None:
    """Whoever refused the words is asked again; a writer is not: these are the words now."""
    if case.step is Step.SCRIPTING:
        _after(case)
        return
    if found.recording and found.verdict:
        # Lines were being spoken again: these are others of them.
        respoken = found.verdict.respeak
        more = tuple(line for line in lines if line not in respoken)
        asked = found.verdict.model_copy(update={"respeak": (*respoken, *more)})
        entries.keep_document(case.connection, case.id, Step.VERIFICATION, asked)
    put_back(case.connection, case.id, case.step, round_=case.rounds[case.step])


def _speak_again(case: _Case, found: Made, lines: Collection[int]) -> None:
    """The next round of synthesis speaks these lines in another way; all other takes are there."""
    case.must_stand_still()
    verdict = found.verdict
    if found.recording is None or verdict is None or STEPS.index(case.step) < SPOKEN_FROM:
        raise InputError(
            f"It stopped in {case.step}: nothing is spoken that could be spoken again.",
            action=f"Run: podmill retry {case.id[:8]}",
        )
    asked = verdict.model_copy(update={"respeak": tuple(lines)})
    entries.keep_document(case.connection, case.id, Step.VERIFICATION, asked)
    put_back(case.connection, case.id, Step.SYNTHESIS, round_=case.rounds[Step.SYNTHESIS] + 1)


def _rewrite(case: _Case, found: Made, texts: Mapping[int, str], settings: Settings) -> list[dict[str, Any]]:
    """Put words into the script as it was written; returns what stood there and what does now, for the history.

    Args:
        texts: by the index of a line as the script is spoken: some may be left out for their price.
    """
    script = document(case.connection, case.id, Step.SCRIPTING, Script)
    if script is None:
        raise InputError("There is no script yet.", action=f"Run: podmill retry {case.id[:8]}")
    lines, edits = list(script.lines), []
    for index, text in texts.items():
        place = found.kept[index] if found.kept is not None else index
        line = script.lines[place]
        new = _said(line, text, script)
        if found.recording is not None:
            # The takes of its neighbours may have it as it was: they stay, and only this line is asked for.
            new = new.model_copy(update={"spoken_first": line.spoken_first or line.spoken})
        elif case.step is Step.SYNTHESIS:
            # Takes of other requests may be there: they stay.
            new = new.model_copy(update={"cut_as": line.cut_as or line.spoken})
        lines[place] = new
        edits.append({"line": index + 1, "before": line.text, "after": new.text})
    rewritten = script.model_copy(update={"lines": tuple(lines)})
    entries.keep_document(case.connection, case.id, Step.SCRIPTING, rewritten, _brand_of(case, rewritten, settings))
    return edits


def _brand_of(case: _Case, script: Script, settings: Settings) -> tuple[Score, ...]:
    """How far a script keeps to the brand of its show, if it has one."""
    from podmill.quality import alignment, gates_of  # readers of audio: few decisions need them

    stated = select(SHOW.c.brand, SHOW.c.gates).where(SHOW.c.slug == case.item.show)
    show = case.connection.execute(stated).one()
    if show.brand is None:
        return ()
    gates = gates_of(settings, None if show.gates is None else StatedGates.model_validate(show.gates))
    return (alignment(script, Brand.model_validate(show.brand), gates),)


def _said(line: Line, text: str, script: Script) -> Line:
    """The line with other words, in both forms; what it cites stays, for a person answers for it now."""
    words = " ".join(text.split())
    spoken = to_spoken(say_names(words, script.pronunciations), script.language)
    if not any(character.isalnum() for character in spoken):
        raise InputError("There is nothing in it that can be said.", action="Write it in words.", field="text")
    if words_in(words) > WORDS_MAX:
        raise InputError(
            f"A line has at most {WORDS_MAX} words; this one has {words_in(words)}.", action="Cut it.", field="text"
        )
    return line.model_copy(update={"text": words, "spoken": spoken})
