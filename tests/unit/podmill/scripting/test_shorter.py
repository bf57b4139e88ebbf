"""What is left of a script that has to be shorter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.dossier import SourceRecord
from models.script import Chapter, Line, Script
from podmill.scripting.shorter import shorter


def script(*chapters: list[str], facts: dict[int, str] | None = None) -> Script:
    said = [(number, text) for number, lines in enumerate(chapters) for text in lines]
    lines = tuple(
        Line(
            index=index,
            speaker="S1",
            text=text,
            spoken=text,
            chapter=chapter,
            facts=(facts[index],) if facts and index in facts else (),
            sources=("s1",) if facts and index in facts else (),
        )
        for index, (chapter, text) in enumerate(said)
    )
    firsts = [next(line.index for line in lines if line.chapter == number) for number in range(len(chapters))]
    record = SourceRecord(id="s1", title="One", name="one.txt", media_type="text/plain", sha256="0" * 64)
    return Script(
        title="T",
        summary="S",
        language="en",
        chapters=tuple(Chapter(title=f"C{number}", first_line=first) for number, first in enumerate(firsts)),
        lines=lines,
        sources=(record,),
        speakers={"S1": "Ana"},
        writer="offline",
        estimated_s=100.0,
    )


TEN = "Ten words."


def test_the_chapter_that_says_least_goes_first() -> None:
    """The first and the last stay; numbers of lines and chapters, sources and length are those of the rest."""
    whole = script([TEN] * 2, [TEN] * 2, [TEN] * 2, [TEN] * 2, facts={2: "f1", 4: "f2"})
    kept = shorter(whole, 0.8, least=0.6, relevance={"f1": 0.2, "f2": 0.9})
    assert kept == (0, 1, 4, 5, 6, 7)
    left = whole.only(kept)
    assert [line.index for line in left.lines] == list(range(6))
    assert [line.chapter for line in left.lines] == [0, 0, 1, 1, 2, 2]
    assert [(each.title, each.first_line) for each in left.chapters] == [("C0", 0), ("C2", 2), ("C3", 4)]
    assert left.estimated_s == pytest.approx(75.0)
    assert [source.id for source in left.sources] == ["s1"]
    assert whole.only((0, 1, 6, 7)).sources == ()


def test_no_question_is_left_open() -> None:
    """A chapter loses its end, and the question that this answered."""
    whole = script([TEN], [TEN, TEN, TEN, "Is it so?", TEN], [TEN])
    assert shorter(whole, 0.9) == (0, 1, 2, 3, 6)


def test_it_is_not_cut_to_nothing() -> None:
    """What opens and closes it stays; where that is too much, there is no shorter one."""
    assert shorter(script([TEN] * 4), 0.9) is None
    assert shorter(script([TEN] * 6), 0.9, least=0.6) == (0, 1, 2, 4, 5)
    assert shorter(script([TEN] * 6), 0.9, least=0.85) is None


@given(
    sizes=st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=8), min_size=1, max_size=6),
    percent=st.integers(50, 95),
    least=st.integers(40, 60),
)
def test_it_is_as_long_as_it_may_be(sizes: list[list[int]], percent: int, least: int) -> None:
    """Whatever is cut: within both limits, in order, its first and last chapter there."""
    whole = script(*([("word" * size)[:size] for size in chapter] for chapter in sizes))
    kept = shorter(whole, percent / 100, least=least / 100)
    if kept is None:
        return
    left = whole.only(kept)
    assert least / 100 * whole.characters <= left.characters <= percent / 100 * whole.characters
    assert list(kept) == sorted(set(kept))
    assert kept[0] == 0
    assert kept[-1] == whole.lines[-1].index or len(sizes) == 2
