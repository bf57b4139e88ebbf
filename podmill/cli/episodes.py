"""``podmill retry``, ``podmill cancel`` and ``podmill resume``."""

from collections.abc import Sequence
from typing import Annotated

import typer

from podmill.cli.options import AsJson
from podmill.cli.outcome import Outcome
from podmill.cli.output import note, print_json, show
from podmill.cli.progress import note_if_idle
from podmill.money import owners
from podmill.settings import current
from podmill.store.database import open_engine

EpisodeIds = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of episodes, or how they begin.")]


def retry(ids: EpisodeIds, as_json: AsJson = False) -> None:
    """Put failed, reviewed or cancelled episodes back to the step they stopped at; have text-only ones spoken."""
    from pipelines import episode

    settings = current()
    retried = episode.retry(ids, settings)
    if retried:
        note_if_idle(settings)
    _tell("retried", retried, ids, as_json=as_json, otherwise="only what stopped, or is text only, can be retried")


def cancel(ids: EpisodeIds, as_json: AsJson = False) -> None:
    """Stop episodes that are not finished."""
    from pipelines import episode

    _tell("cancelled", episode.cancel(ids, current()), ids, as_json=as_json, otherwise="it is finished already")


def resume(
    owner: Annotated[
        str | None,
        typer.Argument(metavar="OWNER", help="account:NAME, show:SLUG, batch:ID, episode:ID. Unset: all."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Wake episodes that are paused because a budget did not cover them."""
    from pipelines import episode

    settings = current()
    resumed = episode.resume(settings, owner=owner and owners.known(open_engine(settings), owner))
    if resumed:
        note_if_idle(settings)
    _tell("resumed", resumed, (), as_json=as_json, otherwise="")


def _tell(verb: str, done: Sequence[str], asked: Sequence[str], *, as_json: bool, otherwise: str) -> None:
    """Exit 0 when it was done to all of them, 1 otherwise."""
    left = [each for each in asked if not any(episode_id.startswith(each) for episode_id in done)]
    if as_json:
        print_json({verb: list(done), "left": left})
    else:
        for episode_id in done:
            show(f"{verb} {episode_id}")
    for each in left:
        note(f"left as it is: {each} ({otherwise})")
    raise typer.Exit(Outcome.INCOMPLETE if left else Outcome.DONE)
