"""Repair: which lines are spoken again, in what way, by whom, and for how much."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from celery.exceptions import Ignore, Reject
from sqlalchemy import Engine, func, select

from models.quote import Quote
from models.recording import Recording
from models.score import Score
from models.script import Script
from models.steps import EpisodeState, Step
from models.tables import Charge, table
from models.verdict import Verdict
from pipelines import episode as episodes
from podcast_tasks import running, verification
from podcast_tasks.repairing import with_tries
from podcast_tasks.running import Work, run_step
from podmill import speech
from podmill.errors import PodmillError, PolicyError, ProviderDownError, QuotaError, StoppingError
from podmill.settings import Settings, current, load
from podmill.speech import fallback
from podmill.store.database import reading
from tests.humming import LINES, PRICES, Alpha, Beta, age, heard, refuse, row, speak, wake
from tests.unit.podcast_tasks.conftest import CACHES, Make

CHARGE = table(Charge)


@pytest.fixture
def settings(podmill_home: Path) -> Settings:
    """SQLite: what differs on PostgreSQL, ``test_ledger.py`` and ``test_synthesis.py`` cover."""
    return load({"PODMILL_HOME": str(podmill_home)})[0]


def takes(recording: Recording) -> list[str]:
    return [line.take for line in recording.lines]


def may_again(episode_id: str, *lines: int) -> tuple[int, ...]:
    """Those of some lines that verification may send back; it only looks."""
    found: list[tuple[int, ...]] = []

    def look(work: Work) -> NoReturn:
        script, recording = work.need(Step.SCRIPTING, Script), work.need(Step.SYNTHESIS, Recording)
        found.append(with_tries(work, script, recording, lines))
        raise StoppingError("It has looked.")

    with pytest.raises(Reject):
        run_step(Step.VERIFICATION, episode_id, look)
    return found[0]


def spent_microusd(engine: Engine, episode_id: str) -> int:
    with reading(engine) as connection:
        amounts = select(func.sum(CHARGE.c.amount_microusd)).where(CHARGE.c.episode_id == episode_id)
        return int(connection.scalar(amounts) or 0)


def test_own_voice_twice_then_another_engine(made: Make) -> None:
    """Each round asks for the one line that was refused, another way; then its speaker's voice of the next engine."""
    episode_id = made(policy="mixed")
    recording = before = speak(episode_id)
    for variant, engine in ((1, Alpha), (2, Alpha), (0, Beta)):
        asked = len(engine.asked)
        assert may_again(episode_id, 1)
        refuse(episode_id, 1)
        recording = speak(episode_id)
        (request,) = engine.asked[asked:]
        assert ([line.index for line in request.lines], request.variant) == ([1], variant)
        assert takes(recording)[::2] == takes(before)[::2]

    assert heard(recording) == ["alpha", "beta", "alpha"]
    assert recording.lines[1].voice == "beta:high"
    assert not may_again(episode_id, 1)
    assert may_again(episode_id, 0)


def test_a_person_is_asked_when_nothing_is_left_to_repair(
    engine: Engine, made: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line without tries keeps no other from its own; nor does a gate that asks for a person."""
    unclear = Score(name="clarity", value=0.5, limit=0.8, passed=False, said="Unclear.")
    bad: list[tuple[int, ...]] = [(1,), (1,), (2, 1), (1, 2), (1,)]

    def verify(*_: object, **given: Any) -> Verdict:
        number = given["round"]
        shared = {"passed": False, "word_accuracy": 0.5, "threshold": 0.9, "lines": (), "transcriber": "t"}
        return Verdict.model_validate({**shared, "respeak": bad[number], "round": number})

    monkeypatch.setattr(verification, "verify", verify)
    monkeypatch.setattr(verification, "measure", lambda *_: (unclear,))
    monkeypatch.setattr(verification, "words", lambda verdict, _: bad_words(verdict.respeak))
    episode_id = made(policy="whole")
    again = []
    while row(engine, episode_id).state != EpisodeState.REVIEW:
        speak(episode_id)
        with pytest.raises(Ignore):
            run_step(Step.VERIFICATION, episode_id, verification.make)
        verdict = running.journal().document(episode_id, Step.VERIFICATION, Verdict)
        assert verdict
        again.append(verdict.respeak)
    assert again == [(1,), (1,), (2,), (2,), (1,)]
    assert "Unclear." in row(engine, episode_id).error


def bad_words(lines: tuple[int, ...]) -> Score:
    return Score(name="word_accuracy", value=0.5, limit=0.9, passed=False, said="Wrong.", lines=lines)


@pytest.fixture
def stood_in(made: Make) -> str:
    """An episode whose second line is spoken by another engine, which repaired it."""
    episode_id = made(policy="mixed")
    speak(episode_id)
    for _ in range(3):
        refuse(episode_id, 1)
        recording = speak(episode_id)
    assert heard(recording) == ["alpha", "beta", "alpha"]
    return episode_id


@pytest.mark.parametrize(
    "error", [ProviderDownError("Down.", retry_after_s=60.0), QuotaError("The credit is used up.")]
)
def test_a_line_that_was_repaired_is_left_alone(
    stood_in: str, monkeypatch: pytest.MonkeyPatch, error: PodmillError
) -> None:
    """Whoever repaired it may be away, or used up: it is there, and only the line that was refused is asked for."""
    break_down(monkeypatch, error)
    asked = len(Alpha.asked)
    refuse(stood_in, 0)
    recording = speak(stood_in)
    assert heard(recording) == ["alpha", "beta", "alpha"]
    assert (recording.passed_over, recording.given_up, recording.variants) == ((), {}, {0: 1, 1: 3})
    assert [[line.index for line in request.lines] for request in Alpha.asked[asked:]] == [[0]]


def test_a_stand_in_that_may_not_say_it(made: Make) -> None:
    """What its provider refuses by its policy is for a person, with the line as its own voice spoke it."""
    episode_id = made(policy="mixed")
    for _ in range(3):
        before = speak(episode_id)
        refuse(episode_id, 1)
    Beta.next = [PolicyError("Line 2 is refused.")]
    recording = speak(episode_id)
    assert (recording.lines, recording.given_up) == (before.lines, {1: "Line 2 is refused."})


@pytest.mark.parametrize("by_person", [False, True])
def test_a_stand_in_that_cannot(made: Make, monkeypatch: pytest.MonkeyPatch, by_person: bool) -> None:
    """Its account says so before it is asked. Where a person asked, the line's own voice tries once more."""
    episode_id = made(policy="mixed")
    for number in range(3):
        before = speak(episode_id)
        refuse(episode_id, 1, person=by_person and number == 2)
    if by_person:
        episodes.retry([episode_id], current())
    break_down(monkeypatch, QuotaError("The credit is used up."))
    recording = speak(episode_id)
    assert heard(recording) == ["alpha"] * 3
    assert (recording.lines == before.lines) is not by_person
    assert recording.given_up == ({} if by_person else {1: "The credit is used up."})


def test_a_stand_in_that_is_away_is_waited_for(engine: Engine, made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the line stays as it was; the voices whose turn it is do not lose it."""
    monkeypatch.setenv("PODMILL_WAIT_IN_WORKER_S", "0")
    down = ProviderDownError("Down.", retry_after_s=0.01)
    episode_id = made(policy="mixed")
    for _ in range(3):
        before = speak(episode_id)
        refuse(episode_id, 1)
    break_down(monkeypatch, down)
    Beta.next = [down]
    with pytest.raises(Ignore):
        speak(episode_id)
    age(engine, 1000.0)
    wake(engine)
    recording = speak(episode_id)
    assert (recording.lines, recording.given_up, recording.passed_over) == (before.lines, {1: str(down)}, ())


def break_down(monkeypatch: pytest.MonkeyPatch, error: PodmillError) -> None:
    """The account of the second engine answers with an error when it is looked at."""
    check = fallback.check

    def fails(choice: fallback.Choice, *rest: Any) -> None:
        if "beta" in choice.engines:
            raise error
        check(choice, *rest)

    monkeypatch.setattr(speech, "check", fails)


def test_nobody_else_speaks_unless_voices_may_be_mixed(made: Make) -> None:
    """After two tries of its own voice a line is for a person; others still have theirs."""
    episode_id = made(policy="whole")
    recording = speak(episode_id)
    for _ in range(2):
        refuse(episode_id, 1)
        recording = speak(episode_id)
    assert heard(recording) == ["alpha"] * 3
    assert may_again(episode_id, 0, 1) == (0,)


def test_an_engine_that_cannot_help(made: Make) -> None:
    """The line stays as it was last and says why, the episode goes on to be heard, and nobody else's turn begins."""
    episode_id = made(policy="mixed")
    before = speak(episode_id)
    for _ in range(2):
        refuse(episode_id, 1)
        before = speak(episode_id)
    Beta.next = [QuotaError("The credit is used up.")]
    refuse(episode_id, 1)
    recording = speak(episode_id)

    assert takes(recording) == takes(before)
    assert recording.given_up.keys() == {1}
    assert "used up" in recording.given_up[1]
    assert recording.passed_over == ()
    assert not may_again(episode_id, 1)


@pytest.fixture
def priced(monkeypatch: pytest.MonkeyPatch, made: Make) -> Callable[[str], str]:
    """Episodes whose every character costs 0.001 USD, with a share of that for repairs."""

    def make(share: str) -> str:
        prices = current().prices_file
        assert prices
        prices.write_text(PRICES.replace('"0"', '"0.001"'))
        monkeypatch.setenv("PODMILL_REPAIR_SHARE", share)
        for cache in CACHES:
            cache.cache_clear()
        return made()

    return make


def test_what_a_repair_costs_is_held_with_the_quote(engine: Engine, priced: Callable[[str], str]) -> None:
    """At least the longest lines; after that is spent nothing more is, and who wanted it is told."""
    episode_id = priced("0.1")
    quote = running.journal().document(episode_id, Step.COST_CHECK, Quote)
    assert quote
    assert quote.repair_microusd == 1000 * sum(len(line.partition(": ")[2]) for line in LINES)
    speak(episode_id)
    assert spent_microusd(engine, episode_id) == quote.cost_microusd

    for lines in ((1,), (0, 1)):
        refuse(episode_id, *lines)
        assert speak(episode_id).given_up == {}
    refuse(episode_id, 0, 2)
    recording = speak(episode_id)

    assert recording.given_up.keys() == {0, 2}
    assert "left of what the quote holds" in recording.given_up[0]
    assert spent_microusd(engine, episode_id) <= quote.cost_microusd + quote.repair_microusd
    assert may_again(episode_id, 0, 1, 2) == ()


def test_nothing_is_held_where_nothing_is_wanted(engine: Engine, priced: Callable[[str], str]) -> None:
    """With a share of nothing no repair is paid for."""
    episode_id = priced("0")
    before = speak(episode_id)
    refuse(episode_id, 2)
    recording = speak(episode_id)
    assert takes(recording) == takes(before)
    assert recording.given_up.keys() == {2}
    assert spent_microusd(engine, episode_id) == sum(1000 * len(line.partition(": ")[2]) for line in LINES)


@pytest.mark.parametrize("rounds", [0, 1])
def test_a_retry_of_what_nobody_heard(made: Make, rounds: int) -> None:
    """It is heard in its own round; nothing is spoken again for what was heard of an earlier one."""
    episode_id = made()
    speak(episode_id)
    for _ in range(rounds):
        refuse(episode_id, 1)
        speak(episode_id)
    asked = len(Alpha.asked)
    episodes.cancel([episode_id], current())
    assert episodes.retry([episode_id], current()) == [episode_id]

    heard_in: list[int] = []

    def look(work: Work) -> NoReturn:
        heard_in.append(work.claim.round)
        raise StoppingError("It has looked.")

    with pytest.raises(Reject):
        run_step(Step.VERIFICATION, episode_id, look)
    assert heard_in == [rounds]
    assert len(Alpha.asked) == asked


def test_a_retry_of_what_was_refused(made: Make) -> None:
    """Verification has heard it and asked a person: its lines are spoken in another round."""
    episode_id = made()
    speak(episode_id)
    refuse(episode_id, 1, person=True)
    episodes.retry([episode_id], current())
    asked = len(Alpha.asked)
    assert speak(episode_id).variants == {1: 1}
    assert len(Alpha.asked) == asked + 1
