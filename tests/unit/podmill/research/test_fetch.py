"""Fetching sources, from a real server on this machine."""

import gzip
import http.server
import ipaddress
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpcore2
import pytest
import trustme

from podmill.errors import SourceError, TransientError
from podmill.research.fetch import REDIRECTS_MAX, fetch
from podmill.research.network import Network
from podmill.settings import Settings

PAGE = b"<!doctype html><html><body><p>Honey bees dance in the dark hive.</p></body></html>"
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


class Site:
    """A web site on a loopback port; ``pages`` maps paths to what answers them."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        pages = self.pages = dict[str, Answer]()
        asked = self.asked = list[dict[str, str]]()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
                pages[self.path.partition("?")[0]](self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    def send(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return send


@pytest.fixture
def site() -> Iterator[Site]:
    one = Site()
    yield one
    one.close()


@pytest.fixture
def private(settings: Settings) -> Settings:
    return settings.model_copy(update={"fetch_private": True})


def test_a_page_is_fetched(site: Site, private: Settings, tmp_path: Path) -> None:
    """The bytes land in the folder, with media type and charset."""
    site.pages["/bees"] = answer(200, PAGE, Content_Type="text/html; charset=ISO-8859-1")

    found = fetch(site.url("/bees?x=1#part"), private, tmp_path)

    assert found.path.read_bytes() == PAGE
    assert ("text/html", "iso-8859-1", site.url("/bees?x=1")) == (found.media_type, found.charset, found.url)
    assert "cookie" not in site.asked[0]
    assert "authorization" not in site.asked[0]


def test_gzip_is_unpacked(site: Site, private: Settings, tmp_path: Path) -> None:
    """A packed answer is unpacked on the way."""
    site.pages["/"] = answer(200, gzip.compress(PAGE), Content_Type="text/html", Content_Encoding="gzip")

    assert fetch(site.url("/"), private, tmp_path).path.read_bytes() == PAGE


def test_redirects_are_followed(site: Site, private: Settings, tmp_path: Path) -> None:
    """Relative and absolute redirects lead to the page, up to the limit and no further."""
    site.pages["/0"] = answer(302, Location="/1")
    for hop in range(1, REDIRECTS_MAX):
        site.pages[f"/{hop}"] = answer(308, Location=site.url(f"/{hop + 1}"))
    site.pages[f"/{REDIRECTS_MAX}"] = answer(200, PAGE, Content_Type="text/html")
    site.pages["/long"] = answer(301, Location="/0")

    assert fetch(site.url("/0"), private, tmp_path).url == site.url(f"/{REDIRECTS_MAX}")
    with pytest.raises(SourceError, match="redirected more than"):
        fetch(site.url("/long"), private, tmp_path)


@pytest.mark.parametrize(
    ("headers", "body", "message"),
    [
        pytest.param({"Content_Type": "image/png"}, b"\x89PNG", "is image/png, which is no document", id="image"),
        pytest.param({"Content_Type": "application/octet-stream"}, b"\x00\x01\x02\x03", "binary", id="binary"),
        pytest.param({"Content_Type": "application/pdf"}, PAGE, "called a PDF but is not", id="not-pdf"),
        pytest.param({"Content_Type": "text/html"}, b"", "is empty", id="empty"),
        pytest.param({"Content_Type": "text/plain"}, b"x" * 1_000_001, "larger than 1 MB", id="large"),
        pytest.param({"Content_Encoding": "br"}, PAGE, "packed as br", id="unasked-packing"),
        pytest.param(
            {"Content_Type": "text/plain", "Content_Encoding": "gzip"},
            gzip.compress(b"a" * 300_000_000),
            "larger than 1 MB",
            id="gzip-bomb",
        ),
    ],
)
def test_what_is_no_document_is_refused(
    site: Site, private: Settings, tmp_path: Path, headers: dict[str, str], body: bytes, message: str
) -> None:
    """The wrong type, binary data, nothing at all and too much are refused, and nothing large is written."""
    site.pages["/a"] = answer(200, body, **headers)

    with pytest.raises(SourceError, match=message):
        fetch(site.url("/a"), private, tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.rglob("*")) < 1_200_000


def test_an_endless_answer_is_cut(site: Site, private: Settings, tmp_path: Path) -> None:
    """Without a Content-Length the size is counted as it comes."""

    def endless(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/plain")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"on and on " * 1000)
        except OSError:
            pass

    site.pages["/"] = endless
    with pytest.raises(SourceError, match="larger than"):
        fetch(site.url("/"), private, tmp_path)


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_slow_drip_ends(site: Site, private: Settings, tmp_path: Path, where: str) -> None:
    """A byte now and then cannot outlast the time for the whole transfer."""
    stop = threading.Event()

    def drip(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(
            b"HTTP/1.1 200 OK\r\n" + (b"" if where == "headers" else b"Content-Type: text/html\r\n\r\n")
        )
        try:
            while not stop.wait(0.1):
                handler.wfile.write(b"X")
        except OSError:
            pass

    site.pages["/"] = drip
    with pytest.raises(TransientError, match="not read within 1 seconds"):
        fetch(site.url("/"), private.model_copy(update={"fetch_timeout_s": 1.0}), tmp_path)
    stop.set()


def test_a_silent_resolver_ends(settings: Settings, tmp_path: Path) -> None:
    """A name that never resolves is given up with the same time."""

    def asleep(_: str) -> list[str]:
        time.sleep(5)
        return []

    with pytest.raises(TransientError, match="not read within"):
        fetch(
            "https://slow.test/",
            settings.model_copy(update={"fetch_timeout_s": 0.2}),
            tmp_path,
            Network(resolve=asleep),
        )


@pytest.mark.parametrize(
    ("status", "headers", "retry_after_s"),
    [(429, {"Retry_After": "7"}, 7.0), (503, {}, None), (408, {"Retry_After": "soon"}, None), (425, {}, None)],
)
def test_what_may_pass_is_transient(
    site: Site, private: Settings, tmp_path: Path, status: int, headers: dict[str, str], retry_after_s: float | None
) -> None:
    """Overload and server errors are tried again, when the server says."""
    site.pages["/"] = answer(status, **headers)

    with pytest.raises(TransientError, match=str(status)) as caught:
        fetch(site.url("/"), private, tmp_path)
    assert retry_after_s == caught.value.retry_after_s


def test_a_retry_after_date_is_understood(site: Site, private: Settings, tmp_path: Path) -> None:
    """A date in the past means now; one far off is not believed."""
    site.pages["/past"] = answer(503, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")
    site.pages["/far"] = answer(503, Retry_After="Wed, 21 Oct 2115 07:28:00 GMT")
    waits = []
    for path in ("/past", "/far"):
        with pytest.raises(TransientError) as caught:
            fetch(site.url(path), private, tmp_path)
        waits.append(caught.value.retry_after_s)

    assert waits == [0.0, 86_400.0]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_what_is_not_there_is_not_tried_again(site: Site, private: Settings, tmp_path: Path, status: int) -> None:
    """Other client errors are final."""
    site.pages["/"] = answer(status)

    with pytest.raises(SourceError, match=str(status)):
        fetch(site.url("/"), private, tmp_path)


def test_broken_connections_are_transient(site: Site, private: Settings, tmp_path: Path) -> None:
    """A closed port, a cut answer and half an archive may work next time."""
    cut = answer(200, gzip.compress(PAGE)[:-9], Content_Type="text/html", Content_Encoding="gzip")
    site.pages["/cut"] = cut
    site.pages["/rude"] = lambda handler: handler.connection.close()
    addresses = [site.url("/cut"), site.url("/rude"), "http://127.0.0.1:1/"]
    for address in addresses:
        with pytest.raises(TransientError):
            fetch(address, private, tmp_path)


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1]/",
        "https://224.0.0.1/",
        "https://0.0.0.0/",
        "https://localhost/",
    ],
)
def test_private_addresses_are_refused(settings: Settings, tmp_path: Path, address: str) -> None:
    """Loopback, private, link-local, multicast and what embeds them is never connected to."""
    with pytest.raises(SourceError, match="not on the public internet"):
        fetch(address, settings, tmp_path)


def test_one_private_address_condemns_a_host(settings: Settings, tmp_path: Path) -> None:
    """A name with a public and a private address is refused."""
    mixed = Network(resolve=lambda _: ["93.184.216.34", "192.168.0.1"])

    with pytest.raises(SourceError, match="not on the public internet"):
        fetch("https://mixed.test/", settings, tmp_path, mixed)


@pytest.fixture
def secure() -> Iterator[tuple[Site, ssl.SSLContext]]:
    """An https site for ``documents.test``, and what a client must trust."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("documents.test").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    one = Site(server)
    yield one, client
    one.close()


def only(address: str) -> Callable[[Any], bool]:
    """A network on which one loopback address counts as public."""
    return lambda found: found == ipaddress.ip_address(address)


def test_the_checked_address_is_the_one_connected_to(
    settings: Settings, tmp_path: Path, secure: tuple[Site, ssl.SSLContext]
) -> None:
    """A name is resolved once for a connection, so a second answer (DNS rebinding) is never used."""
    site, trust = secure
    site.pages["/"] = answer(200, PAGE, Content_Type="text/html")
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    network = Network(resolve=lambda _: next(answers), permits=only("127.0.0.1"), tls=trust)

    found = fetch(f"https://documents.test:{site.port}/", settings, tmp_path, network)

    assert found.path.read_bytes() == PAGE
    assert f"documents.test:{site.port}" == site.asked[0]["host"]
    assert next(answers) == ["127.0.0.2"]


def test_the_certificate_must_be_for_the_name(
    settings: Settings, tmp_path: Path, secure: tuple[Site, ssl.SSLContext]
) -> None:
    """Connecting to a checked address does not loosen the check of the certificate."""
    site, trust = secure
    network = Network(resolve=lambda _: ["127.0.0.1"], permits=only("127.0.0.1"), tls=trust)

    with pytest.raises(SourceError, match="certificate is not valid"):
        fetch(f"https://other.test:{site.port}/", settings, tmp_path, network)


def test_redirects_are_checked_again(settings: Settings, tmp_path: Path, secure: tuple[Site, ssl.SSLContext]) -> None:
    """A public page cannot send us to a private address, to plain http, or to a file."""
    site, trust = secure
    network = Network(
        resolve=lambda host: ["127.0.0.1"] if host == "documents.test" else [host],
        permits=only("127.0.0.1"),
        tls=trust,
    )
    targets = {
        f"https://127.0.0.2:{site.port}/": "not on the public internet",
        f"http://documents.test:{site.port}/": "only https",
        "file:///etc/passwd": "only https",
        "https://user:word@documents.test/": "password",
        "https://[": "only https",
    }
    for target, message in targets.items():
        site.pages["/"] = answer(302, Location=target)
        with pytest.raises(SourceError, match=message):
            fetch(f"https://documents.test:{site.port}/", settings, tmp_path, network)
    assert len(targets) == len(site.asked)


def test_secrets_stay_out_of_messages(site: Site, private: Settings, tmp_path: Path) -> None:
    """Neither a password nor a query is shown."""
    site.pages["/"] = answer(404)
    for address in (site.url("/?token=hush"), f"http://me:hush@127.0.0.1:{site.port}/"):
        with pytest.raises(SourceError) as caught:
            fetch(address, private, tmp_path)
        assert "hush" not in str(caught.value)


def test_proxies_of_the_environment_are_not_asked(
    site: Site, private: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would make the check of addresses meaningless."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    site.pages["/"] = answer(200, PAGE, Content_Type="text/html")

    assert fetch(site.url("/"), private, tmp_path).path.is_file()


def test_the_backend_opens_nothing_else() -> None:
    """Unix sockets are not opened."""
    from podmill.research.network import Deadline, GuardedBackend

    backend: httpcore2.NetworkBackend = GuardedBackend(Network(), Deadline(1))
    with pytest.raises(NotImplementedError):
        backend.connect_unix_socket("/run/docker.sock")
