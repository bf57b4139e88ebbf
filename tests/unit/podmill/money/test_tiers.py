"""Tiers are data, checked as a whole; a discount is exact."""

import pytest

from podmill.errors import ConfigurationError
from podmill.money import tiers
from podmill.settings import load


def own_list(tmp_path, text):
    own = tmp_path / "tiers.toml"
    own.write_text(text)
    return tiers.load(load({"PODMILL_HOME": str(tmp_path), "PODMILL_TIERS_FILE": str(own)})[0])


def test_the_built_in_tiers(tmp_path):
    """Who runs Podmill is not limited; a newcomer has one episode at a time, five a day, and no HD voices."""
    known = tiers.load(load({"PODMILL_HOME": str(tmp_path)})[0])
    free = known.find(tiers.NEWCOMER)

    assert known.find("owner").allows_all
    assert known.find("owner").monthly_budget_microusd is None
    assert (free.pending_max, free.episodes_per_day, free.minutes_max, free.hd) == (1, 5, 30, False)
    assert free.monthly_budget_microusd == 5_000_000
    assert known.find("pro").hd


def test_the_operators_tier_takes_the_place_of_ours(tmp_path):
    """As a whole: what it leaves out is not limited. The others stay."""
    known = own_list(tmp_path, '[[tier]]\nname = "free"\nengines = ["piper"]\n[[tier]]\nname = "press"\n')

    assert known.find("free").episodes_per_day is None
    assert [known.find("free").has_engine(name) for name in ("piper", "azure")] == [True, False]
    assert known.find("press").has_engine("azure")
    assert known.find("pro").pending_max == 10


def test_a_tier_that_is_no_more_is_named(tmp_path):
    """An account may have one that was taken out of the list."""
    with pytest.raises(ConfigurationError, match=r"no tier 'gold'.*owner, free, pro, team"):
        own_list(tmp_path, "").find("gold")


def test_a_discount_is_rounded_request_by_request(tmp_path):
    """The sum of what requests cost is never above what was held for all of them together, nor that above the cost."""
    tier = own_list(tmp_path, '[[tier]]\nname = "x"\ndiscount_percent = 15\n').find("x")
    costs = [101, 203, 7, 3, 3, 3]

    assert tier.price_microusd(1_000_000) == 850_000
    assert sum(map(tier.price_microusd, costs)) <= tier.price_microusd(sum(costs), len(costs)) <= sum(costs)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[[tier]]\nname = "x"\nepisodes_a_day = 3\n',
            r"tiers.toml:1: tier 1 \(x\): episodes_a_day.*'episodes_per_day'",
        ),
        ('[[tier]]\nname = "x"\n[[tier]]\nname = "x"\n', r"tier 2 \(x\): name: another"),
        ('[[tier]]\nname = "x"\ndiscount_percent = 101\n', "discount_percent"),
        ('[[tier]]\nname = "x"\nmonthly_budget_usd = "0.0000001"\n', "monthly_budget_usd"),
        ('[tier]\nname = "x"\n', "'tier' is no kind of entry"),
        ('[[tier]]\nname = "x"\nengines = ["piper", "pipr"]\n', "engines: 'pipr': no such engine. There are: piper"),
        ('[[tier]]\nname = "x"\nengines = "piper"\n', "engines: .*list of engines"),
        ('[[tier]]\nname = "X"\n\n[[tier]]\nhd = "?"\n', "toml:1: .* name: .*toml:4: tier 2: name: .*; hd: "),
    ],
    ids=[
        "unknown field",
        "twice",
        "over 100 %",
        "below a micro-dollar",
        "no list",
        "unknown engine",
        "one engine",
        "all mistakes at once",
    ],
)
def test_a_bad_list_is_named(tmp_path, text, message):
    """File, entry and field."""
    with pytest.raises(ConfigurationError, match=message):
        own_list(tmp_path, text)
