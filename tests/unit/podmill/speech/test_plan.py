"""Planning: the fewest requests, cut at the best places, with keys that know all that is heard."""

import random
from dataclasses import replace
from itertools import groupby, pairwise
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.brief import CastMember
from models.script import Script
from podmill.errors import ScriptError, SpeechError, VoiceError
from podmill.settings import Settings
from podmill.speech.engine import ENGINES, EngineCapabilities, SpeechRequest
from podmill.speech.plan import plan, sentences, split
from tests.unit.podmill.speech.tones import LIMITS, Tones, script

CAST = (
    CastMember(speaker="S1", name="One", voice="tones:low"),
    CastMember(speaker="S2", name="Two", voice="tones:mid"),
    CastMember(speaker="S3", name="Three", voice="tones:high"),
)
DIALOGUE = replace(LIMITS, max_speakers=2, max_characters=60)

MARKS = {"en": (".!?\u2026", " "), "zh": ("\u3002\uff01\uff1f", "")}
"""What sentences end with, and what lies between two."""


@st.composite
def lines_of(draw: st.DrawFn, language: str) -> list[tuple[str, str]]:
    """Lines of up to three speakers, each of up to four sentences."""
    marks, between = MARKS[language]
    words = st.text("ab\u00e9\u4e00 ", min_size=1, max_size=30).filter(str.strip)
    sentence = st.tuples(words.map(lambda text: " ".join(text.split())), st.sampled_from(marks)).map("".join)
    line = st.tuples(st.sampled_from(["S1", "S2", "S3"]), st.lists(sentence, min_size=1, max_size=4).map(between.join))
    return draw(st.lists(line, min_size=1, max_size=12))


def planned(
    script: Script, limits: EngineCapabilities = LIMITS, variants: dict[int, int] | None = None
) -> tuple[SpeechRequest, ...]:
    with (
        patch.dict(ENGINES, {"tones": f"{Tones.__module__}:Tones"}),
        patch.object(Tones, "capabilities", limits),
    ):
        return plan(script, CAST, Settings(), variants or {})


def said(requests: tuple[SpeechRequest, ...]) -> list[tuple[int, str]]:
    """Text by line, its parts put together again where each begins."""
    lines: list[tuple[int, str]] = []
    for line in (line for request in requests for line in request.lines):
        if lines and lines[-1][0] == line.index:
            lines[-1] = (line.index, lines[-1][1].ljust(line.piece) + line.text)
        else:
            lines.append((line.index, line.text))
    return lines


@settings(deadline=None)
@given(
    lines=st.sampled_from(sorted(MARKS)).flatmap(lambda language: st.tuples(st.just(language), lines_of(language))),
    starts=st.sets(st.integers(1, 11), max_size=3),
    max_characters=st.integers(32, 150),
    dialogue_characters=st.none() | st.integers(32, 150),
    max_speakers=st.integers(1, 3),
    timestamps=st.booleans(),
    stitching=st.booleans(),
)
def test_any_script(
    lines: tuple[str, list[tuple[str, str]]],
    starts: set[int],
    max_characters: int,
    dialogue_characters: int | None,
    max_speakers: int,
    timestamps: bool,
    stitching: bool,
) -> None:
    """Every word is spoken once and in order, no sentence is cut, no limit is passed, and no plan is shorter."""
    limits = replace(
        LIMITS,
        max_characters=max_characters,
        max_speakers=max_speakers,
        dialogue_characters=dialogue_characters and min(dialogue_characters, max_characters),
        timestamps=timestamps,
        stitching=stitching,
    )
    language, said_lines = lines
    firsts = (0, *sorted(start for start in starts if start < len(said_lines)))
    whole = script(*(f"{speaker}: {text}" for speaker, text in said_lines), chapters=firsts, language=language)

    requests = planned(whole, limits)

    assert said(requests) == [(line.index, line.spoken) for line in whole.lines]
    for request in requests:
        most = limits.dialogue_characters if len(request.voices) > 1 else None
        assert request.characters <= (most or max_characters)
        assert len(request.voices) <= max_speakers
        for line in request.lines:
            assert set(sentences(line.text)) <= set(sentences(whole.lines[line.index].spoken))
    assert len(requests) == _fewest(whole, limits)


def _fewest(whole: Script, limits: EngineCapabilities) -> int:
    """Filling each request as far as it goes is optimal, for a part of what fits always fits."""
    requests = 0
    held: list[tuple[int, str, str]] = []
    for line in whole.lines:
        for text in sentences(line.spoken):
            more = [*held, (line.index, line.speaker, text)]
            if not held or not _fits(more, whole, limits):
                requests += 1
                more = more[-1:]
            held = more
    return requests


def _fits(held: list[tuple[int, str, str]], whole: Script, limits: EngineCapabilities) -> bool:
    speakers = {speaker for _, speaker, _ in held}
    between = MARKS[whole.language][1]
    said = "\n".join(between.join(text for _, _, text in of) for _, of in groupby(held, key=lambda each: each[0]))
    longest = limits.dialogue_characters if len(speakers) > 1 else None
    apart = len({index for index, _, _ in held}) > 1 and limits.max_speakers == 1 and not limits.timestamps
    return len(said) <= (longest or limits.max_characters) and len(speakers) <= limits.max_speakers and not apart


@pytest.mark.parametrize(("max_characters", "fewest"), [(40_000, 3), (10_000, 11), (5_000, 21)])
def test_a_hundred_thousand_characters(max_characters: int, fewest: int) -> None:
    """As few requests as the limit allows, cut between sentences, every word once and in order."""
    draw = random.Random(max_characters)
    lines, total = [], 0
    while total < 100_000:
        said_here = [" ".join("word" for _ in range(draw.randint(4, 16))) + "." for _ in range(draw.randint(1, 6))]
        lines.append("S1: " + " ".join(said_here))
        total += len(lines[-1]) - 3
    lines[-1] = lines[-1][: len(lines[-1]) - (total - 100_000)].rstrip(" .") + "."
    whole = script(*lines, chapters=range(0, len(lines), 40))

    requests = planned(whole, replace(LIMITS, max_characters=max_characters, timestamps=True, stitching=True))

    assert len(requests) == fewest
    assert said(requests) == [(line.index, line.spoken) for line in whole.lines]
    assert all(request.text.endswith(".") for request in requests)
    assert all(before.text.endswith(after.before) for before, after in pairwise(requests))
    assert all(after.text.startswith(before.after) for before, after in pairwise(requests))


def test_a_request_in_two() -> None:
    """What a provider does not take whole is cut once more, at a line if one ends near the middle."""
    whole = script("S1: One is here. Two is here.", "S1: Three is here.", "S1: Four is here. Five is here.")
    limits = replace(LIMITS, timestamps=True, stitching=True)
    (one,) = planned(whole, limits)

    with patch.dict(ENGINES, {"tones": f"{Tones.__module__}:Tones"}), patch.object(Tones, "capabilities", limits):
        first, second = split(one, whole, CAST, Settings())
        halves = split(second, whole, CAST, Settings())

    assert [[line.index for line in half.lines] for half in (first, second)] == [[0, 1], [2]]
    assert (first.after, second.before) == ("Four is here. Five is here.", "Three is here.")
    assert said((first, *halves)) == [(line.index, line.spoken) for line in whole.lines]


def test_a_sentence_is_not_made_two() -> None:
    """A single sentence stays whole, whatever the provider says."""
    whole = script("S1: One is here.")
    (one,) = planned(whole)
    with patch.dict(ENGINES, {"tones": f"{Tones.__module__}:Tones"}), pytest.raises(SpeechError, match="a sentence of"):
        split(one, whole, CAST, Settings())


def test_only_its_own_voice_is_stitched() -> None:
    """A request is told what its voice said before; what another says, or where an engine takes none, it is not."""
    whole = script("S1: One.", "S1: Two.", "S2: Three.")
    told = [(request.before, request.after) for request in planned(whole, replace(LIMITS, stitching=True))]
    assert told == [("", "Two."), ("One.", ""), ("", "")]
    assert {(request.before, request.after) for request in planned(whole)} == {("", "")}


def test_a_script_that_fits_is_one_request() -> None:
    """An engine for dialogues gets the whole script in a single call."""
    requests = planned(script("S1: Hello.", "S2: Hello to you.", "S1: Shall we?"), DIALOGUE)
    assert [len(request.lines) for request in requests] == [3]


def test_a_local_voice_speaks_line_by_line() -> None:
    """Without timestamps two lines of one speaker are two requests: their times would be unknown."""
    assert len(planned(script("S1: One.", "S1: Two."))) == 2


@pytest.mark.parametrize(("chapter", "requests"), [(1, [[0], [1, 2, 3]]), (3, [[0, 1, 2], [3]])])
def test_cuts_at_the_chapter(chapter: int, requests: list[list[int]]) -> None:
    """Of two plans with as many requests the one that is cut between the chapters is taken."""
    lines = ("S1: It is so and so.", "S2: It is so and so.", "S1: Yes it is so too.", "S2: Yes it is so too.")
    whole = script(*lines, chapters=(0, chapter))
    assert [[line.index for line in request.lines] for request in planned(whole, DIALOGUE)] == requests


def test_cuts_between_lines_rather_than_sentences() -> None:
    """Of two plans with as many requests the one that leaves a long line in fewer parts is taken."""
    long = " ".join((f"{'a' * 24}.", f"{'b' * 18}.", f"{'c' * 18}.", f"{'d' * 18}."))
    requests = planned(script(f"S1: {'a' * 29}.", f"S2: {long}", f"S1: {'e' * 29}."), DIALOGUE)
    assert [[(line.index, line.piece) for line in request.lines] for request in requests] == [
        [(0, 0), (1, 0)],
        [(1, 26)],
        [(2, 0)],
    ]


def test_a_sentence_is_never_cut() -> None:
    """A sentence that no request can hold is refused with its line and length."""
    with pytest.raises(SpeechError, match=r"Line 2 has a sentence of 301 characters; tones takes 200\. Put full stops"):
        planned(script("S1: Hi.", f"S2: {'a' * 300}."))


def test_a_line_to_be_spoken_again_keeps_its_neighbours() -> None:
    """Speaking a line anew leaves the request with its neighbours, and so their take, as it was."""
    whole = script("S1: One.", "S2: Two.", "S1: Three.")
    (before,) = planned(whole, DIALOGUE)
    first, second = planned(whole, DIALOGUE, {1: 1})
    assert first == before
    assert ([line.index for line in second.lines], second.variant) == ([1], 1)


def test_a_line_alone_is_replaced() -> None:
    """A line that has its own request is spoken anew in its place."""
    whole = script("S1: One.", "S2: Two.")
    before, after = planned(whole), planned(whole, variants={1: 2})
    assert [request.variant for request in after] == [0, 2]
    assert after[0].key == before[0].key
    assert after[1].key != before[1].key


def test_the_key_is_of_what_is_heard() -> None:
    """The same text by the same voice has one key wherever it stands; another text, voice or variant another."""
    keys = [request.key for request in planned(script("S1: Yes.", "S2: Yes.", "S1: Yes.", "S1: No."))]
    assert keys[0] == keys[2]
    assert len(set(keys)) == 3
    assert all(a != b for a, b in pairwise(keys))


def test_plans_are_repeatable() -> None:
    """Two workers that plan the same script get the same requests."""
    whole = script("S1: One.", "S2: Two. Three.")
    assert planned(whole) == planned(whole)


@pytest.mark.parametrize(
    ("lines", "error", "message"),
    [
        (["S9: Hello."], ScriptError, "Line 1 is spoken by 'S9', who is not in the cast"),
        (["S1: Hello.", "S2: ..."], ScriptError, r"Line 2 has nothing to say: '\.\.\.'"),
    ],
)
def test_lines_that_cannot_be_spoken(lines: list[str], error: type[Exception], message: str) -> None:
    """A line without words or without a voice is refused by its number."""
    with pytest.raises(error, match=message):
        planned(script(*lines))


def test_a_language_the_voice_does_not_speak() -> None:
    """A voice is never made to read a language it does not speak."""
    with pytest.raises(VoiceError, match=r"'tones:low' speaks en, zh, not 'de'"):
        planned(script("S1: Hallo.", language="de"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ('He said "Go." Then he left.', ['He said "Go."', "Then he left."]),
        ("Version two.five is out", ["Version two.five is out"]),
        ("\u4e00\u3002\u4e8c\u3002", ["\u4e00\u3002", "\u4e8c\u3002"]),
    ],
)
def test_sentences(text: str, parts: list[str]) -> None:
    """Sentences end at their mark, quotation marks included, not at a full stop within a word."""
    assert sentences(text) == parts
