"""Real processes, a provider on the wire, SIGKILL between any two effects: paid once, and never over the budget."""

import os
import signal
from collections import Counter

import pytest
from sqlalchemy import Engine, select, update

from models.steps import Step
from podmill.money import purses
from podmill.money.sums import RESERVATION
from podmill.store.database import reading, transaction
from tests.emulators.running import Running
from tests.speaking import EPISODE, STEP_RUN, due_for
from tests.unit.podmill.money.provider import account, charges, check_sums, grow_older
from tests.workers import ended, start

VOICE = "elevenlabs:JBFqnCBsd6RMkjVDRZzb"
pytestmark = pytest.mark.slow
LINE = "Boats lie on the sand, and wait for the sea."
RECORD_AFTER_S = 20.0


@pytest.fixture
def env(settings, podmill_home, broker, elevenlabs_emulator) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PODMILL_")}
    return {
        **kept,
        "PODMILL_HOME": str(podmill_home),
        "PODMILL_DATABASE_URL": settings.database,
        "PODMILL_BROKER_URL": broker,
        "PODMILL_ELEVENLABS_RECORD_S": "0",
        "PODMILL_ELEVENLABS_TIMEOUT_S": str(RECORD_AFTER_S),
        "PODMILL_FAULT_DIR": str(podmill_home),
        **elevenlabs_emulator.env,
    }


def take_over(engine: Engine) -> None:
    """The lease of the dead worker runs out, and the record of the provider is whole by now."""
    with transaction(engine) as connection:
        connection.execute(update(STEP_RUN).values(lease_expires_at=0))
    grow_older(engine, RECORD_AFTER_S + 5)


@pytest.mark.parametrize("point", ["charge:intended", "charge:called", "charge:kept", "charge:settled"])
def test_killed_between_any_two_effects_it_is_paid_once(
    engine: Engine, show: str, env: dict[str, str], elevenlabs_emulator: Running, point: str
) -> None:
    """The next worker goes on from what is written down: one request is charged, one charge is settled."""
    episode_id = due_for(Step.SYNTHESIS, engine, show, "tides", LINE, voice=VOICE)
    assert ended(start(Step.SYNTHESIS, episode_id, env, dies_at=point)) == -signal.SIGKILL
    take_over(engine)
    assert ended(start(Step.SYNTHESIS, episode_id, env)) == 0

    with reading(engine) as connection:
        assert connection.scalar(select(EPISODE.c.step)) == Step.VERIFICATION
    (asked,) = elevenlabs_emulator.requests()
    (settled,) = (row for row in charges(engine) if row.state == "settled")
    assert (settled.request_id, settled.quantity) == (asked["request_id"], asked["billed"])
    assert {row.state for row in charges(engine)} <= {"settled", "refused"}
    check_sums(engine)


def test_ten_workers_race_for_the_last_dollar(
    engine: Engine, show: str, env: dict[str, str], elevenlabs_emulator: Running
) -> None:
    """Ten processes check the cost of an episode each, and there is money for three: three hold theirs, seven wait."""
    price = 80 * len(LINE)
    with transaction(engine) as connection:
        purses.set_budget(connection, "account:default", "total", 4 * price - 1)
    ids = [due_for(Step.COST_CHECK, engine, show, f"{n}", f"{LINE[:-2]}{n}.", voice=VOICE) for n in range(10)]
    # What is held for repairs besides would leave less for others.
    env["PODMILL_REPAIR_SHARE"] = "0"
    racing = [start(Step.COST_CHECK, episode_id, env) for episode_id in ids]
    for process in racing:
        assert ended(process) == 0

    with reading(engine) as connection:
        rows = connection.execute(select(EPISODE.c.step, EPISODE.c.error_code)).all()
        held = connection.scalars(select(RESERVATION.c.amount_microusd)).all()
    assert Counter(map(tuple, rows)) == {("synthesis", None): 3, ("cost_check", "budget_exceeded"): 7}
    assert list(held) == [price] * 3
    check_sums(engine)


def test_racing_for_the_last_dollar(
    engine: Engine, show: str, env: dict[str, str], elevenlabs_emulator: Running
) -> None:
    """Four processes, money for two: two are spoken, two are told what is left, and the provider billed two."""
    with transaction(engine) as connection:
        purses.set_budget(connection, "account:default", "total", 2 * len(LINE) * 80 + 79)
    # Of one length, and different: the take of one line would be that of all.
    lines = [f"{LINE[:-1]}{mark}" for mark in ".!?;"]
    ids = [due_for(Step.SYNTHESIS, engine, show, line, line, voice=VOICE) for line in lines]
    racing = [start(Step.SYNTHESIS, episode_id, env) for episode_id in ids]
    for process in racing:
        ended(process)

    with reading(engine) as connection:
        codes = Counter(connection.scalars(select(EPISODE.c.error_code)))
    assert codes == {None: 2, "budget_exceeded": 2}
    assert [each["billed"] for each in elevenlabs_emulator.requests()] == [len(LINE)] * 2
    assert account(engine).spent_microusd == 2 * len(LINE) * 80
    check_sums(engine)
