"""From a brief to its estimate."""

import math
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from models.brief import Brief, Source
from models.estimate import Estimate, EstimateItem
from models.script import Script
from models.steps import Step
from models.take import Take
from podmill import speech
from podmill.context import ArtifactStore, StepContext
from podmill.errors import PodmillError
from podmill.money.estimate import repair_share
from podmill.money.forecast import Use, items_of
from podmill.money.history import NO_HISTORY, History
from podmill.money.prices import Price, PriceList
from podmill.research import DOCUMENTS, researchers_of
from podmill.research import expected as research
from podmill.research.media_types import MARKDOWN, TEXT
from podmill.scripting import expected as scripting
from podmill.scripting import write
from podmill.settings import Settings
from podmill.speech import expected as speaking
from podmill.speech.quality import under

STORAGE: Final = "storage"
"""In an estimate: what is kept of an episode. No step of the chain."""
PLAIN: Final = (MARKDOWN, TEXT)
"""Media types whose size is that of their text."""

Volume = tuple[str, str, float]
"""Provider, unit, and how much of it was used in a month."""


class Forecaster:
    """Estimates of briefs, by one price list and one history.

    Args:
        used: units of a price that count towards its volume this month.
        store: where the files of briefs are; None: ready-made scripts are estimated by the length that is asked for.
        there: which of some takes, by their keys, are in the cache.
        bitrates_kbps: of shows that ask for another than the settings say.
    """

    def __init__(
        self,
        settings: Settings,
        prices: PriceList,
        history: History = NO_HISTORY,
        *,
        discount_percent: float = 0.0,
        used: Callable[[Price], float] = lambda _: 0.0,
        store: ArtifactStore | None = None,
        there: Callable[[Sequence[str]], Collection[str]] = lambda _: (),
        bitrates_kbps: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.settings = settings
        self.prices = prices
        self.history = history
        self.discount_percent = discount_percent
        self.used = used
        self._store = store
        self._there = there
        self._bitrates_kbps = bitrates_kbps

    def estimate(self, brief: Brief) -> Estimate:
        """What an episode will cost its account, all of it.

        Raises:
            ConfigurationError: there is no such researcher, writer or engine.
            PriceUnknownError: something it needs has no price.
            PodmillError: its ready-made script cannot be spoken.
        """
        settings = under(self.settings, brief.quality)
        if settings != self.settings:
            return self.under(settings).estimate(brief)
        brief = self.cast(brief)
        if brief.script and brief.script.artifact and self._store:
            return self._of_script(brief, self._store)
        text_bytes = text_bytes_of(brief.sources)
        talk = scripting.speech_of(brief, text_bytes)
        searched = not brief.script and any(name != DOCUMENTS for name in researchers_of(brief, settings))
        spoken = speaking.of_talk(talk.likely, talk.lines, brief.language, brief.cast, settings)
        uses = [
            *research.uses(brief, settings),
            *scripting.uses(brief, settings, text_bytes, searched=searched),
            *(_within(use, talk.low / talk.likely, talk.high / talk.likely) for use in spoken if talk.likely),
            *self._rest(talk.minutes, brief.show),
        ]
        note = f"Its sources carry about {talk.minutes:.1f} minutes." if talk.short else ""
        return self._told(uses, brief, talk.minutes, note, lengths=[1.0] * round(talk.lines))

    def under(self, settings: Settings) -> "Forecaster":
        """The same, under other settings."""
        return self._with(settings=settings)

    def priced_by(self, prices: PriceList) -> "Forecaster":
        """The same, by another price list."""
        return self._with(prices=prices)

    def paying(self, discount_percent: float) -> "Forecaster":
        """The same, for an account with another discount."""
        return self._with(discount_percent=discount_percent)

    def beyond(self, volume: Volume) -> "Forecaster":
        """The same, with so much of a provider used already this month."""
        provider, unit, above = volume

        def used(price: Price) -> float:
            return (
                max(above, self.used(price)) if (price.provider, price.unit) == (provider, unit) else self.used(price)
            )

        return self._with(used=used)

    def volumes(self, brief: Brief) -> list[Volume]:
        """Volumes that are not reached yet, beyond which a unit that an episode uses costs another price."""
        found = []
        for item in self.estimate(brief).items:
            for unit in item.quantities:
                price = self.prices.find(item.provider, unit)
                above = [float(step.above) for step in price.steps if float(step.above) > self.used(price)]
                found += [(item.provider, unit, above[0])] if above else []
        return found

    def _with(self, **changed: Any) -> "Forecaster":
        given: dict[str, Any] = {
            "settings": self.settings,
            "prices": self.prices,
            "history": self.history,
            "discount_percent": self.discount_percent,
            "used": self.used,
            "store": self._store,
            "there": self._there,
            "bitrates_kbps": self._bitrates_kbps,
        }
        return Forecaster(**(given | changed))

    def _of_script(self, brief: Brief, store: ArtifactStore) -> Estimate:
        """It is there to be counted: no history tells more."""
        script = self._written(brief, store)
        cast = brief.cast
        keys = [request.key for request in speech.plan(script, cast, self.settings, variants={})]
        uses, count, there = speaking.of_script(script, cast, self.settings, self._there(keys))
        minutes = script.estimated_s / 60
        listed = [*scripting.uses(brief, self.settings, None, searched=False), *uses, *self._rest(minutes, brief.show)]
        note = f"{there} of {count} requests are spoken already." if there else ""
        return self._told(listed, brief, minutes, note, lengths=[len(line.spoken) for line in script.lines])

    def _written(self, brief: Brief, store: ArtifactStore) -> Script:
        with tempfile.TemporaryDirectory() as folder:
            context = StepContext(self.settings, store, _NoTakes(), Path(folder), lambda *_: None)
            return write(brief, None, context)

    def cast(self, brief: Brief) -> Brief:
        """A brief with a voice for everybody."""
        if brief.cast and all(":" in member.voice for member in brief.cast):
            return brief
        cast = speech.resolve_cast(brief.cast, self.settings, language=brief.language)
        return brief.model_copy(update={"cast": cast})

    def _rest(self, minutes: float, show: str) -> list[Use]:
        megabytes = minutes * 60 * self._bitrates_kbps.get(show, self.settings.bitrate_kbps) / 8 / 1000
        return [
            Use(Step.VERIFICATION, self.settings.transcriber, "minute", minutes, minutes, minutes),
            *(Use(STORAGE, target, "megabyte", megabytes, megabytes, megabytes) for target in self.settings.targets),
        ]

    def _told(
        self, uses: Sequence[Use], brief: Brief, minutes: float, note: str, *, lengths: Sequence[float]
    ) -> Estimate:
        items = self._items(uses, brief)
        share = repair_share(lengths, self.settings.repair_share)
        repair_microusd = math.ceil(share * sum(item.high_microusd for item in items if item.step == Step.SYNTHESIS))
        return Estimate(items=items, minutes=round(minutes, 2), note=note, repair_microusd=repair_microusd)

    def _items(self, uses: Sequence[Use], brief: Brief) -> tuple[EstimateItem, ...]:
        return items_of(
            uses,
            self.prices,
            NO_HISTORY if brief.script else self.history,
            show=brief.show,
            language=brief.language,
            discount_percent=self.discount_percent,
            used=self.used,
        )


class _NoTakes:
    """A cache of takes for a script that is only counted."""

    def get(self, key: str) -> Take | None:  # noqa: ARG002 - as every cache
        return None

    def put(self, take: Take) -> None:
        raise PodmillError(f"An estimate speaks nothing, and so keeps no take {take.key}.")


def text_bytes_of(sources: Sequence[Source]) -> int | None:
    """Size of the text of all sources together; None where it cannot be told without reading them."""
    if not sources or not all(source.artifact and source.media_type in PLAIN for source in sources):
        return None
    return sum(source.artifact.size_bytes for source in sources if source.artifact)


def _within(use: Use, low: float, high: float) -> Use:
    return Use(use.step, use.provider, use.unit, use.low * low, use.likely, use.high * high)
