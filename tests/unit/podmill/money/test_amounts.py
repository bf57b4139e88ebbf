"""Amounts as people read and write them."""

import pytest

from podmill.errors import InputError
from podmill.money.amounts import microusd, usd


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0.00"), (1_500_000, "1.50"), (2_040, "0.002040"), (1_234_567, "1.234567")]
)
def test_an_amount_is_shown_to_its_last_digit(amount, text):
    """Cents, and what is below a cent only where there is some; read again it is the same."""
    assert usd(amount) == text
    assert microusd(text) == amount


@pytest.mark.parametrize("text", ["", "a", "-1", "nan", "inf", "1e99", "0.0000001", "1,5"])
def test_what_is_no_amount_is_refused(text):
    """Negative, endless, or finer than the ledger counts."""
    with pytest.raises(InputError, match="Not an amount"):
        microusd(text)
