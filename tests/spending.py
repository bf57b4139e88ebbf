"""A ledger with a history: two accounts, two shows, a batch, two months, one request in doubt and one under way."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Final

from sqlalchemy import Engine, func, select, update

from models.quote import Quote
from models.steps import ChargeState, EpisodeState, Step
from models.tables import Account, Batch, Charge, Episode, Purse, Reservation, Show, StepDocument, StepRun, table
from podmill.money.charge import Item, Purchase
from podmill.money.fence import Fence
from podmill.money.ledger import Ledger
from podmill.money.prices import Price
from podmill.store.database import reading, transaction
from tests.batches import insert
from tests.unit.podmill.money.provider import claim, make_episode

ACCOUNT, CHARGE, RESERVATION, PURSE, EPISODE = map(table, (Account, Charge, Reservation, Purse, Episode))
PRICES: Final = {
    name: Price(provider=name, unit="character", usd=Decimal(usd), source="test", date="2026-01-01")
    for name, usd in (("elevenlabs", "0.00008"), ("exa", "0.0070003"))
}
OCTOBER, NOVEMBER = "2026-10-30", "2026-11-21"
TITLES: Final = ("Tides", "<b>Bees</b> & =SUM(1)", "Mills", "Lights")
HOUR_S: Final = 3600.0


def fill(engine: Engine) -> list[str]:
    """Four episodes: two published, one failed, one under way. Returns their ids."""
    ledger = Ledger(engine)
    ledger.open_account("default", None)
    ledger.open_account("anna", None, tier="pro")
    with transaction(engine) as connection:
        insert(
            connection, Show, [{"slug": s, "title": s.title(), "guid": s, "created_at": 0.0} for s in ("sea", "sky")]
        )
        batch = {"id": "b1", "name": "autumn.yaml", "fingerprint": "b1", "show": "sea", "created_at": 0.0}
        insert(connection, Batch, [batch])
    made = [make_episode(engine, show, title) for show, title in zip(("sea", "sea", "sky", "sky"), TITLES, strict=True)]
    with transaction(engine) as connection:
        connection.execute(update(EPISODE).where(EPISODE.c.id.in_(made[:2])).values(batch_id="b1"))
        connection.execute(update(EPISODE).where(EPISODE.c.id.in_(made[2:])).values(account="anna"))
    for number, episode_id in enumerate(made):
        _buy(ledger, episode_id, number, "default" if number < 2 else "anna")
    with transaction(engine) as connection:
        for rows in (CHARGE, RESERVATION):
            connection.execute(update(rows).values(day=NOVEMBER))
            connection.execute(update(rows).where(rows.c.episode_id == made[0]).values(day=OCTOBER))
        for number, episode_id in enumerate(made):
            connection.execute(update(EPISODE).where(EPISODE.c.id == episode_id).values(_ended(number)))
        for episode_id in made[:2]:
            quote = Quote(items=(), cost_microusd=0, requests=0, reservation_id="r")
            body = quote.model_dump(mode="json") | {"estimate": {"minutes": 2.0, "items": [_expected()]}}
            insert(
                connection,
                StepDocument,
                [{"episode_id": episode_id, "step": Step.COST_CHECK, "body": json.dumps(body), "created_at": 0.0}],
            )
        runs = table(StepRun)
        connection.execute(update(runs).where(runs.c.step == "synthesis").values(busy_s=30.0))
    return made


def buy(ledger: Ledger, fence: Fence, wanted: Purchase, request_id: str, *, billed: float | None = None) -> Charge:
    """One settled request."""
    charge = ledger.intend(wanted, fence, f"{fence.token}/{wanted.content}")
    bill = wanted.bill(wanted.quantity if billed is None else billed, request_id)
    ledger.settle(charge.key, bill, reply={"kept": request_id})
    return charge


def wish(episode_id: str, content: str, quantity: float, provider: str = "elevenlabs", **more: object) -> Purchase:
    step = "synthesis" if provider == "elevenlabs" else "research"
    items = (Item(PRICES[provider], quantity),)
    wanted = Purchase("default", episode_id, step, 0, content, provider, items)
    return replace(wanted, **more)  # type: ignore[arg-type]


def in_ledger(engine: Engine) -> dict[str, int]:
    """What the ledger's own sums say, in micro-dollars."""
    with reading(engine) as connection:

        def total(column: object, *which: object) -> int:
            return int(connection.scalar(select(func.coalesce(func.sum(column), 0)).where(*which)) or 0)  # type: ignore[arg-type]

        return {
            "spent": total(ACCOUNT.c.spent_microusd),
            "reserved": total(ACCOUNT.c.reserved_microusd),
            "in_doubt": total(CHARGE.c.amount_microusd, CHARGE.c.state == ChargeState.IN_DOUBT),
            "provider": total(CHARGE.c.cost_microusd, CHARGE.c.state.in_((ChargeState.SETTLED, ChargeState.IN_DOUBT))),
            "purses": total(PURSE.c.used_microusd, PURSE.c.period == "total", PURSE.c.owner.startswith("account:")),
        }


def _buy(ledger: Ledger, episode_id: str, number: int, account: str) -> None:
    fence = claim(ledger.engine, episode_id)
    pays = {"account": account, "discount_percent": 0.0 if account == "default" else 12.5}
    ledger.reserve(account, 1_000_000, fence)
    buy(ledger, fence, wish(episode_id, "one", 1001 + number, **pays), f"r{number}-1")
    buy(ledger, fence, wish(episode_id, "two", 333, **pays), f"r{number}-2", billed=167)
    research = claim(ledger.engine, episode_id, "research")
    buy(ledger, research, wish(episode_id, "found", 3, "exa", **pays), f"x{number}")
    refused = ledger.intend(wish(episode_id, "refused", 40, **pays), fence, f"{fence.token}/refused")
    ledger.refuse(refused.key, "It said no.")
    if number == 1:
        lost = ledger.intend(wish(episode_id, "lost", 777, **pays), fence, f"{fence.token}/lost")
        ledger.doubt(lost.key, "The connection broke.")
    if number == 3:
        ledger.intend(wish(episode_id, "now", 55, **pays), fence, f"{fence.token}/now")
    else:
        ledger.release(episode_id)


def _ended(number: int) -> dict[str, object]:
    # 30 October and 21 November 2026.
    at = (1_793_361_600.0, 1_795_262_400.0)[min(number, 1)]
    values: dict[str, object] = {"created_at": at - HOUR_S, "updated_at": at}
    if number < 2:
        return values | {"state": EpisodeState.PUBLISHED, "published_at": at, "duration_s": 120.0}
    return values | {"state": EpisodeState.FAILED if number == 2 else EpisodeState.RUNNING}


def _expected() -> dict[str, object]:
    figures = {f"{name}_microusd": 100_000 for name in ("low", "likely", "high", "list")}
    return {"step": "synthesis", "provider": "elevenlabs", "quantities": {"character": 1250}, "basis": "list"} | figures
