"""Who is asked about an episode: what goes into the queue, within the transaction that records a step."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from models.documents import Document
from models.gates import Gates, StatedGates
from models.recording import Recording
from models.score import Score
from models.script import Script
from models.steps import EpisodeState, Step
from models.tables import Show, StepRun, table
from models.verdict import Verdict
from podmill.review import queue
from podmill.review.doubt import doubts, said
from podmill.review.drawing import is_drawn
from podmill.review.hearing import document, scores
from podmill.settings import Settings

SHOW, STEP_RUN = table(Show), table(StepRun)

UNHEARD: Final = "unheard"
"""Code of an episode that is finished, and is published once a person approves of it."""
JUDGED: Final = "review"
"""Code of one whose step was carried out, with a result that is not good enough."""


def finished(connection: Connection, episode_id: str, show: str, settings: Settings) -> dict[str, Any]:
    """An episode lacks nothing but its publication: is a person to hear it?

    Returns:
        Columns of the episode that has to wait for that; nothing when it goes on.
    """
    if _is_approved(connection, episode_id):
        return {}
    verdict = document(connection, episode_id, Step.VERIFICATION, Verdict)
    found = doubts(scores(connection, episode_id), _gates(connection, episode_id, show, settings))
    doubtful, lines = [said(score) for score in found], verdict.doubtful if verdict else ()
    if lines:
        numbers = ", ".join(str(line + 1) for line in lines)
        doubtful.append(f"Of line {numbers} it is not certain that it is right.")
    lines = tuple(sorted({*lines, *(line for score in found for line in score.lines)}))
    drawn = is_drawn(episode_id, show, share=settings.review_share, seed=settings.review_seed)
    if not (drawn or doubtful):
        return {}
    reason = " ".join([*doubtful, *(["Drawn for the sample."] if drawn else [])])
    # What is drawn is heard as a whole.
    queue.put(connection, episode_id, "doubtful" if doubtful else "sample", reason, () if drawn else lines)
    holding = {"doubtful": bool(doubtful), "sample": drawn, "all": True, "none": False}
    if not holding[settings.review_holds]:
        return {}
    told = f"It is published once a person approves of it: podmill review show {episode_id[:8]}. {reason}"
    return {"state": EpisodeState.REVIEW, "error": told, "error_code": UNHEARD}


def stopped(
    connection: Connection,
    episode_id: str,
    reason: str,
    made: Document | None,
    measures: Sequence[Score],
    lines: Collection[int] = (),
) -> None:
    """An episode waits for the decision of a person.

    Args:
        lines: those that the reason is about; none: those that the verdict names, or else the scores.
    """
    named = lines or (made.respeak if isinstance(made, Verdict) else ())
    bad = [line for score in measures if score.passed is False for line in score.lines]
    queue.put(connection, episode_id, "failed", reason, named or bad)


def _gates(connection: Connection, episode_id: str, show: str, settings: Settings) -> Gates:
    from podmill.quality import gates_of, is_paced  # readers of audio: who masters has them, other workers need none

    stated = connection.scalar(select(SHOW.c.gates).where(SHOW.c.slug == show))
    script = document(connection, episode_id, Step.SCRIPTING, Script)
    return gates_of(
        settings,
        None if stated is None else StatedGates.model_validate(stated),
        paced=script is not None and is_paced(script, document(connection, episode_id, Step.SYNTHESIS, Recording)),
    )


def _is_approved(connection: Connection, episode_id: str) -> bool:
    """Whether a person heard this recording before and approved of it."""
    approved_at = queue.approved_at(connection, episode_id)
    spoken = (STEP_RUN.c.episode_id == episode_id, STEP_RUN.c.step == Step.SYNTHESIS)
    spoken_at = connection.scalar(select(STEP_RUN.c.finished_at).where(*spoken))
    return approved_at is not None and approved_at > (spoken_at or 0.0)
