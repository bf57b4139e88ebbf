"""What becomes of an episode whose script or file does not reach what its show asks for."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from celery.exceptions import Ignore
from sqlalchemy import Engine, select, update

from models.brief import Brief
from models.heard import ScoreRow
from models.master import Master
from models.recording import Recording
from models.steps import EpisodeState, Step
from models.tables import Show, table
from pipelines import episode as episodes
from podcast_tasks import running, scripting
from podcast_tasks.loudness import asked_about, measured
from podcast_tasks.running import Done, run_step
from podmill.mastering.target import Target
from podmill.quality import gates_of
from podmill.settings import Settings, current, load
from podmill.store.database import reading, transaction
from tests import recordings
from tests.dossiers import CAST
from tests.humming import row
from tests.writing import tides

SCORE = table(ScoreRow)


@pytest.fixture
def settings(podmill_home: Path) -> Settings:
    return load({"PODMILL_HOME": str(podmill_home)})[0]


@pytest.mark.parametrize(
    ("action", "state", "code"),
    [
        ("note", EpisodeState.RUNNING, None),
        ("review", EpisodeState.REVIEW, "review"),
        ("fail", EpisodeState.FAILED, "quality"),
    ],
)
def test_a_script_that_is_not_its_show_s(
    engine: Engine, show: str, action: str, state: EpisodeState, code: str | None
) -> None:
    """It goes on, waits or is given up, as the show says; its score is kept, and the reason names word and line."""
    for cache in (current, running.journal, running.keeper):
        cache.cache_clear()
    brand, gates = {"avoid": ["the"]}, {"brand": {"action": action}}
    with transaction(engine) as connection:
        connection.execute(update(table(Show)).values(brand=brand, gates=gates))
        asked = Brief(show=show, topic="tides", cast=CAST[:2], minutes=1)
        episode_id, _ = episodes.make(connection, key="k", brief=asked, title="Tides", account="default")
    run_step(Step.RESEARCH, episode_id, lambda _: Done(tides()))
    stops = nullcontext() if action == "note" else pytest.raises(Ignore)
    with stops:
        run_step(Step.SCRIPTING, episode_id, scripting.make)

    found = row(engine, episode_id)
    assert (found.state, found.error_code) == (state, code)
    with reading(engine) as connection:
        [kept] = connection.execute(select(SCORE).where(SCORE.c.episode_id == episode_id))
    assert (kept.name, kept.value, kept.passed) == ("brand", 0.0, False)
    assert kept.lines
    assert kept.said.startswith("'the' is said in line ")
    assert code is None or kept.said in found.error


def master(**fields: object) -> Master:
    artifact = {"sha256": "0" * 64, "size_bytes": 1}
    files = dict.fromkeys(
        ("audio", "cover", "chapters_json", "transcript_vtt", "transcript_srt", "transcript_json"), artifact
    )
    usual = {"duration_s": 100.0, "loudness_lufs": -16.02, "true_peak_dbtp": -1.1, "gain_db": 3.0, "limited_share": 0.0}
    form = {"bitrate_kbps": 96, "sample_rate_hz": 44_100, "channels": 1, "chapters": ()}
    return Master.model_validate({**files, **usual, **form, **fields})


def recording(**fields: object) -> Recording:
    usual = {"audio": {"sha256": "0" * 64, "size_bytes": 1}, "sample_rate_hz": 44_100, "channels": 1}
    return Recording.model_validate({**usual, "duration_s": 101.0, "lines": (), "requests": 1, **fields})


@pytest.mark.parametrize(
    ("fields", "missed"),
    [
        ({}, []),
        ({"loudness_lufs": -16.2}, ["loudness"]),
        ({"true_peak_dbtp": -0.9}, ["true_peak"]),
        ({"speakers_lufs": {"S1": -16.0, "S2": -17.1}}, ["hosts"]),
        ({"sample_rate_hz": 22_050}, ["sample_rate"]),
        ({"duration_s": 90.0}, ["duration"]),
        ({"duration_s": 130.0, "added_s": 30.0}, []),
    ],
)
def test_the_file_is_measured(fields: dict[str, object], missed: list[str], tmp_path: Path) -> None:
    """Loudness, true peak, sample rate, and length against the script's, with music and ads on top."""
    settings = Settings(home=tmp_path)
    planned = recordings.script(["x"]).model_copy(update={"estimated_s": 101.0})
    scores = measured(master(**fields), planned, recording(), Target.of(None, settings), gates_of(settings))

    assert [score.name for score in scores] == ["duration", "sample_rate", "loudness", "true_peak", "hosts"]
    assert [score.name for score in scores if not score.passed] == missed


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, set()),
        ({"duration_s": 120.0}, {"duration"}),
        ({"source_rates_hz": {"piper:joe": 8000}}, {"sample_rate"}),
    ],
)
def test_what_a_person_let_pass_is_not_asked_about_again(
    fields: dict[str, object], names: set[str], tmp_path: Path
) -> None:
    """Verification stopped for it: the file is as long as its recording, and made from the same voices."""
    planned = recordings.script(["x"]).model_copy(update={"estimated_s": 101.0})

    assert asked_about(planned, recording(**fields), gates_of(Settings(home=tmp_path))) == names
