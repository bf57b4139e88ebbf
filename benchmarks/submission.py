"""Submitting 10,000 episodes, and looking at them: ``python -m benchmarks.submission [ROWS]``

The real command line on a fresh home folder without a node, once for each kind of file; then status and report of the
batch, as tables and as JSON. Every figure is that of a whole process from its start to its end.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

ROWS: Final = 10_000
SOURCES: Final = 20
"""Documents that the rows share."""
SCRIPTS_EVERY: Final = 10
"""Each so many rows bring a script of their own instead of a topic with sources."""


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory(prefix="podmill-bench-") as folder:
        print(json.dumps({"rows": rows, **measure(Path(folder), rows)}, indent=2))


def measure(folder: Path, rows: int) -> dict[str, object]:
    """Seconds and peak memory of each command, by kind of file."""
    for number in range(SOURCES):
        text = f"# Lighthouse {number}\n\n" + "A lamp was lit on the rock each evening. " * 40
        (folder / f"source{number}.md").write_text(text)
    return {kind: _measure_kind(folder, kind, write, rows) for kind, write in WRITERS.items()}


def _measure_kind(
    folder: Path, kind: str, write: Callable[[Path, Iterable[Mapping[str, str]]], None], rows: int
) -> object:
    path, home = folder / f"batch.{kind}", folder / f"home-{kind}"
    write(path, (_row(number) for number in range(rows)))
    made = {"submit": _podmill(home, "submit", str(path), "--json")}
    batch = json.loads((home / "out").read_text())["batch"]
    for command in ("status", "report"):
        made[command] = _podmill(home, command, batch)
        made[f"{command} --json"] = _podmill(home, command, batch, "--json")
    return made


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
