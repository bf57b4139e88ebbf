"""Prices are data, and an unknown one is refused by name."""

import datetime as dt

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


ENTRY = '[[price]]\nprovider = "elsewhere"\nunit = "character"\nsource = "me"\ndate = 2026-01-01\n'
NEXT_YEAR = f'{ENTRY}usd = "2"\nvalid_from = 2027-01-01\n'


def own_list(tmp_path, text):
    own = tmp_path / "own.toml"
    own.write_text(text)
    return prices.load(own)


def test_a_price_holds_from_its_first_to_its_last_day(tmp_path):
    """Both days are within; on a day without a price the message names what there is."""
    known = own_list(tmp_path, f'{ENTRY}usd = "1"\nvalid_to = 2026-12-30\n{NEXT_YEAR}')

    assert known.find("elsewhere", "character", at=dt.date(2026, 12, 30)).usd == 1
    assert known.find("elsewhere", "character", at=dt.date(2027, 1, 1)).usd == 2
    with pytest.raises(PriceUnknownError, match="'elsewhere' holds on 2026-12-31: to 2026-12-30, from 2027-01-01"):
        known.find("elsewhere", "character", at=dt.date(2026, 12, 31))


def test_a_volume_is_paid_step_by_step(tmp_path):
    """Of 250 units after 900, 100 are at the first price, 100 at the second and 50 at the third."""
    steps = 'steps = [{ from = 1_000, usd = "0.5" }, { from = 1_100, usd = "0.25" }]\n'
    price = own_list(tmp_path, f'{ENTRY}usd = "1"\n{steps}').find("elsewhere", "character")

    assert price.cost_microusd(250, used=900) == 100_000_000 + 50_000_000 + 12_500_000
    assert price.cost_microusd(250) == 250_000_000
    assert price.cost_microusd(10, used=5_000) == 2_500_000


def test_a_price_in_another_currency_is_in_dollars_by_its_rate(tmp_path):
    """Of steps, too; the currency is kept to be shown."""
    rate = '[[rate]]\ncurrency = "EUR"\nusd = "1.10"\nsource = "bank"\ndate = 2026-11-01\n'
    stated = 'currency = "EUR"\namount = "0.20"\nsteps = [{ from = 10, amount = "0.10" }]\n'
    price = own_list(tmp_path, ENTRY + stated + rate).find("elsewhere", "character")

    assert (price.currency, price.cost_microusd(11)) == ("EUR", 2_200_000 + 110_000)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'{ENTRY}usd = "1"\n{NEXT_YEAR}', r"own.toml:7: price 2 \(elsewhere, character\): valid_from: .* price 1"),
        (f'{ENTRY}usd = "1"\nvalid_from = 2027-01-02\nvalid_to = 2027-01-01\n', "valid_to: it is before"),
        (f'{ENTRY}usd = "1"\nsteps = [{{ from = 2, usd = "1" }}, {{ from = 2, usd = "1" }}]\n', "steps: each must"),
        (f'{ENTRY.replace("character", "input token")}usd = "1"\nsteps = [{{ from = 2, usd = "1" }}]\n', "steps: only"),
        (f'{ENTRY}usd = "1"\nsteps = [{{ usd = "1" }}]\n', "steps.0.from"),
        (f'{ENTRY}currency = "EUR"\namount = "1"\n', r"currency: there is no \[\[rate\]\] of 'EUR'"),
        (
            f'{ENTRY}currency = "EUR"\nusd = "1"\n[[rate]]\ncurrency = "EUR"\nusd = 1\nsource = ""\ndate = 2026-01-01',
            "amount",
        ),
        ('[[prices]]\nprovider = "x"\n', "'prices' is no kind of entry"),
        (f'{ENTRY}usd = "nan"\n', "usd"),
    ],
    ids=["overlap", "ends before", "steps", "uncounted", "step", "no rate", "no amount", "kind", "not finite"],
)
def test_a_list_that_says_two_things_is_refused(tmp_path, text, message):
    """The message names the file, the entry and the field."""
    with pytest.raises(ConfigurationError, match=message):
        own_list(tmp_path, text)
