"""Volume steps: by what the ledger has of this month."""

from decimal import Decimal

from sqlalchemy import update

from podmill.money import usage
from podmill.money.charge import CHARGE, Bill
from podmill.money.prices import VolumeStep
from podmill.store.database import transaction
from tests.unit.podmill.money.provider import PRICE, purchase

STEPPED = PRICE.model_copy(update={"steps": (VolumeStep(above=Decimal(1_000), usd=Decimal("0.0005")),)})


def test_what_was_asked_for_this_month_counts(engine, ledger, fence, episode_id):
    """As billed, or as expected while it is not; not what was refused, nor last month's, nor without steps."""
    charges = [ledger.intend(purchase(episode_id, name, 400), fence, f"{fence.token}/{name}") for name in "abcd"]
    ledger.settle(charges[0].key, Bill(300_000, 300.0))
    ledger.refuse(charges[1].key, "No.")
    assert usage.this_month(engine, STEPPED) == 300 + 400 + 400
    assert usage.this_month(engine, PRICE) == 0

    with transaction(engine) as connection:
        older = update(CHARGE).where(CHARGE.c.key == charges[2].key)
        connection.execute(older.values(created_at=CHARGE.c.created_at - 32 * 86_400))
    assert usage.this_month(engine, STEPPED) == 300 + 400
