"""Working seconds per minute of episode, by step, and the node's peak memory: the example batch on a fresh node."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

EXAMPLE = Path(__file__).parent.parent / "examples" / "batch.yaml"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="podmill-bench-") as folder:
        os.environ["PODMILL_HOME"] = folder
        print(json.dumps(measure(), indent=2))


def measure() -> dict[str, object]:
    """Seconds per minute by step, wall seconds, and the largest sum of resident memory seen."""
    began = time.perf_counter()
    podmill = subprocess.Popen(
        [sys.executable, "-m", "podmill.cli", "produce", str(EXAMPLE), "--json"], stdout=subprocess.PIPE
    )
    peak = _Peak(podmill.pid)
    output, _ = podmill.communicate()
    wall_s = time.perf_counter() - began
    report = json.loads(output)
    minutes = sum(episode["duration_s"] for episode in report["episodes"]) / 60
    busy_s = _busy_by_step()
    return {
        "episodes": len(report["episodes"]),
        "minutes": round(minutes, 2),
        "wall_s": round(wall_s, 1),
        "busy_s_per_minute": {step: round(seconds / minutes, 2) for step, seconds in busy_s.items()},
        "peak_memory_mb": round(peak.stop() / 1e6),
    }


def _busy_by_step() -> dict[str, float]:
    from sqlalchemy import func, select

    from models.tables import StepRun, table
    from podmill.settings import current
    from podmill.store.database import open_engine, reading

    step_run = table(StepRun)
    with reading(open_engine(current())) as connection:
        rows = connection.execute(select(step_run.c.step, func.sum(step_run.c.busy_s)).group_by(step_run.c.step))
        return {row[0]: float(row[1]) for row in rows}


class _Peak:
    """Watches the memory of a process and all it starts; shared pages are counted once (PSS where there is one)."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._largest = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        self._stop.set()
        self._thread.join()
        return self._largest

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self._largest = max(self._largest, self._now())

    def _now(self) -> int:
        total = 0
        try:
            family = [self._root, *self._root.children(recursive=True)]
        except psutil.Error:
            return 0
        for process in family:
            try:
                memory = process.memory_full_info()
            except psutil.Error:
                continue
            total += getattr(memory, "pss", 0) or memory.rss
        return total


if __name__ == "__main__":
    main()
