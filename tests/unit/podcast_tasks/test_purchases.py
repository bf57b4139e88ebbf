"""What a step buys is at the price of its account's tier, and of this month's volume."""

import pytest

from models.brief import Brief, Source
from models.quote import Quote
from models.steps import Step
from pipelines import episode as episodes
from podcast_tasks import cost_check, running
from podcast_tasks.journal import EPISODE, Claim
from podcast_tasks.purchases import StepPurchases
from podcast_tasks.running import Done, run_step
from podmill.errors import TierRequiredError
from podmill.money import accounts, tiers
from podmill.money.estimate import LINES_HELD
from podmill.money.sums import ACCOUNT, RESERVATION
from podmill.settings import current
from podmill.store.database import reading, transaction
from tests.humming import CAST, LINES, PRICES
from tests.unit.podmill.money.provider import Offer, Provider, charges, claim, make_episode
from tests.unit.podmill.speech.tones import script
from tests.writing import tides

TIERS = '[[tier]]\nname = "tenth"\ndiscount_percent = 10\n[[tier]]\nname = "short"\nminutes_max = 0.01\n'
CACHES = (current, running.journal, running.keeper)
DEAR = """
[[price]]
provider = "elsewhere"
unit = "character"
usd = "0.001"
steps = [{ from = 1500, usd = "0.0005" }]
source = "test"
date = 2026-01-01
"""


@pytest.fixture
def give(engine, settings, tmp_path, monkeypatch):
    """Gives the account a tier of a list of its own."""
    own = tmp_path / "tiers.toml"
    own.write_text(TIERS)
    monkeypatch.setenv("PODMILL_TIERS_FILE", str(own))
    if settings.database_url:
        monkeypatch.setenv("PODMILL_DATABASE_URL", settings.database)
    for cache in CACHES:
        cache.cache_clear()

    def to(name: str) -> None:
        with transaction(engine) as connection:
            accounts.set_tier(connection, "default", tiers.load(current()).find(name))

    yield to
    for cache in CACHES:
        cache.cache_clear()


def test_a_discount_and_a_volume(engine, settings, show, give, tmp_path):
    """Two requests for 1,000 characters: one dollar, then half at half the price; the account pays nine tenths."""
    give("tenth")
    own = tmp_path / "prices.toml"
    own.write_text(DEAR)
    episode_id = make_episode(engine, show, "tides")
    fence = claim(engine, episode_id)
    mine = Claim(
        *(episode_id, Step.SYNTHESIS, fence.token, 0, 1, 0, 0),
        *({}, "default", None, False, "synthesis.api"),
    )
    stated = {"prices_file": own, "tiers_file": current().tiers_file}
    purchases = StepPurchases(engine, mine, settings.model_copy(update=stated), lambda: None)

    for name in ("one", "two"):
        purchases.buy(
            Offer(Provider(), name),
            provider="elsewhere",
            quantities={"character": 1000},
            content=name,
            part=0,
            own=True,
        )

    paid = [(row.cost_microusd, row.amount_microusd, row.discount_percent) for row in charges(engine)]
    assert paid == [(1_000_000, 900_000, 10), (750_000, 675_000, 10)]
    with reading(engine) as connection:
        assert connection.scalar(ACCOUNT.select().with_only_columns(ACCOUNT.c.spent_microusd)) == 1_575_000


@pytest.fixture
def checked(engine, show, hums, tmp_path):
    """The cost check of an episode whose script was handed in."""

    def run() -> None:
        (tmp_path / "prices.toml").write_text(PRICES.replace('usd = "0"', 'usd = "0.001"'))
        brief = Brief(show=show, script=Source(name="a.txt"), cast=CAST)
        with transaction(engine) as connection:
            made, _ = episodes.make(
                connection, key="k", brief=brief, title="Tides", account="default", synthesis_queue="synthesis.api"
            )
        run_step(Step.RESEARCH, made, lambda _: Done(tides()))
        run_step(Step.SCRIPTING, made, lambda _: Done(script(*LINES)))
        run_step(Step.COST_CHECK, made, cost_check.make)

    return run


def test_money_is_held_at_the_price_of_the_tier(engine, give, checked):
    """Nine tenths of what the engine takes for every character, and the rounding of each request."""
    give("tenth")
    checked()

    characters = sum(len(line.partition(": ")[2]) for line in LINES)
    with reading(engine) as connection:
        held = connection.execute(RESERVATION.select()).one()
    quote = running.journal().document(held.episode_id, Step.COST_CHECK, Quote)
    assert 0 <= held.amount_microusd - quote.repair_microusd - 900 * characters <= 2
    assert quote.repair_microusd == 900 * sum(sorted(len(line.partition(": ")[2]) for line in LINES)[-LINES_HELD:])


def test_a_script_that_was_handed_in_is_as_long_as_it_is(engine, give, checked):
    """Whatever its brief asks for: the cost check refuses one that is longer than the tier has."""
    give("short")
    with pytest.raises(TierRequiredError, match=r"0\.2 minutes; it has 0\.01"):
        checked()

    with reading(engine) as connection:
        row = connection.execute(EPISODE.select()).one()
        held = connection.execute(RESERVATION.select()).first()
    assert (row.state, row.error_code) == ("failed", "tier_required")
    assert held is None
