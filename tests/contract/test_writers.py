"""What every writer does: whole, ordered scripts that any voice can say, or an explanation.

A new writer needs its line in ``WRITERS`` and, where it writes from research, nothing more here.
"""

from pathlib import Path

import pytest

from models.brief import Brief, Source
from models.dossier import Dossier
from models.script import Script
from podmill.briefs.reading import read_submission
from podmill.context import StepContext
from podmill.errors import ConfigurationError, ScriptError
from podmill.registry import load
from podmill.research import research
from podmill.scripting import WRITERS, write
from podmill.scripting.checks import check_facts
from podmill.scripting.phrases import phrases_in
from podmill.scripting.pronunciation import say_names
from podmill.scripting.spoken import to_spoken
from podmill.scripting.writer import Writer, WriterCapabilities
from podmill.settings import Settings
from tests.dossiers import EXAMPLES, brief, context, of_examples
from tests.emulators.chatting import RunningChat
from tests.emulators.searching import RunningGemini
from tests.writing import buying


@pytest.fixture(params=sorted(WRITERS))
def writer(request: pytest.FixtureRequest) -> Writer:
    found: Writer = load(WRITERS, request.param, kind="writer")()
    return found


@pytest.fixture
def step(tmp_path: Path, gemini_emulator: RunningGemini, chat_emulator: RunningChat) -> StepContext:
    """A step that may ask the emulated language models."""
    return buying(tmp_path, **gemini_emulator.settings, **chat_emulator.settings)


def request_for(writer: Writer, folder: Path, *, speakers: int = 2) -> tuple[Brief, Dossier | None]:
    if writer.capabilities.needs_dossier:
        return brief(speakers=speakers, minutes=1), of_examples("tides.md", topic="How tides work")
    text = "\n".join(f"[S{number}] The tide rises {number} times." for number in range(1, speakers + 1))
    artifact = context(folder).store.put_bytes(text.encode(), suffix=".txt")
    return brief(speakers=speakers, topic=None, script=Source(name="s.txt", artifact=artifact)), None


def whole(script: Script) -> None:
    """What synthesis, mastering and publishing count on."""
    assert script.title
    assert script.summary
    assert script.estimated_s > 0
    assert [line.index for line in script.lines] == list(range(len(script.lines)))
    assert {line.speaker for line in script.lines} <= set(script.speakers)
    assert script.chapters[0].first_line == 0
    assert all(line.text.strip() for line in script.lines)
    starts = [chapter.first_line for chapter in script.chapters]
    assert starts == sorted(set(starts))
    for line in script.lines:
        assert line.spoken == to_spoken(say_names(line.text, script.pronunciations), script.language)
        assert line.spoken
        assert line.chapter == sum(start <= line.index for start in starts) - 1
    assert Script.model_validate_json(script.model_dump_json()) == script


def test_capabilities_are_stated(writer: Writer) -> None:
    """Every writer says what it needs, before it is called."""
    assert isinstance(writer.capabilities, WriterCapabilities)
    assert writer.capabilities.speakers_max >= 1


@pytest.mark.parametrize("speakers", [1, 2, 4])
def test_scripts_are_whole(writer: Writer, tmp_path: Path, step: StepContext, speakers: int) -> None:
    """Lines in order, in chapters, by speakers of the cast, in words a voice can say."""
    asked, dossier = request_for(writer, tmp_path, speakers=speakers)

    whole(writer.write(asked, dossier, step))


def test_progress_is_told(writer: Writer, tmp_path: Path, step: StepContext) -> None:
    """Progress stays between 0 and 1, and a step that lost its lease is stopped by it or ends soon after."""
    asked, dossier = request_for(writer, tmp_path)
    seen: list[float] = []
    object.__setattr__(step, "progress", lambda share, _: seen.append(share))
    writer.write(asked, dossier, step)

    assert all(0 <= share <= 1 for share in seen)
    assert seen == sorted(seen)


def test_without_its_material(writer: Writer, step: StepContext) -> None:
    """No dossier, or no script: a ScriptError that says what to add."""
    with pytest.raises(ScriptError) as caught:
        writer.write(brief(), None, step)
    assert caught.value.action


def test_which_writer_writes(tmp_path: Path) -> None:
    """A script in the brief is taken as it is, else the named writer writes; an unknown one is an error."""
    asked, _ = request_for(load(WRITERS, "ready-made", kind="writer")(), tmp_path)

    assert write(asked, None, context(tmp_path)).writer == "ready-made"
    with pytest.raises(ConfigurationError, match="offline"):
        write(brief(writer="nobody"), None, context(tmp_path))


def test_what_no_writer_is_asked(tmp_path: Path) -> None:
    """A cast that is empty or too large and a language nobody writes are refused before any work."""
    dossier = of_examples("tides.md", topic="How tides work")
    for asked, message in (
        (brief(speakers=0), "no cast"),
        (brief(cast=brief(speakers=4).cast + brief(speakers=1).cast), "at most 4"),
        (brief(language="fi"), "does not write in 'fi'"),
    ):
        with pytest.raises(ScriptError, match=message):
            write(asked, dossier, context(tmp_path))


@pytest.mark.parametrize("name", ["batch.yaml", "brief.yaml", "batch.csv", "batch.jsonl"])
def test_examples_become_scripts(name: str, tmp_path: Path) -> None:
    """Every example is read whole, researched and written without a warning; from documents at the asked length."""
    pytest.importorskip("piper", reason="the examples ask for the default voice")
    step = context(tmp_path)
    submission = read_submission(EXAMPLES / name, Settings(home=tmp_path))

    assert submission.refused == ()
    for episode in submission.episodes:
        sources = tuple(
            Source(name=source.name, artifact=step.store.put(source.path), media_type=source.media_type)
            for source in episode.sources
            if source.path
        )
        script = episode.script and episode.script.path
        asked = brief(
            topic=episode.topic,
            title=episode.title,
            minutes=episode.minutes,
            sources=sources,
            script=Source(name="script.txt", artifact=step.store.put(script)) if script else None,
        )
        dossier = None if script else research(asked, step)
        written = write(asked, dossier, step)
        whole(written)
        assert written.warnings == ()
        if dossier:
            assert written.estimated_s == pytest.approx(60 * (episode.minutes or 0), rel=0.1)
            assert len(written.chapters) >= 3
            check_facts(written, dossier, phrases_in("en"), asked.subject)
