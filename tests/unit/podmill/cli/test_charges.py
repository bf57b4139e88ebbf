"""``podmill charges``: the list, the decisions, and what becomes of the episode that was held."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select, update

from models.steps import EpisodeState, StepState
from models.tables import Show, table
from podmill import settings
from podmill.cli import main
from podmill.money.charge import short_id
from podmill.money.decisions import EPISODE
from podmill.money.fence import STEP_RUN
from podmill.money.ledger import Ledger
from podmill.store.database import open_engine, reading, transaction
from tests.unit.podmill.money.provider import claim, make_episode, purchase

SHOW = table(Show)
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def engine() -> Iterator[Engine]:
    opened = open_engine(settings.current())
    Ledger(opened).open_account("default", None)
    yield opened
    opened.dispose()


@pytest.fixture
def held(engine: Engine) -> tuple[str, str]:
    """An episode in review for a charge in doubt: its id, and the charge's."""
    with transaction(engine) as connection:
        connection.execute(SHOW.insert().values(Show(slug="s", title="S", guid="g", created_at=0).model_dump()))
    episode_id = make_episode(engine, "s", "tides")
    fence = claim(engine, episode_id)
    charge = Ledger(engine).intend(purchase(episode_id), fence, f"{fence.token}/1")
    Ledger(engine).doubt(charge.key, "The connection broke.")
    with transaction(engine) as connection:
        reviewed = {"state": EpisodeState.REVIEW, "step": "synthesis", "error_code": "held", "error": "In doubt."}
        connection.execute(update(EPISODE).values(**reviewed))
        stopped = update(STEP_RUN).where(STEP_RUN.c.step == "synthesis")
        connection.execute(stopped.values(state=StepState.FAILED, lease_token=None, lease_expires_at=None))
    return episode_id, short_id(charge.key)


def state_of(engine: Engine, episode_id: str) -> str:
    with reading(engine) as connection:
        return str(connection.scalar(select(EPISODE.c.state).where(EPISODE.c.id == episode_id)))


def test_the_list(held: tuple[str, str], capsys: Captured) -> None:
    """A table for people, all fields as JSON; filters choose."""
    episode_id, charge = held
    assert main(["charges", "--state", "in_doubt"]) == 0
    told = capsys.readouterr().out
    assert charge in told
    assert "The connection broke." in told
    assert "$1.0000" in told

    assert main(["charges", "--json", "--episode", episode_id[:8]]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["charges"]
    assert (entry["id"], entry["episode_id"], entry["state"], entry["amount_usd"]) == (
        charge,
        episode_id,
        "in_doubt",
        1,
    )

    assert main(["charges", "--json", "--state", "settled"]) == 0
    assert json.loads(capsys.readouterr().out) == {"charges": []}


@pytest.mark.parametrize("decision", [["settle"], ["settle", "--usd", "0.42"], ["refuse"]])
def test_a_decision_lets_the_episode_go_on(
    engine: Engine, held: tuple[str, str], decision: list[str], capsys: Captured
) -> None:
    """It is queued again, and the command says so."""
    episode_id, charge = held
    verb, *options = decision
    assert main(["charges", verb, charge, *options, "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["retried"] == [episode_id]
    assert told["charge"]["state"] == ("refused" if verb == "refuse" else "settled")
    assert told["charge"]["amount_usd"] == (0 if verb == "refuse" else 0.42 if options else 1)
    assert state_of(engine, episode_id) == EpisodeState.QUEUED


def test_what_else_stopped_stays(engine: Engine, held: tuple[str, str], capsys: Captured) -> None:
    """An episode that waits for another reason is not put back."""
    episode_id, charge = held
    with transaction(engine) as connection:
        connection.execute(update(EPISODE).values(error_code="review"))
    assert main(["charges", "refuse", charge]) == 0

    assert "retried" not in capsys.readouterr().out
    assert state_of(engine, episode_id) == EpisodeState.REVIEW


def test_one_decision_of_two_is_not_enough(engine: Engine, held: tuple[str, str], capsys: Captured) -> None:
    """It would only be held again."""
    episode_id, charge = held
    fence = claim(engine, episode_id)
    other = Ledger(engine).intend(purchase(episode_id, "more"), fence, "another")
    Ledger(engine).doubt(other.key, "The connection broke, too.")
    assert main(["charges", "refuse", charge]) == 0
    assert state_of(engine, episode_id) == EpisodeState.REVIEW
    assert main(["charges", "settle", short_id(other.key)]) == 0
    assert f"retried {episode_id}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["settle", "nope"], "No charge has the id 'nope'. Run: podmill charges"),
        (["settle", "CHARGE", "--usd", "much"], "Not an amount in US dollars: 'much'."),
        (["discard", "CHARGE"], "has no reply that could be discarded"),
    ],
)
def test_a_mistake_is_exit_2(held: tuple[str, str], arguments: list[str], says: str, capsys: Captured) -> None:
    """One line says what to do, and nothing is decided."""
    assert main(["charges", *(held[1] if each == "CHARGE" else each for each in arguments)]) == 2
    told = capsys.readouterr()
    assert (told.out, says in told.err) == ("", True)
