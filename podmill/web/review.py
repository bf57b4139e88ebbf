"""The pages of the review queue: what waits to be heard, its passages, and what is decided."""

import hmac
import secrets
from collections.abc import Mapping
from typing import Any, Final, get_args
from unicodedata import category
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from models.master import Master
from models.steps import Step
from podmill.errors import InputError, PodmillError
from podmill.review import queue
from podmill.review.doubt import figure
from podmill.review.hearing import document, hearing, made
from podmill.review.passage import cut
from podmill.review.queue import Kind
from podmill.settings import Settings
from podmill.store.database import open_engine, reading
from podmill.store.local import LocalStore
from podmill.web.access import must_be_allowed, user_of
from podmill.web.app import SECURITY_HEADERS, page
from podmill.web.media import serve_bytes, serve_file

SHOWN: Final = 200
"""Items of the list, and lines of an item; the command line has all."""
BODY_BYTES_MAX: Final = 2 * 1024 * 1024
"""Of a form: more than every line that is shown, as it was and as it is, in any script."""
KINDS: Final = get_args(Kind)
_READ: Final = ["GET", "HEAD"]


def add_review(app: FastAPI, password: SecretStr, settings: Settings) -> None:
    """Add ``/review`` and what is below it to an application; all of it asks for the password."""
    desk = _Desk(settings, password)

    @app.api_route("/review", methods=_READ)
    def review(request: Request) -> Response:
        return desk.listing(request)

    @app.api_route("/review/{item:int}", methods=_READ)
    def review_item(item: int, request: Request) -> Response:
        return desk.item(item, request)

    @app.api_route("/review/{item:int}/line/{line:int}.mp3", methods=_READ)
    def review_line(item: int, line: int, request: Request) -> Response:
        return desk.passage(item, line, request)

    @app.api_route("/review/{item:int}/episode", methods=_READ)
    def review_episode(item: int, request: Request) -> Response:
        return desk.episode(item, request)

    @app.post("/review/{item:int}")
    async def decide(item: int, request: Request) -> Response:
        must_be_allowed(request, password)
        form = await _form(request)
        return await run_in_threadpool(desk.decide, item, form, request)


class _Desk:
    """Where a person with the password hears and decides."""

    def __init__(self, settings: Settings, password: SecretStr) -> None:
        self._settings = settings
        self._password = password
        self._engine = open_engine(settings)
        self._store = LocalStore(settings.store_dir)
        # Of this process: after a restart a page that is open must be loaded anew before it can decide.
        self._secret = secrets.token_bytes(32)

    def listing(self, request: Request) -> Response:
        must_be_allowed(request, self._password)
        asked = request.query_params
        kind = next((each for each in KINDS if each == asked.get("kind")), None)
        show, decided = asked.get("show") or None, bool(asked.get("decided"))
        # One more than is shown, to know whether there is more.
        found = queue.entries(self._engine, show=show, kind=kind, decided=decided, limit=SHOWN + 1)
        shows = sorted(queue.shows(self._engine, decided=decided) | ({show} if show else set()))
        values = {"show": show, "kind": kind, "decided": decided, "shows": shows, "kinds": KINDS}
        return _page("review.html.j2", items=found[:SHOWN], more=len(found) > SHOWN, **values)

    def item(self, item: int, request: Request) -> Response:
        must_be_allowed(request, self._password)
        try:
            with reading(self._engine) as connection:
                found = hearing(connection, queue.find(connection, str(item)))
        except InputError as exc:
            raise HTTPException(404, "There is no such item.") from exc
        return _page(
            "review_item.html.j2",
            hearing=found,
            figure=figure,
            item=found.item,
            lines=found.in_question[:SHOWN],
            left=max(len(found.in_question) - SHOWN, 0),
            token=self._token(item, request),
        )

    def passage(self, item: int, line: int, request: Request) -> Response:
        """A line and two seconds around it, as MP3."""
        must_be_allowed(request, self._password)
        try:
            with reading(self._engine) as connection:
                found = made(connection, queue.find(connection, str(item)).episode_id)
            if found.recording is None:
                raise HTTPException(404, "Nothing of it is spoken.")
            sound = cut(found.recording, found.line(line), self._store, suffix=".mp3")
        except PodmillError as exc:
            raise HTTPException(404, str(exc)) from exc
        return serve_bytes(sound, request, {"Content-Type": "audio/mpeg", "Cache-Control": "no-store"})

    def episode(self, item: int, request: Request) -> Response:
        """All of it: as it is published, else as it was spoken."""
        must_be_allowed(request, self._password)
        try:
            with reading(self._engine) as connection:
                entry = queue.find(connection, str(item))
                master = document(connection, entry.episode_id, Step.LOUDNESS, Master)
                recording = made(connection, entry.episode_id).recording
            if recording is None:
                raise HTTPException(404, "Nothing of it is spoken.")
            # A recording that was refused is newer than the master of an earlier round.
            audio = master.audio if master and entry.kind != "failed" else recording.sound
            headers = {"Content-Type": audio.media_type, "Cache-Control": "no-store"}
            return serve_file(self._store.path(audio), request, headers)
        except (PodmillError, OSError) as exc:
            raise HTTPException(404, "Its sound is gone.") from exc

    def decide(self, item: int, form: Mapping[str, list[str]], request: Request) -> Response:
        """Carry out what a form says, and show the item again."""
        self._must_be_from_our_page(item, form, request)
        try:
            self._carry_out(str(item), form, by=user_of(request.headers.get("authorization")))
        except InputError as exc:
            raise HTTPException(409, str(exc)) from exc
        except PodmillError as exc:
            raise HTTPException(503, str(exc)) from exc
        return RedirectResponse(f"/review/{item}", status_code=303)

    def _carry_out(self, item: str, form: Mapping[str, list[str]], *, by: str) -> None:
        # Celery is loaded with them; a server where nobody decides does without.
        from pipelines import reviewing

        note, decision, texts = _first(form, "note"), _first(form, "decision"), _edited(form)
        if texts and decision in ("approve", "respeak"):
            edited = ", ".join(map(str, texts))
            raise InputError(f"Line {edited} was edited, and this would not keep it.", action="Go back: save or undo.")
        match decision:
            case "approve":
                reviewing.approve(item, self._settings, by=by, note=note)
            case "respeak":
                lines = [_number(each) for each in form.get("line", [])]
                if not lines:
                    raise InputError("No line is marked.", action="Go back, and mark those to be spoken again.")
                reviewing.respeak(item, self._settings, by=by, lines=lines, note=note)
            case "edit":
                reviewing.edit(item, self._settings, by=by, texts=texts, note=note)
            case "reject":
                reviewing.reject(item, self._settings, by=by, note=note)
            case _:
                raise InputError("That is no decision.", field="decision")

    def _token(self, item: int, request: Request) -> str:
        who = user_of(request.headers.get("authorization"))
        return hmac.digest(self._secret, f"{item}\0{who}".encode(), "sha256").hex()

    def _must_be_from_our_page(self, item: int, form: Mapping[str, list[str]], request: Request) -> None:
        """Browsers send the password along with forms of other sites, too.

        Raises:
            HTTPException: 403, this form is not from the item's own page.
        """
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is None and origin is not None:
            # An old browser. Behind a proxy, Host may be another than what people see.
            ours = (request.headers.get("host"), urlsplit(self._settings.public_url).netloc)
            foreign = urlsplit(origin).netloc not in ours
        else:
            foreign = site not in (None, "same-origin", "none")
        given = _first(form, "token").encode()
        if foreign or not hmac.compare_digest(given, self._token(item, request).encode()):
            raise HTTPException(403, "This form is not of this page as it is now: load the page again.")


async def _form(request: Request) -> dict[str, list[str]]:
    """The fields of a form.

    Raises:
        HTTPException: it is none, or too large.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise HTTPException(415, "This is no form.")
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > BODY_BYTES_MAX:
            raise HTTPException(413, "This form is too large.")
    try:
        form = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=1000, errors="strict")
    except ValueError as exc:
        raise HTTPException(400, "This form cannot be read.") from exc
    return {name: [_one_line(value) for value in values] for name, values in form.items()}


def _one_line(text: str) -> str:
    """Without control characters, which a database may not take."""
    return "".join(each for each in " ".join(text.split()) if category(each) != "Cc")


def _edited(form: Mapping[str, list[str]]) -> dict[int, str]:
    """What lines say now that said something else when the page was made, by number."""
    texts = {name.removeprefix("text-"): _first(form, name) for name in form if name.startswith("text-")}
    return {_number(line): text for line, text in texts.items() if text != _first(form, f"was-{line}")}


def _first(form: Mapping[str, list[str]], name: str) -> str:
    return next(iter(form.get(name, ())), "")


def _number(text: str) -> int:
    if not (text.isdecimal() and len(text) <= queue.NUMBER_DIGITS):
        raise InputError(f"{text[:20]!r} is no number of a line.", field="line")
    return int(text)


def _page(template: str, **values: Any) -> HTMLResponse:
    shown = page(template, **values)
    policy = SECURITY_HEADERS["Content-Security-Policy"].replace("form-action 'none'", "form-action 'self'")
    shown.headers.update({"Cache-Control": "no-store", "Content-Security-Policy": policy})
    return shown
