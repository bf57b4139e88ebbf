"""The axis of a plot."""

import itertools

import pytest

from podmill.report.svg import axis


@pytest.mark.parametrize(
    ("low", "high"), [(90.0, 100.0), (-16.5, -15.5), (0.0, 0.0), (5.0, 5.0), (-3.0, 0.001), (0.0, 1e6), (1e-6, 2e-6)]
)
def test_axis_is_round_and_holds_all_values(low: float, high: float) -> None:
    """Bounds lie on round steps at or beyond the values."""
    first, last, found = axis(low, high)
    assert first <= low
    assert last >= high
    assert first < last
    steps = {f"{b - a:.6g}" for a, b in itertools.pairwise(found)}
    assert len(steps) == 1
    assert 2 <= len(found) <= 8
