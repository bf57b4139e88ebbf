"""How much of a provider's volume of this month is used: by it the price of the next unit is known."""

import datetime as dt

from sqlalchemy import Engine, func, select

from models.steps import ChargeState
from podmill.money import purses
from podmill.money.charge import CHARGE
from podmill.money.prices import Price
from podmill.store.database import reading


def this_month(engine: Engine, price: Price) -> float:
    """Units of a price that this installation asked for since the month began, in UTC, whoever pays; requests under way
    and in doubt count as expected. Of a price without volume steps nobody needs to know: 0.
    """
    if not price.steps:
        return 0.0
    with reading(engine) as connection:
        month = purses.today(connection)[:7]
        began = dt.datetime.strptime(f"{month} +0000", "%Y-%m %z").timestamp()
        total = connection.scalar(
            select(func.coalesce(func.sum(CHARGE.c.quantity), 0)).where(
                CHARGE.c.provider == price.provider,
                CHARGE.c.created_at >= began,
                CHARGE.c.unit == price.unit,
                CHARGE.c.state != ChargeState.REFUSED,
            )
        )
    return float(total or 0)
