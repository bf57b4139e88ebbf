"""What a step takes is told of the step, as far as threads let it be told."""

import subprocess
import sys
import threading
import time

import pytest

from podcast_tasks import worker
from podcast_tasks.usage import Usage

WORK_S = 0.15


def work() -> None:
    began_s = time.thread_time()
    while time.thread_time() - began_s < WORK_S:
        pass


def beside() -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def program() -> None:
    code = f"import time\nwhile time.process_time() < {WORK_S}: pass"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_thread_tells_of_itself() -> None:
    """Not of its neighbours in the process."""
    usage = Usage()
    beside()
    assert usage.so_far()["cpu_s"] < WORK_S / 2
    work()
    assert WORK_S <= usage.so_far()["cpu_s"] < 2 * WORK_S


@pytest.mark.parametrize("what", [work, beside, program])
def test_a_process_of_its_own_tells_of_all(monkeypatch: pytest.MonkeyPatch, what) -> None:
    """Of all its threads, and of the programs it ran: ffmpeg does half of a master."""
    monkeypatch.setattr(worker._Place, "is_child", True)
    usage = Usage()
    what()
    assert usage.so_far()["cpu_s"] >= WORK_S - 0.02  # clock ticks


def test_who_stops_a_hanging_thread_does_not_tell_of_its_own_time() -> None:
    """The keeper of leases writes down that the step failed; its processor time is nobody's business."""
    told = []
    usage = Usage()
    work()
    thread = threading.Thread(target=lambda: told.append(usage.so_far()))
    thread.start()
    thread.join()
    assert told[0]["cpu_s"] == 0


def test_memory_is_that_of_the_process() -> None:
    """In megabytes, and never less than before."""
    before_mb = Usage().so_far()["peak_mb"]
    kept = bytearray(b"x") * 50_000_000
    after_mb = Usage().so_far()["peak_mb"]
    assert 10 < before_mb <= after_mb < 100_000
    assert after_mb > len(kept) / 1e6
