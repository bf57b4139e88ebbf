"""The research step on real files."""

import dataclasses
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import pytest

from models.brief import Brief, Source
from podmill.context import StepContext
from podmill.errors import InputError, SourceError, StoreError, TransientError
from podmill.registry import load
from podmill.research import RESEARCHERS, research
from podmill.research.researcher import Researcher

MARKDOWN = "# On bees\n\nHoney bees live in large colonies. Worker bees dance to show where food is.\n"


@pytest.fixture
def source(context: StepContext) -> Callable[..., Source]:
    """Takes data into the store as a source."""

    def take(name: str, data: bytes) -> Source:
        return Source(name=name, artifact=context.store.put_bytes(data, suffix=Path(name).suffix))

    return take


def test_files_of_several_formats(
    context: StepContext, source: Callable[..., Source], make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    """A dossier of Markdown, PDF and Word: sources in order, facts cited from them."""
    word = docx.Document()
    word.add_paragraph("A swarm of honey bees finds a new home by the votes of its scouts.")
    word.save(str(tmp_path / "home.docx"))
    pdf = make_pdf([["Honey bees keep the brood nest at thirty-five degrees all year."]], title="Warmth")
    brief = Brief(
        show="bees",
        topic="Honey bees",
        sources=(
            source("notes/on_bees.md", MARKDOWN.encode()),
            source("warmth.pdf", pdf.read_bytes()),
            source("home.docx", (tmp_path / "home.docx").read_bytes()),
        ),
    )
    told: list[tuple[float, str]] = []

    dossier = research(brief, dataclasses.replace(context, progress=lambda share, words: told.append((share, words))))

    assert dossier.topic == "Honey bees"
    assert [record.id for record in dossier.sources] == ["s1", "s2", "s3"]
    assert [record.title for record in dossier.sources] == ["On bees", "Warmth", "Home"]
    assert [record.sha256 for record in dossier.sources] == [
        one.artifact.sha256 for one in brief.sources if one.artifact
    ]
    assert [fact.source_id for fact in dossier.facts] == ["s1", "s1", "s2", "s3"]
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[-1][0] == 1.0
    assert list(context.temp_dir.iterdir()) == []


def test_without_a_topic_the_source_gives_it(context: StepContext, source: Callable[..., Source]) -> None:
    """The first source's title is the topic when nothing else is."""
    sources = (source("a.md", MARKDOWN.encode()),)

    assert research(Brief(show="bees", sources=sources), context).topic == "On bees"
    assert research(Brief(show="bees", title="Dancing", sources=sources), context).topic == "Dancing"


def test_the_same_bytes_are_read_once(context: StepContext, source: Callable[..., Source]) -> None:
    """A file given twice is one source."""
    twice = (source("a.md", MARKDOWN.encode()), source("b.md", MARKDOWN.encode()))

    assert len(research(Brief(show="bees", sources=twice), context).sources) == 1


def test_a_topic_without_sources(context: StepContext) -> None:
    """Nothing is made up: it is said what is missing."""
    with pytest.raises(InputError, match="has no sources") as caught:
        research(Brief(show="bees", topic="Honey bees"), context)
    assert caught.value.field == "sources"
    assert "ready-made script" in caught.value.action


def test_a_ready_made_script_needs_no_facts(context: StepContext, source: Callable[..., Source]) -> None:
    """Its dossier is empty."""
    dossier = research(Brief(show="bees", title="Ready", script=source("a.txt", b"[S1] Hello.")), context)

    assert (dossier.topic, dossier.sources, dossier.facts) == ("Ready", (), ())


def test_a_bad_source_is_named(context: StepContext, source: Callable[..., Source]) -> None:
    """The message says which file, and a file gone from the store is a StoreError."""
    with pytest.raises(SourceError, match=r"^bad\.pdf: is called a PDF but is not"):
        research(Brief(show="bees", sources=(source("bad.pdf", b"no PDF"),)), context)
    gone = source("a.md", MARKDOWN.encode())
    assert gone.artifact
    context.store.path(gone.artifact).unlink()
    with pytest.raises(StoreError):
        research(Brief(show="bees", sources=(gone,)), context)


@pytest.fixture
def site() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/bees.md"
            self.send_response(200 if found else 503)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.end_headers()
            self.wfile.write(MARKDOWN.encode() if found else b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_address_is_fetched_into_the_store(context: StepContext, site: str) -> None:
    """What was read from the web can be looked up by its hash; nothing stays in the temporary folder."""
    private = dataclasses.replace(context, settings=context.settings.model_copy(update={"fetch_private": True}))
    url = f"{site}/bees.md"

    dossier = research(Brief(show="bees", sources=(Source(name=url, url=url),)), private)

    assert dossier.sources[0].url == url
    assert len(list((context.temp_dir.parent / "store").rglob(f"{dossier.sources[0].sha256}*"))) == 1
    assert list(context.temp_dir.iterdir()) == []
    with pytest.raises(TransientError, match="503"):
        research(Brief(show="bees", sources=(Source(name="x", url=f"{site}/x"),)), private)


@pytest.mark.parametrize("name", sorted(RESEARCHERS))
def test_researchers_declare_themselves(name: str) -> None:
    """Each registered researcher has its name and its capabilities."""
    found: Researcher = load(RESEARCHERS, name, kind="researcher")()

    assert found.name == name
    assert found.capabilities.paid in (True, False)
