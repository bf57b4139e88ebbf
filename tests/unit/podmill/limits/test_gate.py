"""The gate of one account: rate, concurrency, turns, what a provider says, the circuit, a server that forgets."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import pytest

from podmill.limits.gate import Caller, Recent
from tests.gates import Account

Open = Callable[..., Account]

# Rate and concurrency


def test_the_rate_holds_over_any_window(account: Open) -> None:
    """Five a minute: the sixth waits until the first is a minute old, to the moment, and the seventh for the second."""
    gate = account(at_once=10)
    for _ in range(2):
        gate.release(gate.granted())
    gate.pass_time(20)
    for _ in range(3):
        gate.release(gate.granted())

    answer, _ = gate.enter()

    assert (answer.kind, answer.reason) == ("left", "rate")
    assert answer.wait_s == pytest.approx(40, abs=1)
    gate.pass_time(answer.wait_s + 0.5)
    gate.granted("b")
    gate.granted("c")
    assert gate.enter("d")[0].wait_s == pytest.approx(20, abs=1)


def test_a_request_counts_from_when_the_provider_may_have_seen_it_last(account: Open) -> None:
    """Unanswered, it counts for a transit longer than the window; answered, only since its answer."""
    gate = account(per_minute=1, at_once=2, transit_s=5)
    slow = gate.granted()
    assert gate.enter("b")[0].wait_s == pytest.approx(65, abs=1)

    gate.pass_time(2)
    gate.release(slow)

    assert gate.enter("b")[0].wait_s == pytest.approx(60, abs=1)


def test_only_so_many_at_once(account: Open) -> None:
    """Three open: the fourth waits, until one is given back."""
    gate = account(at_once=3)
    slots = [gate.granted(str(number)) for number in range(3)]

    answer, _ = gate.enter("late")
    assert (answer.kind, answer.reason) == ("left", "at_once")

    gate.release(slots[1])
    gate.granted("late")


def test_a_slot_lapses_with_its_holder_and_lives_while_renewed(account: Open) -> None:
    """Ten seconds without renewal free a slot; a renewed one stays."""
    gate = account(at_once=2)
    kept, _lost = gate.granted("a"), gate.granted("b")
    for _ in range(3):
        gate.pass_time(8)
        gate.renew(kept)

    gate.granted("c")

    assert gate.enter("d")[0].kind == "left"


def test_the_same_slot_asked_for_twice_is_one(account: Open) -> None:
    """A client that lost the answer and asks again is told the same, and is counted once."""
    gate = account(at_once=3)
    caller = Caller("a", "g", interactive=False)

    answers = [gate.gate.enter("slot", caller, 0).kind for _ in range(2)]

    assert answers == ["granted", "granted"]
    assert (gate.size("slots"), gate.size("log")) == (1, 1)


# Turns


def test_a_large_group_does_not_starve_a_small_one(account: Open) -> None:
    """A thousand wait in one batch and one in another: the one is served first or second."""
    gate = account(per_minute=2000, at_once=1)
    held = gate.granted("first")
    for number in range(1000):
        assert gate.enter(str(number), group="large", patience_s=6000)[0].kind == "wait"
    assert gate.enter("small", group="small", patience_s=60)[0].kind == "wait"

    gate.release(held)
    gate.release(gate.granted("0", group="large"))

    assert gate.enter("1", group="large", patience_s=60)[0].kind == "wait"
    gate.granted("small", group="small")


def test_groups_take_turns_and_each_is_served_in_order(account: Open) -> None:
    """Three groups of different size get a turn each until the smaller are done; within one, the first is first."""
    gate = account(per_minute=100, at_once=1)
    waiting = [(group, f"{group}{number}") for group, size in (("x", 6), ("y", 3), ("z", 1)) for number in range(size)]
    held = gate.granted("first")
    for group, caller in waiting:
        gate.enter(caller, group=group, patience_s=60)

    served = []
    while waiting:
        gate.release(held)
        for group, caller in list(waiting):
            answer, name = gate.enter(caller, group=group, patience_s=60)
            if answer.kind == "granted":
                held = name
                served.append(caller)
                waiting.remove((group, caller))

    assert served == ["x0", "y0", "z0", "x1", "y1", "x2", "y2", "x3", "x4", "x5"]


def test_a_person_goes_before_every_batch(account: Open) -> None:
    """Two interactive callers that came last are served first."""
    gate = account(per_minute=100, at_once=2)
    held = [gate.granted("h1"), gate.granted("h2")]
    for number in range(5):
        gate.enter(str(number), group="batch", patience_s=60)
    people = [gate.enter(name, group=name, interactive=True, patience_s=60)[0].kind for name in "pq"]
    for slot in held:
        gate.release(slot)

    answers = Counter(gate.enter(str(number), group="batch", patience_s=60)[0].kind for number in range(5))
    gate.granted("q", group="q", interactive=True)
    gate.granted("p", group="p", interactive=True)

    assert (people, answers) == (["wait", "wait"], {"wait": 5})


def test_who_leaves_keeps_its_place(account: Open) -> None:
    """One who waited and left is first in its group when it is back, even though others came in between."""
    gate = account(at_once=1)
    held = gate.granted("first")
    gate.enter("early", patience_s=60)
    gate.gate.leave(Caller("early", "g", interactive=False))
    gate.enter("late", patience_s=60)
    gate.enter("early", patience_s=60)
    gate.release(held)

    assert gate.enter("late", patience_s=60)[0].kind == "wait"
    gate.granted("early")


def test_a_dead_waiter_holds_nobody_up(account: Open) -> None:
    """Whoever does not come back when told is out of the line a second later."""
    gate = account(at_once=1)
    held = gate.granted("first")
    told = gate.enter("dead", group="d", patience_s=60)[0].wait_s
    gate.enter("alive", group="e", patience_s=60)
    gate.release(held)
    assert gate.enter("alive", group="e", patience_s=60)[0].kind == "wait"

    gate.pass_time(told + 1)

    gate.granted("alive", group="e")


def test_those_who_leave_are_told_different_times(account: Open) -> None:
    """A hundred of one batch who cannot be served soon come back one after the other, at the pace of the limit."""
    gate = account(per_minute=60, at_once=60)
    for number in range(60):
        gate.granted(str(number))

    due_s = [gate.enter(f"w{number}")[0].wait_s for number in range(100)]
    other_s = gate.enter("other", group="other")[0].wait_s

    gaps_s = [later - earlier for earlier, later in pairwise(due_s)]
    assert min(gaps_s) > 0.9
    assert due_s[-1] == pytest.approx(60 + 99, abs=3)
    assert other_s < 61


def test_as_many_as_it_takes_at_once_may_wait_longer(account: Open) -> None:
    """Those who get the slots that are in use now have their own patience; it is no reason to wait for the rate."""
    gate = account(per_minute=2, at_once=2)
    held = gate.granted("one"), gate.granted("two")
    gate.pass_time(70, waiters_stay=True)
    gate.renew(*held)

    kinds = [gate.enter(each, next_patience_s=600)[0].kind for each in ("next", "after", "far")]

    assert kinds == ["wait", "wait", "left"]
    for slot in held:
        gate.release(slot)
    gate.granted("next"), gate.granted("after")
    assert gate.enter("far", next_patience_s=600)[0].reason == "rate"


def test_who_can_wait_as_one_of_the_next_is_back_before_its_turn(account: Open) -> None:
    """By the usual length of a request: so that some wait whenever a slot is given back."""
    gate = account(at_once=1)
    slot = gate.granted("one")
    gate.pass_time(5)
    gate.release(slot)
    gate.granted("two")
    gate.enter("next", next_patience_s=600)

    in_time = gate.enter("far", group="f")[0].wait_s
    early = gate.enter("far too", group="t", next_patience_s=600)[0].wait_s

    assert in_time == pytest.approx(2 * 5, abs=0.5)
    assert early == pytest.approx(5, abs=0.5)


def test_whose_turn_it_is_is_told(account: Open) -> None:
    """A slot that is given back is told to the one who gets it: a person first, then the batches in turn."""
    gate = account(at_once=2)
    first, second = gate.granted("one"), gate.granted("two")
    for caller, group in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        gate.enter(caller, group=group, patience_s=60)

    gate.enter("person", group="p", interactive=True, patience_s=60)

    gate.release(first)
    assert gate.told("a1", "a2", "b1", "person") == ["person"]
    third = gate.granted("person", group="p", interactive=True)

    gate.release(second)
    assert gate.told("a1", "a2", "b1") == ["a1"]
    gate.granted("a1", group="a")

    gate.release(third)
    assert gate.told("a2", "b1") == ["b1"]


@pytest.mark.parametrize("held_back_by", ["Retry-After", "the rate"])
def test_nobody_is_told_in_vain(account: Open, held_back_by: str) -> None:
    """A slot that cannot be used yet is told to nobody."""
    gate = account(per_minute=1, at_once=1) if held_back_by == "the rate" else account(at_once=1)
    slot = gate.granted("one")
    gate.enter("next", patience_s=100)

    gate.release(slot, retry_after_s=None if held_back_by == "the rate" else 40)

    assert gate.told("next") == []


# What a provider says


def test_retry_after_holds_everybody_back(account: Open) -> None:
    """Nobody of any group is let through until then; a shorter one that comes later does not shorten it."""
    gate = account()
    slot, other = gate.granted("a"), gate.granted("b")
    gate.release(slot, "busy", retry_after_s=40)
    gate.release(other, "failed", retry_after_s=5)

    answer, _ = gate.enter("c", group="h", interactive=True)

    assert (answer.kind, answer.reason) == ("left", "blocked")
    assert answer.wait_s == pytest.approx(40, abs=1)
    gate.pass_time(41)
    gate.granted("c", group="h")


def test_a_provider_that_allows_less_is_believed(account: Open) -> None:
    """Told that two at once are allowed, no third is let through, though the setting says five."""
    gate = account(per_minute=50, at_once=5)
    gate.release(gate.granted(), at_once=1, at_once_max=2)
    gate.granted("a")
    gate.granted("b")

    assert gate.enter("c")[0].reason == "at_once"
    gate.pass_time(601)
    for number in range(5):
        gate.granted(f"n{number}")


def test_a_provider_that_allows_more_changes_nothing(account: Open) -> None:
    """The setting is never exceeded."""
    gate = account(per_minute=50, at_once=2)
    gate.release(gate.granted(), at_once=1, at_once_max=15)
    gate.granted("a")
    gate.granted("b")

    assert gate.enter("c")[0].reason == "at_once"


def test_busy_lowers_the_concurrency_and_it_rises_slowly(account: Open) -> None:
    """Refused with three of ours open: two at once from now, three again after 10 s, and no more than the setting."""
    gate = account(per_minute=50, at_once=3)
    slots = [gate.granted(str(number)) for number in range(3)]
    gate.release(slots[0], "busy")

    assert gate.enter("a")[0].reason == "at_once"
    gate.renew(*slots[1:])
    gate.pass_time(9.5)
    assert gate.enter("a")[0].reason == "at_once"
    gate.pass_time(0.5)
    gate.renew(*slots[1:])
    gate.granted("a")
    gate.pass_time(3600)
    for number in range(3):
        gate.granted(f"n{number}")
    assert gate.enter("b")[0].reason == "at_once"


def test_an_account_full_of_others_requests_is_left_alone_for_a_moment(account: Open) -> None:
    """Refused though nothing else of ours is open: nobody asks for five seconds."""
    gate = account()
    gate.release(gate.granted(), "busy", at_once_max=10)

    answer, _ = gate.enter("a")

    assert (answer.reason, answer.wait_s) == ("blocked", pytest.approx(5, abs=1))


# The circuit


@dataclass
class Circuit:
    """What the circuit must do, in a few lines: three failures open it for 30 s, doubling up to 300 s."""

    failures: int = 0
    opened: int = 0

    def failed(self) -> float | None:
        """Seconds for which it opens; None: it stays closed."""
        self.failures += 1
        if self.opened == 0 and self.failures < 3:
            return None
        self.opened += 1
        return min(30.0 * 2 ** (self.opened - 1), 300.0)


def test_the_life_of_a_circuit(account: Open) -> None:
    """Failures in a row open it, each failed probe doubles the time up to ten times, a success closes it."""
    gate, model = account(per_minute=1000), Circuit()
    for _ in range(9):
        gate.release(gate.granted(), "failed")
        if open_s := model.failed():
            answer, _ = gate.enter()
            assert (answer.kind, answer.wait_s) == ("down", pytest.approx(open_s, abs=1))
            gate.pass_time(open_s)
    assert (model.opened, open_s) == (7, 300)

    probe = gate.granted("probe")
    assert gate.enter("second")[0].kind == "down"
    gate.release(probe)

    for number in range(3):
        gate.granted(str(number))


def test_a_success_in_between_starts_the_count_again(account: Open) -> None:
    """Two failures, a success, two failures: closed. What says nothing of the provider neither counts nor resets."""
    gate = account(per_minute=1000)
    for outcome in ("failed", "failed", "ok", "failed", "neutral", "busy", "failed"):
        gate.release(gate.granted(), outcome, retry_after_s=0 if outcome == "busy" else None)

    gate.release(gate.granted(), "failed")

    assert gate.enter()[0].kind == "down"


def test_late_failures_do_not_prolong_an_open_circuit(account: Open) -> None:
    """Requests that were under way when it opened fail too: the time stays what it was."""
    gate = account(per_minute=1000, at_once=6)
    slots = [gate.granted(str(number)) for number in range(6)]
    for slot in slots:
        gate.release(slot, "failed")

    answer, _ = gate.enter()

    assert (answer.kind, answer.wait_s) == ("down", pytest.approx(30, abs=1))


@pytest.mark.parametrize("end", ["neutral", "lapsed"])
def test_a_probe_that_says_nothing_lets_another_one_try(account: Open, end: str) -> None:
    """Its worker died, or it ended without an answer: the next request is the probe."""
    gate = account(per_minute=1000)
    for _ in range(3):
        gate.release(gate.granted(), "failed")
    gate.pass_time(30)
    probe = gate.granted()
    if end == "neutral":
        gate.release(probe, "neutral")
    else:
        gate.pass_time(11)

    gate.granted("next")

    assert gate.enter("other")[0].kind == "down"


# A server that forgets


def test_a_wiped_server_is_filled_before_anything_is_let_through(account: Open) -> None:
    """It says that it is empty; filled with four requests of the last minute it lets one through, of five."""
    gate = account(per_minute=5, at_once=5)
    gate.client.flushall()
    assert gate.enter()[0].kind == "empty"

    gate.gate.refill(Recent((50.0, 30.0, 20.0, 10.0), open=2))
    gate.granted()

    answer, _ = gate.enter("b")
    assert (answer.reason, answer.wait_s) == ("rate", pytest.approx(10, abs=1))


def test_requests_that_were_open_count_until_their_holders_have_said_so(account: Open) -> None:
    """Stand-ins for two open requests fill the account; they lapse, and the one that is renewed stays."""
    gate = account(at_once=2)
    held = gate.granted()
    gate.client.flushall()
    gate.gate.refill(Recent((1.0, 1.0), open=2))
    assert gate.enter("a")[0].reason == "at_once"

    gate.renew(held)
    gate.pass_time(9)
    gate.renew(held)
    gate.pass_time(2)

    gate.granted("a")
    assert gate.enter("b")[0].reason == "at_once"


def test_a_holder_brings_back_what_a_wiped_server_forgot(account: Open) -> None:
    """A renewed slot counts again as open and as a request of this minute, whether filled before or after."""
    gate = account(per_minute=1, at_once=1)
    held = gate.granted()
    gate.client.flushall()

    gate.renew(held)
    gate.gate.refill(Recent((), open=0))

    assert (gate.size("slots"), gate.size("log")) == (1, 1)
    assert gate.enter("b")[0].kind == "left"


def test_a_server_that_came_back_with_old_data_is_filled_too(account: Open) -> None:
    """Another server under the same data: what the ledger lists replaces what it had, and nothing is counted twice."""
    gate = account(per_minute=5, at_once=5)
    for _ in range(4):
        gate.release(gate.granted())
    gate.pass_time(20)
    gate.client.hset("test:limit:{voices}:state", "server", "another")
    assert gate.enter()[0].kind == "empty"

    gate.gate.refill(Recent((20.0,) * 4, open=0))

    assert gate.size("log") == 4
    gate.granted()


def test_filling_twice_changes_nothing(account: Open) -> None:
    """Two workers that both saw it empty: the second one's list is not added."""
    gate = account()

    gate.gate.refill(Recent((1.0,) * 5, open=3))

    assert (gate.size("slots"), gate.size("log")) == (0, 0)


def test_every_key_ends_by_itself(account: Open) -> None:
    """All keys lie under the prefix, share a hash tag, and expire when nobody asks any more."""
    gate = account(at_once=1)
    gate.granted()
    gate.enter("waits", patience_s=60)
    gate.enter("person", interactive=True, patience_s=60)
    gate.enter("leaves", group="other")

    keys = gate.keys()

    assert len(keys) == 9
    assert all(key.startswith("test:limit:{voices}:") and 0 < ttl <= 3600 for key, ttl in keys.items())


def test_what_is_kept_of_those_who_left_is_forgotten(account: Open) -> None:
    """After ten minutes a place is gone; what is left does not grow with the callers there ever were."""
    gate = account(at_once=1)
    gate.granted()
    for number in range(50):
        gate.enter(str(number), group=str(number))
    assert gate.size("away") >= 50

    gate.pass_time(5000)
    gate.granted("new")

    assert (gate.size("away"), gate.size("line"), gate.size("live")) == (0, 0, 0)
    assert gate.client.hlen("test:limit:{voices}:kept") == 0
