"""The web application."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, cast

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from podmill.errors import InputError
from podmill.publishing.pages import environment
from podmill.settings import Settings
from podmill.web import public
from podmill.web.access import allowed
from podmill.web.media import serve_file

Status = Callable[[], Mapping[str, Any]]
"""Gives ``{"batches": [...]}``, each as ``podmill status --json`` prints it; called in a thread."""
CostsPage = Callable[[Mapping[str, str]], str]
"""Gives the page of costs that is asked for: ``since``, ``until``, ``account``, ``show``; called in a thread."""

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_READ: Final = ["GET", "HEAD"]
_PREFLIGHT: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-Modified-Since, If-None-Match, If-Range, Range",
    "Access-Control-Max-Age": "86400",
}
_ENVIRONMENT: Final = environment(Path(__file__).parent / "templates")


def create_app(settings: Settings, status: Status | None = None, costs: CostsPage | None = None) -> FastAPI:
    """The application that serves ``settings.public``.

    Args:
        status: what the status page shows. Without it, or without ``settings.web_password``, there is no such page.
        costs: the page of costs, which is there on the same terms.
    """
    app = FastAPI(title="Podmill", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.add_middleware(_Secured)
    app.add_exception_handler(HTTPException, _refused)
    _add_pages(app, settings.public)
    if status and settings.web_password:
        _add_status(app, settings.web_password, status)
    if costs and settings.web_password:
        _add_costs(app, settings.web_password, costs)
    _add_files(app, settings.public)
    return app


def _add_pages(app: FastAPI, folder: Path) -> None:
    @app.api_route("/", methods=_READ)
    def front() -> Response:
        return _page("front.html.j2", shows=public.shows(folder))

    @app.api_route("/health", methods=_READ)
    def health() -> Response:
        """That the process answers, and nothing of what it knows."""
        return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})

    @app.api_route("/favicon.ico", methods=_READ)
    def icon() -> Response:
        return RedirectResponse("/_assets/podmill.svg", status_code=308)


def _add_status(app: FastAPI, password: SecretStr, status: Status) -> None:
    @app.api_route("/status", methods=_READ)
    def status_page(request: Request) -> Response:
        _must_be_allowed(request, password)
        page = _page("status.html.j2", batches=status()["batches"])
        page.headers["Cache-Control"] = "no-store"
        return page


def _add_costs(app: FastAPI, password: SecretStr, costs: CostsPage) -> None:
    @app.api_route("/costs", methods=_READ)
    def costs_page(request: Request) -> Response:
        _must_be_allowed(request, password)
        try:
            page = costs(request.query_params)
        except InputError as exc:
            raise HTTPException(400, str(exc)) from exc
        # It carries its style, as the file that the command writes does, and nothing else.
        policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
        policy += "; frame-ancestors 'none'"
        return HTMLResponse(page, headers={"Cache-Control": "no-store", "Content-Security-Policy": policy})


def _must_be_allowed(request: Request, password: SecretStr) -> None:
    if not allowed(request.headers.get("authorization"), password):
        challenge = {"WWW-Authenticate": 'Basic realm="Podmill", charset="UTF-8"'}
        raise HTTPException(401, "This page needs the password.", headers=challenge)


def _add_files(app: FastAPI, folder: Path) -> None:
    @app.api_route("/{path:path}", methods=_READ)
    def file(path: str, request: Request) -> Response:
        found = public.find(folder, path)
        if found and found.is_dir():
            if not path.endswith("/"):
                # Relative, so that it cannot lead to another site whatever the name is.
                return RedirectResponse(f"./{path.rpartition('/')[2]}/", status_code=308)
            found = public.page_of(found)
        elif path.endswith("/"):
            found = None
        if found is None:
            raise HTTPException(404, "There is nothing here.")
        try:
            return serve_file(found, request, public.headers_of(found))
        except OSError as exc:
            raise HTTPException(404, "There is nothing here.") from exc

    @app.options("/{path:path}")
    def preflight() -> Response:
        return Response(status_code=204, headers=_PREFLIGHT)


def _refused(_request: Request, exc: Exception) -> Response:
    refusal = cast(HTTPException, exc)
    page = _page("error.html.j2", message=refusal.detail, code=refusal.status_code)
    page.status_code = refusal.status_code
    page.headers.update(refusal.headers or {})
    return page


class _Secured:
    """Adds the security headers to every response that does not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_secured if scope["type"] == "http" else send)


def _page(template: str, **values: Any) -> HTMLResponse:
    text = _ENVIRONMENT.get_template(template).render(values, language="en", root="/")
    return HTMLResponse(text, headers={"Cache-Control": "no-cache"})
