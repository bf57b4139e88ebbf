"""The control chart: when it calls a change, and when not."""

from random import Random

import pytest

from benchmarks.drift import SPREADS, false_alarms
from podmill.report.drift import EPISODES_MIN, chart, drifts


def normal(count: int, *, shift: float = 0.0, seed: int = 2) -> list[float]:
    random = Random(seed)
    return [random.gauss(shift, 1) for _ in range(count)]


@pytest.mark.parametrize(("shift", "direction"), [(2.0, "up"), (-2.0, "down")])
def test_a_change_is_found_where_it_began(shift: float, direction: str) -> None:
    """Forty episodes as ever, then two standard deviations off: one change, told within ten episodes."""
    [found] = drifts(normal(40) + normal(20, shift=shift, seed=102))

    assert found.direction == direction
    assert abs(found.since - 40) <= 4
    assert 40 <= found.found <= 50


def test_a_second_change_is_found_too() -> None:
    """After an alarm the new level is what later episodes are held against."""
    found = drifts(normal(60) + normal(60, shift=3, seed=102) + normal(60, seed=202))

    assert [each.direction for each in found][:2] == ["up", "down"]


@pytest.mark.parametrize("values", [[], [1.0], [0.94] * 300, normal(EPISODES_MIN - 1, shift=9)])
def test_nothing_is_made_of_nothing(values: list[float]) -> None:
    """No episodes, few, or a score that never varies: no change."""
    assert drifts(values) == []


def test_the_spread_of_a_score_does_not_matter() -> None:
    """Whatever grows with the score has the same chart: only ranks count."""
    values = normal(80)

    assert list(chart(values)) == list(chart([2.0**value for value in values]))


@pytest.mark.parametrize("name", SPREADS)
def test_false_alarms_are_rare(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """About one in a thousand episodes, for every shape of spread (docs/benchmarks.md has the figure of more runs)."""
    monkeypatch.setattr("benchmarks.drift.RUNS", 40)

    assert false_alarms(SPREADS[name])["false_alarms_per_1000_episodes"] < 1.6
