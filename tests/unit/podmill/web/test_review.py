"""The pages of the review queue: behind the password, from their own forms only, and as the command line does it."""

import html
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pydantic import SecretStr
from starlette.testclient import TestClient

from podmill import settings
from podmill.money.ledger import Ledger
from podmill.review import queue
from podmill.review.hearing import made
from podmill.store.database import open_engine, reading
from podmill.web.app import create_app
from podmill.web.review import add_review
from tests import reviews

WHO = ("ada", "word")


@pytest.fixture
def desk(podmill_home: Path) -> Iterator[TestClient]:
    with at_the_desk() as client:
        yield client


@contextmanager
def at_the_desk(**changes: str) -> Iterator[TestClient]:
    """A client with the password, of a queue of two items: one failed, one drawn."""
    known = settings.current().model_copy(update={"web_password": SecretStr(WHO[1]), **changes})
    engine = open_engine(known)
    Ledger(engine).open_account("default", None)
    reviews.waiting(engine, known, "tides")
    reviews.waiting(engine, known, "bees", kind="sample", show="bees", lines=())
    app = create_app(known, review=lambda app, password: add_review(app, password, known))
    with TestClient(app, follow_redirects=False) as client:
        client.auth = WHO
        yield client
    engine.dispose()


def token(desk: TestClient, item: int = 1) -> str:
    found = re.search(r'name="token" value="([0-9a-f]{64})"', desk.get(f"/review/{item}").text)
    assert found
    return found[1]


def state(item: int) -> tuple[str, str | None]:
    with reading(open_engine(settings.current())) as connection:
        found = queue.find(connection, str(item))
    return found.state, found.decided_by


def test_nobody_else_sees_or_hears_anything(desk: TestClient) -> None:
    """Every address below /review asks for the password, and without one set there is no such page."""
    desk.auth = None
    for path in ("", "/1", "/1/line/2.mp3", "/1/episode"):
        assert desk.get(f"/review{path}").status_code == 401
    assert desk.post("/review/1", data={"decision": "approve"}).status_code == 401
    bare = create_app(settings.current(), review=lambda app, password: add_review(app, password, settings.current()))
    with TestClient(bare) as client:
        assert client.get("/review", auth=WHO).status_code == 404
    assert state(1) == ("open", None)


def test_the_list_is_filtered(desk: TestClient) -> None:
    """By show, by kind, and by whether it was decided; what people wrote is escaped."""
    whole, failed, bees, decided = (
        desk.get(f"/review{query}").text for query in ("", "?kind=failed", "?show=bees", "?decided=1")
    )
    assert "About &lt;tides&gt;" in whole
    assert "About &lt;bees&gt;" in whole
    assert "About &lt;bees&gt;" not in failed
    assert "About &lt;tides&gt;" not in bees
    assert "Nothing was decided yet." in decided
    assert desk.get("/review?kind=%3Cscript%3E").status_code == 200


def test_an_item_shows_its_lines(desk: TestClient) -> None:
    """Script beside what was heard, scores with limits, a player for each line; forms may only go back to the site."""
    shown = desk.get("/review/1")
    assert "Two is &lt;the&gt; second." in shown.text
    assert "heard: &lt;hm&gt;" in shown.text
    assert "One is the first." not in shown.text
    assert '<audio controls preload="none" src="/review/1/line/2.mp3"' in shown.text
    assert "0.94" in shown.text
    assert "form-action 'self'" in shown.headers["content-security-policy"]
    assert shown.headers["cache-control"] == "no-store"
    assert "One is the first." in desk.get("/review/2").text
    for path in ("/9", "/99999999999999999999", "/1/line/4.mp3", "/1/line/0.mp3", "/x"):
        assert desk.get(f"/review{path}").status_code == 404


def test_a_passage_is_heard(desk: TestClient) -> None:
    """The line with two seconds before and after it, whole or in ranges, as players ask."""
    whole = desk.get("/review/1/line/2.mp3")
    samples, rate_hz = soundfile.read(io.BytesIO(whole.content))
    assert len(samples) / rate_hz == pytest.approx(7, abs=0.1)
    for second, pitch_hz in ((1.0, 220), (3.5, 440), (6.0, 880)):
        piece = samples[round(second * rate_hz) :][:4410]
        assert np.abs(np.fft.rfft(piece)).argmax() * rate_hz / 4410 == pytest.approx(pitch_hz, abs=11)

    part = desk.get("/review/1/line/2.mp3", headers={"Range": "bytes=0-99"})
    assert (part.status_code, part.content) == (206, whole.content[:100])
    assert part.headers["content-range"] == f"bytes 0-99/{len(whole.content)}"
    assert desk.get("/review/1/line/2.mp3", headers={"Range": "bytes=9999999-"}).status_code == 416
    assert len(soundfile.read(io.BytesIO(desk.get("/review/1/episode").content))[0]) == 9 * reviews.RATE_HZ


@pytest.mark.parametrize(
    ("fields", "decided"),
    [
        ({"decision": "approve", "note": "Fine."}, "approved"),
        ({"decision": "respeak", "line": ["2", "3"]}, "respoken"),
        (
            {
                "decision": "edit",
                "line": "2",
                "text-1": "One.",
                "was-1": "One is.",
                "text-2": "Two is not.",
                "text-3": "3",
                "was-3": "3",
            },
            "edited",
        ),
        ({"decision": "reject", "note": "Nonsense."}, "rejected"),
    ],
)
def test_a_decision(desk: TestClient, fields: dict[str, str], decided: str) -> None:
    """Whose it is comes from the name given with the password; deciding once more is refused."""
    form = {**fields, "token": token(desk)}
    answer = desk.post("/review/1", data=form)

    assert (answer.status_code, answer.headers["location"]) == (303, "/review/1")
    assert state(1) == (decided, "ada")
    shown = desk.get("/review/1").text
    assert f"{decided.capitalize()} by ada." in shown
    assert "<form" not in shown
    again = desk.post("/review/1", data=form)
    assert (again.status_code, f"{decided} by ada already" in again.text) == (409, True)


@pytest.mark.parametrize(
    ("headers", "change"),
    [
        ({}, {"token": ""}),
        ({}, {"token": "0" * 64}),
        ({}, {"token": "\u00e9"}),
        ({"Origin": "https://evil.example"}, {}),
        ({"Sec-Fetch-Site": "cross-site"}, {}),
        ({"Sec-Fetch-Site": "same-site"}, {}),
    ],
)
def test_forms_of_other_sites_decide_nothing(desk: TestClient, headers: dict[str, str], change: dict[str, str]) -> None:
    """A browser sends the password with them, too."""
    form = {"decision": "approve", "token": token(desk), **change}

    assert desk.post("/review/1", data=form, headers=headers).status_code == 403
    assert desk.post("/review/2", data={"decision": "approve", "token": token(desk)}).status_code == 403
    assert state(1) == ("open", None)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": "https://podcasts.example.org", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "https://podcasts.example.org", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://podcasts.example.org"}, 303),
        ({"Origin": "http://testserver"}, 303),
        ({"Origin": "https://other.example.org"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_behind_a_proxy(podmill_home: Path, headers: dict[str, str], code: int) -> None:
    """It may not pass on the name that people see: the browser says whose form it is, else the public address does."""
    with at_the_desk(public_url="https://podcasts.example.org") as desk:
        answer = desk.post("/review/1", data={"decision": "approve", "token": token(desk)}, headers=headers)
    assert answer.status_code == code


def test_only_what_was_edited_is_spoken_anew(desk: TestClient) -> None:
    """All lines that are shown come back with the form; one that says what it said is left alone."""
    shown = desk.get("/review/2").text
    before = dict(re.findall(r'name="was-(\d)" value="([^"]*)"', shown))
    fields = {f"{name}-{line}": html.unescape(text) for line, text in before.items() for name in ("was", "text")}
    assert len(before) == 3
    given = {**fields, "text-1": "One is new.", "decision": "edit", "token": token(desk, 2)}
    assert desk.post("/review/2", data=given).status_code == 303

    with reading(open_engine(settings.current())) as connection:
        found = made(connection, queue.find(connection, "2").episode_id)
    assert found.script
    assert found.verdict
    assert [line.text for line in found.script.lines] == ["One is new.", "Two is <the> second.", "Three is the last."]
    assert found.verdict.respeak == (0,)


def test_a_note_has_no_control_characters(desk: TestClient) -> None:
    """No database takes all of them; everything else is kept as it was written."""
    given = {
        "decision": "approve",
        "note": "An\0 acc\x1bent,\r\nnot \u0646\u0645\u06cc\u200c\u062e. ",
        "token": token(desk),
    }
    assert desk.post("/review/1", data=given).status_code == 303
    with reading(open_engine(settings.current())) as connection:
        note = queue.find(connection, "1").note
    assert note == "An accent, not \u0646\u0645\u06cc\u200c\u062e."


def test_enter_decides_nothing(desk: TestClient) -> None:
    """A browser then presses the form's first button: that one is not there, and cannot be pressed."""
    form = desk.get("/review/1").text.partition('<form id="decide"')[2]
    assert re.search(r"<button[^>]*>", form)[0] == "<button disabled hidden>"  # type: ignore[index]


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"a=b&" * 600_000, 413), (b"a=b&" * 2_000, 400), (b"a=%ff", 400), (b"decision=dance", 403)],
)
def test_what_is_no_form(desk: TestClient, body: bytes, code: int) -> None:
    """It is refused before anything is done, however large it is."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert desk.post("/review/1", content=body, headers=kind).status_code == code
    assert desk.post("/review/1", content=b"{}", headers={"Content-Type": "application/json"}).status_code == 415


@pytest.mark.parametrize(
    "fields",
    [
        {"decision": "dance"},
        {"decision": "reject", "note": " "},
        {"decision": "edit", "line": "2"},
        {"decision": "edit", "text-2": "-"},
        {"decision": "edit", "text-2": "", "was-2": "Two is."},
        {"decision": "edit", "text-x": "A"},
        {"decision": "edit", "text-2": "A", "was-2": "A"},
        {"decision": "approve", "text-2": "A", "was-2": "B"},
        {"decision": "respeak", "line": "2", "text-2": "A", "was-2": "B"},
        {"decision": "respeak"},
        {"decision": "respeak", "line": "99"},
    ],
)
def test_wrong_input_is_told(desk: TestClient, fields: dict[str, str]) -> None:
    """In words, and nothing is decided."""
    answer = desk.post("/review/1", data={**fields, "token": token(desk)})

    assert answer.status_code == 409
    assert state(1) == ("open", None)
