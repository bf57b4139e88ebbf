"""Submitting 10,000 episodes, and looking at them: ``python -m benchmarks.submission [ROWS]``

The real command line on a fresh home folder, with a broker and no workers, once for each kind of file; then status and
report of the batch, as tables and as JSON, and of one as large that is published. Every figure is that of a whole
process from its start to its end.
"""

import csv
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from benchmarks import servers

ROWS: Final = 10_000
SOURCES: Final = 20
"""Documents that the rows share."""
SCRIPTS_EVERY: Final = 10
"""Each so many rows bring a script of their own instead of a topic with sources."""


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory(prefix="podmill-bench-") as folder, servers.broker(Path(folder) / "broker") as url:
        os.environ["PODMILL_BROKER_URL"] = url
        print(json.dumps({"rows": rows, **measure(Path(folder), rows)}, indent=2))


def measure(folder: Path, rows: int) -> dict[str, object]:
    """Seconds and peak memory of each command, by kind of file."""
    for number in range(SOURCES):
        text = f"# Lighthouse {number}\n\n" + "A lamp was lit on the rock each evening. " * 40
        (folder / f"source{number}.md").write_text(text)
    figures = {kind: _measure_kind(folder, kind, write, rows) for kind, write in WRITERS.items()}
    published = _published(folder, rows)
    # What every command takes before it does anything.
    start = {"start": {"--version": _podmill(published, "--version")}}
    return {**start, **figures, "published": _looks(published, "b1")}


def _measure_kind(
    folder: Path, kind: str, write: Callable[[Path, Iterable[Mapping[str, str]]], None], rows: int
) -> dict[str, dict[str, float]]:
    path, home = folder / f"batch.{kind}", folder / f"home-{kind}"
    write(path, (_row(number) for number in range(rows)))
    made = {"submit": _podmill(home, "submit", str(path), "--json")}
    batch = json.loads((home / "out").read_text())["batch"]
    return {**made, **_looks(home, batch)}


def _looks(home: Path, batch: str) -> dict[str, dict[str, float]]:
    looks = [(command, *options) for command in ("status", "report") for options in ((), ("--json",))]
    return {" ".join(look): _podmill(home, look[0], batch, *look[1:]) for look in looks}


def _published(folder: Path, rows: int) -> Path:
    """A home folder with a batch whose episodes went through all their steps."""
    home = folder / "home-published"
    # In a process of its own: the peak memory of a child begins with that of its parent.
    filling = multiprocessing.get_context("spawn").Process(target=_fill, args=(home, rows))
    filling.start()
    filling.join()
    if filling.exitcode:
        raise RuntimeError("The published batch could not be made.")
    return home


def _fill(home: Path, rows: int) -> None:
    from podmill.settings import load
    from podmill.store.database import open_engine, transaction
    from tests.batches import fill_batch

    with transaction(open_engine(load({"PODMILL_HOME": str(home)})[0])) as connection:
        fill_batch(connection, count=rows)


def _row(number: int) -> dict[str, str]:
    if number % SCRIPTS_EVERY == 0:
        return {"id": f"e{number}", "script": f"[S1] What burns at light {number}? [S2] Oil, then gas."}
    sources = ";".join(f"source{(number + more) % SOURCES}.md" for more in range(2))
    return {"id": f"e{number}", "topic": f"The keepers of light {number}", "sources": sources, "minutes": "3"}


def _csv(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ("id", "topic", "sources", "minutes", "script"))
        writer.writeheader()
        writer.writerows(rows)


def _jsonl(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def _yaml(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("show: keepers\nepisodes:\n")
        for row in rows:
            fields = (f"{name}: {json.dumps(value)}" for name, value in row.items())
            file.write("  - " + "\n    ".join(fields) + "\n")


WRITERS: Final = {"jsonl": _jsonl, "csv": _csv, "yaml": _yaml}


def _podmill(home: Path, *arguments: str) -> dict[str, float]:
    """Run one command; its output is the file ``out`` of the home folder."""
    home.mkdir(exist_ok=True)
    with (home / "out").open("wb") as out:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "podmill.cli", *arguments],
            env={**os.environ, "PODMILL_HOME": str(home)},
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"podmill {' '.join(arguments)} ended with {process.returncode}.")
    return {
        "wall_s": round(wall_s, 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_memory_mb": round(usage.ru_maxrss * 1024 / 1e6),
    }


if __name__ == "__main__":
    main()
