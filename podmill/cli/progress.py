"""Following a batch to its end: a live table on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from models.steps import OPEN_STATES, STEPS, EpisodeState
from podmill import nodefile
from podmill.cli.output import errors, note
from podmill.money import pauses
from podmill.report.status import EpisodeProgress, batch_progress
from podmill.report.terminal import STYLES
from podmill.settings import Settings
from podmill.store.database import reading

POLL_S = 0.5
ROWS_MAX = 12
"""Episodes shown at once: those being worked on."""


def follow(engine: Engine, batch_id: str, *, check: Callable[[], None] = lambda: None) -> None:
    """Return once no worker may take a step of the batch any more, or none until a budget covers what is paused.

    Args:
        check: called at every look; raises when waiting on has become pointless.
    """
    console = errors()
    if console.is_terminal:
        _live(console, engine, batch_id, check)
    else:
        _plain(console, engine, batch_id, check)


def note_if_idle(settings: Settings) -> None:
    """Tell a person who is about to wait that nothing works on it. Workers on a broker of one's own are not seen."""
    if settings.broker_url is None and nodefile.read(settings) is None:
        note("No node is running: the episodes wait until one is. Run: podmill up")


def is_open(episode: EpisodeProgress) -> bool:
    return episode.state in OPEN_STATES


def _goes_on(engine: Engine, batch_id: str, episodes: Sequence[EpisodeProgress]) -> bool:
    waiting = list(filter(is_open, episodes))
    if any(not episode.paused for episode in waiting):
        return True
    if not waiting:
        return False
    # What others gave back may be enough; and somebody else may have woken them just now.
    pauses.wake_fitting(engine)
    return any(is_open(episode) and not episode.paused for episode in _look(engine, batch_id))


def _look(engine: Engine, batch_id: str) -> list[EpisodeProgress]:
    with reading(engine) as connection:
        return batch_progress(connection, batch_id)


def _live(console: Console, engine: Engine, batch_id: str, check: Callable[[], None]) -> None:
    episodes = _look(engine, batch_id)
    with Live(_picture(episodes), console=console, refresh_per_second=4, transient=True) as live:
        while _goes_on(engine, batch_id, episodes):
            check()
            time.sleep(POLL_S)
            episodes = _look(engine, batch_id)
            live.update(_picture(episodes))


def _plain(console: Console, engine: Engine, batch_id: str, check: Callable[[], None]) -> None:
    seen: dict[str, tuple[str, str]] = {}
    while True:
        episodes = _look(engine, batch_id)
        for episode in episodes:
            place = (episode.state, episode.step)
            if seen.get(episode.id) != place:
                seen[episode.id] = place
                console.print(line(episode), markup=False)
        if not _goes_on(engine, batch_id, episodes):
            return
        check()
        time.sleep(POLL_S)


def line(episode: EpisodeProgress) -> str:
    """Where an episode is, in one line."""
    step = "" if episode.state == EpisodeState.PUBLISHED else f", {episode.step.replace('_', ' ')}"
    # A parked episode says what it waits for, or a person would think that all hangs.
    reason = episode.error or (episode.activity if episode.state == EpisodeState.PARKED else "")
    return f"{episode.id[:8]} {episode.title}: {_state(episode)}{step}{f': {reason}' if reason else ''}"


def _state(episode: EpisodeProgress) -> str:
    return "paused" if episode.paused else episode.state


def _picture(episodes: Sequence[EpisodeProgress]) -> RenderableType:
    table = Table(box=None, show_header=False, padding=(0, 1))
    # Those being worked on come first; the rest is a number.
    shown = sorted(filter(is_open, episodes), key=lambda episode: episode.state == EpisodeState.QUEUED)[:ROWS_MAX]
    for episode in shown:
        done = STEPS.index(episode.step) + episode.progress
        table.add_row(
            Text(episode.title, overflow="ellipsis", no_wrap=True),
            ProgressBar(total=len(STEPS), completed=done, width=20),
            Text(f"{_state(episode)}, {episode.step.replace('_', ' ')}", STYLES.get(EpisodeState(episode.state), "")),
            Text(episode.activity, "dim", overflow="ellipsis", no_wrap=True),
        )
    counts: dict[str, int] = {}
    for episode in episodes:
        counts[_state(episode)] = counts.get(_state(episode), 0) + 1
    total = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    return Group(table, Text(f"{len(episodes)} episodes: {total}", "bold"))
