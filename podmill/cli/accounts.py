"""``podmill account``: who pays, of which tier they are, and what they have left."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection, select

from podmill.cli.budget import entry as budget_entry
from podmill.cli.options import AsJson
from podmill.cli.output import print_json, show
from podmill.cli.progress import note_if_idle
from podmill.money import accounts, purses, tiers
from podmill.money.accounts import ACCOUNT
from podmill.money.amounts import MICRO, usd
from podmill.money.tiers import NEWCOMER, Tier, TierList
from podmill.settings import current
from podmill.store.database import open_engine, reading, transaction

app = typer.Typer(help="Accounts that pay for episodes: their tiers, and what they have left.", rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the account.")]
TierName = typer.Option("--tier", metavar="TIER", help="Name of a tier: owner, free, pro, team, or one of your own.")


@app.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """List accounts, with what is pending, made today and spent."""
    settings = current()
    known = tiers.load(settings)
    with reading(open_engine(settings)) as connection:
        names = connection.scalars(select(ACCOUNT.c.id).order_by(ACCOUNT.c.id)).all()
        found = [_entry(connection, name, known) for name in names]
    if as_json:
        print_json({"accounts": found})
        return
    table = Table("Account", "Tier", "Unfinished", "Today", "Spent", "Reserved", box=None, header_style="bold")
    for each in found:
        limits = each["limits"] or {}
        counts = (
            _of(each["pending"], limits.get("pending_max")),
            _of(each["today"], limits.get("episodes_per_day")),
        )
        amounts = (f"${usd(round(each[name] * MICRO))}" for name in ("spent_usd", "reserved_usd"))
        table.add_row(escape(each["account"]), escape(each["tier"]), *counts, *amounts)
    show(table)


@app.command("show")
def show_account(name: Name = "default", as_json: AsJson = False) -> None:
    """Show what the tier of an account allows, what is used of it, and its budgets."""
    settings = current()
    known = tiers.load(settings)
    with reading(open_engine(settings)) as connection:
        found = _entry(connection, name, known)
    if as_json:
        print_json(found)
        return
    tier = known.get(found["tier"])
    show(f"{escape(name)}: tier {escape(found['tier'])}{'' if tier else ', which is in no list of tiers any more'}")
    show(f"  spent ${usd(round(found['spent_usd'] * MICRO))}, reserved ${usd(round(found['reserved_usd'] * MICRO))}")
    if tier:
        pending, today = _of(found["pending"], tier.pending_max), _of(found["today"], tier.episodes_per_day)
        show(f"  episodes: {pending} unfinished, {today} made today (UTC)")
        show(f"  {_allowed(tier)}")
    for each in found["budgets"]:
        show(f"  {each['span']} ({each['period']}): ${each['left_usd']:g} left of ${each['limit_usd']:g}")


@app.command()
def add(name: Name, tier: Annotated[str, TierName] = NEWCOMER, as_json: AsJson = False) -> None:
    """Make an account: with the limits of its tier, and its tier's budget of a month."""
    settings = current()
    given = tiers.load(settings).find(tier)
    with transaction(open_engine(settings)) as connection:
        accounts.add(connection, name, given)
    _tell(name, given, [], as_json=as_json)


@app.command("set")
def set_(name: Name, tier: Annotated[str, TierName], as_json: AsJson = False) -> None:
    """Give an account another tier, and its budget of a month; what was paused and now fits goes on."""
    from pipelines import episode

    settings = current()
    given = tiers.load(settings).find(tier)
    with transaction(open_engine(settings)) as connection:
        accounts.set_tier(connection, name, given)
    resumed = episode.resume(settings, owner=f"account:{name}")
    if resumed:
        note_if_idle(settings)
    _tell(name, given, resumed, as_json=as_json)


def _entry(connection: Connection, name: str, known: TierList) -> dict[str, Any]:
    row = accounts.found(connection, name)
    used = accounts.use(connection, name)
    tier = known.get(row.tier)
    return {
        "account": row.id,
        "tier": row.tier,
        "limits": None if tier is None else tier.model_dump(mode="json", exclude={"name"}),
        "pending": used.pending,
        "today": used.today,
        "spent_usd": row.spent_microusd / MICRO,
        "reserved_usd": row.reserved_microusd / MICRO,
        "budgets": [
            budget_entry(each) for each in purses.now_standing(connection) if each.owner == f"account:{row.id}"
        ],
    }


def _of(count: int, limit: int | None) -> str:
    return str(count) if limit is None else f"{count} of {limit}"


def _allowed(tier: Tier) -> str:
    """What a tier has, in words."""
    minutes = "episodes of any length" if tier.minutes_max is None else f"episodes of {tier.minutes_max:g} minutes"
    engines = "all engines" if tier.engines == "*" else f"engines {', '.join(tier.engines)}"
    discount = f", {tier.discount_percent:g} % discount" if tier.discount_percent else ""
    return f"{minutes}, {engines}, HD voices {'too' if tier.hd else 'not'}{discount}"


def _tell(name: str, tier: Tier, resumed: list[str], *, as_json: bool) -> None:
    month = tier.monthly_budget_microusd
    if as_json:
        budget = None if month is None else month / MICRO
        print_json({"account": name, "tier": tier.name, "monthly_budget_usd": budget, "resumed": resumed})
        return
    show(f"{name}: tier {tier.name}, {'no limit' if month is None else f'${usd(month)}'} a month")
    for episode_id in resumed:
        show(f"resumed {episode_id}")
