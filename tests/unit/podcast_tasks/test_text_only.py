"""An episode that no voice could speak: published as text only, and spoken once a voice is back."""

from pathlib import Path

import pytest
from lxml import etree

from models.recording import Recording
from models.steps import EpisodeState, Step
from models.verdict import Verdict
from pipelines import episode as episodes
from podcast_tasks import cost_check, loudness, publishing, running, synthesis, verification
from podcast_tasks.running import Done, run_step
from podmill.errors import QuotaError
from podmill.publishing.folder import read_show
from podmill.settings import Settings, current, load
from tests.humming import heard, row

STEPS = {
    Step.COST_CHECK: cost_check.make,
    Step.SYNTHESIS: synthesis.make,
    Step.VERIFICATION: verification.make,
    Step.LOUDNESS: loudness.make,
    Step.PUBLISHING: publishing.make,
}


@pytest.fixture
def settings(podmill_home: Path) -> Settings:
    return load({"PODMILL_HOME": str(podmill_home)})[0]


def understood(work) -> Done:
    """Nobody can understand what hums."""
    verdict = Verdict(passed=True, word_accuracy=1.0, threshold=0.9, lines=(), round=work.claim.round, transcriber="t")
    return Done(verdict, scores={"word_accuracy": 1.0})


def test_from_text_to_audio(engine, hums, made):
    """Page and words without audio, out of the feed; after a retry the audio, in the feed, under the same guid."""
    hums["alpha"].next = [QuotaError("The secret plan is used up.")]
    episode_id = made(order=("text",))
    for step in list(STEPS)[1:]:
        run_step(step, episode_id, STEPS[step])

    found = row(engine, episode_id)
    assert (found.state, found.spoken_by) == (EpisodeState.PUBLISHED, "text")
    assert found.spoken_why == "alpha: The secret plan is used up."
    measured = (found.duration_s, found.word_accuracy, found.loudness_lufs, found.true_peak_dbtp)
    assert measured == (None, None, None, None)
    show_dir = current().public / "tides"
    shown = read_show(show_dir)
    assert shown
    (item,) = shown[1]
    folder = show_dir / "episodes" / item.folder
    assert {path.name for path in folder.iterdir()} == {"index.html", "item.json", "transcript.txt"}
    words = (folder / "transcript.txt").read_text()
    assert "One: One is the first." in words
    assert "Two: Two is the second." in words
    page = (folder / "index.html").read_text()
    assert "Text only: this episode has no audio, because its voices were not available." in page
    assert "Two is the second." in page
    assert "secret" not in page
    assert "<audio" not in page
    assert "Text only" in (show_dir / "index.html").read_text()
    assert guids(show_dir) == []

    hums["alpha"].next = [None]
    assert episodes.retry([episode_id], current()) == [episode_id]
    for step, make in STEPS.items():
        run_step(step, episode_id, understood if step is Step.VERIFICATION else make)

    recording = running.journal().document(episode_id, Step.SYNTHESIS, Recording)
    assert recording
    assert (heard(recording), recording.passed_over) == (["alpha"] * 3, ())
    found = row(engine, episode_id)
    assert (found.state, found.spoken_by, found.spoken_why) == (EpisodeState.PUBLISHED, "alpha", None)
    assert guids(show_dir) == [item.guid] == [episode_id]
    assert not (folder / "transcript.txt").exists()
    assert "<audio" in (folder / "index.html").read_text()
    assert "Text only" not in (show_dir / "index.html").read_text()
    assert episodes.retry([episode_id], current()) == []


def guids(show_dir: Path) -> list[str]:
    return [guid.text or "" for guid in etree.parse(show_dir / "feed.xml").findall("channel/item/guid")]
