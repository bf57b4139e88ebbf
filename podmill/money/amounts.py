"""Amounts of money as people read and write them."""

from decimal import Decimal, InvalidOperation
from typing import Final

from podmill.errors import InputError

MICRO: Final = 1_000_000
"""Micro-dollars in a dollar."""


def usd(amount_microusd: int) -> str:
    """Dollars and cents, and what is below a cent only where there is some."""
    return f"{amount_microusd / MICRO:.{2 if amount_microusd % 10_000 == 0 else 6}f}"


def microusd(text: str) -> int:
    """Micro-dollars of an amount in US dollars.

    Raises:
        InputError: it is none, or finer than a micro-dollar.
    """
    try:
        exact = Decimal(text) * MICRO
    except InvalidOperation:
        exact = Decimal("NaN")
    # Above any bill there is, and far below what a 64 bit column holds.
    if not (exact.is_finite() and 0 <= exact <= 10**15 and exact == exact.to_integral_value()):
        raise InputError(f"Not an amount in US dollars: {text!r}.", action="Write it as 0.42.")
    return int(exact)
