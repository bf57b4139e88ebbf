"""The figures of a batch."""

import pytest
from sqlalchemy import Connection

from podmill.report.summary import batch_report, spread


def test_figures(connection: Connection) -> None:
    """Rates, sums and spreads of two published episodes, one failed and one in review."""
    summary = batch_report(connection, "b1").summary
    assert (summary.published, summary.failed, summary.review, summary.refused) == (2, 1, 1, 1)
    assert summary.success_rate == 0.5
    assert summary.audio_s == 240.0
    assert summary.step_busy_s["publishing"] == 24.0
    assert summary.busy_s == 84.0
    assert "research" not in summary.step_cpu_s
    assert (summary.step_cpu_s["publishing"], summary.step_peak_mb["publishing"]) == (12.0, 106.0)
    assert summary.seconds_per_minute == 21.0
    assert summary.elapsed_s == 60.0
    assert summary.cost_by_provider_usd == {"elevenlabs": 0.40004}
    assert summary.word_accuracy is not None
    assert summary.word_accuracy.lowest == 0.9
    assert summary.word_accuracy.mean == pytest.approx(0.945)
    assert summary.loudness_lufs is not None
    assert summary.loudness_lufs.count == 2


def test_spread_of_nothing() -> None:
    """No values, no spread."""
    assert spread([]) is None
