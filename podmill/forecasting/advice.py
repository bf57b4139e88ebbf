"""How an episode would cost less: every alternative is estimated as the episode itself is; only savings are told."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from models.brief import Brief
from podmill import speech
from podmill.errors import PodmillError
from podmill.forecasting.forecaster import Forecaster
from podmill.money.amounts import MICRO
from podmill.money.tiers import Tier, TierList
from podmill.scripting.phrases import languages
from podmill.settings import Settings
from podmill.text.tongue import primary

SHORTER: Final = 0.8
"""Of the minutes that were asked for."""
WORTH_MICROUSD: Final = MICRO // 1000
"""What saves less is not told."""
CHEAPER: Final = (
    ("elevenlabs", "elevenlabs_model", "eleven_flash_v2_5"),
    ("minimax", "minimax_model", "speech-2.8-turbo"),
    ("gemini", "gemini_speech_model", "gemini-3.8-flash-lite-tts"),
)
"""Engine, setting, and its model that costs less."""
CHEAPER_TEXT: Final = "gemini-3.5-flash-lite"


@dataclass(frozen=True, slots=True)
class Advice:
    """One change."""

    what: str
    saving_microusd: int
    """Of the episode."""


def advise(brief: Brief, forecaster: Forecaster, tiers: TierList | None = None, tier: str = "") -> list[Advice]:
    """Changes that would each make an episode cheaper, the one that saves most first.

    Args:
        tiers: those there are, and the name of the one that its account has.

    Raises:
        PodmillError: as ``Forecaster.estimate`` does for the episode itself.
    """
    brief = forecaster.cast(brief)
    now = forecaster.estimate(brief).likely_microusd
    found: dict[str, int] = {}
    for what, other, changed in _alternatives(brief, forecaster, tiers, tier):
        try:
            saving = now - other.estimate(changed).likely_microusd
        except PodmillError:
            continue
        if saving >= WORTH_MICROUSD:
            found[what] = max(saving, found.get(what, 0))
    return sorted((Advice(what, saving) for what, saving in found.items()), key=lambda each: -each.saving_microusd)


def _alternatives(
    brief: Brief, forecaster: Forecaster, tiers: TierList | None, tier: str
) -> Iterator[tuple[str, Forecaster, Brief]]:
    """What changes, who estimates it, and the episode as it would be."""
    settings = forecaster.settings
    engines = {member.voice.partition(":")[0] for member in brief.cast}
    for choice in speech.choices(brief.cast, brief.fallback, brief.language, settings)[1:]:
        if not choice.text_only:
            yield f"voices of {choice.who}", forecaster, brief.model_copy(update={"cast": choice.cast})
    if brief.quality == "hd":
        yield "standard quality", forecaster, brief.model_copy(update={"quality": "standard"})
    for engine, name, model in CHEAPER:
        if engine in engines and getattr(settings, name) != model:
            yield f"the model {model} for its voices", forecaster.under(_changed(settings, name, model)), brief
    yield from _other_words(brief, forecaster)
    for other in _tiers(tiers, tier):
        yield f"the tier {other.name}", forecaster.paying(other.discount_percent), brief
    for above in forecaster.volumes(brief):
        provider, unit, volume = above
        yield f"a volume above {volume:g} {unit}s of {provider} a month", forecaster.beyond(above), brief


def _other_words(brief: Brief, forecaster: Forecaster) -> Iterator[tuple[str, Forecaster, Brief]]:
    """Of what is researched and written; a script that was handed in stays as it is."""
    if not brief.script:
        minutes = max(round(brief.minutes * SHORTER), 1)
        yield f"{minutes} minutes", forecaster, brief.model_copy(update={"minutes": float(minutes)})
        if brief.writer != "offline" and brief.sources and primary(brief.language) in languages():
            yield "the writer offline", forecaster, brief.model_copy(update={"writer": "offline"})
        if brief.writer == "gemini" and forecaster.settings.gemini_model != CHEAPER_TEXT:
            yield f"the model {CHEAPER_TEXT} for its text", _by_text(forecaster), brief
        if brief.sources and brief.researchers:
            yield "its documents alone", forecaster, brief.model_copy(update={"researchers": ("documents",)})


def _changed(settings: Settings, name: str, value: str) -> Settings:
    return settings.model_copy(update={name: value})


def _by_text(forecaster: Forecaster) -> Forecaster:
    return forecaster.under(_changed(forecaster.settings, "gemini_model", CHEAPER_TEXT))


def _tiers(tiers: TierList | None, tier: str) -> list[Tier]:
    return [each for each in tiers.all() if each.name != tier and each.discount_percent > 0] if tiers else []
