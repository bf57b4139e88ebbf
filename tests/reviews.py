"""Episodes in the review queue, without the steps that would bring them there: documents, a recording, scores."""

from pathlib import Path

import numpy as np
import soundfile
from sqlalchemy import Connection, Engine, update

from models.brief import Brief
from models.recording import LineTime, Recording
from models.score import Score
from models.script import Script
from models.steps import EpisodeState, Step, StepState
from models.tables import Show, table
from models.verdict import LineVerdict, Verdict
from pipelines import episode as episodes
from podcast_tasks import entries
from podcast_tasks.journal import EPISODE, STEP_RUN
from podmill.review import queue
from podmill.review.queue import Kind
from podmill.settings import Settings
from podmill.store.database import insert_into, transaction
from podmill.store.local import LocalStore
from tests.unit.podmill.speech.tones import script, tone

RATE_HZ = 44_100
PITCHES_HZ = (220.0, 440.0, 880.0)
"""Of the three lines, three seconds each."""
LINES = ("S1: One is the first.", "S2: Two is <the> second.", "S1: Three is the last.")


def record(store: LocalStore, folder: Path) -> Recording:
    """Each line is its tone."""
    path = folder / "recording.flac"
    soundfile.write(path, np.concatenate([tone(pitch, 3.0, RATE_HZ) for pitch in PITCHES_HZ]), RATE_HZ)
    times = (LineTime(index=i, start_s=3.0 * i, end_s=3.0 * i + 3.0, take="t", voice="tones:low") for i in range(3))
    return Recording(
        audio=store.put(path, suffix=".flac", media_type="audio/flac"),
        sample_rate_hz=RATE_HZ,
        channels=1,
        duration_s=9.0,
        lines=tuple(times),
        requests=3,
    )


def words() -> Script:
    return script(*LINES)


def waiting(
    engine: Engine,
    settings: Settings,
    key: str,
    *,
    kind: Kind = "failed",
    show: str = "tides",
    lines: tuple[int, ...] = (1,),
) -> str:
    """The id of an episode that verification refused for one of its lines."""
    settings.home.mkdir(parents=True, exist_ok=True)
    recording = record(LocalStore(settings.store_dir), settings.home)
    verdict = Verdict(
        passed=False,
        word_accuracy=0.7,
        threshold=0.94,
        lines=tuple(
            LineVerdict(index=i, word_accuracy=0.4 if i == 1 else 1.0, words=4, heard="<hm>") for i in range(3)
        ),
        respeak=(1,),
        round=0,
        transcriber="t",
    )
    with transaction(engine) as connection:
        made = Show(slug=show, title=show.title(), guid="g", created_at=0).model_dump()
        connection.execute(insert_into(connection, table(Show)).values(made).on_conflict_do_nothing())
        episode_id, _ = episodes.make(
            connection, key=key, brief=Brief(show=show), title=f"About <{key}>", account="default"
        )
        for step, body in (
            (Step.SCRIPTING, words()),
            (Step.SYNTHESIS, recording),
            (Step.VERIFICATION, verdict),
        ):
            entries.keep_document(connection, episode_id, step, body)
            entries.make_due(connection, episode_id, step, 0)
        entries.keep_scores(connection, episode_id, [_accuracy()])
        queue.put(connection, episode_id, kind, "It was not <understood>.", lines)
        _stop(connection, episode_id)
    return episode_id


def _accuracy() -> Score:
    return Score(name="word_accuracy", value=0.7, limit=0.94, passed=False, said="Line 2 is <bad>.")


def _stop(connection: Connection, episode_id: str) -> None:
    ended = update(STEP_RUN).where(STEP_RUN.c.episode_id == episode_id)
    connection.execute(ended.values(state=StepState.DONE))
    connection.execute(ended.where(STEP_RUN.c.step == Step.VERIFICATION).values(state=StepState.FAILED))
    stopped = {
        "state": EpisodeState.REVIEW,
        "step": Step.VERIFICATION,
        "error": "Not understood.",
        "error_code": "review",
    }
    connection.execute(update(EPISODE).where(EPISODE.c.id == episode_id).values(**stopped))
