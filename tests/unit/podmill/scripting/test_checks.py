"""The proof: what it lets through, and every way in which it refuses."""

from pathlib import Path

import pytest

from models.script import Line, Script
from podmill.errors import ScriptError
from podmill.scripting import write
from podmill.scripting.checks import check_facts
from podmill.scripting.phrases import phrases_in
from tests.dossiers import brief, context, of_passages

BANK = phrases_in("en")
DOSSIER = of_passages(
    "The Moon is the main cause of the tides. Most coasts have two high tides each day.", headings=("The Moon",)
)


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return write(brief(minutes=1), DOSSIER, context(tmp_path))


def changed(script: Script, *, stating: bool, **fields: object) -> Script:
    """The script with its first line of a kind changed."""
    lines = list(script.lines)
    at = next(line.index for line in lines if bool(line.facts) == stating)
    lines[at] = Line.model_validate(lines[at].model_dump() | fields)
    return script.model_copy(update={"lines": tuple(lines)})


def check(script: Script) -> None:
    check_facts(script, DOSSIER, BANK, "How tides work")


def test_an_honest_script_passes(script: Script) -> None:
    """What the writer made passes as it is."""
    check(script)


@pytest.mark.parametrize(
    "text",
    [
        "The Sun is the main cause of the tides.",
        "The Moon is not the main cause of the tides.",
        "The tides is the main cause of the Moon.",
        "According to The Sun, the Moon is the main cause of the tides.",
        "Most coasts have three high tides each day.",
        "!",
    ],
)
def test_a_line_that_says_what_its_facts_do_not(script: Script, text: str) -> None:
    """A word put in, left out, moved or ascribed to another source is refused."""
    with pytest.raises(ScriptError, match="says what its facts do not"):
        check(changed(script, stating=True, text=text))


def test_attribution_is_allowed(script: Script) -> None:
    """The name of the fact's own source may lead it."""
    facts = {"facts": ("f1",), "sources": ("s1",)}
    check(
        changed(script, stating=True, text="According to The Book, the Moon is the main cause of the tides.", **facts)
    )


def test_an_uncited_line_that_states_something(script: Script) -> None:
    """Glue with a word that is in no phrase, heading or name is refused, and the word is named."""
    with pytest.raises(ScriptError, match="'cheese'"):
        check(changed(script, stating=False, text="What do the notes say about cheese?"))


def test_citations_must_exist(script: Script) -> None:
    """A fact that is not in the dossier, or sources that are not the facts' own, are refused."""
    with pytest.raises(ScriptError, match="did not find"):
        check(changed(script, stating=True, facts=("f99",)))
    with pytest.raises(ScriptError, match="other sources"):
        check(changed(script, stating=True, sources=("s2",)))


def test_a_phrase_is_said_once(script: Script) -> None:
    """The same connecting line twice is refused."""
    twice = script.model_copy(update={"lines": (*script.lines, script.lines[0])})
    with pytest.raises(ScriptError, match="said twice"):
        check(twice)
