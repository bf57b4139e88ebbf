"""Looking a request up in a history of ElevenLabs that is not as it should be: what is not certain is no absence."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from podmill.errors import ConfigurationError, InDoubtError, TransientError
from podmill.speech.elevenlabs_account import CONNECT_TIMEOUT_S, Account, Wanted, _connect_soon
from tests.emulators.http import Handler, Server

pytest.importorskip("elevenlabs", reason="needs the extra: pip install 'podmill[elevenlabs]'")

WANTED = Wanted("Hello.", "JBFqnCBsd6RMkjVDRZzb", "eleven_v4", "mp3_44100_128", 0)
ITEM = {
    "history_item_id": "h1",
    "request_id": "r1",
    "voice_id": WANTED.voice_id,
    "model_id": WANTED.model,
    "text": WANTED.text,
    "date_unix": 1,
    "character_count_change_from": 0,
    "character_count_change_to": 6,
    "content_type": "audio/mpeg",
    "state": "created",
}


class Crafted(Handler):
    """Answers as a test wrote it."""

    routes = {  # noqa: RUF012 - a class variable by its declaration in the base class
        r"POST /v1/text-to-speech/.*": "answer",
        r"GET /v1/history": "answer",
        r"GET /v1/history/h1/audio": "audio",
    }
    status = 200
    """Of the answer."""
    page: Any = None
    asked: list[dict[str, str]]

    def answer(self) -> None:
        self.asked.append(self.query)
        self.send(self.page, self.status)

    def audio(self) -> None:
        self.send({"detail": "gone"}, 404)


@pytest.fixture
def crafted(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Crafted, "asked", [], raising=False)
    server = Server(("127.0.0.1", 0), Crafted)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def look_up(url: str) -> object:
    now = time.time()
    return Account(url, "key", 5.0).find(WANTED, now, now + 300, lambda _id: False)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ({"history": [], "has_more": True}, "has no end"),
        ({"history": [], "has_more": True, "last_history_item_id": "h0"}, "has no end"),
        ({"history": None, "has_more": False}, "without its history"),
        ({}, "without its history"),
        ([], r"cannot be read now \(TypeError\)"),
        ({"history": [ITEM | {"state": "processing"}], "has_more": False}, "still working"),
        ({"history": [ITEM], "has_more": False}, "no audio of request r1"),
    ],
)
def test_what_is_not_certain_is_no_absence(
    page: object, said: str, crafted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages that do not end, answers of another shape, speech that is still being made or is gone."""
    monkeypatch.setattr(Crafted, "page", page)
    with pytest.raises(TransientError, match=said):
        look_up(crafted)


@pytest.mark.parametrize(("status", "kind"), [(500, TransientError), (401, ConfigurationError), (429, TransientError)])
def test_a_history_that_is_refused(
    status: int, kind: type[Exception], crafted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage is waited for; a key that may not read the history is a matter of settings."""
    monkeypatch.setattr(Crafted, "status", status)
    monkeypatch.setattr(Crafted, "page", {"detail": {"message": "No."}})
    with pytest.raises(kind):
        look_up(crafted)


@pytest.mark.parametrize(
    "answer", [[], "text", 7, None, {"audio_base64": 7}, {"audio_base64": "%%%"}, {"audio_base64": ""}]
)
def test_an_answer_of_another_shape_is_in_doubt(answer: object, crafted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says 200: it may be charged."""
    monkeypatch.setattr(Crafted, "page", answer)
    with pytest.raises(InDoubtError):
        Account(crafted, "key", 5.0).speak(WANTED)


@pytest.mark.parametrize("other", [{"text": "hello."}, {"voice_id": "x"}, {"model_id": None}, {"history_item_id": ""}])
def test_another_entry_is_not_taken_for_it(
    other: dict[str, object], crafted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text, voice and model all have to be the same, to the letter."""
    monkeypatch.setattr(Crafted, "page", {"history": [ITEM | other, {}], "has_more": False})
    assert look_up(crafted) is None


def test_only_the_time_of_the_request_is_searched(crafted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a minute before the intent to a minute after it must be there, for clocks that differ."""
    monkeypatch.setattr(Crafted, "page", {"history": [], "has_more": False})
    look_up(crafted)
    (query,) = Crafted.asked
    assert int(query["date_before_unix"]) - int(query["date_after_unix"]) == pytest.approx(300 + 120, abs=2)
    assert (query["voice_id"], query["page_size"]) == (WANTED.voice_id, "1000")


def test_a_connection_is_made_soon_or_not_at_all() -> None:
    """However long an answer may take."""
    request = httpx.Request("GET", "http://127.0.0.1", extensions={"timeout": httpx.Timeout(240).as_dict()})
    _connect_soon(request)
    assert request.extensions["timeout"] == {"connect": CONNECT_TIMEOUT_S, "read": 240, "write": 240, "pool": 240}
