"""The servers of the tests themselves: real, private, empty, and the rules around them."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import psycopg
import pytest
import redis
from sqlalchemy import func, select

from podmill.money.ledger import Ledger
from podmill.money.sums import ACCOUNT
from podmill.settings import load
from podmill.store.database import open_engine
from tests.conftest import NetworkBlockedError
from tests.servers.process import Server, served

ROOT: Final = Path(__file__).parents[2]


@pytest.mark.parametrize("run", [1, 2])
def test_the_broker_is_empty_at_the_start_of_each_test(broker: str, run: int) -> None:
    """What one test leaves on the broker the next does not see."""
    with redis.Redis.from_url(broker) as client:
        assert client.dbsize() == 0
        client.set(f"left by run {run}", "x")


def test_redis_is_the_distributions(redis_server: str, broker: str) -> None:
    """The second broker is Redis itself, on a port of its own."""
    with redis.Redis.from_url(redis_server) as client:
        assert "valkey_version" not in client.info("server")
    assert redis_server != broker


@pytest.mark.parametrize("run", [1, 2])
def test_each_test_has_a_database_of_its_own(postgres_url: str, run: int) -> None:
    """A table that one test makes is not there in the next."""
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE TABLE left_over (run int)")
        row = connection.execute("SHOW listen_addresses").fetchone()

    assert row == ("127.0.0.1",)


@pytest.mark.parametrize("run", [1, 2])
def test_the_tables_are_empty_at_the_start_of_each_test(postgres_tables_url: str, run: int) -> None:
    """They are kept from test to test; rows are not."""
    opened = open_engine(load({"PODMILL_DATABASE_URL": postgres_tables_url})[0])
    with opened.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(ACCOUNT)) == 0
    Ledger(opened).open_account("left over", None)
    opened.dispose()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    """The error carries the end of the server's log."""
    log = tmp_path / "log"
    command = [sys.executable, "-c", "print('no disk'); raise SystemExit(1)"]

    with pytest.raises(RuntimeError, match="no disk"), served(Server(lambda _: command, lambda _: False, log=log)):
        pass


def test_a_server_is_gone_after_use(tmp_path: Path) -> None:
    """Leaving the block ends the process, and its port is free again."""
    log = tmp_path / "log"
    program = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(60)"

    def ready(port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with served(Server(lambda port: [sys.executable, "-c", program, str(port)], ready, log=log)) as server:
        assert ready(server.port)

    assert not ready(server.port)


def test_a_server_starts_again_where_it_was(tmp_path: Path) -> None:
    """Stopped and started, it listens on the port it had: its clients find it again."""
    log = tmp_path / "log"
    program = (
        "import socket, sys, time; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); "
        "s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen(); time.sleep(60)"
    )

    def ready(port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with served(Server(lambda port: [sys.executable, "-c", program, str(port)], ready, log=log)) as server:
        port = server.port
        server.stop()
        assert not ready(port)
        server.start()

        assert server.port == port
        assert ready(port)


def test_the_network_is_blocked() -> None:
    """Connecting beyond loopback and looking up a name outside both fail the test."""
    with socket.socket() as sock, pytest.raises(NetworkBlockedError):
        sock.connect(("192.0.2.1", 80))
    with pytest.raises(NetworkBlockedError):
        socket.getaddrinfo("example.com", 443)


def test_loopback_is_open() -> None:
    """A server on this machine can be reached."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_no_variable_of_a_provider_reaches_a_test(tmp_path: Path) -> None:
    """Keys and settings of the person who runs the tests are removed before any test is imported."""
    names = ("PODMILL_ENGINE", "ELEVENLABS_API_KEY", "GOOGLE_API_KEY", "AWS_PROFILE", "https_proxy")
    probe = tmp_path / "test_probe.py"
    probe.write_text(
        f"import os\nPRESENT = [n for n in {names!r} if n in os.environ]\ndef test(): assert not PRESENT\n"
    )

    result = subprocess.run(
        [*(sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "--rootdir", ROOT), probe],
        cwd=ROOT,
        env=os.environ | dict.fromkeys(names, "secret"),
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert "1 passed" in result.stdout, result.stdout
