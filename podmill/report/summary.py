"""The report of a batch: what came out of it, how good it is, how long each step took and what it cost."""

import json
import statistics
from collections import defaultdict
from collections.abc import Sequence

from pydantic import BaseModel, Field
from sqlalchemy import Connection, func, select

from models.steps import STEPS, EpisodeState, Step
from models.tables import Charge, Episode, Show, StepDocument, StepRun, table
from podmill.report.scores import History, ShowScores, VoiceFigures, batch_voices, show_scores
from podmill.report.status import OWED, BatchStatus, batch_status, usd

CHARGE, DOCUMENT, EPISODE = table(Charge), table(StepDocument), table(Episode)
SHOW, STEP_RUN = table(Show), table(StepRun)


class Spread(BaseModel):
    """How a measure lies over the episodes that have it."""

    count: int
    lowest: float
    median: float
    mean: float
    highest: float


class Summary(BaseModel):
    """Figures over a whole batch."""

    episodes: int
    published: int
    text_only: int = 0
    """Of those published: no voice could speak them."""
    failed: int
    review: int
    refused: int
    success_rate: float | None
    """Published share, text only or not, of the episodes that are finished, 0 to 1; None while none is."""
    audio_s: float
    """Length of all published episodes."""
    word_accuracy: Spread | None
    loudness_lufs: Spread | None
    true_peak_dbtp: Spread | None
    step_busy_s: dict[str, float]
    """Working time by step over all episodes, in the order of the steps."""
    step_cpu_s: dict[str, float] = {}
    """Processor time by step over all episodes; where steps share a process, that of their own threads."""
    step_peak_mb: dict[str, float] = {}
    """Most memory that a worker process had by the end of a step, with what ran in it before."""
    busy_s: float
    seconds_per_minute: float | None
    """Working seconds for each minute of published audio."""
    elapsed_s: float | None
    """From submission to the last thing that happened."""
    cost_usd: float
    estimated_usd: float | None = None
    """What the published episodes were expected to cost before anything was spent; None: nobody estimated any."""
    estimated_cost_usd: float = 0.0
    """What the same episodes did cost."""
    cost_by_provider_usd: dict[str, float]
    requests: int


class BatchReport(BatchStatus):
    """The status of a batch, and its figures."""

    summary: Summary
    episode_busy_s: dict[str, dict[str, float]]
    """Working time by episode id and step."""
    episode_estimate_usd: dict[str, float] = Field(default_factory=dict)
    """What each episode was expected to cost before anything was spent, by its id."""
    show_scores: ShowScores | None = None
    """Of the latest episodes of its show, whatever batch they came with."""
    history: History = Field(default_factory=dict, exclude=True)
    """What those were told from, for plots."""
    voices: dict[str, VoiceFigures] = Field(default_factory=dict)
    """Voices that are heard in more than one episode."""
    asked_lufs: float | None = None
    """Loudness that its show asks for; None: that of the settings."""

    def status(self) -> BatchStatus:
        """The same batch without its figures."""
        return BatchStatus(**{name: getattr(self, name) for name in BatchStatus.model_fields})


def batch_report(connection: Connection, batch_id: str) -> BatchReport:
    """The report of a batch, in a fixed number of queries.

    Raises:
        InputError: there is no such batch.
    """
    status = batch_status(connection, batch_id)
    busy = _busy(connection, batch_id)
    by_provider = _by_provider(connection, batch_id)
    first, last = connection.execute(
        select(func.min(EPISODE.c.created_at), func.max(EPISODE.c.updated_at)).where(EPISODE.c.batch_id == batch_id)
    ).one()
    estimates = _estimates(connection, batch_id)
    used = _used(connection, batch_id)
    summary = _summary(status, busy, used, by_provider, None if first is None else float(last - first), estimates)
    of_show, history = show_scores(connection, status.show)
    sound = connection.scalar(select(SHOW.c.sound).where(SHOW.c.slug == status.show))
    held = status.scores.get("voice_reference")
    return BatchReport(
        **dict(status),
        summary=summary,
        episode_busy_s=busy,
        episode_estimate_usd=estimates,
        show_scores=of_show,
        history=history,
        voices=batch_voices(connection, batch_id, held.limit if held else None),
        asked_lufs=(sound or {}).get("loudness_lufs"),
    )


def spread(values: Sequence[float]) -> Spread | None:
    """Lowest, median, mean and highest of some values; None of none."""
    if not values:
        return None
    return Spread(
        count=len(values),
        lowest=min(values),
        median=statistics.median(values),
        mean=statistics.fmean(values),
        highest=max(values),
    )


def _summary(
    status: BatchStatus,
    busy: dict[str, dict[str, float]],
    used: dict[str, tuple[float, float]],
    by_provider: dict[str, int],
    elapsed_s: float | None,
    estimates: dict[str, float],
) -> Summary:
    counts: dict[str, int] = defaultdict(int)
    for episode in status.episodes:
        counts[episode.state] += 1
    published = [episode for episode in status.episodes if episode.state == EpisodeState.PUBLISHED]
    estimated = [episode for episode in published if episode.id in estimates]
    finished = len(published) + counts[EpisodeState.FAILED] + counts[EpisodeState.REVIEW]
    step_busy_s = {step.value: sum(each.get(step, 0.0) for each in busy.values()) for step in STEPS}
    busy_s = sum(step_busy_s.values())
    audio_s = sum(episode.duration_s or 0.0 for episode in published)
    # What did not come to be published took time too: the figure is what a published minute really costs.
    seconds_per_minute = busy_s / (audio_s / 60) if audio_s else None
    return Summary(
        episodes=len(status.episodes),
        published=len(published),
        text_only=sum(episode.text_only for episode in published),
        failed=counts[EpisodeState.FAILED],
        review=counts[EpisodeState.REVIEW],
        refused=len(status.refused),
        success_rate=len(published) / finished if finished else None,
        audio_s=audio_s,
        word_accuracy=spread([e.word_accuracy for e in status.episodes if e.word_accuracy is not None]),
        loudness_lufs=spread([e.loudness_lufs for e in status.episodes if e.loudness_lufs is not None]),
        true_peak_dbtp=spread([e.true_peak_dbtp for e in status.episodes if e.true_peak_dbtp is not None]),
        step_busy_s=step_busy_s,
        step_cpu_s={step: cpu_s for step, (cpu_s, _) in used.items()},
        step_peak_mb={step: peak_mb for step, (_, peak_mb) in used.items()},
        busy_s=busy_s,
        seconds_per_minute=seconds_per_minute,
        elapsed_s=elapsed_s,
        cost_usd=usd(sum(by_provider.values())),
        estimated_usd=round(sum(estimates[each.id] for each in estimated), 6) if estimated else None,
        estimated_cost_usd=round(sum(each.cost_usd for each in estimated), 6),
        cost_by_provider_usd={provider: usd(amount) for provider, amount in by_provider.items()},
        requests=sum(episode.requests for episode in status.episodes),
    )


def _busy(connection: Connection, batch_id: str) -> dict[str, dict[str, float]]:
    rows = connection.execute(
        select(STEP_RUN.c.episode_id, STEP_RUN.c.step, STEP_RUN.c.busy_s)
        .join(EPISODE, EPISODE.c.id == STEP_RUN.c.episode_id)
        .where(EPISODE.c.batch_id == batch_id, STEP_RUN.c.busy_s > 0)
    )
    busy: dict[str, dict[str, float]] = defaultdict(dict)
    for episode_id, step, busy_s in rows.all():
        busy[episode_id][step] = busy_s
    return busy


def _used(connection: Connection, batch_id: str) -> dict[str, tuple[float, float]]:
    """Processor seconds and most megabytes by step, in the order of the steps, of those that were measured."""
    rows = connection.execute(
        select(STEP_RUN.c.step, func.sum(STEP_RUN.c.cpu_s), func.max(STEP_RUN.c.peak_mb))
        .join(EPISODE, EPISODE.c.id == STEP_RUN.c.episode_id)
        .where(EPISODE.c.batch_id == batch_id, STEP_RUN.c.cpu_s.is_not(None))
        .group_by(STEP_RUN.c.step)
    )
    found = {step: (float(cpu_s), float(peak_mb)) for step, cpu_s, peak_mb in rows}
    return {step.value: found[step] for step in STEPS if step in found}


def _estimates(connection: Connection, batch_id: str) -> dict[str, float]:
    rows = connection.execute(
        select(DOCUMENT.c.episode_id, DOCUMENT.c.body)
        .join(EPISODE, EPISODE.c.id == DOCUMENT.c.episode_id)
        .where(EPISODE.c.batch_id == batch_id, DOCUMENT.c.step == Step.COST_CHECK)
    )
    found = {}
    for episode_id, body in rows:
        # Not checked as a document: a batch may have ten thousand.
        estimate = json.loads(body).get("estimate")
        if estimate:
            found[episode_id] = usd(sum(item["likely_microusd"] for item in estimate["items"]))
    return found


def _by_provider(connection: Connection, batch_id: str) -> dict[str, int]:
    rows = connection.execute(
        select(CHARGE.c.provider, func.sum(CHARGE.c.amount_microusd))
        .join(EPISODE, EPISODE.c.id == CHARGE.c.episode_id)
        .where(EPISODE.c.batch_id == batch_id, CHARGE.c.state.in_(OWED))
        .group_by(CHARGE.c.provider)
        .order_by(CHARGE.c.provider)
    )
    return {provider: int(amount) for provider, amount in rows}
