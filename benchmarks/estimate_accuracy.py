"""How near estimates are to what episodes are billed: a mixed batch of 125 on the emulators, without sound.

    python -m benchmarks.estimate_accuracy                  without history, then with that of the first half
    python -m benchmarks.estimate_accuracy --episodes 20

Engines, writers, researchers, lengths of 2 to 40 minutes and four languages take turns. Research, writing and planning
are real, over HTTP to the emulated providers; speech is billed as the emulators bill it, and not made. Prints one JSON
object. Exits with 1 if fewer than 95 % of the estimates are within 10 % of the charge.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from models.estimate import Estimate
from podmill.forecasting import Forecaster
from podmill.money import prices
from podmill.money.history import History, Sample
from podmill.settings import Settings
from podmill.store.local import LocalStore
from tests.emulators.running import running
from tests.emulators.searching import RunningExa, RunningGemini
from tests.episodes_priced import Made, Wanted, make

WITHIN: Final = 0.10
SHARE_MIN: Final = 0.95
ENGINES: Final = ("elevenlabs", "minimax", "azure", "gemini", "openai", "piper")
WRITERS: Final = ("gemini", "offline", "gemini", "ready-made", "gemini")
MINUTES: Final = (2, 3, 5, 8, 10, 12, 15, 20, 25, 30, 40)
ABROAD: Final = ("de", "es", "ja", "de")
"""Of the writer gemini in the voices of ElevenLabs and MiniMax, every other time."""


def batch(count: int) -> list[Wanted]:
    found = []
    for n in range(count):
        engine, writer = ENGINES[n % len(ENGINES)], WRITERS[(n + n // len(ENGINES)) % len(WRITERS)]
        abroad = writer == "gemini" and engine in ("elevenlabs", "minimax") and n % 4 > 1
        web = writer != "ready-made" and n % 7 == 0 and not abroad
        language = ABROAD[n // 4 % len(ABROAD)] if abroad else "en"
        minutes = MINUTES[(3 * n + n // 11) % len(MINUTES)]
        found.append(Wanted(engine, writer, web, float(minutes), language, 1 + (n % 3 > 0), seed=n))
    return found


def measure(count: int) -> dict[str, Any]:
    """Estimate, make and compare.

    Returns:
        Share within a tenth and how far off they are, by the list alone and with the history of the first half.
    """
    wanted = batch(count)
    with tempfile.TemporaryDirectory() as name, _settings(Path(name)) as settings:
        store = LocalStore(settings.store_dir)
        briefs = [each.brief(store) for each in wanted]
        forecaster = Forecaster(settings, prices.load(), store=store)
        listed = [forecaster.estimate(brief) for brief in briefs]
        made = [make(brief, settings, Path(name) / "made") for brief in briefs]
        half = count // 2
        past = History(
            sample
            for brief, estimate, one in zip(briefs[:half], listed, made, strict=False)
            for sample in _samples(brief.show, brief.language, estimate, one)
        )
        later = Forecaster(settings, prices.load(), past, store=store)
        told = [later.estimate(brief) for brief in briefs[half:]]
    charged = [one.cost_microusd for one in made]
    return {
        "episodes": count,
        "charged_usd": sum(charged) / 1e6,
        "by_the_list": _figures(listed, charged),
        "by_history": _figures(told, charged[half:]),
        "worst": [
            {"episode": str(each), "expected": found.likely_microusd, "charged": amount}
            for each, found, amount in sorted(
                zip(wanted, listed, charged, strict=True), key=lambda row: -_off(row[1].likely_microusd, row[2])
            )[:5]
        ],
    }


def _figures(estimates: Sequence[Estimate], charged: Sequence[int]) -> dict[str, Any]:
    off = [_off(each.likely_microusd, amount) for each, amount in zip(estimates, charged, strict=True)]
    inside = [e.low_microusd <= amount <= e.high_microusd for e, amount in zip(estimates, charged, strict=True)]
    return {
        "episodes": len(off),
        "paid": sum(amount > 0 for amount in charged),
        "within": round(sum(each <= WITHIN for each in off) / len(off), 4),
        "within_of_paid": round(
            statistics.fmean(each <= WITHIN for each, amount in zip(off, charged, strict=True) if amount), 4
        ),
        "off_median": round(statistics.median(off), 4),
        "off_highest": round(max(off), 4),
        "between_low_and_high": round(sum(inside) / len(inside), 4),
        "total_off": round(_off(sum(e.likely_microusd for e in estimates), sum(charged)), 4),
    }


def _off(expected: int, charged: int) -> float:
    return abs(expected - charged) / charged if charged else float(expected > 0)


def _samples(show: str, language: str, estimate: Estimate, made: Made) -> Iterator[Sample]:
    for item in estimate.items:
        provider = item.provider.partition(":")[0]
        yield Sample(
            item.step, provider, show, language, item.list_microusd, made.charged.get((item.step, provider), 0)
        )


@contextmanager
def _settings(folder: Path) -> Iterator[Settings]:
    with (
        running(folder / "gemini", provider="gemini") as gemini,
        running(folder / "exa", provider="exa") as exa,
        running(folder / "site", provider="site") as site,
    ):
        gemini.reset(site=site.url)
        exa.reset(site=site.url)
        yield Settings(
            home=folder / "home",
            fetch_private=True,
            openai_speech_own=False,
            **RunningGemini(gemini.url, gemini.log, gemini.process).settings,
            **RunningExa(exa.url, exa.log, exa.process).settings,
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimate_accuracy")
    parser.add_argument("--episodes", type=int, default=125)
    figures = measure(parser.parse_args().episodes)
    print(json.dumps(figures, indent=2))
    sys.exit(figures["by_the_list"]["within"] < SHARE_MIN)


if __name__ == "__main__":
    main()
