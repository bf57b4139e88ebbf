"""A paid request, step by step: what each end of it leaves in the ledger, and what the next worker makes of that."""

from dataclasses import replace

import pytest

from podmill import faults
from podmill.errors import (
    BudgetExceededError,
    BusyError,
    DiskFullError,
    HeldError,
    InDoubtError,
    LeaseLostError,
    SpeechError,
    TooLongError,
    VoiceError,
    WaitError,
    WastedError,
)
from podmill.money import purchase as purchasing
from podmill.money.charge import Item, short_id
from podmill.money.purchase import buy
from tests.unit.podmill.money.provider import (
    PRICE,
    RECORD_AFTER_S,
    Made,
    Offer,
    Slots,
    account,
    charges,
    check_sums,
    claim,
    counter,
    grow_older,
    make_episode,
    purchase,
    set_budget,
    states,
)


@pytest.fixture
def ask(ledger, fence, provider):
    """Buy the words under the current lease."""

    def buying(*, own=False, record_after_s=RECORD_AFTER_S, words="words", offer=None, **how):
        at = counter(ledger, how.pop("fence", fence), **how)
        wanted = purchase(at.fence.episode_id, words, own=own)
        return buy(wanted, offer or Offer(provider, words, record_after_s=record_after_s), at)

    return buying


class CrashError(BaseException):
    """The process is gone."""


def crash_at(monkeypatch, point):
    def hit(reached):
        if reached == point:
            raise CrashError

    monkeypatch.setattr(faults, "hit", hit)


def test_a_request_is_bought_once(engine, ask, provider):
    """One slot, one request, one settled charge; again: the reply that was kept, and neither slot nor request."""
    slots = Slots()
    first, charge = ask(slots=slots)
    again, same = ask(slots=slots)

    assert (again, same.key) == (first, charge.key)
    assert (slots.taken, slots.left_by, provider.asked["words"]) == (1, [None], 1)
    (row,) = charges(engine)
    assert (row.state, row.request_id, row.amount_microusd) == ("settled", first.request_id, 1_000_000)
    check_sums(engine)


def test_the_bill_is_what_the_provider_said(engine, ask, provider):
    """Half the characters billed: half the price; what it said of the account goes to the limiter."""
    provider.billed = 500.0
    slots = Slots()
    ask(slots=slots)

    assert (charges(engine)[0].quantity, account(engine).spent_microusd) == (500, 500_000)
    assert slots.told == [(None, None)]


@pytest.mark.parametrize(
    "error",
    [BusyError("Too many."), VoiceError("No such voice."), SpeechError("Too long.")],
    ids=lambda error: error.code,
)
def test_what_the_provider_refused_costs_nothing(engine, ask, provider, error):
    """The error reaches the step and the limiter; the charge is refused with its words; the next request is new."""
    provider.faults = [error]
    slots = Slots()
    with pytest.raises(type(error)):
        ask(slots=slots)

    assert slots.left_by == [type(error)]
    assert [(row.state, row.reason) for row in charges(engine)] == [("refused", str(error))]
    ask()
    assert states(engine) == ["refused", "settled"]
    check_sums(engine)


def test_an_unforeseen_error_is_in_doubt(engine, ask, provider):
    """Nobody knows whether it was charged: the error is raised, and the money stays counted."""
    provider.faults = [RuntimeError("Noise.")]
    with pytest.raises(RuntimeError):
        ask()

    assert [(row.state, row.reason) for row in charges(engine)] == [("in_doubt", "Noise.")]
    assert account(engine).reserved_microusd == 1_000_000


def wasted(billed: float, *, again: bool) -> WastedError:
    receipt = Made("words", f"waste-{billed:g}", billed)
    return WastedError("It gave silence.", receipt=receipt, then=TooLongError("In two, then."), again=again)


def test_what_was_charged_for_nothing_is_paid_and_asked_for_again(engine, ask, provider):
    """Each request has its own charge of what the provider said; the answer that comes at last is used."""
    provider.faults = [wasted(100, again=True), wasted(300, again=True)]
    slots = Slots()

    first, charge = ask(slots=slots)

    assert states(engine) == ["settled", "settled", "settled"]
    assert [row.amount_microusd for row in charges(engine)] == [100_000, 300_000, 1_000_000]
    assert [row.request_id for row in charges(engine)] == ["waste-100", "waste-300", first.request_id]
    assert charges(engine)[0].reason == "It gave silence."
    assert (slots.taken, charge.attempt) == (3, 3)
    assert ask()[0] == first
    check_sums(engine)


@pytest.mark.parametrize(("again", "asked"), [(True, 3), (False, 1)])
def test_no_end_of_waste(engine, ask, provider, again, asked):
    """After the third, or at once where it does not pass, the step is told what it means; all of it was paid."""
    provider.faults = [wasted(100, again=again) for _ in range(4)]

    with pytest.raises(TooLongError, match="In two"):
        ask()

    assert states(engine) == ["settled"] * asked
    assert account(engine).spent_microusd == asked * 100_000
    check_sums(engine)


def test_waste_ends_where_the_budget_does(engine, ask, provider):
    """A request that nobody covers is not made again."""
    set_budget(engine, 1_050_000)
    provider.faults = [wasted(100, again=True)]

    with pytest.raises(BudgetExceededError):
        ask()

    assert states(engine) == ["settled"]
    check_sums(engine)


def test_our_own_engine_is_not_in_doubt(engine, ask, provider):
    """What it did not deliver costs nothing, whatever went wrong."""
    provider.faults = [RuntimeError("Noise.")]
    with pytest.raises(RuntimeError):
        ask(own=True)

    assert states(engine) == ["refused"]
    ask(own=True)
    assert states(engine) == ["refused", "settled"]


def test_a_charged_request_is_found_in_the_record(engine, ask, provider):
    """The connection broke on the way back: its answer comes from the record, for the money that it cost."""
    provider.faults = ["drop"]
    slots = Slots()
    answer, _ = ask(slots=slots)

    assert answer == provider.made[0]
    assert (provider.asked["words"], slots.taken) == (1, 2)
    (row,) = charges(engine)
    assert (row.state, row.request_id, row.reason) == (
        "settled",
        answer.request_id,
        "Found in the provider's own record.",
    )
    check_sums(engine)


def test_what_is_found_in_the_record_costs_what_it_did(engine, ledger, fence, provider):
    """Its worker died, and its price is three times as high by now: what was held for it is what is paid."""
    wanted = purchase(fence.episode_id)
    ledger.intend(wanted, fence, "of the dead worker")
    provider.made.append(Made("words", "r1"))
    dearer = PRICE.model_copy(update={"usd": 3 * PRICE.usd})
    buy(
        replace(wanted, items=(Item(dearer, 1000),)),
        Offer(provider, "words"),
        counter(ledger, fence),
    )

    (row,) = charges(engine)
    assert (row.state, row.request_id, row.cost_microusd, row.amount_microusd) == (
        "settled",
        "r1",
        1_000_000,
        1_000_000,
    )
    check_sums(engine)


def test_a_record_is_believed_only_when_it_must_be_whole(engine, ask, provider):
    """A request that is not in it may still come into it: the step waits until it cannot, then asks again."""
    provider.faults = ["lost"]
    with pytest.raises(WaitError) as waiting:
        ask()
    assert 0 < waiting.value.retry_after_s <= RECORD_AFTER_S + purchasing.SEND_WITHIN_S
    assert states(engine) == ["in_doubt"]

    grow_older(engine, waiting.value.retry_after_s)
    ask()

    assert states(engine) == ["refused", "settled"]
    assert provider.asked["words"] == 2
    check_sums(engine)


def test_without_a_record_a_person_is_asked(engine, ask, provider):
    """The message names the charge and the commands; nothing is asked until somebody decides."""
    provider.faults = ["drop"]
    for _ in range(2):
        with pytest.raises(HeldError) as held:
            ask(record_after_s=None)
    name = short_id(charges(engine)[0].key)

    assert f"podmill charges settle {name}" in held.value.action
    assert f"podmill charges refuse {name}" in held.value.action
    assert provider.asked["words"] == 1


def test_hold_never_looks_anything_up(engine, ask, provider):
    """The policy is to ask a person, record or not."""
    provider.faults = ["drop"]
    with pytest.raises(HeldError):
        ask(policy="hold")

    assert states(engine) == ["in_doubt"]


def test_retry_once_asks_once_more(engine, ask, provider):
    """The first stays counted; when the second is in doubt too, a person is asked."""
    provider.faults = ["lost", "drop"]
    with pytest.raises(HeldError):
        ask(policy="retry_once")

    assert states(engine) == ["in_doubt", "in_doubt"]
    assert account(engine).reserved_microusd == 2_000_000
    check_sums(engine)


def test_retry_once_uses_the_second_answer(engine, ask, provider):
    """It is bought; what became of the first is still open."""
    provider.faults = ["lost"]
    answer, _ = ask(policy="retry_once")

    assert answer == provider.made[0]
    assert states(engine) == ["in_doubt", "settled"]


@pytest.mark.parametrize(
    ("point", "left"),
    [
        ("charge:intended", "intent"),
        ("charge:called", "intent"),
        ("charge:kept", "intent"),
        ("charge:settled", "settled"),
    ],
)
def test_a_crash_is_made_good_by_the_next_worker(engine, episode_id, ask, provider, monkeypatch, point, left):
    """Wherever the worker dies, the provider makes and charges the request once."""
    with monkeypatch.context() as patched:
        crash_at(patched, point)
        with pytest.raises(CrashError):
            ask()
    assert states(engine) == [left]

    grow_older(engine, 2 * RECORD_AFTER_S)
    answer, _ = ask(fence=claim(engine, episode_id))

    assert provider.made == [answer]
    assert states(engine).count("settled") == 1
    assert account(engine).spent_microusd == 1_000_000
    check_sums(engine)


def test_a_worker_that_stalled_does_not_ask(engine, episode_id, ask, provider, monkeypatch):
    """It wakes after another took the step over and asked: the request is made once."""
    at = [0.0]

    def stall(point):
        if point == "charge:intended":
            monkeypatch.setattr(faults, "hit", lambda _point: None)
            grow_older(engine, 2 * RECORD_AFTER_S)
            ask(fence=claim(engine, episode_id))
            at[0] += 100.0

    monkeypatch.setattr(purchasing, "monotonic", lambda: at[0])
    monkeypatch.setattr(faults, "hit", stall)
    with pytest.raises(WaitError, match="after its turn"):
        ask()

    assert provider.asked["words"] == 1
    assert states(engine) == ["refused", "settled"]


def test_who_lost_the_step_asks_nothing(engine, episode_id, ask, provider):
    """Another worker holds the lease: no slot, no intent, no request."""
    claim(engine, episode_id)
    slots = Slots()
    with pytest.raises(LeaseLostError):
        ask(slots=slots)

    assert (slots.taken, charges(engine), provider.asked) == (0, [], {})


def test_a_budget_that_is_used_up_asks_nothing(engine, ask, provider):
    """Money in doubt counts: a second request of 1.00 USD does not fit into 1.50 USD."""
    set_budget(engine, 1_500_000)
    provider.faults = ["lost"]
    with pytest.raises(WaitError):
        ask()
    with pytest.raises(BudgetExceededError, match=r"0\.50 USD left; 1\.00 USD are needed"):
        ask(words="more")

    assert provider.asked == {"words": 1}
    check_sums(engine)


def test_a_reply_that_finds_no_room_is_in_doubt(engine, ask, provider):
    """It was paid for: once there is room it comes from the record, and is not asked for again."""

    class Full(Offer):
        def keep(self, _answer):
            raise DiskFullError("No room.")

    with pytest.raises(DiskFullError):
        ask(offer=Full(provider, "words"))
    assert states(engine) == ["in_doubt"]

    answer, _ = ask()
    assert provider.made == [answer]


def test_a_reply_that_the_store_lost_is_for_a_person(engine, ask, provider):
    """Nothing is paid for a second time behind anybody's back."""
    ask()
    provider.kept.clear()
    with pytest.raises(HeldError, match="cannot be used") as held:
        ask()

    assert f"podmill charges discard {short_id(charges(engine)[0].key)}" in held.value.action
    assert provider.asked["words"] == 1


def test_two_requests_for_the_same_words_have_an_entry_each(engine, ledger, show, provider):
    """Two episodes, both made, both in doubt: each recovers one of the two entries."""
    for n in range(2):
        fence = claim(engine, make_episode(engine, show, str(n)))
        provider.faults = ["drop"]
        with pytest.raises(HeldError):
            buy(purchase(fence.episode_id), Offer(provider, "words"), counter(ledger, fence, policy="hold"))
        again = claim(engine, fence.episode_id)
        buy(purchase(fence.episode_id), Offer(provider, "words"), counter(ledger, again))

    assert {row.request_id for row in charges(engine)} == {made.request_id for made in provider.made}
    assert states(engine) == ["settled", "settled"]


def test_the_same_words_in_another_part_are_bought_once(engine, ledger, fence, provider):
    """A plan that moved them is no reason to pay again."""
    at = counter(ledger, fence)
    buy(purchase(fence.episode_id), Offer(provider, "words"), at)
    buy(replace(purchase(fence.episode_id), part=7), Offer(provider, "words"), at)

    assert provider.asked["words"] == 1


def test_in_doubt_twice_in_a_row(engine, ask, provider):
    """Lost, refused by the record, lost again: every request has its own charge and its own wait."""
    provider.faults = ["lost", "lost"]
    for _ in range(2):
        with pytest.raises(WaitError):
            ask()
        grow_older(engine, 2 * RECORD_AFTER_S)
    ask()

    assert sorted(states(engine)) == ["refused", "refused", "settled"]
    assert provider.asked["words"] == 3


def test_an_error_without_words_still_has_a_reason(engine, ask, provider):
    """The charge names at least the kind of the error."""
    provider.faults = [ZeroDivisionError()]
    with pytest.raises(ZeroDivisionError):
        ask()

    assert charges(engine)[0].reason == "ZeroDivisionError"


def test_a_request_in_doubt_is_told_to_the_limiter(ask, provider):
    """It leaves its slot as what it is: a failure of the provider."""
    provider.faults = ["drop"]
    slots = Slots()
    ask(slots=slots)

    assert slots.left_by == [InDoubtError, None]
