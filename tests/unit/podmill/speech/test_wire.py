"""The wire to a speech server: what it never does, and what it gives up on."""

import threading
from collections.abc import Iterator

import pytest

from podmill.errors import InDoubtError
from podmill.speech.hosted import named, passage
from podmill.speech.wire import Wire
from tests.emulators.http import Handler, Server


class Words(Handler):
    routes = {"GET /long": "long", "GET /away": "away", "GET /packed": "packed"}  # noqa: RUF012 - as in the base class

    def long(self) -> None:
        self.send(b"x" * 5000)

    def away(self) -> None:
        self.send({}, 307, {"Location": "/long"})

    def packed(self) -> None:
        self.send(self.headers.get("Accept-Encoding", "").encode())


@pytest.fixture
def url() -> Iterator[str]:
    server = Server(("127.0.0.1", 0), Words)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_answer_without_an_end_is_not_read_to_its_end(url: str) -> None:
    """A largest size is kept to; below it the answer is whole."""
    wire = Wire("It", 10.0)
    assert len(wire.ask("GET", f"{url}/long", setting="X").body) == 5000
    with pytest.raises(InDoubtError, match="too long"):
        wire.ask("GET", f"{url}/long", setting="X", max_bytes=4999)


def test_redirects_are_answers(url: str) -> None:
    """The key would go along."""
    answer = Wire("It", 10.0).ask("GET", f"{url}/away", setting="X")
    assert (answer.status, answer.headers["location"]) == (307, "/long")


def test_nothing_packed_is_asked_for(url: str) -> None:
    """What unfolds could do so without end."""
    assert Wire("It", 10.0).ask("GET", f"{url}/packed", setting="X").text == "identity"


def test_voices_of_a_setting() -> None:
    """An id, and a name where one is given."""
    assert list(named(["a=Anna ", " b"])) == [("a", "Anna"), ("b", "b")]


def test_a_passage_is_cut() -> None:
    """A message stays short."""
    assert len(passage("x" * 1000)) < 100
