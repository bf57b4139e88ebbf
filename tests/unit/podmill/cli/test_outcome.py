"""Exit codes of commands that make episodes."""

import pytest

from podmill.cli.outcome import Outcome, of_finished, of_submitted
from podmill.report.status import BatchStatus, EpisodeStatus

ROW = {"file": "b.yaml", "line": 1, "field": None, "message": "no"}


def status(state: str, *episode_states: str, refused: bool = False) -> BatchStatus:
    episodes = [
        EpisodeStatus(
            id=str(place),
            title="T",
            state="parked" if episode_state == "paused" else episode_state,
            paused=episode_state == "paused",
            step="research",
            error=None,
            audio_path=None,
            transcript_path=None,
            duration_s=None,
            word_accuracy=None,
            loudness_lufs=None,
            true_peak_dbtp=None,
            cost_usd=0,
            requests=0,
            publications=[],
            activity="",
            progress=0,
        )
        for place, episode_state in enumerate(episode_states)
    ]
    rows = [ROW] if refused else []
    return BatchStatus.model_validate(
        {
            "batch": "b",
            "name": "b",
            "show": "s",
            "state": state,
            "feed_path": None,
            "episodes": episodes,
            "refused": rows,
        }
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (status("published", "published"), Outcome.DONE),
        (status("published", "published", refused=True), Outcome.INCOMPLETE),
        (status("partial", "published", "failed"), Outcome.INCOMPLETE),
        (status("partial", "review"), Outcome.INCOMPLETE),
        (status("running", "queued"), Outcome.INCOMPLETE),
        (status("running", "published", "failed", "paused"), Outcome.PAUSED),
    ],
)
def test_of_finished(given: BatchStatus, expected: Outcome) -> None:
    """0 only when everything that was handed in is published."""
    assert of_finished(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (status("running", "queued", "running", "parked"), Outcome.DONE),
        (status("published", "published"), Outcome.DONE),
        (status("running", "queued", refused=True), Outcome.INCOMPLETE),
        (status("running", "queued", "failed"), Outcome.INCOMPLETE),
    ],
)
def test_of_submitted(given: BatchStatus, expected: Outcome) -> None:
    """What is still open is no failure when nobody waits; what is refused or stuck is."""
    assert of_submitted(given) == expected
