"""What of an episode that was submitted before is still to be paid."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, select

from models.estimate import Estimate, EstimateItem
from models.steps import ChargeState, EpisodeState
from models.tables import Charge, Episode, table
from podmill.money.amounts import usd

CHARGE, EPISODE = table(Charge), table(Episode)

KEYS_AT_ONCE: Final = 500


@dataclass
class SoFar:
    """Of an episode."""

    state: str
    charged: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    """Settled, by step and provider: what was paid for is not paid again."""


def so_far(connection: Connection, keys: Sequence[str]) -> dict[str, SoFar]:
    """The episodes there are, by key."""
    found: dict[str, SoFar] = {}
    for begin in range(0, len(keys), KEYS_AT_ONCE):
        asked = EPISODE.c.key.in_(keys[begin : begin + KEYS_AT_ONCE])
        for key, state in connection.execute(select(EPISODE.c.key, EPISODE.c.state).where(asked)):
            found[key] = SoFar(state)
        rows = connection.execute(
            select(EPISODE.c.key, CHARGE.c.step, CHARGE.c.provider, CHARGE.c.amount_microusd)
            .join(EPISODE, EPISODE.c.id == CHARGE.c.episode_id)
            .where(asked, CHARGE.c.state == ChargeState.SETTLED)
        )
        for key, step, provider, amount in rows:
            found[key].charged[step, provider.partition(":")[0]] += amount
    return found


def left_of(estimate: Estimate, so_far: SoFar) -> Estimate:
    """What is still to be paid of an estimate."""
    if so_far.state == EpisodeState.PUBLISHED:
        return Estimate(minutes=estimate.minutes, note="It is published already, and is not made again.")
    left = dict(so_far.charged)
    items = tuple(_less(item, left) for item in estimate.items)
    note = f"It is made already; {usd(sum(so_far.charged.values()))} USD are paid."
    return estimate.model_copy(update={"items": items, "note": note})


def _less(item: EstimateItem, left: Mapping[tuple[str, str], int]) -> EstimateItem:
    paid = left.get((item.step, item.provider.partition(":")[0]), 0)
    names = ("low_microusd", "likely_microusd", "high_microusd", "list_microusd")
    return item.model_copy(update={name: max(getattr(item, name) - paid, 0) for name in names})
