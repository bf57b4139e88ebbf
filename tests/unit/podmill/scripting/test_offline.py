"""Whole scripts by the offline writer."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.script import Script
from podmill.errors import ScriptError
from podmill.scripting import write
from podmill.scripting.checks import check_facts
from podmill.scripting.phrases import phrases_in
from tests.dossiers import brief, context, of_examples, of_passages

BOTH = of_examples("lighthouses.md", "riding.md", topic="lighthouses and bicycles")
TIDES = of_examples("tides.md", topic="How tides work")


@pytest.mark.parametrize("speakers", [1, 2, 3, 4])
@pytest.mark.parametrize("minutes", [0.1, 1, 2, 3])
def test_every_script_is_proven(tmp_path: Path, speakers: int, minutes: float) -> None:
    """For any cast and length: checked against the sources, every host speaks, lines are in order and can be said."""
    script = write(brief(speakers=speakers, minutes=minutes), BOTH, context(tmp_path))

    check_facts(script, BOTH, phrases_in("en"), "How tides work")
    assert {line.speaker for line in script.lines} == set(script.speakers)
    assert [line.index for line in script.lines] == list(range(len(script.lines)))
    assert all(line.spoken and not any(character.isdigit() for character in line.spoken) for line in script.lines)


@pytest.mark.parametrize("minutes", [1, 1.5, 2, 3, 4])
def test_the_asked_length_is_met(tmp_path: Path, minutes: float) -> None:
    """Within ten per cent of what was asked, without a warning, when the sources carry enough."""
    script = write(brief(minutes=minutes), BOTH, context(tmp_path))

    assert script.estimated_s == pytest.approx(minutes * 60, rel=0.1)
    assert script.warnings == ()


def test_short_sources_make_a_short_episode(tmp_path: Path) -> None:
    """When the sources carry less than asked, nothing is stretched, and a warning says how much they carry."""
    script = write(brief(minutes=30), TIDES, context(tmp_path))

    assert script.estimated_s < 300
    assert "the sources carry about" in script.warnings[0]


def test_the_shortest_episode(tmp_path: Path) -> None:
    """One fact between opening and closing is the least; asking for less is answered with a warning."""
    dossier = of_passages("The tide lifts the water of the open sea by less than one meter.")
    script = write(brief(minutes=0.05), dossier, context(tmp_path))

    assert [line.facts for line in script.lines if line.facts] == [("f1",)]
    assert script.lines[0].facts == script.lines[-1].facts == ()
    assert "nearest that can be told" in script.warnings[0]


def test_chapters(tmp_path: Path) -> None:
    """Three chapters or more where there is material; each begins at its first line and names a heading."""
    script = write(brief(minutes=2), TIDES, context(tmp_path))

    assert len(script.chapters) >= 3
    assert script.chapters[0].first_line == 0
    assert [chapter.first_line for chapter in script.chapters] == [
        next(line.index for line in script.lines if line.chapter == number) for number in range(len(script.chapters))
    ]
    assert {chapter.title for chapter in script.chapters} <= {fact.heading for fact in TIDES.facts}


def test_opening_tells_who_speaks_and_from_what(tmp_path: Path) -> None:
    """Before any fact: both names, the topic, that the voices are artificial, and the documents."""
    script = write(brief(minutes=2), TIDES, context(tmp_path))
    opening = " ".join(line.text for line in _before_facts(script))

    for words in ("Joe", "Kit", "how tides work", "made by artificial intelligence", "How Tides Work"):
        assert words in opening


def _before_facts(script: Script) -> list:
    first = next(line.index for line in script.lines if line.facts)
    return list(script.lines[:first])


def test_only_cited_sources_are_listed(tmp_path: Path) -> None:
    """The script's sources are those its lines cite."""
    script = write(brief(minutes=1), BOTH, context(tmp_path))

    assert {source.id for source in script.sources} == {source for line in script.lines for source in line.sources}


def test_sources_are_named_once(tmp_path: Path) -> None:
    """Each of several sources leads one of its facts by name, and no more."""
    script = write(brief(minutes=3), BOTH, context(tmp_path))
    named = Counter(
        source.title
        for line in script.lines
        for source in script.sources
        if f"According to {source.title}," in line.text
    )

    assert named == {"A Short History of Lighthouses": 1, "What Makes a Bicycle Go": 1}


def test_the_same_request_gives_the_same_script(tmp_path: Path) -> None:
    """No chance is involved; other facts give other phrases."""
    first = write(brief(minutes=2), TIDES, context(tmp_path))

    assert write(brief(minutes=2), TIDES, context(tmp_path)) == first
    other = write(brief(minutes=2), BOTH, context(tmp_path))
    assert [line.text for line in other.lines[:3]] != [line.text for line in first.lines[:3]]


def test_title_and_summary_of_the_brief_win(tmp_path: Path) -> None:
    """What the person wrote is taken; else the topic, and a summary of chapters and sources."""
    given = write(brief(title="My title", summary="My words."), TIDES, context(tmp_path))
    made = write(brief(), TIDES, context(tmp_path))

    assert (given.title, given.summary) == ("My title", "My words.")
    assert made.title == "How tides work"
    assert "The pull of the Moon" in made.summary
    assert made.summary.endswith("Made from How Tides Work.")


def test_nothing_to_tell(tmp_path: Path) -> None:
    """No facts, or none that can be told aloud: an error that says what to add."""
    with pytest.raises(ScriptError, match="no facts"):
        write(brief(), None, context(tmp_path))
    with pytest.raises(ScriptError, match="can be told aloud"):
        write(brief(), of_passages("See figure 3. We think so, as we wrote. What is a tide?"), context(tmp_path))


def test_a_long_episode_repeats_no_phrase(tmp_path: Path) -> None:
    """Hundreds of turns: still no connecting line twice, and no line longer than a breath or two."""
    passages = [f"Tide number {n} rose by {n} meters in harbor {n} on the coast of the island." for n in range(600)]
    headings = tuple(f"Harbor {n // 6}" for n in range(600))
    script = write(brief(minutes=45), of_passages(*passages, headings=headings), context(tmp_path))
    glue = Counter(line.text for line in script.lines if not line.facts)

    assert script.estimated_s == pytest.approx(45 * 60, rel=0.1)
    assert max(glue.values()) == 1
    assert max(len(line.text.split()) for line in script.lines if line.facts) <= 45


PIECES = st.sampled_from(
    [
        "The",
        "It",
        "this",
        "According",
        "to",
        "sea,",
        "tide",
        "Moon;",
        "and",
        "1998",
        "$5",
        "e.g.",
        "U.S.",
        "isn't",
        "it's",
        "—",
        "“so”",
        "İ",
        "ǅ",
        "naïve",
        "日本",
        "{title}",
        "%s",
        "<b>",
        "😀",
        "a-b",
        "x" * 40,
        "\u200d",
        "a/b",
    ]
)
PASSAGES = st.lists(st.lists(PIECES, min_size=1, max_size=60).map(" ".join), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(passages=PASSAGES, heading=PIECES, title=st.lists(PIECES, min_size=1, max_size=12).map(" ".join))
def test_no_source_breaks_the_proof(tmp_path: Path, passages: list[str], heading: str, title: str) -> None:
    """Whatever the sources, headings and titles hold: a proven script, or the error that nothing can be told."""
    dossier = of_passages(*passages, headings=(heading,) * len(passages), title=title)
    try:
        script = write(brief(minutes=1), dossier, context(tmp_path))
    except ScriptError as exc:
        assert "can be told aloud" in exc.message  # noqa: PT017 - a script is the usual outcome
        return
    assert all(line.spoken for line in script.lines)
