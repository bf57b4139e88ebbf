"""The retry policy: what is tried again, how often, after how long."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError, ProgrammingError

from models.steps import EpisodeState
from podcast_tasks.retrying import GPU_QUEUE, PAUSE_S, WAIT_MIN_S, WAIT_SPREAD, Again, GiveUp, decide, explain
from podmill.errors import (
    BudgetExceededError,
    BusyError,
    DiskFullError,
    HeldError,
    InDoubtError,
    LimitedError,
    ProviderDownError,
    SourceError,
    TimedOutError,
    TransientError,
)
from podmill.settings import Settings

shares = st.floats(0, 1)
waits_s = st.floats(0, 3600)


@given(error=st.sampled_from([TransientError, BusyError, TimedOutError]), asked_s=waits_s | st.none(), share=shares)
def test_three_retries_with_full_jitter(error, asked_s, share):
    """1, 2, 4 s at most, any share of it at random, never sooner than the other side asked; then no more."""
    for failures, longest_s in enumerate((1.0, 2.0, 4.0)):
        verdict = decide(error("x", retry_after_s=asked_s), failures, "research", Settings(), jitter=lambda: share)

        assert isinstance(verdict, Again)
        assert verdict.counts
        assert verdict.wait_s == max(asked_s or 0.0, longest_s * share)
    assert GiveUp() == decide(error("x", retry_after_s=asked_s), 3, "research", Settings(), jitter=lambda: share)


@given(failures=st.integers(0, 10_000), share=shares)
def test_no_back_off_is_longer_than_its_cap(failures, share):
    """However many tries are allowed."""
    settings = Settings(retries=100_000)
    verdict = decide(TransientError("x"), failures, "research", settings, jitter=lambda: share)

    assert isinstance(verdict, Again)
    assert 0 <= verdict.wait_s <= 60


@given(asked_s=waits_s | st.none(), share=shares)
def test_local_speech_has_two_retries_a_minute_apart(asked_s, share):
    """A graphics card that failed needs time, not haste."""
    verdicts = [
        decide(TransientError("x", retry_after_s=asked_s), failures, GPU_QUEUE, Settings(), jitter=lambda: share)
        for failures in range(3)
    ]

    assert [Again(max(60.0, asked_s or 0.0), counts=True)] * 2 + [GiveUp()] == verdicts


@given(
    error=st.sampled_from([LimitedError, ProviderDownError]),
    asked_s=waits_s,
    failures=st.integers(0, 1000),
    queue=st.sampled_from(["research", GPU_QUEUE]),
    share=shares,
)
def test_waiting_is_unlimited_and_never_counted(error, asked_s, failures, queue, share):
    """As long as was asked and up to a tenth more; never so short that the step would spin."""
    verdict = decide(error("x", retry_after_s=asked_s), failures, queue, Settings(), jitter=lambda: share)

    assert isinstance(verdict, Again)
    assert not verdict.counts
    shortest_s = max(asked_s, WAIT_MIN_S)
    assert shortest_s <= verdict.wait_s <= shortest_s * (1 + WAIT_SPREAD) + 1e-9


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), DiskFullError("Full.")])
def test_a_full_disk_is_waited_for(error):
    """Whatever library met it; whoever has the disk says how often to look."""
    verdict = decide(error, 99, "audio", Settings(disk_wait_s=7), jitter=lambda: 0.0)

    assert Again(7.0, counts=False) == verdict


def test_a_database_that_is_away_is_no_fault_of_the_step():
    """It counts as a failure that may pass."""
    error = OperationalError("select 1", {}, Exception("gone"))

    assert isinstance(decide(error, 0, "research", Settings()), Again)
    assert "database" == explain(error)[0]


@pytest.mark.parametrize(
    "error",
    [
        SourceError("Empty."),
        InDoubtError("Sent."),
        ZeroDivisionError("division by zero"),
        OSError(errno.ENOENT, "No such file"),
        ProgrammingError("selekt", {}, Exception("syntax")),
    ],
)
def test_all_else_is_permanent(error):
    """Trying again would do the same again, or pay again."""
    assert GiveUp(EpisodeState.FAILED) == decide(error, 0, "research", Settings())


@pytest.mark.parametrize(("turn_s", "wait_s"), [(3600.0, 3600.0), (None, PAUSE_S)])
def test_a_budget_pauses(turn_s, wait_s):
    """Until its period turns, or until somebody raises it; it is no failed try."""
    error = BudgetExceededError("no money", retry_after_s=turn_s)

    assert decide(error, 99, "synthesis.api", Settings()) == Again(wait_s, counts=False)


def test_what_a_person_must_decide_is_for_review():
    """It is no failure."""
    assert GiveUp(EpisodeState.REVIEW) == decide(HeldError("Paid twice?"), 0, "research", Settings())
