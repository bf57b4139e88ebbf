"""Recording to master."""

import datetime as dt
from typing import TYPE_CHECKING

from models.gates import Gates
from models.master import Master
from models.recording import Recording
from models.score import Score
from models.script import Script
from models.steps import Step
from podcast_tasks import shows
from podcast_tasks.app import app
from podcast_tasks.running import Done, Outcome, Work, judged, run_step

if TYPE_CHECKING:
    from podmill.mastering.target import Target


def make(work: Work) -> Outcome:
    from podmill.mastering import master, text_edition  # scipy's 40 MB belong in the audio worker only
    from podmill.mastering.target import Target
    from podmill.quality import decide, gates_of, is_paced
    from podmill.sound_file import PlayedFile

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
    with PlayedFile(work.context.store.path(made.audio)) as file:
        made = made.model_copy(update={"sample_rate_hz": file.samplerate})
    scores = {
        "duration_s": made.duration_s,
        "loudness_lufs": made.loudness_lufs,
        "true_peak_dbtp": made.true_peak_dbtp,
    }
    target, settings = Target.of(show.sound, work.context.settings), work.context.settings
    settings = settings.model_copy(update={"true_peak_dbtp": target.true_peak_dbtp})
    gates = gates_of(settings, show.gates, paced=is_paced(script, recording))
    measures = measured(made, script, recording, target, gates)
    told = asked_about(script, recording, gates)
    decision = decide((each for each in measures if each.name not in told), gates)
    return judged(made, decision, scores=scores, measures=measures)


def measured(made: Master, script: Script, recording: Recording, target: "Target", gates: Gates) -> tuple[Score, ...]:
    """The scores of the encoded file. Music and ads come on top of what the script was expected to take."""
    from podmill.quality import duration, sample_rate, score

    off_lu = abs(made.loudness_lufs - target.loudness_lufs)
    return (
        duration(made.duration_s, script.estimated_s + made.added_s, gates),
        sample_rate(made.sample_rate_hz, recording, gates),
        score("loudness", off_lu, gates, f"{made.loudness_lufs:.2f} LUFS, {target.loudness_lufs:g} was asked for."),
        score("true_peak", made.true_peak_dbtp, gates, f"{made.true_peak_dbtp:.2f} dBTP."),
        score("hosts", made.speakers_apart_lu, gates, f"Speakers are up to {made.speakers_apart_lu:.1f} LU apart."),
    )


def asked_about(script: Script, recording: Recording, gates: Gates) -> set[str]:
    """Names of what verification measured of the recording and found wrong: who let that pass is not asked again."""
    from podmill.quality import duration, sample_rate

    length = duration(recording.duration_s, script.estimated_s, gates)
    rate = sample_rate(recording.sample_rate_hz, recording, gates)
    return {each.name for each in (length, rate) if not each.passed}


@app.task(name="podcast_tasks.loudness.loudness")
def loudness(episode_id: str) -> None:
    run_step(Step.LOUDNESS, episode_id, make)
