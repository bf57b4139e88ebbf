"""What the soak promises, checked against the database, the feed and the provider's own record."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import podcastparser
from sqlalchemy import Connection, select

from models.steps import ChargeState, EpisodeState, Step
from models.tables import Account, Charge, Episode, Event, table
from podmill.settings import Settings
from podmill.store.database import open_engine, reading

ACCOUNT, CHARGE, EPISODE, EVENT = table(Account), table(Charge), table(Episode), table(Event)
WINDOW_S = 60.0
NO_OPS_MAX = 0.05


def verdict(settings: Settings, record: Sequence[Mapping[str, Any]], counted: Mapping[str, int]) -> dict[str, Any]:
    """Figures of a soak, and every promise as true or false.

    Args:
        record: every request the provider got, as the emulator wrote it down.
        counted: deliveries by whether they did anything.
    """
    with reading(open_engine(settings)) as connection:
        rows = connection.execute(select(EPISODE.c.id, EPISODE.c.state)).all()
        episodes = {row.id: row.state for row in rows}
        states = Counter(str(state) for state in episodes.values())
        charges = connection.execute(select(CHARGE)).all()
        account = connection.execute(select(ACCOUNT)).one()
        publications = _publications(connection)
    in_feed = _guids(settings.public / "harbour" / "feed.xml")
    billed = [entry for entry in record if entry["billed"]]
    settled = [charge for charge in charges if charge.state == ChargeState.SETTLED]
    doubtful = [charge for charge in charges if charge.state == ChargeState.IN_DOUBT]
    billed_twice = [content for content, times in Counter(_content(entry) for entry in billed).items() if times > 1]
    deliveries = sum(counted.values())
    no_ops = counted.get("nothing", 0) / deliveries if deliveries else 0.0
    at_once = max((entry["at_once"] for entry in record), default=0)
    in_a_minute = busiest(sorted(entry["at"] for entry in record), WINDOW_S)
    over_limit = [entry for entry in record if entry["status"] == 429 and not entry.get("fault")]
    promises = {
        "all published": states == {EpisodeState.PUBLISHED: len(episodes)},
        "each published once": set(publications.values()) == {1} and sorted(in_feed) == sorted(episodes),
        "no paid key called twice": not billed_twice,
        "no charge lost": sorted(entry["request_id"] for entry in billed)
        == sorted(charge.request_id for charge in settled),
        "billed what was settled": sum(entry["billed"] for entry in billed)
        == round(sum(charge.quantity for charge in settled)),
        "account balances": account.spent_microusd == sum(charge.amount_microusd for charge in settled),
        "nothing left reserved": account.reserved_microusd == sum(charge.amount_microusd for charge in doubtful),
        "in doubt explained": all(charge.reason for charge in doubtful)
        and not any(charge.state == ChargeState.INTENT for charge in charges),
        "never over ten at once": at_once <= settings.requests_at_once,
        "never over the rate": in_a_minute <= settings.requests_per_minute,
        "the provider's limits never met": not over_limit,
        "few deliveries for nothing": no_ops <= NO_OPS_MAX,
    }
    return {
        "states": dict(states),
        "requests": dict(Counter(entry["outcome"] for entry in record)),
        "charges": dict(Counter(str(charge.state) for charge in charges)),
        "billed_twice": billed_twice,
        "most_at_once": at_once,
        "most_in_a_minute": in_a_minute,
        "deliveries": dict(counted),
        "no_op_share": round(no_ops, 4),
        "promises": promises,
    }


def busiest(moments: Sequence[float], window_s: float) -> int:
    """The most of these moments, which are in order, that any window of that length holds."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - window_s:
            first += 1
        most = max(most, last - first + 1)
    return most


def _content(entry: Mapping[str, Any]) -> str:
    return "/".join(str(entry[name]) for name in ("text_sha256", "voice", "model", "seed"))


def _publications(connection: Connection) -> dict[str, int]:
    """Times each episode's last step was recorded."""
    rows = connection.execute(select(EVENT.c.episode_id, EVENT.c.data).where(EVENT.c.kind == "step_done"))
    return dict(Counter(row.episode_id for row in rows if row.data["step"] == Step.PUBLISHING))


def _guids(feed: Path) -> list[str]:
    if not feed.exists():
        return []
    with feed.open("rb") as stream:
        return [item["guid"] for item in podcastparser.parse("http://127.0.0.1/feed.xml", stream)["episodes"]]
