"""The soak: a batch of paid episodes while workers are killed, the broker is wiped and the database goes away.

    python -m tests.acceptance.soak --episodes 125 --database postgresql

Everything is real but the provider: real workers in real processes, the real SDK, an emulator that fails one request in
ten, bills what it makes even when nobody hears the answer, and writes down every request it gets. What must hold is
checked against the emulator's own record at the end.
"""

import argparse
import contextlib
import json
import logging
import os
import platform
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from models.steps import EpisodeState
from models.tables import Episode, table
from podmill.money import purses
from podmill.settings import Settings, load
from podmill.store.database import open_engine, reading
from tests.acceptance import soak_checks
from tests.acceptance.fleet import Fleet
from tests.emulators import running as emulators
from tests.emulators.sound import Joe
from tests.servers import postgres
from tests.servers.broker import VALKEY, redis_protocol

log = logging.getLogger("soak")

OUTAGE_S = {"sqlite": 35.0, "postgresql": 10.0}
"""How long the database is away. SQLite's own patience is 30 s: a lock held any shorter would not be noticed."""

FAULTS = {"busy": 0.02, "error": 0.02, "maintenance": 0.01, "hang": 0.02, "drop": 0.02, "error_billed": 0.01}
"""One request in ten; the last three are billed although nobody hears the answer."""

VOICES = {"Ada": "adaVoice01", "Ben": "benVoice02"}
COLOURS = ("red", "blue", "green", "white", "black", "golden", "silver", "wooden", "broken", "silent", "old", "little")
THINGS = (
    *("boat", "tower", "river", "garden", "window", "mountain"),
    *("kitchen", "bridge", "horse", "village", "castle", "farmer"),
)


@dataclass(frozen=True)
class Plan:
    """What is done to whom."""

    episodes: int = 125
    database: str = "sqlite"
    kill_every_s: float = 2.0
    wipes: int = 3
    restarts: int = 1
    limit_s: float = 2400.0
    seed: int = 1


def run(plan: Plan, folder: Path, speech: Path) -> dict[str, Any]:
    """The whole soak in a folder; what came of it, with every promise as true or false.

    Args:
        speech: folder of what the provider's voices have said, kept from run to run.
    """
    with contextlib.ExitStack() as stack:
        broker_url = stack.enter_context(redis_protocol(VALKEY, folder / "broker"))
        database = stack.enter_context(_database(plan.database, folder))
        _rehearse(plan, speech)
        emulator = stack.enter_context(emulators.running(folder / "provider", *_terms(plan, speech)))
        environment = {**os.environ, **_variables(folder, broker_url, database.url), **emulator.env}
        settings, _ = load(environment)
        _submit(plan, folder, environment)
        began = time.monotonic()
        fleet = stack.enter_context(Fleet(environment, broker_url))
        counted, over_budget = _torment(plan, fleet, settings, database, broker_url)
        result = soak_checks.verdict(settings, emulator.requests(), counted)
        result["promises"]["never over budget"] = over_budget == 0
        return {
            "plan": vars(plan),
            "machine": f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}",
            "wall_s": round(time.monotonic() - began, 1),
            "kills": fleet.kills,
            **result,
        }


def _terms(plan: Plan, speech: Path) -> list[str]:
    chances = [option for name, share in FAULTS.items() for option in ("--chance", f"{name}={share}")]
    return [
        *("--per-minute", "100", "--at-once", "10", "--latency-s", "0.5", "--hang-s", "10"),
        *("--speech", str(speech), "--seed", str(plan.seed), *chances),
    ]


def _torment(
    plan: Plan, fleet: Fleet, settings: Settings, database: "_Sqlite | _Postgres", broker_url: str
) -> tuple[Counter[str], int]:
    """Kill, wipe and restart until every episode is closed.

    Returns:
        Deliveries by whether they did anything, and the times an account was seen above its budget.
    """
    client = redis.Redis.from_url(broker_url)
    engine = open_engine(settings)
    wipe_at = [plan.episodes * (number + 1) // (plan.wipes + 1) for number in range(plan.wipes)]
    restart_at = [plan.episodes * (number + 1) // (plan.restarts + 2) for number in range(plan.restarts)]
    counted: Counter[str] = Counter()
    over_budget = 0
    chance = random.Random(plan.seed)
    began = shown_at = time.monotonic()
    next_kill = began + 4
    while True:
        time.sleep(0.25)
        fleet.revive()
        moment = time.monotonic()
        if moment > next_kill:
            fleet.kill_one(chance)
            next_kill = moment + plan.kill_every_s
        try:
            states = _states(engine)
            over_budget += _over_budget(engine)
        except SQLAlchemyError:
            continue
        published = states[EpisodeState.PUBLISHED]
        if wipe_at and published >= wipe_at[0]:
            wipe_at.pop(0)
            counted.update(_deliveries(client, settings))
            client.flushall()
            log.info("the broker was wiped")
        if restart_at and published >= restart_at[0]:
            restart_at.pop(0)
            threading.Thread(target=database.go_away, args=(OUTAGE_S[plan.database],)).start()
            log.info("the database goes away for %s s", OUTAGE_S[plan.database])
        if moment > shown_at + 10:
            shown_at = moment
            log.info("%4.0f s, %d kills: %s", moment - began, fleet.kills, dict(states))
        closed = sum(states[state] for state in (EpisodeState.PUBLISHED, EpisodeState.FAILED, EpisodeState.REVIEW))
        if closed == plan.episodes or moment > began + plan.limit_s:
            break
    counted.update(_deliveries(client, settings))
    client.close()
    return counted, over_budget


def _deliveries(client: "redis.Redis", settings: Settings) -> dict[str, int]:
    counts: dict[bytes, bytes] = client.hgetall(f"{settings.broker_prefix}deliveries")
    return {name.decode(): int(count) for name, count in counts.items()}


def _states(engine: Engine) -> Counter[str]:
    episode = table(Episode)
    with reading(engine) as connection:
        rows = connection.execute(select(episode.c.state, func.count()).group_by(episode.c.state)).all()
    return Counter({str(state): count for state, count in rows})


def _over_budget(engine: Engine) -> int:
    with reading(engine) as connection:
        return sum(each.used_microusd > each.limit_microusd for each in purses.now_standing(connection))


def _variables(folder: Path, broker_url: str, database_url: str | None) -> dict[str, str]:
    variables = {
        "PODMILL_HOME": str(folder / "home"),
        "PODMILL_BROKER_URL": broker_url,
        "PODMILL_ELEVENLABS_TIMEOUT_S": "8",
        "PODMILL_ELEVENLABS_RECORD_S": "12",
        "PODMILL_LEASE_S": "6",
        "PODMILL_RECONCILE_S": "2",
        "PODMILL_RETRY_BASE_S": "0.5",
        "PODMILL_RETRY_CAP_S": "5",
        "PODMILL_RETRIES": "8",
        "PODMILL_DEATHS_MAX": "12",
        "PODMILL_BREAKER_FAILURES": "8",
        "PODMILL_BREAKER_S": "3",
        "PODMILL_EPISODES_AT_ONCE": "30",
        "PODMILL_BUDGET_USD": "60",
        "PODMILL_DISK_RESERVE_MB": "1",
        "PODMILL_LOG_LEVEL": "INFO",
    }
    return variables | ({"PODMILL_DATABASE_URL": database_url} if database_url else {})


def _lines(number: int) -> list[tuple[str, str]]:
    """Speaker and words of each line of an episode: every other one has one voice, the others take turns."""
    hero = f"the {COLOURS[number // 12 % 12]} {THINGS[number % 12]}"
    return [
        ("Ada", f"Welcome to the show. Today we hear the story of {hero}."),
        ("Ben" if number % 2 else "Ada", f"Everybody in the town had heard about {hero} and the bright lamp."),
        ("Ada", f"At night the light of the lamp fell on {hero} and the water."),
    ]


def _rehearse(plan: Plan, folder: Path) -> None:
    """Let the provider's voices speak every line once, so that afterwards it answers as fast as it says."""
    joe = Joe(folder)
    for number in range(plan.episodes):
        for speaker, text in _lines(number):
            joe.speak(text, VOICES[speaker], 0)
        if number % 25 == 0:
            log.info("rehearsing: %d of %d episodes", number, plan.episodes)


def _submit(plan: Plan, folder: Path, environment: Mapping[str, str]) -> None:
    """One voice throughout is one request; those that take turns are several."""
    rows = []
    for number in range(plan.episodes):
        (_, first), (answerer, second), (_, third) = _lines(number)
        tag = "S2" if answerer == "Ben" else "S1"
        script = folder / f"episode{number}.txt"
        script.write_text(
            f"# Harbour light {number}\n\n## The lamp\n\n[S1] {first}\n[{tag}] {second}\n\n## Night\n\n[S1] {third}\n"
        )
        cast = [{"name": name, "voice": f"elevenlabs:{VOICES[name]}"} for name in dict.fromkeys(("Ada", answerer))]
        rows.append({"title": f"Harbour light {number}", "script": script.name, "cast": cast, "show": "harbour"})
    path = folder / "batch.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for arguments in (("show", "add", "harbour", "--title", "Harbour lights"), ("submit", str(path))):
        subprocess.run(
            [sys.executable, "-m", "podmill.cli", *arguments],
            env=dict(environment),
            cwd=folder,
            check=True,
            timeout=300,
            stdout=subprocess.DEVNULL,
        )


@dataclass
class _Sqlite:
    path: Path
    url: str | None = None

    def go_away(self, seconds: float) -> None:
        """Nobody can write while somebody holds the lock."""
        connection = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        connection.rollback()
        connection.close()


@dataclass
class _Postgres:
    server: Any
    url: str | None

    def go_away(self, seconds: float) -> None:
        """The server is stopped, every connection cut, and started again."""
        self.server.stop()
        time.sleep(seconds)
        self.server.start()


@contextlib.contextmanager
def _database(kind: str, folder: Path) -> Iterator[_Sqlite | _Postgres]:
    if kind == "sqlite":
        yield _Sqlite(folder / "home" / "podmill.db")
        return
    with postgres.cluster() as (server, url):
        yield _Postgres(server, f"{url.replace('postgresql://', 'postgresql+psycopg://')}/postgres")


def main() -> None:
    parser = argparse.ArgumentParser(description="The soak. Exit code 0: every promise held.")
    parser.add_argument("--episodes", type=int, default=125)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--kill-every", type=float, default=2.0, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder that keeps everything for a look afterwards")
    parser.add_argument("--speech", type=Path, help="folder of the provider's speech, kept from run to run")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    plan = Plan(episodes=given.episodes, database=given.database, kill_every_s=given.kill_every, seed=given.seed)
    with contextlib.ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="podmill-soak-")))
        folder.mkdir(parents=True, exist_ok=True)
        result = run(plan, folder.resolve(), (given.speech or folder / "speech").resolve())
    print(json.dumps(result, indent=2))  # noqa: T201 - what it is run for
    sys.exit(0 if all(result["promises"].values()) else 1)


if __name__ == "__main__":
    main()
