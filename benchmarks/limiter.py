"""The limiter under load: worker processes, each with threads, against a provider that counts.

    python -m benchmarks.limiter                             5,000 requests, 500 in any 10 s: under two minutes
    python -m benchmarks.limiter --real-minute               400 requests, 100 in any minute: about three minutes
    python -m benchmarks.limiter --requests 5000 --limit 100 --window-s 60       all of it at the real rate: 49 minutes

Prints one JSON object. Counted twice: by the clock of Redis, when each request was granted, and by the provider, which
is a process of its own with its own clock, when each arrived. Exits with 1 if a limit was exceeded by either.
"""

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from podmill.errors import WaitError
from podmill.limits.limiter import Caller, Limiter, connect
from podmill.settings import load

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Load:
    """What is run."""

    requests: int = 5000
    limit: int = 500
    window_s: float = 10.0
    at_once: int = 10
    processes: int = 4
    threads: int = 10
    takes_s: float = 0.03
    """How long the provider works on one request."""
    transit_s: float = 0.0
    """Longest way to the provider that is allowed for; 0: the limiter's own share of the window."""


REAL_MINUTE = Load(requests=400, limit=100, window_s=60.0)


def main() -> None:
    if sys.argv[1:2] == ["--worker"]:
        _work(**json.loads(sys.argv[2]))
        return
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limiter")
    parser.add_argument("--real-minute", action="store_true")
    parser.add_argument("--url", help="A Redis to use; its keys are left alone. Unset: the bundled Valkey.")
    for name, value in asdict(Load()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value))
    given = vars(parser.parse_args())
    url = given.pop("url")
    chosen = asdict(REAL_MINUTE if given.pop("real_minute") else Load())
    chosen_load = Load(**chosen | {name: value for name, value in given.items() if value is not None})
    with _server(url) as address:
        figures = measure(address, chosen_load)
    print(json.dumps(figures, indent=2))
    sys.exit(not figures["within_limits"])


def measure(url: str, load: Load) -> dict[str, Any]:
    """Run a load through the limiter on a Redis, and count.

    Returns:
        The load and what was counted: most requests in any window and most at once, by Redis and by the provider; the
        share of the ceiling that was used, by what arrived in all whole windows from the first request to the last.
    """
    with _provider(load.takes_s) as port:
        share = load.requests // (load.processes * load.threads)
        common = {"url": url, "port": port, "share": share, "load": asdict(load), "run": f"bench{time.time_ns()}"}
        began = time.monotonic()
        workers = [
            subprocess.Popen(
                [sys.executable, "-m", "benchmarks.limiter", "--worker", json.dumps(common | {"number": number})],
                cwd=ROOT,
                stdout=subprocess.PIPE,
            )
            for number in range(load.processes)
        ]
        granted_s: list[float] = []
        for worker in workers:
            output, _ = worker.communicate()
            if worker.returncode:
                raise RuntimeError(f"A worker failed with {worker.returncode}; what it said is above.")
            granted_s += json.loads(output)
        wall_s = time.monotonic() - began
        with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            counted = _ask(connection, "GET")
    arrivals_s = counted["arrivals_s"]
    windows = max(1, int((arrivals_s[-1] - arrivals_s[0]) / load.window_s))
    used = bisect_left(arrivals_s, arrivals_s[0] + windows * load.window_s)
    by_redis, by_provider = most_in(sorted(granted_s), load.window_s), most_in(arrivals_s, load.window_s)
    return {
        **asdict(load),
        "made": len(arrivals_s),
        "wall_s": round(wall_s, 1),
        "most_in_a_window_by_redis": by_redis,
        "most_in_a_window_by_provider": by_provider,
        "most_at_once_by_provider": counted["at_once_peak"],
        "took_s": round(arrivals_s[-1] - arrivals_s[0], 2),
        "whole_windows": windows,
        "used_share": round(used / (windows * load.limit), 4),
        "within_limits": max(by_redis, by_provider) <= load.limit and counted["at_once_peak"] <= load.at_once,
    }


def most_in(times_s: Sequence[float], window_s: float) -> int:
    """The most of some ascending times that lie in any window, both of its ends included."""
    most = first = 0
    for last, time_s in enumerate(times_s):
        while times_s[first] < time_s - window_s:
            first += 1
        most = max(most, last - first + 1)
    return most


def _work(url: str, port: int, share: int, load: dict[str, Any], run: str, number: int) -> None:
    """One worker process: prints when each of its requests was granted, in seconds by the clock of Redis."""
    values = Load(**load)
    settings = _settings(values)
    limiter = Limiter(connect(url), settings, window_s=values.window_s, transit_s=values.transit_s or None)
    granted_s: list[float] = []

    def ask(thread: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.connect()
        for turn in range(share):
            caller = Caller(f"{number}-{thread}-{turn}", f"batch{number}", interactive=False)
            while True:
                try:
                    with limiter.slot(run, caller, patience_s=5.0, check=lambda: None) as slot:
                        said = _ask(connection, "POST")
                        slot.tell(at_once=said["at_once"], at_once_max=values.at_once)
                    break
                except WaitError as error:
                    time.sleep(error.retry_after_s or 0)
            granted_s.append(slot.granted_us / 1e6)

    threads = [threading.Thread(target=ask, args=(thread,)) for thread in range(values.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(granted_s))
    if len(granted_s) != share * values.threads:
        sys.exit("A thread failed.")


def _settings(values: Load) -> Any:
    env = {"REQUESTS_PER_MINUTE": values.limit, "REQUESTS_AT_ONCE": values.at_once, "HOME": "/nonexistent"}
    return load({f"PODMILL_{name}": str(value) for name, value in env.items()})[0]


def _ask(connection: http.client.HTTPConnection, method: str) -> Any:
    connection.request(method, "/")
    return json.loads(connection.getresponse().read())


@contextmanager
def _provider(takes_s: float) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.counting_provider", str(takes_s)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


@contextmanager
def _server(url: str | None) -> Iterator[str]:
    if url:
        yield url
        return
    from podmill.node import broker
    from podmill.node.supervisor import Supervisor

    with tempfile.TemporaryDirectory(prefix="podmill-bench-") as folder:
        port = broker.free_port()
        supervisor = Supervisor(Path(folder) / "logs", {})
        supervisor.start(broker.service(Path(folder) / "broker", port))
        try:
            broker.wait_until_ready(f"redis://127.0.0.1:{port}/0")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            supervisor.stop(5)


if __name__ == "__main__":
    main()
