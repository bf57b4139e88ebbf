"""The web server as it is started, over real sockets."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from podmill.publishing import publish
from tests.releases import Studio, mp3
from tests.servers.web import Process, running

ROOT = Path(__file__).parents[2]


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    studio = Studio(tmp_path / "studio")
    publish(studio.release(), studio.context)
    return studio


@pytest.fixture
def server(studio: Studio) -> Iterator[tuple[Process, int]]:
    with running(studio.home) as started:
        yield started


@pytest.fixture
def port(server: tuple[Process, int]) -> int:
    return server[1]


def ask(
    port: int, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, headers=headers or {})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def test_every_address_in_the_feed_is_served(studio: Studio, port: int) -> None:
    """What the feed points to is there, with the type and, for the audio, the length that it states."""
    response, body = ask(port, "/night-sky/feed.xml")
    feed = etree.fromstring(body)
    stated = {
        urllib.parse.urlsplit(element.get(name)).path: element
        for name in ("url", "href")
        for element in feed.iter(etree.Element)
        if element.get(name, "").startswith("https://podcasts.example.org/")
    }

    assert response.getheader("content-type") == "application/rss+xml; charset=utf-8"
    assert len(stated) == 7
    for path, element in stated.items():
        head, _ = ask(port, path, "HEAD")
        assert head.status == 200
        if element.get("type"):
            assert (head.getheader("content-type") or "").partition(";")[0] == element.get("type")
        if element.get("length"):
            assert head.getheader("content-length") == element.get("length")


def test_ranges_and_conditions_over_the_wire(studio: Studio, port: int) -> None:
    """A player's seek gets 206, one too far 416, a reader that is up to date 304 without a body."""
    path = "/" + str(
        Path(publish(studio.release(), studio.context).items[0].path or "").relative_to(studio.settings.public)
    )
    whole, body = ask(port, path)
    part, piece = ask(port, path, headers={"Range": "bytes=1000-1999"})
    beyond, _ = ask(port, path, headers={"Range": "bytes=99999999-"})
    same, nothing = ask(port, path, headers={"If-None-Match": whole.getheader("etag") or ""})

    assert (whole.status, body) == (200, mp3())
    assert (part.status, piece) == (206, mp3()[1000:2000])
    assert (beyond.status, same.status, nothing) == (416, 304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/../studio/podmill.db",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/night-sky/..%2f..%2f..%2fetc/passwd",
        "//example.org/",
    ],
)
def test_no_path_leads_out(port: int, path: str) -> None:
    """Paths as a browser would never send them end in a 404, and never in another site."""
    response, body = ask(port, path)

    assert response.status == 404
    assert response.getheader("location") is None
    assert b"root:" not in body


def test_a_feed_that_is_replaced_all_the_time_is_always_whole(studio: Studio, port: int) -> None:
    """Readers get one version or another, never parts of two, while episodes are published."""

    def publish_more() -> None:
        for number in range(12):
            publish(studio.release(f"more-{number}", f"More {number}"), studio.context)

    counts = []
    with ThreadPoolExecutor(1) as publisher:
        publishing = publisher.submit(publish_more)
        while not publishing.done():
            counts.append(len(etree.fromstring(ask(port, "/night-sky/feed.xml")[1]).findall("channel/item")))
        publishing.result()

    assert counts == sorted(counts)
    assert len(etree.fromstring(ask(port, "/night-sky/feed.xml")[1]).findall("channel/item")) == 13


def test_listeners_who_leave_half_way_cost_nothing(studio: Studio, server: tuple[Process, int]) -> None:
    """Broken downloads leave no file open and the server in service."""
    process, port = server
    big = studio.settings.public / "night-sky" / "big.mp3"
    with big.open("wb") as file:
        file.truncate(64 << 20)
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as listener:
            listener.sendall(b"GET /night-sky/big.mp3 HTTP/1.1\r\nHost: a\r\n\r\n")
            listener.recv(1000)
    deadline = time.monotonic() + 20
    while _open_files(process.pid, big) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert _open_files(process.pid, big) == 0
    assert "Traceback" not in (studio.home / "web.log").read_text()
    assert ask(port, "/health")[0].status == 200


def _open_files(process_id: int, path: Path) -> int:
    found = 0
    for link in Path(f"/proc/{process_id}/fd").iterdir():
        try:
            found += link.readlink() == path
        except OSError:
            continue
    return found


@pytest.mark.parametrize("inherited", [signal.default_int_handler, signal.SIG_IGN], ids=["heard", "ignored"])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told_to(studio: Studio, how: signal.Signals, inherited: Any) -> None:
    """Both signals end the server in order, with an idle connection open, and when its shell had SIGINT ignored."""
    before = signal.signal(signal.SIGINT, inherited)
    try:
        with (
            running(studio.home, is_warm=False) as (process, port),
            socket.create_connection(("127.0.0.1", port), timeout=20),
        ):
            process.send_signal(how)
            code = process.wait(timeout=20)
    finally:
        signal.signal(signal.SIGINT, before)

    assert code in (0, -how)


def test_beyond_loopback_it_asks_for_a_password(studio: Studio) -> None:
    """Without one it says so, exits with 2 and has bound nothing; with one it opens, and guards the status page."""
    refused = subprocess.run(
        [sys.executable, "-m", "podmill.web.server", "--host", "0.0.0.0", "--port", "0"],  # noqa: S104 - refused
        cwd=ROOT,
        env={**os.environ, "PODMILL_HOME": str(studio.home)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    with running(studio.home, PODMILL_WEB_PASSWORD="pass") as (_, port):
        closed, _ = ask(port, "/status")
        opened, page = ask(port, "/status", headers={"Authorization": "Basic eDpwYXNz"})

    assert refused.returncode == 2
    assert "PODMILL_WEB_PASSWORD" in refused.stderr
    assert closed.status == 401
    assert opened.status == 200
    assert b"Nothing has been submitted yet." in page
