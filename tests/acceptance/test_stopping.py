"""Workers that are asked to stop, steps that hang, episodes that kill: real Celery workers of both pools."""

import signal
from pathlib import Path

import pytest

from models.steps import STEPS, Step
from tests.acceptance.tiny_node import TinyNode

pytestmark = pytest.mark.slow

BOTH = pytest.mark.parametrize("pool", ["prefork", "threads"])
NO_LEASE_ENDS = {"PODMILL_LEASE_S": "600"}
"""What goes on soon was handed back: nobody waits for a lease."""
SOON = {"PODMILL_LEASE_S": "2", "PODMILL_RECONCILE_S": "1", "PODMILL_RETRY_BASE_S": "0.1"}


def stop(node: TinyNode, worker) -> int:
    worker.send_signal(signal.SIGTERM)
    node.wait(lambda: worker.poll() is not None)
    return int(worker.returncode)


@BOTH
def test_a_step_that_ends_in_time_is_recorded(podmill_home: Path, broker: str, pool: str):
    """A stopping worker goes on with what it runs, takes nothing new, and ends with it."""
    with TinyNode(podmill_home, broker, **NO_LEASE_ENDS, PODMILL_DRAIN_S="100") as node:
        worker = node.worker(pool)
        first, second = node.make("sleep:3", "nothing")
        node.wait(lambda: node.has(first, "begun1"))

        assert stop(node, worker) == 0, node.logs()
        assert node.episode(first).step == "scripting", node.logs()
        assert node.research(first).attempt == 1
        node.worker(pool)
        node.wait(lambda: node.is_published(first) and node.is_published(second))


@BOTH
def test_a_step_that_takes_longer_is_handed_back(podmill_home: Path, broker: str, pool: str):
    """After the grace time it is due again, and another worker takes it: no lease ran out, nobody reconciled."""
    with TinyNode(podmill_home, broker, **NO_LEASE_ENDS, PODMILL_DRAIN_S="1") as node:
        worker = node.worker(pool)
        (episode_id,) = node.make("hang")
        node.wait(lambda: node.has(episode_id, "begun1"))

        assert stop(node, worker) == 0, node.logs()
        run = node.research(episode_id)
        assert ("due", None, 0, 0) == (run.state, run.lease_token, run.failures, run.lost_leases), node.logs()
        node.release(episode_id)
        node.worker(pool)
        node.wait(lambda: node.is_published(episode_id))
        run = node.research(episode_id)
        assert (2, 0, 0) == (run.attempt, run.failures, run.lost_leases)


@BOTH
def test_a_step_that_waits_is_handed_back_at_once(podmill_home: Path, broker: str, pool: str):
    """Waiting is not worth the grace time: the worker ends long before it has passed."""
    env = {**NO_LEASE_ENDS, "PODMILL_DRAIN_S": "600", "PODMILL_WAIT_IN_WORKER_S": "600"}
    with TinyNode(podmill_home, broker, **env) as node:
        worker = node.worker(pool)
        (episode_id,) = node.make("wait:500")
        node.wait(lambda: node.research(episode_id).attempt == 2)

        assert stop(node, worker) == 0, node.logs()
        run = node.research(episode_id)
        assert ("due", None, 0, 0) == (run.state, run.lease_token, run.failures, run.lost_leases), node.logs()
        node.release(episode_id)
        node.worker(pool)
        node.wait(lambda: node.is_published(episode_id))


def test_a_step_that_hangs_in_a_process_is_stopped(podmill_home: Path, broker: str):
    """It counts as a failure and is tried again; its process is replaced, and the worker goes on with others."""
    with TinyNode(podmill_home, broker, **SOON, PODMILL_STEP_TIME_LIMIT_S="3") as node:
        node.upkeep()
        worker = node.worker("prefork")
        hanging, other = node.make("hang_once", "nothing")
        node.wait(lambda: node.is_published(hanging) and node.is_published(other))

        run = node.research(hanging)
        assert (2, 1, 0) == (run.attempt, run.failures, run.lost_leases), node.logs()
        assert not node.has(hanging, "worked1"), "it was killed, not waited for"
        assert worker.poll() is None


def test_steps_that_hang_in_all_threads_end_their_worker(podmill_home: Path, broker: str):
    """One thread that hangs is left alone, its step is tried again in another; when all do, the process ends."""
    with TinyNode(podmill_home, broker, **SOON, PODMILL_STEP_TIME_LIMIT_S="3") as node:
        node.upkeep()
        worker = node.worker("threads", concurrency=2)
        (first,) = node.make("hang_once")
        node.wait(lambda: node.is_published(first))
        assert worker.poll() is None, node.logs()
        assert node.research(first).failures == 1

        (second,) = node.make("hang_once:again")
        node.wait(lambda: worker.poll() is not None)
        assert worker.returncode == 1, node.logs()
        node.worker("threads", concurrency=2)
        node.wait(lambda: node.is_published(second))
        assert (1, 0) == (node.research(second).failures, node.research(second).lost_leases)


def test_an_episode_that_kills_its_workers_is_set_aside(podmill_home: Path, broker: str):
    """Three dead processes are enough; it is failed with its reason, and the others are published."""
    with TinyNode(podmill_home, broker, **SOON) as node:
        node.upkeep()
        worker = node.worker("prefork")
        poison, other = node.make("die", "nothing")
        node.wait(lambda: node.episode(poison).state == "failed" and node.is_published(other))

        row = node.episode(poison)
        assert row.error_code == "workers_died"
        assert "3 workers died during research" in row.error
        assert [node.has(poison, f"begun{number}") for number in (1, 2, 3, 4)] == [True, True, True, False]
        assert worker.poll() is None


def test_killed_between_the_next_message_and_its_own_acknowledgement(podmill_home: Path, broker: str, tmp_path: Path):
    """The message comes again, finds the step done, and every step is recorded once all the same."""
    killed_in = (Step.RESEARCH, Step.VERIFICATION, Step.PUBLISHING)
    points = ",".join(f"{step}:sent" for step in killed_in)
    with TinyNode(podmill_home, broker, **SOON, PODMILL_FAULT_POINTS=points, PODMILL_FAULT_DIR=str(tmp_path)) as node:
        node.upkeep()
        worker = node.worker("prefork")
        (episode_id,) = node.make("nothing")
        node.wait(lambda: node.is_published(episode_id) and len(list(tmp_path.iterdir())) == len(killed_in))

        assert node.records(episode_id) == len(STEPS)
        assert worker.poll() is None
