"""``podmill charges``: the paid requests, and decisions on those whose outcome is not known."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from models.steps import ChargeState
from podmill.cli.options import AsJson
from podmill.cli.output import note, print_json, show
from podmill.cli.progress import note_if_idle
from podmill.money import decisions
from podmill.money.amounts import microusd
from podmill.money.decisions import Entry
from podmill.settings import current
from podmill.store.database import open_engine

SHOWN: Final = 100
"""Rows of the table; JSON has all."""
STYLES: Final = {ChargeState.IN_DOUBT: "yellow", ChargeState.REFUSED: "dim"}

ChargeId = Annotated[str, typer.Argument(metavar="ID", help="Id of a charge as the list shows it, or its key.")]
State = Annotated[ChargeState | None, typer.Option("--state", help="Only charges in this state.")]
EpisodeId = Annotated[str | None, typer.Option("--episode", metavar="ID", help="Only charges of this episode.")]
Usd = Annotated[str | None, typer.Option("--usd", metavar="AMOUNT", help="What was charged, if not what was expected.")]

app = typer.Typer(help="List paid requests, and decide on those in doubt.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def charges(context: typer.Context, state: State = None, episode: EpisodeId = None, as_json: AsJson = False) -> None:
    """List paid requests, and decide on those in doubt."""
    if context.invoked_subcommand is not None:
        return
    found = decisions.entries(open_engine(current()), state=state, episode=episode)
    if as_json:
        print_json({"charges": [entry.model_dump(mode="json") for entry in found]})
        return
    show(charges_table(found[:SHOWN]))
    if len(found) > SHOWN:
        note(f"{len(found) - SHOWN} older ones are not shown; --json has all")


@app.command()
def settle(charge: ChargeId, usd: Usd = None, as_json: AsJson = False) -> None:
    """Say that a request in doubt was charged: it stays paid, and is asked for again."""
    amount = None if usd is None else microusd(usd)
    _tell(decisions.settle(open_engine(current()), charge, amount), as_json=as_json)


@app.command()
def refuse(charge: ChargeId, as_json: AsJson = False) -> None:
    """Say that a request in doubt was not charged: it is asked for again."""
    _tell(decisions.refuse(open_engine(current()), charge), as_json=as_json)


@app.command()
def discard(charge: ChargeId, as_json: AsJson = False) -> None:
    """Throw away a reply that cannot be used: it stays paid, and is asked for again."""
    _tell(decisions.discard(open_engine(current()), charge), as_json=as_json)


def charges_table(entries: Sequence[Entry]) -> RenderableType:
    """Charges, one a line."""
    table = Table(
        "Charge", "When", "Episode", "Step", "Provider", "State", "Cost", "Why", box=None, header_style="bold"
    )
    table.columns[6].justify = "right"
    for entry in entries:
        when = dt.datetime.fromtimestamp(entry.created_at, dt.UTC).astimezone()
        table.add_row(
            entry.id,
            f"{when:%Y-%m-%d %H:%M:%S}",
            escape(entry.episode or entry.episode_id[:8]),
            f"{entry.step} {entry.part + 1}",
            entry.provider,
            Text(entry.state.replace("_", " "), STYLES.get(entry.state, "")),
            f"${entry.amount_usd:.4f}",
            escape(entry.reason or ""),
        )
    return table


def _tell(entry: Entry, *, as_json: bool) -> None:
    """The decision is made: the episode that was held for it goes on."""
    from pipelines import episode

    settings = current()
    retried = [entry.episode_id] if decisions.is_waiting(open_engine(settings), entry.episode_id) else []
    if retried:
        episode.retry(retried, settings)
        note_if_idle(settings)
    if as_json:
        print_json({"charge": entry.model_dump(mode="json"), "retried": retried})
        return
    show(charges_table([entry]))
    for episode_id in retried:
        show(f"retried {episode_id}")
