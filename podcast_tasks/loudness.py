"""Recording to master."""

import datetime as dt

from models.recording import Recording
from models.script import Script
from models.steps import Step
from podcast_tasks import shows
from podcast_tasks.app import app
from podcast_tasks.running import Done, Work, run_step


def make(work: Work) -> Done:
    from podmill.mastering import master, text_edition  # scipy's 40 MB belong in the audio worker only

    script, recording = work.need(Step.SCRIPTING, Script), work.need(Step.SYNTHESIS, Recording)
    show = shows.profile_of(work.journal, work.brief.show)
    if recording.text_only:
        text = text_edition(script, recording, show, work.brief, work.context)
        return Done(text, scores=dict.fromkeys(("duration_s", "loudness_lufs", "true_peak_dbtp")))
    moment = shows.publication_moment(work.journal, work.claim)
    made = master(
        script,
        recording,
        show,
        work.brief,
        work.context,
        episode_id=work.claim.episode_id,
        published_year=dt.datetime.fromisoformat(moment).year,
    )
    scores = {
        "duration_s": made.duration_s,
        "loudness_lufs": made.loudness_lufs,
        "true_peak_dbtp": made.true_peak_dbtp,
    }
    return Done(made, scores=scores)


@app.task(name="podcast_tasks.loudness.loudness")
def loudness(episode_id: str) -> None:
    run_step(Step.LOUDNESS, episode_id, make)
