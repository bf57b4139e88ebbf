"""What a request costs, whatever it is billed by."""

from decimal import Decimal

import pytest

from podmill.money import prices
from podmill.money.charge import Bill, Item, Purchase
from podmill.offer import StatedCost
from tests.purchases import DAY


def purchase(provider: str, **quantities: float) -> Purchase:
    known = prices.load()
    items = tuple(
        Item(known.find(provider, unit.replace("_", " "), at=DAY), count) for unit, count in quantities.items()
    )
    return Purchase("default", "e1", "research", 0, "abc", provider, items)


def test_several_units_are_summed_exactly_and_rounded_once():
    """One token in and one out of gemini-3.8-flash: 0.75 + 3.75 micro-dollars are 4.5, which is 5, not 1 + 4."""
    wanted = purchase("gemini:gemini-3.8-flash", input_token=1, output_token=1)

    assert wanted.amount_microusd == 5
    assert (
        purchase("gemini:gemini-3.8-flash", input_token=1_000_000, output_token=1_000_000).amount_microusd == 4_500_000
    )


def test_the_ledger_counts_the_kind_of_the_first_unit():
    """Tokens in and out are tokens; searches are paid for, and not added to them."""
    wanted = purchase("gemini:gemini-3.8-flash", input_token=1000, output_token=2000, search_query=3)

    assert (wanted.unit, wanted.quantity) == ("token", 3000)
    assert wanted.bill({"input token": 12, "output token": 20, "search query": 2}, "r1") == Bill(
        9 + 75 + 28_000, 32, "r1"
    )


def test_a_request_with_one_unit_is_billed_by_a_number():
    """As speech is: characters."""
    wanted = purchase("elevenlabs", character=100)

    assert (wanted.unit, wanted.quantity, wanted.amount_microusd) == ("character", 100, 8000)
    assert wanted.bill(50.0, None) == Bill(4000, 50.0)


def test_a_unit_that_is_not_named_was_not_billed():
    """An answer that ran no search pays for none, however many were expected."""
    wanted = purchase("gemini:gemini-3.8-flash", input_token=1000, search_query=5)

    assert wanted.bill({"input token": 1000}, None).cost_microusd == 750


def test_the_provider_s_own_word_goes_before_the_price_list():
    """Exa states what each answer cost."""
    wanted = purchase("exa", search=1, further_result=2)

    assert (wanted.unit, wanted.amount_microusd) == ("search", 9000)
    assert wanted.bill(StatedCost(Decimal("0.0123455")), "r1") == Bill(12_346, 1, "r1")


@pytest.mark.parametrize("model", ["gemini-3.8-flash", "gemini-3.5-flash-lite", "gemini-2.5-flash"])
def test_every_unit_of_a_model_has_its_price(model):
    """Tokens both ways, and searches."""
    wanted = purchase(f"gemini:{model}", input_token=1_000_000, output_token=1_000_000, search_query=1000)

    assert wanted.amount_microusd > 14_000_000
