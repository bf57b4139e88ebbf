"""What runs on a node."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from podcast_tasks.queues import NAMES
from podmill.node import service
from podmill.settings import load

KEY = {"PODMILL_ELEVENLABS_API_KEY": "k"}


def served(home: Path, **env: str) -> dict[str, str]:
    """Pool and concurrency of the worker of each queue."""
    workers = service.workers(load({"PODMILL_HOME": str(home), **env})[0])
    found: dict[str, str] = {}
    for worker in workers:
        line = " ".join(worker.argv)
        queues, pool, count = re.findall(r"--(?:queues|pool|concurrency)=(\S+)", line)
        for queue in queues.split(","):
            assert queue not in found, f"{queue} is served twice"
            found[queue] = f"{pool} {count}"
    return found


@pytest.mark.parametrize("env", [{}, KEY], ids=["no key", "a key"])
def test_every_queue_is_served_once(podmill_home: Path, env: dict[str, str]):
    """No step can wait for a worker that is not there."""
    assert served(podmill_home, **env).keys() == set(NAMES)


def test_paid_speech_has_its_own_threads_only_where_there_is_a_key(podmill_home: Path):
    """Thirty with a key, three for each request at once; without one it costs no process."""
    assert served(podmill_home)["synthesis.api"] == "threads 4"
    assert served(podmill_home, PODMILL_REQUESTS_AT_ONCE="40", **KEY)["synthesis.api"] == "threads 64"
    assert served(podmill_home, **KEY)["publishing"] == "threads 4"


LOCAL = "http://127.0.0.1:8880/v1"


@pytest.mark.parametrize(
    ("env", "own"),
    [
        ({"PODMILL_ELEVENLABS_API_KEY": "k"}, True),
        ({"PODMILL_MINIMAX_API_KEY": "k"}, True),
        ({"PODMILL_AZURE_SPEECH_KEY": "k"}, True),
        ({"PODMILL_GEMINI_API_KEY": "k"}, True),
        ({"PODMILL_OPENAI_SPEECH_API_KEY": "k"}, True),
        ({"PODMILL_ENGINE": "openai", "PODMILL_OPENAI_API_KEY": "k"}, True),
        ({"PODMILL_OPENAI_SPEECH_URL": "https://speech.example.org/v1"}, True),
        ({"PODMILL_OPENAI_SPEECH_URL": LOCAL}, False),
        ({"PODMILL_OPENAI_API_KEY": "k"}, False),
        ({"PODMILL_ELEVENLABS_API_KEY": " "}, False),
    ],
    ids=str,
)
def test_every_provider_that_speaks_counts(podmill_home: Path, env: dict[str, str], own: bool):
    """A key, or the address of a server that is not our own."""
    assert served(podmill_home, **env)["synthesis.api"] == ("threads 30" if own else "threads 4")


def test_no_client_of_a_provider_is_imported_for_it(podmill_home: Path):
    """The supervisor stays small."""
    script = (
        "import sys; from podmill.settings import current; from podmill.node import service; "
        "service.workers(current()); print({'elevenlabs', 'google.genai', 'numpy'} & set(sys.modules))"
    )
    env = {**os.environ, "PODMILL_HOME": str(podmill_home), **KEY, "PODMILL_GEMINI_API_KEY": "k"}
    command = [sys.executable, "-c", script]
    out = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=60)
    assert out.stdout.strip() == "set()"
