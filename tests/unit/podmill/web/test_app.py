from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from podmill.publishing import publish
from podmill.settings import Settings
from podmill.web.app import create_app
from tests.releases import SHOW, Studio, mp3

FOLDER = "/night-sky/episodes/the-moon-is-leaving-6583cba4/"
AUDIO = FOLDER + "the-moon-is-leaving.mp3"
EPISODE = {
    "title": "<b>Moon</b>",
    "state": "failed",
    "step": "research",
    "progress": 0.2,
    "error": "moon.pdf: not a PDF.",
    "text_only": False,
    "degraded": None,
    "paused": None,
    "spoken_why": None,
    "word_accuracy": None,
    "loudness_lufs": -16.04,
    "cost_usd": 0.5,
}
STATUS: dict[str, Any] = {
    "batches": [
        {
            "batch": "b1",
            "name": "demo.yaml",
            "show": "sky",
            "state": "partial",
            "refused": [],
            "episodes": [EPISODE],
            "budget_warnings": ["Most of it is used."],
        }
    ]
}


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/night-sky/feed.xml", "application/rss+xml; charset=utf-8"),
        (AUDIO, "audio/mpeg"),
        (FOLDER + "transcript.vtt", "text/vtt; charset=utf-8"),
        (FOLDER + "transcript.srt", "application/x-subrip; charset=utf-8"),
        (FOLDER + "transcript.json", "application/json"),
        (FOLDER + "chapters.json", "application/json+chapters"),
        (FOLDER, "text/html; charset=utf-8"),
        ("/night-sky/", "text/html; charset=utf-8"),
        ("/night-sky/cover-14a986ba.jpg", "image/jpeg"),
        ("/_assets/podmill.css", "text/css; charset=utf-8"),
        ("/_assets/podmill.js", "text/javascript; charset=utf-8"),
        ("/_assets/podmill.svg", "image/svg+xml"),
        ("/", "text/html; charset=utf-8"),
    ],
)
def test_everything_has_its_media_type(client: TestClient, path: str, media_type: str) -> None:
    """GET and HEAD give the type that apps expect, and HEAD the length of what GET sends."""
    response, head = client.get(path), client.head(path)

    assert (response.status_code, head.status_code) == (200, 200)
    assert response.headers["content-type"] == head.headers["content-type"] == media_type
    assert int(head.headers["content-length"]) == len(response.content)
    assert head.content == b""


@pytest.mark.parametrize("path", ["/night-sky/feed.xml", AUDIO, FOLDER + "chapters.json", FOLDER + "transcript.vtt"])
def test_players_on_other_sites_may_read(client: TestClient, path: str) -> None:
    """Feed, audio, transcripts and chapters carry the header that browsers ask of them, also before a range."""
    asked = client.options(path, headers={"Origin": "https://player.example", "Access-Control-Request-Method": "GET"})

    assert client.get(path).headers["access-control-allow-origin"] == "*"
    assert asked.status_code == 204
    assert "Range" in asked.headers["access-control-allow-headers"]


@pytest.mark.parametrize("path", ["/", "/night-sky/", FOLDER, AUDIO, "/health", "/nothing", "/status", "/night-sky"])
def test_every_answer_is_secured(client: TestClient, path: str) -> None:
    """Pages may run only our own scripts, and types are not guessed, whatever is answered."""
    headers = client.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'; script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers


def test_pages_are_for_this_site_only(client: TestClient) -> None:
    """No other site may read our pages from a visitor's browser."""
    for path in ("/", "/night-sky/", FOLDER, "/health"):
        assert "access-control-allow-origin" not in client.get(path).headers


@pytest.fixture
def outside(studio: Studio, tmp_path: Path) -> Studio:
    (tmp_path / "secret.txt").write_text("secret")
    public = studio.settings.public
    (public / "link.txt").symlink_to(tmp_path / "secret.txt")
    (public / "linked").symlink_to(tmp_path)
    (public / ".hidden.txt").write_text("secret")
    (public / "night-sky" / "index.html").unlink()
    (public / "night-sky" / "index.html").symlink_to(tmp_path / "secret.txt")
    (public / "dump.db").write_text("secret")
    return studio


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/night-sky/../../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/night-sky/..%5c..%5csecret.txt",
        "/%00",
        "/link.txt",
        "/linked/secret.txt",
        "/.hidden.txt",
        "/night-sky/.lock",
        "/night-sky/show.json",
        "/night-sky/",
        FOLDER + "item.json",
        FOLDER + "Item.json",
        AUDIO + "/",
        "/dump.db",
        "/_assets",
        "/_assets/",
        "/_assets/../app.py",
        "/night-sky/episodes/",
        "/" + "a" * 5000,
        "/openapi.json",
        "/docs",
    ],
)
def test_what_is_not_published_is_not_there(client: TestClient, outside: Studio, path: str) -> None:
    """No way leads out of the folder, to hidden files, to records or to folders without a page."""
    response = client.get(path)

    assert response.status_code == 404
    assert "secret" not in response.text
    assert "There is nothing here." in response.text


def test_a_folder_is_reached_without_its_slash(client: TestClient) -> None:
    """The address without a slash leads to the one with it, and to no other site."""
    for path in ("/night-sky", FOLDER.rstrip("/")):
        response = client.get(path)

        assert response.status_code == 308
        assert response.headers["location"] == f"./{path.rpartition('/')[2]}/"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(client: TestClient, method: str) -> None:
    """Other methods are refused."""
    assert client.request(method, "/night-sky/feed.xml").status_code == 405


def test_the_front_page_lists_shows_by_title(client: TestClient, studio: Studio) -> None:
    """Each show is there once with a link, its name as plain text; one whose records are damaged is left out."""
    for slug, title in (("zoo", "A <i>zoo</i>"), ("broken", "Broken")):
        publish(studio.release(show=SHOW.model_copy(update={"slug": slug, "title": title})), studio.context)
    (studio.settings.public / "broken" / "show.json").write_text("{}")
    page = client.get("/").text

    assert page.index('<a href="/zoo/">A &lt;i&gt;zoo&lt;/i&gt;</a>') < page.index('<a href="/night-sky/">')
    assert "Broken" not in page


def test_before_anything_is_published(tmp_path: Path) -> None:
    """Without a folder there is a front page that says so, and nothing else."""
    with TestClient(create_app(Settings(home=tmp_path / "none"))) as client:
        assert "No show has been published yet." in client.get("/").text
        assert client.get("/_assets/podmill.css").status_code == 200
        assert client.get("/show/feed.xml").status_code == 404


def test_health_tells_nothing_but_life(client: TestClient) -> None:
    """A monitor learns that the process answers, and no more."""
    assert client.get("/health").json() == {"status": "ok"}


def test_the_icon_is_found_where_browsers_look(client: TestClient) -> None:
    """The address browsers try by themselves leads to the icon."""
    assert client.get("/favicon.ico", follow_redirects=True).headers["content-type"] == "image/svg+xml"


@pytest.fixture
def guarded(studio: Studio) -> Iterator[TestClient]:
    settings = studio.settings.model_copy(update={"web_password": SecretStr("p\u00e4ss:word")})
    with TestClient(create_app(settings, lambda: STATUS)) as client:
        yield client


def test_status_is_shown_to_those_with_the_password(guarded: TestClient) -> None:
    """The page shows every episode, words as words, and is kept by no cache."""
    response = guarded.get("/status", auth=("anyone", "p\u00e4ss:word"))

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    for shown in ("demo.yaml", "&lt;b&gt;Moon&lt;/b&gt;", "not a PDF", "20 %", "-16.0 LUFS", "$0.50", "Most of"):
        assert shown in response.text


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic !",
        "Basic eDp5",
        "Basic cMOkc3M6d29yZA==",
        "Bearer cMOkc3M6d29yZA==",
        "Basic Og==",
    ],
)
def test_status_is_closed_to_everybody_else(guarded: TestClient, authorization: str | None) -> None:
    """No header, a wrong password, a malformed one: the browser is asked for the password, and learns nothing."""
    response = guarded.get("/status", headers={} if authorization is None else {"Authorization": authorization})

    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Basic ")
    assert "demo.yaml" not in response.text


def test_without_a_password_there_is_no_status_page(studio: Studio) -> None:
    """The page does not exist where nothing could guard it, nor where there is nothing to show."""
    with TestClient(create_app(studio.settings, lambda: STATUS)) as client:
        assert client.get("/status").status_code == 404
    settings = studio.settings.model_copy(update={"web_password": SecretStr("x")})
    with TestClient(create_app(settings)) as client:
        assert client.get("/status", auth=("a", "x")).status_code == 404


def test_audio_is_served_whole(client: TestClient) -> None:
    """What a listener downloads is the file."""
    assert client.get(AUDIO).content == mp3()
