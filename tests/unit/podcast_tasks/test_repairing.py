"""Repair: which lines are spoken again, in what way, by whom, and for how much."""

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from celery.exceptions import Reject
from sqlalchemy import Engine, func, select

from models.quote import Quote
from models.recording import Recording
from models.script import Script
from models.steps import Step
from models.tables import Charge, table
from pipelines import episode as episodes
from podcast_tasks import running
from podcast_tasks.repairing import has_tries
from podcast_tasks.running import Work, run_step
from podmill.errors import QuotaError, StoppingError
from podmill.settings import Settings, current, load
from podmill.store.database import reading
from tests.humming import LINES, PRICES, Alpha, Beta, heard, refuse, speak
from tests.unit.podcast_tasks.conftest import CACHES, Make

CHARGE = table(Charge)


@pytest.fixture
def settings(podmill_home: Path) -> Settings:
    """SQLite: what differs on PostgreSQL, ``test_ledger.py`` and ``test_synthesis.py`` cover."""
    return load({"PODMILL_HOME": str(podmill_home)})[0]


def takes(recording: Recording) -> list[str]:
    return [line.take for line in recording.lines]


def may_again(episode_id: str, *lines: int) -> bool:
    """Whether verification may send these lines back; it only looks."""
    found: list[bool] = []

    def look(work: Work) -> NoReturn:
        script, recording = work.need(Step.SCRIPTING, Script), work.need(Step.SYNTHESIS, Recording)
        found.append(has_tries(work, script, recording, lines))
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


def test_nobody_else_speaks_unless_voices_may_be_mixed(made: Make) -> None:
    """After two tries of its own voice a line is for a person; one such line is enough."""
    episode_id = made(policy="whole")
    recording = speak(episode_id)
    for _ in range(2):
        refuse(episode_id, 1)
        recording = speak(episode_id)
    assert heard(recording) == ["alpha"] * 3
    assert not may_again(episode_id, 0, 1)
    assert may_again(episode_id, 0)
    assert not may_again(episode_id)


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
    """At least the longest line; after that is spent nothing more is, and who wanted it is told."""
    episode_id = priced("0.1")
    quote = running.journal().document(episode_id, Step.COST_CHECK, Quote)
    assert quote
    longest = max(len(line.partition(": ")[2]) for line in LINES)
    assert quote.repair_microusd == 1000 * longest
    speak(episode_id)
    assert spent_microusd(engine, episode_id) == quote.cost_microusd

    refuse(episode_id, 1)
    assert speak(episode_id).given_up == {}
    refuse(episode_id, 0, 1)
    recording = speak(episode_id)

    assert recording.given_up.keys() == {0, 1}
    assert "left of what the quote holds" in recording.given_up[0]
    assert spent_microusd(engine, episode_id) <= quote.cost_microusd + quote.repair_microusd
    assert not may_again(episode_id, 1)


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
