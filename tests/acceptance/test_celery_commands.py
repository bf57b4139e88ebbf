"""The app as a Celery user runs it: from any folder, by Celery's own commands."""

import base64
import http.client
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import warm
from tests.servers.process import free_port

pytestmark = pytest.mark.slow


def celery(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "podcast_tasks", *arguments]


@pytest.mark.parametrize("command", [["worker", "-Q", "audio"], ["beat"], ["inspect", "ping"], ["flower", "--port=0"]])
def test_without_a_broker_the_command_says_so(environment, tmp_path: Path, command: list[str]):
    """One line with what to do, exit 2, no traceback."""
    done = subprocess.run(celery(*command), env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert done.returncode == 2
    assert "PODMILL_BROKER_URL" in done.stderr
    assert "podmill up" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_program_gets_the_error_itself(environment, tmp_path: Path):
    """Outside Celery's command line the app's configuration raises Podmill's own error."""
    program = (
        "from podcast_tasks import app\nfrom podmill.errors import ConfigurationError\n"
        "try: app.conf.broker_url\nexcept ConfigurationError: print('raised')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )

    assert done.stdout == "raised\n", done.stderr


def status_of(port: int, page: str, credentials: str = "") -> int:
    headers = {"Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"} if credentials else {}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", page, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("chosen", [None, "harbour", "option"])
def test_flower_never_opens_without_a_password(
    environment, podmill_home: Path, tmp_path: Path, broker: str, chosen: str | None
):
    """Plain ``celery flower`` asks for the home folder's password, the setting's, or the option's; on loopback only."""
    environment["PODMILL_BROKER_URL"] = broker
    port = free_port()
    options = [f"--port={port}"]
    if chosen == "harbour":
        environment["PODMILL_FLOWER_PASSWORD"] = chosen
    elif chosen == "option":
        options.append("--basic-auth=podmill:option")
    log = tmp_path / "flower.log"
    process = warm.start(["celery", "-A", "podcast_tasks", "flower", *options], environment, tmp_path, log)
    try:
        give_up_at = time.monotonic() + 60
        while "Visit me" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < give_up_at, log.read_text()
            time.sleep(0.1)
        password = chosen or (podmill_home / "password").read_text()

        for page in ("/", "/workers", "/tasks", "/api/workers", "/metrics"):
            assert status_of(port, page) == 401, page
            assert status_of(port, page, "podmill:wrong") == 401, page
        assert status_of(port, "/workers", f"podmill:{password}") == 200
        assert status_of(port, "/metrics", f"podmill:{password}") == 200
        assert status_of(port, "/healthcheck") == 200
        listening = {line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]}
        assert f"0100007F:{port:04X}" in listening
        assert f"00000000:{port:04X}" not in listening
        assert password not in log.read_text()
        if chosen is None:
            assert (podmill_home / "password").stat().st_mode & 0o777 == 0o600
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, log.read_text()
