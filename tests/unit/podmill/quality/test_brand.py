"""Scripts against the brand of their show."""

from pathlib import Path

import pytest

from models.gates import Brand, Gates
from models.script import Line, Script
from podmill.quality import alignment, gates_of
from podmill.settings import Settings


@pytest.fixture
def gates(tmp_path: Path) -> Gates:
    return gates_of(Settings(home=tmp_path))


def script(*texts: str) -> Script:
    return Script(
        title="Tides",
        summary="",
        language="en",
        chapters=(),
        lines=tuple(Line(index=at, speaker="S1", text=text, spoken=text, chapter=0) for at, text in enumerate(texts)),
        speakers={"S1": "Ada"},
        writer="offline",
        estimated_s=1.0,
    )


def test_a_script_in_the_voice_of_its_show(gates: Gates) -> None:
    """Every rule is kept: words, opening, calm sentences."""
    brand = Brand(
        use=("Tidal Times",),
        avoid=("synergy",),
        openings=("Welcome aboard",),
        sentence_words_max=12,
        exclamations_max=0.1,
    )
    found = alignment(script("Welcome aboard the Tidal Times.", "Today the sea rises."), brand, gates)

    assert (found.value, found.passed, found.lines) == (1.0, True, ())


@pytest.mark.parametrize(
    ("brand", "said", "lines"),
    [
        (Brand(use=("Tidal Times",)), "'Tidal Times' is never said.", ()),
        (Brand(avoid=("game changer",)), "'game changer' is said in line 2.", (1,)),
        (Brand(openings=("Ahoy",)), "It does not open as the show does.", (0,)),
        (Brand(sentence_words_max=5), "Sentences are longer than 5 words, first in line 1.", (0,)),
        (Brand(exclamations_max=0.2), "1 of 3 sentences are exclamations.", (1,)),
    ],
)
def test_each_rule_is_told_with_its_lines(brand: Brand, said: str, lines: tuple[int, ...], gates: Gates) -> None:
    """A single rule that is broken is a score of 0, and a person can read why."""
    found = alignment(script("Good morning to all of you.", "It is a Game  Changer! It really is so."), brand, gates)

    assert (found.value, found.passed, found.said, found.lines) == (0.0, False, said, lines)


def test_words_inside_of_others_do_not_count(gates: Gates) -> None:
    """To avoid `art` says nothing against parts."""
    found = alignment(script("Parts of the party."), Brand(avoid=("art",)), gates)

    assert found.passed


def test_one_avoided_word_is_enough_to_fail(gates: Gates) -> None:
    """Nine rules that are kept do not make up for it; another that is broken may be made up for."""
    kept = tuple("abcdefghi")
    text = script(" ".join(kept) + " synergy.")
    found = alignment(text, Brand(use=kept, avoid=("synergy",)), gates)

    assert (found.value, found.passed) == (pytest.approx(0.9), False)
    assert alignment(text, Brand(use=(*kept, "tides")), gates).passed


@pytest.mark.parametrize(("tone", "said"), [("dry", " Its tone is not measured."), ("", "")])
def test_a_tone_in_words_is_not_measured(tone: str, said: str, gates: Gates) -> None:
    """It is for the writer: nothing is made up, nothing asked for, and a person can read so."""
    alone = alignment(script("Anything!"), Brand(tone=tone), gates)
    beside = alignment(script("Anything!"), Brand(tone=tone, avoid=("art",)), gates)

    assert (alone.value, alone.limit, alone.passed) == (None, None, None)
    assert alone.said == "There is no rule to hold it against." + said
    assert beside.said == "It keeps to every rule." + said


def test_long_sentences_are_found_in_every_script(gates: Gates) -> None:
    """One that is written without spaces is not a single word."""
    brand = Brand(sentence_words_max=5)

    assert alignment(script("\u6f6e\u6c50\u6765\u4e86\u3002"), brand, gates).passed
    assert not alignment(
        script("\u4eca\u5929\u7684\u6f6e\u6c50\u6765\u5f97\u5f88\u665a\u5f88\u6162\u3002"), brand, gates
    ).passed
