"""The limiter as steps use it: slots, what leaves them, waiting, a server that is away or forgets."""

import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
import redis

from podmill.errors import (
    BusyError,
    DiskFullError,
    InDoubtError,
    LeaseLostError,
    LeftAloneError,
    LimitedError,
    PodmillError,
    ProviderDownError,
    SpeechError,
    TimedOutError,
    TransientError,
)
from podmill.limits.limiter import Caller, Limiter, Recent, connect
from podmill.settings import load
from tests.servers.broker import VALKEY, redis_protocol

ACCOUNT = "voices"
ANYBODY = Caller("a", "g", interactive=False)


def _nothing() -> None:
    """A check that finds nothing."""


def _limiter(
    url: str,
    *,
    per_minute: int = 1000,
    at_once: int = 10,
    recent: Callable[[str], Recent] | None = None,
    lease_s: float = 10.0,
) -> Limiter:
    env = {
        "REQUESTS_PER_MINUTE": per_minute,
        "REQUESTS_AT_ONCE": at_once,
        "BREAKER_FAILURES": 2,
        "HOME": "/nonexistent",
    }
    settings = load({f"PODMILL_{name}": str(value) for name, value in env.items()})[0]
    return Limiter(connect(url), settings, recent, lease_s=lease_s)


def _use(limiter: Limiter, error: BaseException | None = None, *, caller: Caller = ANYBODY) -> None:
    """One request that ends with an error, or well."""
    with limiter.slot(ACCOUNT, caller, patience_s=0, check=_nothing):
        if error:
            raise error


def _open_slots(url: str) -> int:
    client = redis.Redis.from_url(url)
    try:
        return int(client.zcard(f"podmill:limit:{{{ACCOUNT}}}:slots"))
    finally:
        client.close()


# Slots


def test_over_the_rate_the_caller_is_told_when_to_come_back(server: str) -> None:
    """The second request in a minute that allows one: refused at once, with the time until the minute is over."""
    limiter = _limiter(server, per_minute=1)
    _use(limiter)

    with pytest.raises(LimitedError, match="1 requests a minute to voices") as caught:
        _use(limiter)

    assert caught.value.retry_after_s is not None
    assert 55 < caught.value.retry_after_s < 75


def test_a_waiter_gets_the_slot_that_is_given_back(server: str) -> None:
    """Within its patience it waits; it is let in after the other is out."""
    limiter = _limiter(server, at_once=1)
    order: list[str] = []

    def second() -> None:
        with limiter.slot(ACCOUNT, Caller("b", "g", interactive=False), patience_s=60, check=_nothing):
            order.append("in")

    with limiter.slot(ACCOUNT, ANYBODY, patience_s=0, check=_nothing):
        waiter = threading.Thread(target=second)
        waiter.start()
        client = redis.Redis.from_url(server)
        while not client.zcard(f"podmill:limit:{{{ACCOUNT}}}:live"):
            time.sleep(0.005)
        client.close()
        order.append("out")
    waiter.join(30)

    assert order == ["out", "in"]


def test_a_slot_is_free_as_soon_as_its_answer_is_here(server: str) -> None:
    """While one is still reading, the next one asks; a third one may not."""
    limiter = _limiter(server, at_once=1)

    with limiter.slot(ACCOUNT, ANYBODY, patience_s=0, check=_nothing) as slot:
        slot.answered()
        second = limiter.slot(ACCOUNT, Caller("b", "g", interactive=False), patience_s=60, check=_nothing)
        with second, pytest.raises(LimitedError):
            _use(limiter, caller=Caller("c", "g", interactive=False))

    _use(limiter)


def test_an_answer_that_turns_out_useless_is_a_failure(server: str) -> None:
    """Two in a row open the circuit, although their slots were free when they had come."""
    limiter = _limiter(server)

    def read() -> None:
        with limiter.slot(ACCOUNT, ANYBODY, patience_s=0, check=_nothing) as slot:
            slot.answered()
            raise InDoubtError("no audio")

    for _ in range(2):
        with pytest.raises(InDoubtError):
            read()

    with pytest.raises(ProviderDownError):
        _use(limiter)


def test_what_the_check_raises_ends_the_wait(server: str) -> None:
    """A step that lost its lease stops waiting, and nobody waits behind it."""
    limiter = _limiter(server, at_once=1)
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise LeaseLostError("taken over")

    with limiter.slot(ACCOUNT, ANYBODY, patience_s=0, check=_nothing):
        with (
            pytest.raises(LeaseLostError),
            limiter.slot(ACCOUNT, Caller("b", "h", interactive=False), patience_s=60, check=check),
        ):
            pytest.fail("it was let in")
        client = redis.Redis.from_url(server)
        assert client.zcard(f"podmill:limit:{{{ACCOUNT}}}:live") == 0
        client.close()


def test_a_slot_held_longer_than_its_lease_stays_its_own(server: str) -> None:
    """The process renews it before it lapses; when it is given back nothing brings it back."""
    limiter = _limiter(server, at_once=1, lease_s=4)
    client = redis.Redis.from_url(server)
    slots = f"podmill:limit:{{{ACCOUNT}}}:slots"

    with limiter.slot(ACCOUNT, ANYBODY, patience_s=0, check=_nothing) as slot:
        granted = float(client.zscore(slots, slot.name))
        deadline = time.monotonic() + 20
        while float(client.zscore(slots, slot.name)) == granted and time.monotonic() < deadline:
            time.sleep(0.02)
        renewed = float(client.zscore(slots, slot.name))
        with pytest.raises(LimitedError):
            _use(limiter, caller=Caller("b", "g", interactive=False))
    client.close()

    assert renewed > granted
    assert _open_slots(server) == 0


def test_accounts_do_not_share_limits(server: str) -> None:
    """What one provider's account used up leaves another's alone."""
    limiter = _limiter(server, per_minute=1)
    _use(limiter)

    with limiter.slot("search", ANYBODY, patience_s=0, check=_nothing):
        pass


# What leaves a slot


@pytest.mark.parametrize(
    "error",
    [TransientError("500"), TimedOutError("late"), InDoubtError("cut off")],
    ids=lambda error: type(error).__name__,
)
def test_failures_in_a_row_open_the_circuit(server: str, error: PodmillError) -> None:
    """Two failures, as set: then nobody is let through, and the wait is the setting's and a little."""
    limiter = _limiter(server)
    for _ in range(2):
        with pytest.raises(type(error)):
            _use(limiter, error)

    with pytest.raises(ProviderDownError, match="voices failed again and again") as caught:
        _use(limiter)

    assert caught.value.retry_after_s is not None
    assert 29 < caught.value.retry_after_s <= 45


@pytest.mark.parametrize(
    "error",
    [BusyError("429", retry_after_s=0.0), DiskFullError("full"), SpeechError("no voice"), ValueError("a bug")],
    ids=lambda error: type(error).__name__,
)
def test_what_is_no_failure_of_the_provider_leaves_the_circuit_closed(server: str, error: Exception) -> None:
    """A limit, a wait of our own, a permanent refusal, a bug: any number of them. Each gives its slot back."""
    limiter = _limiter(server)
    for _ in range(5):
        with pytest.raises(type(error)):
            _use(limiter, error)

    _use(limiter)

    assert _open_slots(server) == 0


def test_retry_after_of_one_holds_all(server: str) -> None:
    """What one worker was told, another process's limiter knows."""
    with pytest.raises(BusyError):
        _use(_limiter(server), BusyError("429", retry_after_s=30))

    with pytest.raises(LeftAloneError, match="asked to be left alone") as caught:
        _use(_limiter(server), caller=Caller("p", "p", interactive=True))

    assert caught.value.retry_after_s is not None
    assert 28 < caught.value.retry_after_s < 34


@pytest.mark.parametrize("told_by", ["receipt", "refusal"])
def test_the_provider_says_how_many_at_once(server: str, told_by: str) -> None:
    """One, in a receipt or in a refusal: from then on there is one, whatever the setting says."""
    limiter = _limiter(server)
    with limiter.slot(ACCOUNT, ANYBODY, patience_s=0, check=_nothing):
        if told_by == "receipt":
            with limiter.slot(ACCOUNT, ANYBODY, patience_s=0, check=_nothing) as slot:
                slot.tell(at_once=1, at_once_max=1)
        else:
            with pytest.raises(BusyError):
                _use(limiter, BusyError("429", at_once_max=1))

        with pytest.raises(LimitedError, match="simultaneous requests to voices"):
            _use(limiter)


# A server that forgets, or is away


def test_a_new_server_is_filled_from_the_ledger(server: str) -> None:
    """Nine requests of the last minute, ten allowed: one goes through, the next must wait for the oldest to age."""
    asked: list[str] = []

    def recent(account: str) -> Recent:
        asked.append(account)
        return Recent(tuple(5.0 * number for number in range(1, 10)), open=0)

    limiter = _limiter(server, per_minute=10, recent=recent)
    _use(limiter)

    with pytest.raises(LimitedError) as caught:
        _use(limiter)

    assert asked == [ACCOUNT]
    assert caught.value.retry_after_s is not None
    assert 14 < caught.value.retry_after_s < 20


def test_a_wipe_in_the_middle_lets_nobody_past_the_limit(server: str) -> None:
    """Everything is wiped after every third request; the ledger keeps the count: ten go through, not one more."""
    made_s: list[float] = []

    def recent(_: str) -> Recent:
        return Recent([time.monotonic() - made for made in made_s], open=0)

    limiter = _limiter(server, per_minute=10, recent=recent)
    client = redis.Redis.from_url(server)
    refused = 0
    for number in range(30):
        if number % 3 == 0:
            client.flushall()
        try:
            _use(limiter)
            made_s.append(time.monotonic())
        except LimitedError:
            refused += 1
    client.close()

    assert (len(made_s), refused) == (10, 20)


def test_a_ledger_that_cannot_be_asked_lets_nothing_through(server: str) -> None:
    """What it raises reaches the step; the server stays empty, so that the next one asks again."""
    answers = iter([OSError("away"), Recent((), open=0)])

    def recent(_: str) -> Recent:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    limiter = _limiter(server, recent=recent)
    with pytest.raises(OSError, match="away"):
        _use(limiter)

    _use(limiter)


def test_without_its_server_nothing_is_let_through(tmp_path: Path) -> None:
    """It is away: wait a few seconds; the message says what to do."""
    with redis_protocol(VALKEY, tmp_path) as url:
        pass

    with pytest.raises(LimitedError, match="cannot be asked, so nothing is let through") as caught:
        _use(_limiter(url))

    assert caught.value.retry_after_s is not None
    assert 1 <= caught.value.retry_after_s <= 6


@pytest.mark.parametrize("error", [None, SpeechError("no voice")], ids=["answered", "refused"])
def test_a_server_that_dies_during_a_request_fails_nothing(tmp_path: Path, error: SpeechError | None) -> None:
    """The request's own end is what counts; its slot's renewals, and giving it back, are let go."""
    with redis_protocol(VALKEY, tmp_path) as url:
        limiter = _limiter(url, lease_s=0.2)
        client = redis.Redis.from_url(url)

        def cut_off() -> None:
            with limiter.slot(ACCOUNT, ANYBODY, patience_s=0, check=_nothing):
                client.shutdown(nosave=True)
                time.sleep(0.2)
                if error:
                    raise error

        with pytest.raises(SpeechError, match="no voice") if error else nullcontext():
            cut_off()
        client.close()


def test_the_thread_that_renews_ends_when_nothing_is_held(server: str) -> None:
    """One thread for any number of slots, none soon after the last."""
    limiter = _limiter(server, lease_s=0.2)

    others = set(threading.enumerate())

    def keepers() -> int:
        return sum(thread.name == "limiter-keeper" for thread in threading.enumerate() if thread not in others)

    with (
        limiter.slot(ACCOUNT, ANYBODY, patience_s=0, check=_nothing),
        limiter.slot("search", ANYBODY, patience_s=0, check=_nothing),
    ):
        assert keepers() == 1

    deadline = time.monotonic() + 20
    while keepers() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert keepers() == 0
