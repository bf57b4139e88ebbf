"""The limiter over processes: a provider that counts, a holder that is killed, two batches that take turns."""

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import redis

from benchmarks.limiter import Load, measure, most_in
from podmill.errors import LimitedError
from podmill.limits.limiter import Caller, Limiter, connect
from podmill.settings import Settings, load

ROOT = Path(__file__).parents[2]

HOLDER = """
import sys, time
from podmill.limits.limiter import Caller, Limiter, connect
from podmill.settings import load
settings = load({"PODMILL_REQUESTS_AT_ONCE": "1", "PODMILL_HOME": "/nonexistent"})[0]
with Limiter(connect(sys.argv[1]), settings).slot("voices", Caller("a", "g", False), patience_s=0, check=lambda: None):
    print("held", flush=True)
    time.sleep(600)
"""

BATCH = """
import json, sys, threading, time
from podmill.limits.limiter import Caller, Limiter, connect
from podmill.settings import load
url, group, threads, each = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
values = {"REQUESTS_PER_MINUTE": "100000", "REQUESTS_AT_ONCE": "1", "HOME": "/nonexistent"}
limiter = Limiter(connect(url), load({f"PODMILL_{name}": value for name, value in values.items()})[0])
served = []
def work(thread):
    for number in range(each):
        caller = Caller(f"{group}-{thread}-{number}", group, False)
        with limiter.slot("voices", caller, patience_s=600, check=lambda: None) as slot:
            served.append(slot.granted_us)
            time.sleep(0.02)
print("ready", flush=True)
sys.stdin.readline()
pool = [threading.Thread(target=work, args=(thread,)) for thread in range(threads)]
[thread.start() for thread in pool]
[thread.join() for thread in pool]
print(json.dumps(served))
"""


def _start(program: str, *arguments: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline()
    return process


def _settings(**values: int) -> Settings:
    env = {f"PODMILL_{name.upper()}": str(value) for name, value in values.items()}
    return load(env | {"PODMILL_HOME": "/nonexistent"})[0]


@pytest.mark.slow
@pytest.mark.parametrize("server", ["broker", "redis_server"])
def test_the_provider_counts_no_more_than_the_limit(server: str, request: pytest.FixtureRequest) -> None:
    """Two processes, twenty threads, 240 requests: never over the limit nor over ten at once, counted on both ends."""
    # However long this machine lets a request lie on its way.
    load_ = Load(requests=240, limit=80, window_s=3.0, processes=2, transit_s=2.5)

    counted = measure(request.getfixturevalue(server), load_)

    assert counted["made"] == 240
    assert counted["within_limits"], counted


def test_counting_finds_what_is_over_a_limit() -> None:
    """The benchmark's own arithmetic: the fullest window wins, wherever it begins, both ends included."""
    assert most_in([0.0, 0.9, 1.0, 1.9, 5.0], 1.0) == 3
    assert most_in([], 1.0) == 0


@pytest.mark.slow
def test_a_killed_holder_s_slot_comes_back_within_seconds(broker: str) -> None:
    """SIGKILL: the slot is still taken right after, and free once its lease of 10 s has lapsed."""
    holder = _start(HOLDER, broker)
    limiter = Limiter(connect(broker), _settings(requests_at_once=1))
    caller = Caller("b", "h", interactive=False)
    holder.kill()
    holder.communicate()

    killed_at = time.monotonic()
    with pytest.raises(LimitedError), limiter.slot("voices", caller, patience_s=0, check=lambda: None):
        pytest.fail("two at once")
    with limiter.slot("voices", caller, patience_s=60, check=lambda: None):
        took_s = time.monotonic() - killed_at

    assert took_s < 30


def test_a_stopped_holder_takes_its_slot_back(broker: str) -> None:
    """Frozen for longer than its lease, then going on: its request is open, so it is counted again."""
    holder = _start(HOLDER, broker)
    client = redis.Redis.from_url(broker)
    slots = "podmill:limit:{voices}:slots"
    held = client.zrange(slots, 0, -1)
    client.delete(slots)
    deadline = time.monotonic() + 30
    while not client.zcard(slots) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert client.zrange(slots, 0, -1) == held
    holder.kill()
    holder.communicate()
    client.close()


def test_a_batch_with_many_waiters_and_one_with_few_take_turns(broker: str) -> None:
    """Sixteen threads of one batch against two of another, one request at once: while both wait they get the same."""
    batches = {"large": _start(BATCH, broker, "large", "16", "10"), "small": _start(BATCH, broker, "small", "2", "20")}
    for process in batches.values():
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    served = {group: sorted(json.loads(process.communicate()[0])) for group, process in batches.items()}

    assert {group: len(times) for group, times in served.items()} == {"large": 160, "small": 40}
    together = (max(times[0] for times in served.values()), served["small"][-1])
    shares = Counter({group: sum(together[0] <= at <= together[1] for at in times) for group, times in served.items()})
    assert shares["large"] < 2 * shares["small"], shares
