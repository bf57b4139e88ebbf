"""Planning: the fewest requests, cut at the best places, with keys that know all that is heard."""

from dataclasses import replace
from itertools import pairwise
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.brief import CastMember
from models.script import Script
from podmill.errors import ScriptError, SpeechError, VoiceError
from podmill.settings import Settings
from podmill.speech.engine import ENGINES, EngineCapabilities, SpeechRequest
from podmill.speech.plan import plan, sentences
from tests.unit.podmill.speech.tones import LIMITS, Tones, script

CAST = (
    CastMember(speaker="S1", name="One", voice="tones:low"),
    CastMember(speaker="S2", name="Two", voice="tones:mid"),
    CastMember(speaker="S3", name="Three", voice="tones:high"),
)
DIALOGUE = replace(LIMITS, max_speakers=2, max_characters=60)

SENTENCE = st.text("abc ", min_size=1, max_size=30).filter(str.strip).map(lambda text: " ".join(text.split()) + ".")
LINE = st.tuples(st.sampled_from(["S1", "S2", "S3"]), st.lists(SENTENCE, min_size=1, max_size=4).map(" ".join))


def planned(
    script: Script, limits: EngineCapabilities = LIMITS, variants: dict[int, int] | None = None
) -> tuple[SpeechRequest, ...]:
    with (
        patch.dict(ENGINES, {"tones": f"{Tones.__module__}:Tones"}),
        patch.object(Tones, "capabilities", limits),
    ):
        return plan(script, CAST, Settings(), variants or {})


def said(requests: tuple[SpeechRequest, ...]) -> list[tuple[int, str]]:
    """Text by line, its parts put together again."""
    lines: list[tuple[int, str]] = []
    for line in (line for request in requests for line in request.lines):
        if lines and lines[-1][0] == line.index:
            lines[-1] = (line.index, f"{lines[-1][1]} {line.text}")
        else:
            lines.append((line.index, line.text))
    return lines


@given(
    lines=st.lists(LINE, min_size=1, max_size=12),
    starts=st.sets(st.integers(1, 11), max_size=3),
    max_characters=st.integers(32, 150),
    max_speakers=st.integers(1, 3),
    timestamps=st.booleans(),
)
def test_any_script(
    lines: list[tuple[str, str]], starts: set[int], max_characters: int, max_speakers: int, timestamps: bool
) -> None:
    """Every line is spoken once and in order, no request passes a limit, and no plan needs fewer requests."""
    limits = replace(LIMITS, max_characters=max_characters, max_speakers=max_speakers, timestamps=timestamps)
    firsts = (0, *sorted(start for start in starts if start < len(lines)))
    whole = script(*(f"{speaker}: {text}" for speaker, text in lines), chapters=firsts)

    requests = planned(whole, limits)

    assert said(requests) == [(line.index, line.spoken) for line in whole.lines]
    assert all(request.characters <= max_characters for request in requests)
    assert all(len(request.voices) <= max_speakers for request in requests)
    assert len(requests) == _fewest(whole, limits)


def _fewest(whole: Script, limits: EngineCapabilities) -> int:
    """Filling each request as far as it goes is optimal, for a part of what fits always fits."""
    requests = 0
    characters, speakers, index = 0, set[str](), -1
    for line in whole.lines:
        fits = len(line.spoken) <= limits.max_characters
        for text in [line.spoken] if fits else sentences(line.spoken):
            apart = line.index != index and limits.max_speakers == 1 and not limits.timestamps
            full = characters + 1 + len(text) > limits.max_characters
            if not requests or apart or full or len(speakers | {line.speaker}) > limits.max_speakers:
                requests += 1
                characters, speakers = -1, set()
            characters += 1 + len(text)
            speakers.add(line.speaker)
            index = line.index
    return requests


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
        [(1, 1)],
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
    with pytest.raises(VoiceError, match=r"'tones:low' speaks en, not 'de'"):
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
