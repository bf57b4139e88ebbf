"""Ready-made scripts become scripts without a changed word."""

from pathlib import Path

import pytest

from models.brief import Source
from models.script import Script
from podmill.errors import InputError, ScriptError
from podmill.scripting import write
from podmill.scripting.ready_made import assign_speakers, check_script, parse_script
from tests.dossiers import CAST, EXAMPLES, brief, context


def written(text: str, folder: Path, *, speakers: int = 2, **fields: object) -> Script:
    step = context(folder)
    artifact = step.store.put_bytes(text.encode(), suffix=".txt")
    asked = brief(speakers=speakers, topic=None, script=Source(name="s.txt", artifact=artifact), **fields)
    return write(asked, None, step)


def test_the_example(tmp_path: Path) -> None:
    """The example script: its title, chapters, hosts and words."""
    text = (EXAMPLES / "script.txt").read_text()
    script = written(text, tmp_path)

    assert script.title == "Why the sea comes and goes"
    assert [chapter.title for chapter in script.chapters] == ["Two times a day", "The Sun helps", "Where to look"]
    assert script.speakers == {"S1": "Joe", "S2": "Kit"}
    assert script.writer == "ready-made"
    assert script.lines[0].text.startswith("Hello and welcome. I am Joe")
    assert "twelve hours and twenty-five minutes" in " ".join(line.spoken for line in script.lines)


def test_names_are_cast(tmp_path: Path) -> None:
    """A name of the cast is that member; others take who is left, in order, and keep their name for listeners."""
    script = written("Zoe: Hello.\nJoe: Hi.\nZoe: Bye.", tmp_path)

    assert [line.speaker for line in script.lines] == ["S2", "S1", "S2"]
    assert script.speakers == {"S1": "Joe", "S2": "Zoe"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[S1] a\n[S3] b", 2, "'S3' is not in the cast"),
        ("Ana: a\nBen: b\nCid: c", 3, "No cast member is left for the speaker 'Cid'"),
    ],
)
def test_a_speaker_too_many(text: str, line: int, message: str) -> None:
    """A tag outside the cast or more names than voices is refused where it first speaks."""
    with pytest.raises(InputError, match=message) as caught:
        check_script(text, name="s.txt", cast=CAST[:2])
    assert (caught.value.file, caught.value.line, caught.value.field) == ("s.txt", line, "speaker")


def test_check_takes_bytes_and_text() -> None:
    """The same check before anything is queued, for a file's bytes or its text."""
    text = (EXAMPLES / "script.txt").read_text()

    assert check_script(text, name="s", cast=CAST[:2]) == check_script(text.encode(), name="s", cast=CAST[:2])
    assert assign_speakers(parse_script(text, name="s"), CAST)["S2"] == CAST[1]


def test_long_turns_are_cut_and_keep_their_words(tmp_path: Path) -> None:
    """A monologue becomes several lines of one speaker; chapters still begin where they did."""
    text = "[S1] " + "The sea rises and falls again. " * 40 + "\n## Next\n[S2] End."
    script = written(text, tmp_path)

    assert " ".join(line.text for line in script.lines) == " ".join(text.replace("## Next", "").split()[1:]).replace(
        "[S2] ", ""
    )
    assert len(script.lines) > 5
    assert script.lines[script.chapters[1].first_line].text == "End."
    assert [line.chapter for line in script.lines] == [0] * (len(script.lines) - 1) + [1]


def test_lines_before_the_first_heading(tmp_path: Path) -> None:
    """They are a chapter with the title of the episode."""
    script = written("[S1] a\n## Two\n[S2] b", tmp_path, title="T")

    assert [(chapter.title, chapter.first_line) for chapter in script.chapters] == [("T", 0), ("Two", 1)]


def test_what_cannot_be_said_is_left_out(tmp_path: Path) -> None:
    """A line of pictures is left out with a warning; a script of nothing else is refused."""
    script = written("[S1] Hello.\n## Gone\n[S2] \U0001f600\n## Kept\n[S1] Bye.", tmp_path)

    assert [line.text for line in script.lines] == ["Hello.", "Bye."]
    assert [chapter.title for chapter in script.chapters][1:] == ["Kept"]
    assert script.warnings == ("s.txt:3: nothing here can be said aloud; left out.",)
    with pytest.raises(ScriptError, match="said aloud"):
        written("[S1] \U0001f600", tmp_path)
