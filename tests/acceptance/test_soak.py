"""A small soak: a few paid episodes, killed and wiped and cut off as the long one is."""

from pathlib import Path

import pytest

from tests.acceptance import soak

pytestmark = pytest.mark.slow


def test_every_promise_holds(tmp_path: Path):
    """Three episodes, a kill every two seconds, the broker wiped and the database restarted once."""
    plan = soak.Plan(episodes=3, database="postgresql", kill_every_s=2.0, wipes=1, limit_s=180.0, seed=3)
    result = soak.run(plan, tmp_path, tmp_path / "speech")

    assert result["kills"] > 2
    assert [promise for promise, held in result["promises"].items() if not held] == [], result
