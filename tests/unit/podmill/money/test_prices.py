"""Prices are data, and an unknown one is refused by name."""

import pytest

from podmill.errors import ConfigurationError, PriceUnknownError
from podmill.money import prices


def test_local_voices_cost_nothing():
    """The built-in list states the price of local speech: zero."""
    assert prices.load().find("piper", "character").cost_microusd(15_398) == 0


def test_an_unknown_price_is_refused_by_name():
    """It is never taken as free."""
    with pytest.raises(PriceUnknownError, match="'elsewhere'"):
        prices.load().find("elsewhere", "character")


def test_the_operators_price_wins(tmp_path):
    """An entry for the same provider and unit replaces the built-in one; micro-dollars are rounded to the nearest."""
    own = tmp_path / "own.toml"
    own.write_text('[[price]]\nprovider="piper"\nunit="character"\nusd="0.0000125"\nsource="me"\ndate=2026-01-01\n')

    assert prices.load(own).find("piper", "character").cost_microusd(3) == 38


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[price", "not valid TOML"),
        ('[[price]]\nprovider="x"\n', "unit"),
        ('[[price]]\nprovider="x"\nunit="c"\nusd="-1"\nsource="s"\ndate=2026-01-01\n', "usd"),
    ],
    ids=["broken", "field missing", "negative"],
)
def test_a_bad_list_is_named(tmp_path, text, message):
    """The message names the file and the field."""
    own = tmp_path / "own.toml"
    own.write_text(text)

    with pytest.raises(ConfigurationError, match=message):
        prices.load(own)
