"""Tiers: what an account may ask for, and what it pays of what providers take."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from podmill.errors import ConfigurationError
from podmill.money import entries
from podmill.money.amounts import MICRO
from podmill.money.charge import discounted
from podmill.money.entries import Entry
from podmill.registry import ENGINES
from podmill.settings import Settings

NEWCOMER: Final = "free"
"""Of accounts that are added without a word about it."""
KINDS: Final = ("tier",)


class Tier(BaseModel):
    """None: not limited."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    monthly_budget_usd: Decimal | None = Field(default=None, ge=0, max_digits=15, decimal_places=6)
    """What the account's budget of a month becomes when it gets this tier."""
    episodes_per_day: int | None = Field(default=None, ge=0)
    """Made in a day of UTC."""
    pending_max: int | None = Field(default=None, ge=0)
    """Not finished at the same time."""
    minutes_max: float | None = Field(default=None, gt=0)
    """Of one episode."""
    hd: bool = True
    """Whether it may ask for the better voices."""
    engines: Literal["*"] | tuple[str, ...] = "*"
    """Speech engines whose voices it may cast."""
    discount_percent: float = Field(default=0.0, ge=0, le=100)
    """By which it pays less than providers take."""

    @field_validator("engines", mode="before")
    @classmethod
    def _known(cls, stated: Any) -> Any:
        if stated == "*":
            return stated
        if not isinstance(stated, list | tuple) or not all(isinstance(name, str) for name in stated):
            raise ValueError('it is "*", for all, or a list of engines')
        unknown = [name for name in stated if name not in ENGINES]
        if unknown:
            names = " and ".join(map(repr, unknown))
            raise ValueError(f"{names}: no such engine. There are: {', '.join(ENGINES)}")
        return tuple(stated)

    @property
    def allows_all(self) -> bool:
        """Whether nothing that is asked for needs a look."""
        numbers = (self.episodes_per_day, self.pending_max, self.minutes_max)
        return self.hd and self.engines == "*" and all(number is None for number in numbers)

    @property
    def monthly_budget_microusd(self) -> int | None:
        return None if self.monthly_budget_usd is None else int(self.monthly_budget_usd * MICRO)

    def price_microusd(self, cost_microusd: int, requests: int = 1) -> int:
        """What it pays, at most, of what so many requests cost, each of which is rounded by itself."""
        if not self.discount_percent or requests <= 1:
            return discounted(cost_microusd, self.discount_percent)
        return min(discounted(cost_microusd, self.discount_percent) + requests // 2 + 1, cost_microusd)

    def has_engine(self, name: str) -> bool:
        return self.engines == "*" or name in self.engines


class TierList:
    """Tiers by name, in the order of the lists."""

    def __init__(self, tiers: dict[str, Tier]) -> None:
        self._tiers = tiers

    def find(self, name: str) -> Tier:
        """A tier.

        Raises:
            ConfigurationError: there is none of that name.
        """
        try:
            return self._tiers[name]
        except KeyError:
            raise ConfigurationError(
                f"There is no tier {name!r}.",
                action=f"There are: {', '.join(self._tiers)}. Others are added in the file of PODMILL_TIERS_FILE.",
            ) from None

    def get(self, name: str) -> Tier | None:
        return self._tiers.get(name)

    def all(self) -> tuple[Tier, ...]:
        return tuple(self._tiers.values())


def load(settings: Settings) -> TierList:
    """The built-in tiers, replaced and added to by the operator's own.

    Raises:
        ConfigurationError: the operator's file is missing or not a list of tiers.
    """
    stated = (
        entries.built_in("tiers.toml", KINDS),
        entries.own(settings.tiers_file, KINDS, setting="PODMILL_TIERS_FILE"),
    )
    known: dict[str, Tier] = {}
    for each in stated:
        known |= _read(each["tier"])
    return TierList(known)


def _read(stated: Sequence[Entry]) -> dict[str, Tier]:
    tiers: dict[str, Tier] = {}

    def read(entry: Entry) -> None:
        tier = entry.checked(Tier)
        if tier.name in tiers:
            raise entry.refused("name: another tier has it")
        tiers[tier.name] = tier

    entries.every(stated, read)
    return tiers
