"""The compose files and the images they name."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from podcast_tasks.queues import QUEUES
from tests.servers.process import missing

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
GPU: Final = yaml.safe_load((ROOT / "docker-compose.gpu.yml").read_text())
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
SECRETS: Final = ("FLOWER_PASSWORD", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "WEB_PASSWORD")


def _queues(command: str | list[str]) -> list[str]:
    """The queues a worker command consumes; none when it is no worker."""
    words = shlex.split(command) if isinstance(command, str) else command
    return [name for word in words if word.startswith("--queues=") for name in word.split("=")[1].split(",")]


def _client() -> list[str]:
    """The installed compose client; either needs no engine to check a file."""
    if (
        shutil.which("docker")
        and not subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=120).returncode
    ):
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else missing("Docker Compose", "docker-compose")


def _config(*files: str, without: str = "") -> subprocess.CompletedProcess[str]:
    env = {name: "letters1" for name in SECRETS if name != without}
    named = [part for file in files for part in ("--file", file)]
    return subprocess.run(
        [*_client(), "--project-directory", str(ROOT), *named, "config"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **env},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("files", [("docker-compose.yml",), ("docker-compose.yml", "docker-compose.gpu.yml")], ids=str)
def test_the_compose_client_accepts_the_files(files: tuple[str, ...]) -> None:
    """Docker's own client reads them and fills in the secrets."""
    result = _config(*files)

    assert result.returncode == 0, result.stderr
    assert set(SERVICES) == set(yaml.safe_load(result.stdout)["services"])


@pytest.mark.parametrize("secret", SECRETS)
def test_a_missing_secret_stops_everything(secret: str) -> None:
    """No secret has a default: without it the client refuses, and says which one."""
    result = _config("docker-compose.yml", without=secret)

    assert result.returncode != 0
    assert secret in result.stderr or "password" in result.stderr


def test_every_queue_is_consumed_by_exactly_one_service() -> None:
    """The queues of the workers are those that Celery declares, each once."""
    consumed = sorted(queue for service in SERVICES.values() for queue in _queues(service.get("command", "")))

    assert sorted(queue.name for queue in QUEUES) == consumed


def test_each_worker_is_named_after_its_queue() -> None:
    """One service per queue, found by the queue's name."""
    for name, service in SERVICES.items():
        for queue in _queues(service.get("command", "")):
            assert queue.replace(".", "-") == name


def test_the_images_serve_only_known_queues() -> None:
    """A worker image started without a command consumes queues that exist."""
    known = {queue.name for queue in QUEUES}
    commands = re.findall(r'^CMD \["celery".*$', (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert commands
    for command in commands:
        served = re.search(r"--queues=([\w.,]+)", command)
        assert served, command
        assert set(served[1].split(",")) <= known


def test_every_target_is_an_image_of_the_dockerfile() -> None:
    """What compose builds is a stage, and the stage inherits the user that is not root."""
    text = (ROOT / "Dockerfile").read_text()
    parent = {name: base for base, name in re.findall(r"^FROM (\S+) AS (\S+)$", text, re.MULTILINE)}
    targets = {service["build"]["target"] for service in SERVICES.values() if "build" in service}
    targets |= {service["build"]["target"] for service in GPU["services"].values()}

    assert re.search(r"^USER (?!root)\S+$", text, re.MULTILINE)
    for target in targets:
        stage = target
        while stage != "base":
            stage = parent[stage]
            assert stage != "python:3.13-slim", f"{target} does not inherit base"


def test_only_the_pages_are_published_and_on_loopback() -> None:
    """The broker and the database have no port on the host; the rest bind to 127.0.0.1."""
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert {"flower", "web"} == set(published)
    for ports in published.values():
        assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_service_has_a_health_check() -> None:
    """Compose knows of each service whether it works, not only whether it runs."""
    assert [name for name, service in SERVICES.items() if "healthcheck" not in service] == []


def test_no_secret_is_written_down() -> None:
    """Every password comes from the environment and must be there."""
    for file in ("docker-compose.yml", "docker-compose.gpu.yml"):
        for line in (ROOT / file).read_text().splitlines():
            if re.search(r"PASSWORD:|AUTH:|_URL: \w+://\S*:\S*@", line):
                assert "${" in line, line
                assert ":?" in line, line


def test_the_broker_keeps_what_it_is_given() -> None:
    """Redis writes an append-only file and refuses new keys rather than drop old ones."""
    command = " ".join(SERVICES["redis"]["command"])

    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command
