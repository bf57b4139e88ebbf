"""A batch of paid episodes, and how much of the provider's limits it uses: ``python -m benchmarks.paid_batch``

    python -m benchmarks.paid_batch                125 episodes, 20.5 s a call: about six minutes
    python -m benchmarks.paid_batch --faster 4     all times a quarter, those of limits and waiting too

Ready-made scripts of 15,000 to 25,000 characters, submitted with the real command line, spoken by the workers that
``podmill up`` starts, through the real limiter and the real SDK. The provider is an emulator that enforces 10 requests
at once and 100 a minute, takes 20.5 s for each, and counts. Its speech is prepared, of a few lengths, and a fraction
(``--shorter``) of what the text would last: so the processors of a small machine are not what is measured.

Workers of the steps after the speech are not started, as where those run on other machines; the chain is wide enough
that their queues hold the batch. Prints one JSON object. ``share_of_ideal`` is what the tighter limit, 10 at once,
would take for these calls without a moment lost, divided by the time from the begin of the first to the end of the
last, by the provider's clock; 125 whole calls, ten at once, cannot have more than 96.2 %. Exits with 1 if it is below
95 %, or if a request was too many, refused or not settled.
"""

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any, Final

import psutil
from sqlalchemy import Engine, func, select

from benchmarks import servers
from benchmarks.limiter import most_in
from models.steps import ChargeState, EpisodeState, Step, StepState
from models.tables import Charge, Episode, StepRun, table
from podmill.node import service
from podmill.settings import Settings, load
from podmill.store.database import open_engine, reading

ROOT: Final = Path(__file__).parent.parent
KEY: Final = "emulated-key"
SHARE_MIN: Final = 0.95
CHARACTERS: Final = (15_000, 25_000)
CHARACTERS_A_SECOND: Final = 15.0
LINE_CHARACTERS: Final = (200, 900)
CHAPTERS: Final = 6
START_S: Final = 120.0
WORKERS: Final = ("text", "synthesis-api", "upkeep")
WORDS: Final = (
    *("lamp", "keeper", "harbour", "winter", "letter", "stone", "island", "garden", "signal", "engine", "morning"),
    *("silver", "quiet", "broken", "northern", "careful", "golden", "narrow", "distant", "patient", "wooden", "old"),
    *("carried", "watched", "answered", "followed", "painted", "counted", "repaired", "remembered", "opened", "found"),
    *("the", "a", "every", "another", "and", "while", "because", "before", "under", "beside", "towards", "without"),
)


@dataclass(frozen=True, slots=True)
class Load:
    """What is run."""

    episodes: int = 125
    call_s: float = 20.5
    """How long the provider works on one request."""
    at_once: int = 10
    per_minute: int = 100
    faster: float = 1.0
    """All times are divided by this."""
    shorter: float = 10.0
    """Speech lasts this fraction of what its text would."""
    database: str = "sqlite"
    seed: int = 1
    limit_s: float = 900.0

    @property
    def ideal_s(self) -> float:
        """By the tighter of the two limits, if calls could be cut in pieces."""
        a_second = min(self.at_once / self.call_s, self.per_minute / 60.0)
        return self.episodes / a_second / self.faster

    @property
    def best_s(self) -> float:
        """With calls as they are: whole."""
        return ceil(self.episodes / self.at_once) * self.call_s / self.faster


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paid_batch")
    for name, value in asdict(Load()).items():
        choices = ("sqlite", "postgresql") if name == "database" else None
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value, choices=choices)
    parser.add_argument("--keep", type=Path, help="folder that keeps everything for a look afterwards")
    given = vars(parser.parse_args())
    keep: Path | None = given.pop("keep")
    if keep:
        keep.mkdir(parents=True)
    with nullcontext(keep) if keep else tempfile.TemporaryDirectory(prefix="podmill-bench-") as folder:
        figures = measure(Load(**given), Path(folder).resolve())
    print(json.dumps(figures, indent=2))
    sys.exit(not all(figures["promises"].values()))


def measure(run: Load, folder: Path) -> dict[str, Any]:
    """Submit the batch, wait until all of it is spoken, and count."""
    with ExitStack() as stack:
        broker = stack.enter_context(servers.broker(folder / "broker"))
        url = stack.enter_context(_provider(run, folder))
        database = stack.enter_context(servers.postgres()) if run.database == "postgresql" else None
        environment = {**os.environ, **_variables(run, folder, broker, url, database)}
        settings, _ = load(environment)
        _submit(run, folder, environment)
        load_before = os.getloadavg()[0]
        workers = stack.enter_context(_workers(settings, environment))
        engine = open_engine(settings)
        began_s = time.monotonic()
        while (spoken := _spoken(engine)) < run.episodes:
            if time.monotonic() > began_s + run.limit_s:
                raise RuntimeError(f"Only {spoken} of {run.episodes} episodes were spoken; look at {folder} (--keep).")
            time.sleep(0.5)
        processor_s = {name: round(sum(worker.cpu_times()[:2]), 1) for name, worker in workers.items()}
        peaks = {name: round(worker.memory_info().rss / 1e6) for name, worker in workers.items()}
        requests = [json.loads(line) for line in (folder / "requests.jsonl").read_text("utf-8").splitlines()]
        counted = _counted(_moments(folder / "moments.csv"), run)
        books = _books(engine, run, requests)
    shares = counted["share_of_ideal"], counted["most_at_once"], counted["most_in_a_minute"]
    promises = {
        f"at least {SHARE_MIN:.0%} of the tighter limit": shares[0] >= SHARE_MIN,
        "never over the requests at once": shares[1] <= run.at_once,
        "never over the requests a minute": shares[2] <= run.per_minute,
        **books.pop("promises"),
    }
    return {
        **asdict(run),
        "load_before": round(load_before, 1),
        "load_after": round(os.getloadavg()[0], 1),
        **counted,
        **books,
        "processor_s": processor_s,
        "memory_mb": peaks,
        "promises": promises,
    }


def _counted(moments: Sequence[tuple[float, int]], run: Load) -> dict[str, Any]:
    """What the provider saw, by its own clock."""
    open_, busy_s, at_once, times = 0, 0.0, 0, [0.0] * (run.at_once + 1)
    for number, (moment_s, change) in enumerate(moments):
        if number:
            lasted_s = moment_s - moments[number - 1][0]
            busy_s += open_ * lasted_s
            times[min(open_, run.at_once)] += lasted_s
        open_ += change
        at_once = max(at_once, open_)
    took_s = moments[-1][0] - moments[0][0]
    starts_s = [moment_s for moment_s, change in moments if change > 0]
    last_start_s = starts_s[-1] - moments[0][0]
    return {
        "took_s": round(took_s, 2),
        "ideal_s": round(run.ideal_s, 2),
        "best_for_whole_calls_s": round(run.best_s, 2),
        "share_of_ideal": round(run.ideal_s / took_s, 4),
        "share_of_best": round(run.best_s / took_s, 4),
        "mean_at_once": round(busy_s / took_s, 2),
        "share_of_time_full_until_the_last_began": round(times[run.at_once] / max(last_start_s, 1e-9), 4),
        "most_at_once": at_once,
        "most_in_a_minute": most_in(starts_s, 60.0 / run.faster),
    }


def _books(engine: Engine, run: Load, requests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What was asked for and what was paid."""
    charge = table(Charge)
    with reading(engine) as connection:
        charges = connection.execute(select(charge)).all()
    settled = [row for row in charges if row.state == ChargeState.SETTLED]
    # Where a second passes between a slot and its request, that is made with the next slot.
    never_sent = sum(row.state == ChargeState.REFUSED and row.reason.startswith("Never sent") for row in charges)
    characters = [entry["characters"] for entry in requests if entry["status"] == 200]
    return {
        "requests": len(requests),
        "characters": {"fewest": min(characters), "most": max(characters), "sum": sum(characters)},
        "charges_settled": len(settled),
        "turns_that_passed_unsent": never_sent,
        "promises": {
            "one request an episode": len(requests) == run.episodes,
            "none refused": all(entry["outcome"] == "ok" for entry in requests),
            "every charge settled": len(settled) == run.episodes and len(settled) + never_sent == len(charges),
            "settled what was billed": sum(row.quantity for row in settled)
            == sum(entry["billed"] for entry in requests),
            "texts of the promised length": CHARACTERS[0] <= min(characters) and max(characters) <= CHARACTERS[1],
        },
    }


def _spoken(engine: Engine) -> int:
    """Episodes whose synthesis is done.

    Raises:
        RuntimeError: one failed.
    """
    episode, step_run = table(Episode), table(StepRun)
    with reading(engine) as connection:
        lost = connection.execute(
            select(episode.c.id, episode.c.state).where(episode.c.state.in_((EpisodeState.FAILED, EpisodeState.REVIEW)))
        ).all()
        if lost:
            raise RuntimeError(f"Not all were spoken: {lost}.")
        done = select(func.count()).where(step_run.c.step == Step.SYNTHESIS, step_run.c.state == StepState.DONE)
        return int(connection.scalar(done) or 0)


def _moments(path: Path) -> list[tuple[float, int]]:
    with path.open(encoding="utf-8") as file:
        return sorted((float(moment_s), int(change)) for moment_s, change in csv.reader(file))


# What is run


def _variables(run: Load, folder: Path, broker: str, url: str, database: str | None) -> dict[str, str]:
    variables = {
        "PODMILL_HOME": str(folder / "home"),
        "PODMILL_BROKER_URL": broker,
        "PODMILL_ELEVENLABS_URL": url,
        "PODMILL_ELEVENLABS_API_KEY": KEY,
        "PODMILL_ELEVENLABS_MODEL": "eleven_flash_v2_5",
        "PODMILL_REQUESTS_AT_ONCE": str(run.at_once),
        # The limiter's minute is what it is: a shorter one of the provider's is a higher rate.
        "PODMILL_REQUESTS_PER_MINUTE": str(round(run.per_minute * run.faster)),
        "PODMILL_EPISODES_AT_ONCE": str(2 * run.episodes),
        "PODMILL_LOG_LEVEL": "WARNING",
    }
    if run.faster != 1.0:
        variables |= {
            f"PODMILL_{name.upper()}": str(Settings.model_fields[name].default / run.faster)
            for name in ("reconcile_s", "wait_in_worker_s", "next_in_worker_s")
        }
    return variables | ({"PODMILL_DATABASE_URL": database} if database else {})


@contextmanager
def _provider(run: Load, folder: Path) -> Iterator[str]:
    terms = {"at_once": run.at_once, "per_minute": run.per_minute, "minute_s": 60.0 / run.faster, "key": KEY}
    told = {
        "terms": terms,
        "log": str(folder / "requests.jsonl"),
        "latency_s": run.call_s / run.faster,
        "characters_a_second": CHARACTERS_A_SECOND * run.shorter,
        "shortest": CHARACTERS[0],
        "longest": CHARACTERS[1],
    }
    argv = [sys.executable, "-m", "benchmarks.speaking_provider", json.dumps(told)]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@contextmanager
def _workers(settings: Settings, environment: Mapping[str, str]) -> Iterator[dict[str, psutil.Process]]:
    """Those of a node that texts and paid speech need, and beat."""
    chosen = [each for each in (*service.workers(settings), service.beat(settings)) if each.name in (*WORKERS, "beat")]
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for each in chosen:
            with (settings.home / f"{each.name}.log").open("ab") as out:
                running[each.name] = subprocess.Popen(
                    each.argv, cwd=ROOT, env={**environment, **each.env}, stdout=out, stderr=out
                )
        yield {name: psutil.Process(process.pid) for name, process in running.items()}
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait(START_S)


def _submit(run: Load, folder: Path, environment: Mapping[str, str]) -> None:
    """A file of the batch and its scripts, through the command line."""
    chance = random.Random(run.seed)  # noqa: S311
    cast = [{"name": "Ada", "voice": "elevenlabs:adaVoice01"}]
    rows = []
    for number in range(run.episodes):
        script = folder / f"episode{number}.txt"
        script.write_text(_script(number, chance), encoding="utf-8")
        rows.append({"title": f"Light {number}", "script": script.name, "cast": cast, "show": "lights"})
    path = folder / "batch.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for arguments in (("show", "add", "lights", "--title", "Lights"), ("submit", str(path))):
        argv = [sys.executable, "-m", "podmill.cli", *arguments]
        subprocess.run(argv, cwd=ROOT, env=dict(environment), check=True, stdout=subprocess.DEVNULL)


def _script(number: int, chance: random.Random) -> str:
    """A script whose words, joined by line ends, are as long as one of the batch may be."""
    wanted = chance.randint(*CHARACTERS)
    lines: list[str] = []
    left = wanted
    while left > 0:
        length = chance.randint(*LINE_CHARACTERS)
        if left - length - 1 < LINE_CHARACTERS[0]:
            length = left
        lines.append(_said(length, chance))
        left -= length + 1
    every = ceil(len(lines) / CHAPTERS)
    text = [f"# Light {number}"]
    for place, line in enumerate(lines):
        if place % every == 0:
            text.append(f"## Part {place // every + 1}")
        text.append(f"[S1] {line}")
    return "\n\n".join(text) + "\n"


def _said(length: int, chance: random.Random) -> str:
    """Sentences of exactly so many characters."""
    words = ""
    while len(words) < length:
        sentence = " ".join(chance.choices(WORDS, k=chance.randint(6, 16))).capitalize()
        words += f"{sentence}. "
    # Letters to the end and a full stop, whatever the last word was.
    return words[: length - 1].rstrip(" .").ljust(length - 1, "s") + "."


if __name__ == "__main__":
    main()
