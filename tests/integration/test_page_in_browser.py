"""The pages in a real browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from podmill import settings
from podmill.money.ledger import Ledger
from podmill.publishing import publish
from podmill.store.database import open_engine
from tests import reviews
from tests.releases import Studio
from tests.servers.process import missing
from tests.servers.web import running

HOSTILE = """<script>document.title='taken'</script><img src=x onerror="document.title='taken'"> ]]> \u202e\u05e9"""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium")
    if not chromium:
        missing("Chromium", "chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


# The page lets nothing be evaluated in it, so that the driver cannot ask again and again.
HEARD = """new Promise((heard) => {
    const audio = document.querySelector(".line audio");
    audio.ontimeupdate = () => audio.currentTime > 0 && heard();
    audio.play();
})"""


@pytest.fixture
def published(tmp_path: Path) -> Iterator[tuple[str, str, str]]:
    """The site, and the pages of an ordinary and of a hostile episode on it."""
    studio = Studio(tmp_path / "studio")
    release = studio.release("second", HOSTILE, summary=HOSTILE, speakers={"S1": HOSTILE, "S2": "Ada"})
    releases = (studio.release(), release)
    paths = [
        str(Path(publish(each, studio.context).items[0].path or "").parent.relative_to(studio.settings.public))
        for each in releases
    ]
    with running(studio.home) as (_, port):
        site = f"http://127.0.0.1:{port}"
        yield site, f"{site}/{paths[0]}/", f"{site}/{paths[1]}/"


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that fails the test when the browser complains of anything."""
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url) if _is_fault(request) else None)
    yield page
    page.close()

    assert complaints == []


def _is_fault(request: Any) -> bool:
    """The browser gives up by itself what it no longer needs: audio once it has enough, all else when it moves on."""
    return bool(request.failure != "net::ERR_ABORTED")


def test_a_chapter_moves_the_player(page: Any, published: tuple[str, str, str]) -> None:
    """The audio loads, a click on a chapter plays from its time, and chapter and line are marked."""
    page.goto(published[1])
    page.wait_for_function("document.querySelector('audio').readyState >= 1")
    length_s = page.evaluate("document.querySelector('audio').duration")
    page.get_by_role("link", name="Why it leaves").click()
    page.wait_for_function("document.querySelector('audio').currentTime >= 2.4")
    page.wait_for_selector(".chapters [aria-current]")
    page.wait_for_selector(".line[aria-current]")

    assert length_s == pytest.approx(6, abs=0.2)
    assert page.url == published[1]
    assert page.locator(".line[aria-current]").count() == 1


def test_a_citation_leads_to_its_source(page: Any, published: tuple[str, str, str]) -> None:
    """A click on a marker brings its source into view; its passages open without a script."""
    page.goto(published[1])
    page.get_by_role("link", name="Source 2", exact=True).click()
    page.locator("#source-2 summary").click()

    assert page.url.endswith("#source-2")
    assert page.get_by_text("Friction of the tides slows the Earth.", exact=True).is_visible()


def test_hostile_words_do_nothing(page: Any, published: tuple[str, str, str]) -> None:
    """A title full of markup is a title, on the notes and on the show's page."""
    site, _, hostile = published
    for address in (hostile, f"{site}/night-sky/", f"{site}/"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert page.title() != "taken"
    page.goto(hostile)

    assert "<script>" in page.locator("h1").inner_text()


def test_pages_fit_a_phone(page: Any, published: tuple[str, str, str]) -> None:
    """Nothing sticks out of a screen 320 pixels wide."""
    page.set_viewport_size({"width": 320, "height": 640})
    for address in (published[1], published[2], f"{published[0]}/night-sky/", f"{published[0]}/"):
        page.goto(address)

        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_an_episode_is_heard_and_decided_on(browser: Any, podmill_home: Path) -> None:
    """On a phone: the passage plays, nothing is wider than the page, and whoever gave the password has decided.

    Enter in the note decides nothing; an edited line is saved.
    """
    known = settings.current()
    engine = open_engine(known)
    Ledger(engine).open_account("default", None)
    reviews.waiting(engine, known, "tides")
    reviews.waiting(engine, known, "bees")
    engine.dispose()
    who = {"username": "ada", "password": "word"}
    with running(podmill_home, PODMILL_WEB_PASSWORD="word") as (_, port):
        phone = {"width": 375, "height": 700}
        page = browser.new_page(http_credentials=who, viewport=phone)
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"http://127.0.0.1:{port}/review")
        page.get_by_role("link", name="About <tides>").click()
        page.locator(".line audio").first.wait_for(state="attached")
        page.evaluate(HEARD)
        length_s = page.evaluate("document.querySelector('.line audio').duration")
        width = page.evaluate("document.documentElement.scrollWidth")
        page.get_by_label("Note", exact=True).fill("An accent.")
        page.get_by_label("Note", exact=True).press("Enter")
        page.reload()
        undecided = page.locator(".notice").count() == 0
        page.get_by_label("Note", exact=True).fill("An accent.")
        page.get_by_role("button", name="Approve").click()
        told = page.locator(".notice").inner_text()
        page.goto(f"http://127.0.0.1:{port}/review")
        page.get_by_role("link", name="About <bees>").click()
        page.get_by_text("Edit", exact=True).click()
        page.get_by_label("Line 2 says").fill("Two is new.")
        page.get_by_role("button", name="Save").click()
        saved = page.locator(".notice").inner_text()
        line = page.get_by_role("region", name="Line 2").inner_text()
        page.close()

    assert (length_s, width, undecided) == (pytest.approx(7, abs=0.1), 375, True)
    assert told == "Approved by ada. An accent."
    assert (saved, "Two is new." in line) == ("Edited by ada.", True)
    assert complaints == []
