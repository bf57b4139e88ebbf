"""Planning: the fewest requests, cut at the best places, with keys that know all that is heard."""

import random
from dataclasses import replace
from functools import cache
from itertools import combinations, groupby, pairwise
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.brief import CastMember
from models.script import Script
from podmill.errors import ScriptError, SpeechError, VoiceError
from podmill.settings import Settings
from podmill.speech.engine import ENGINES, EngineCapabilities, SpeechRequest
from podmill.speech.plan import plan, split
from tests.unit.podmill.speech.tones import LIMITS, Tones, script

CAST = (
    CastMember(speaker="S1", name="One", voice="tones:low"),
    CastMember(speaker="S2", name="Two", voice="tones:mid"),
    CastMember(speaker="S3", name="Three", voice="tones:high"),
)
DIALOGUE = replace(LIMITS, max_speakers=2, max_characters=60)

BANK = {
    "en": (
        *("Yes!", "Is it so?", "Well...", "Dr. Smith met Prof. Jones.", "It rose by 3.5 percent, e.g. in May."),
        *(
            'He said "I came. I saw." and left.',
            "J. R. R. Tolkien wrote it.",
            "She saw No. 5 (it was here. Twice.) too.",
        ),
    ),
    "zh": (
        "\u4ed6\u6765\u4e86\u3002",
        "\u771f\u7684\u5417\uff1f",
        "\u4ed6\u8bf4\uff1a\u201c\u8d70\u5427\u3002\u5feb\u70b9\u3002\u201d",
        "\u597d\uff01",
    ),
    "ja": (
        "\u300c\u884c\u3053\u3046\u3002\u300d\u3068\u8a00\u3063\u305f\u3002",
        "\u306f\u3044\u3002",
        "\u672c\u5f53\uff1f",
    ),
    "hi": (
        "\u092f\u0939 \u0920\u0940\u0915 \u0939\u0948\u0964",
        "\u0915\u094d\u092f\u093e \u092f\u0939 \u0938\u091a \u0939\u0948?",
        "\u0939\u093e\u0901!",
    ),
    "ar": (
        "\u0647\u0644 \u0647\u0630\u0627 \u0635\u062d\u064a\u062d\u061f",
        "\u0646\u0639\u0645.",
        "\u0623\u0647\u0644\u0627\u060c \u0643\u064a\u0641 \u062d\u0627\u0644\u0643\u061f",
    ),
}
"""Sentences with all that looks like the end of one."""
UNSPACED = ("zh", "ja")
OPEN = "It began so,"
"""What a line holds of a sentence that goes on in the next."""

Sentences = list[tuple[str, list[str]]]
"""By line: who speaks, and what."""


@st.composite
def said_lines(draw: st.DrawFn, language: str) -> Sentences:
    """Up to nine sentences in lines of up to three speakers; some go on in another line of the same speaker."""
    lines: Sentences = []
    left = draw(st.integers(1, 9))
    while left:
        speaker = draw(st.sampled_from(["S1", "S2", "S3"]))
        lines.append((speaker, draw(st.lists(st.sampled_from(BANK[language]), min_size=1, max_size=min(left, 4)))))
        left -= len(lines[-1][1])
        if left > 1 and draw(st.booleans()):
            lines += [(speaker, [OPEN]), (speaker, ["and it went on."])]
            left -= 2
    return lines


@st.composite
def near_lengths(draw: st.DrawFn, sentences: list[tuple[int, str]], between: str) -> int:
    """About the length of some sentences that follow one another: as long, or one character more or less."""
    start = draw(st.integers(0, len(sentences) - 1))
    end = draw(st.integers(start + 1, len(sentences)))
    wanted = len(joined(sentences[start:end], between)) + draw(st.sampled_from([0, -1, 1]))
    return max(wanted, *(len(text) for _, text in sentences), 1)


def joined(sentences: list[tuple[int, str]], between: str) -> str:
    lines = groupby(sentences, key=lambda each: each[0])
    return "\n".join(between.join(text for _, text in of) for _, of in lines)


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


@settings(deadline=None, max_examples=120)
@given(
    language_and_lines=st.sampled_from(sorted(BANK)).flatmap(lambda each: st.tuples(st.just(each), said_lines(each))),
    starts=st.sets(st.integers(1, 8), max_size=3),
    data=st.data(),
    max_speakers=st.sampled_from([3, 2, 1]),
    timestamps=st.sampled_from([True, False]),
    stitching=st.booleans(),
)
def test_any_script(
    language_and_lines: tuple[str, Sentences],
    starts: set[int],
    data: st.DataObject,
    max_speakers: int,
    timestamps: bool,
    stitching: bool,
) -> None:
    """Every word once and in order, no limit passed, and of all ways to cut between sentences none is better."""
    language, lines = language_and_lines
    between = "" if language in UNSPACED else " "
    sentences = [(index, text) for index, (_, texts) in enumerate(lines) for text in texts]
    max_characters = data.draw(near_lengths(sentences, between), "max_characters")
    limits = replace(
        LIMITS,
        max_characters=max_characters,
        max_speakers=max_speakers,
        dialogue_characters=data.draw(st.none() | st.integers(1, max_characters), "dialogue_characters"),
        timestamps=timestamps,
        stitching=stitching,
    )
    firsts = (0, *sorted(start for start in starts if start < len(lines)))
    whole = script(*(f"{who}: {between.join(texts)}" for who, texts in lines), chapters=firsts, language=language)

    requests = planned(whole, limits)

    assert said(requests) == [(line.index, line.spoken) for line in whole.lines]
    for request in requests:
        most = limits.dialogue_characters if len(request.voices) > 1 else None
        assert request.characters <= (most or max_characters)
        assert len(request.voices) <= max_speakers
    places = _places(requests, sentences, between)
    fits = cache(lambda start, end: _fits(sentences[start:end], whole, limits, between))
    ways = (
        cuts
        for count in range(len(sentences))
        for cuts in combinations(range(1, len(sentences)), count)
        if all(fits(start, end) for start, end in pairwise((0, *cuts, len(sentences))))
    )
    assert _cost(places, sentences, whole) == min(_cost(cuts, sentences, whole) for cuts in ways)


def _places(requests: tuple[SpeechRequest, ...], sentences: list[tuple[int, str]], between: str) -> tuple[int, ...]:
    """After how many sentences each request but the last ends; none of them ends within one."""
    left = list(sentences)
    ends = []
    for request in requests:
        for line in request.lines:
            text = line.text
            while text:
                index, sentence = left.pop(0)
                assert index == line.index
                assert text.startswith(sentence)
                text = text[len(sentence) :].removeprefix(between)
        ends.append(len(sentences) - len(left))
    return tuple(ends[:-1])


def _cost(cuts: tuple[int, ...], sentences: list[tuple[int, str]], whole: Script) -> tuple[int, int, int, int]:
    around = [(sentences[cut - 1], sentences[cut]) for cut in cuts]
    return (
        sum(before == OPEN and whole.lines[a].chapter == whole.lines[b].chapter for (a, before), (b, _) in around),
        len(cuts),
        sum(a == b for (a, _), (b, _) in around),
        sum(whole.lines[a].chapter == whole.lines[b].chapter for (a, _), (b, _) in around),
    )


def _fits(held: list[tuple[int, str]], whole: Script, limits: EngineCapabilities, between: str) -> bool:
    speakers = {whole.lines[index].speaker for index, _ in held}
    longest = limits.dialogue_characters if len(speakers) > 1 else None
    apart = len({index for index, _ in held}) > 1 and limits.max_speakers == 1 and not limits.timestamps
    return (
        len(joined(held, between)) <= (longest or limits.max_characters)
        and len(speakers) <= limits.max_speakers
        and not apart
    )


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
        first, second = split(one, whole, Settings())
        halves = split(second, whole, Settings())

    assert [[line.index for line in half.lines] for half in (first, second)] == [[0, 1], [2]]
    assert (first.after, second.before) == ("Four is here. Five is here.", "Three is here.")
    assert said((first, *halves)) == [(line.index, line.spoken) for line in whole.lines]


def test_a_sentence_is_not_made_two() -> None:
    """A single sentence stays whole, whatever the provider says."""
    whole = script("S1: One is here.")
    (one,) = planned(whole)
    with patch.dict(ENGINES, {"tones": f"{Tones.__module__}:Tones"}), pytest.raises(SpeechError, match="a sentence of"):
        split(one, whole, Settings())


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
    long = " ".join((f"{'A' * 24}.", f"{'B' * 18}.", f"{'C' * 18}.", f"{'D' * 18}."))
    requests = planned(script(f"S1: {'a' * 29}.", f"S2: {long}", f"S1: {'e' * 29}."), DIALOGUE)
    assert [[(line.index, line.piece) for line in request.lines] for request in requests] == [
        [(0, 0), (1, 0)],
        [(1, 26)],
        [(2, 0)],
    ]


def test_a_sentence_is_never_cut() -> None:
    """A sentence that no request can hold is refused with its line and length; one that just fits is not."""
    assert [each.characters for each in planned(script(f"S1: {'a' * 199}."))] == [200]
    with pytest.raises(SpeechError, match="a sentence of 201 characters"):
        planned(script(f"S1: {'a' * 200}."))
    with pytest.raises(SpeechError, match=r"Line 2 has a sentence of 301 characters; tones takes 200\. Put full stops"):
        planned(script("S1: Hi.", f"S2: {'a' * 300}."))


def test_a_sentence_of_two_lines_stays_together() -> None:
    """A sentence that was too long for one line is not cut where its first line ends, unless no request holds both."""
    lines = (f"S1: {'A' * 29}.", f"S1: {'B' * 25},", "S1: and so on.", f"S1: {'C' * 29}.")
    limits = replace(LIMITS, timestamps=True, max_characters=60)
    assert [[line.index for line in each.lines] for each in planned(script(*lines), limits)] == [[0], [1, 2], [3]]
    short = replace(limits, max_characters=35)
    assert [[line.index for line in each.lines] for each in planned(script(*lines), short)] == [[0], [1], [2], [3]]


def test_marks_alone_are_no_request() -> None:
    """What has no words stays with the sentence before it: a voice would give silence for it."""
    requests = planned(script(f"S1: {'a' * 190}. ... {'B' * 190}."))
    assert [[line.text[-5:] for line in request.lines] for request in requests] == [[". ..."], ["BBBB."]]


def test_short_sentences_are_planned_in_no_time() -> None:
    """100,000 characters in sentences of one word: 25,000 of them, and as few requests as there can be."""
    whole = script(*(f"S{1 + n % 2}: {'No. ' * 24}No." for n in range(1000)))
    limits = replace(LIMITS, max_characters=40_000, max_speakers=2)
    assert [request.characters for request in planned(whole, limits)] == [19_999, 39_999, 39_999]


def test_a_line_to_be_spoken_again_keeps_its_neighbours() -> None:
    """Speaking a line anew leaves the request with its neighbours, and so their take, as it was."""
    whole = script("S1: One.", "S2: Two.", "S1: Three.")
    (before,) = planned(whole, DIALOGUE)
    first, second = planned(whole, DIALOGUE, {1: 1})
    assert first == before
    assert ([line.index for line in second.lines], second.variant) == ([1], 1)


def edited(whole: Script, index: int, **words: str) -> Script:
    lines = tuple(line.model_copy(update=words) if line.index == index else line for line in whole.lines)
    return whole.model_copy(update={"lines": lines})


LONG = "S1: The second is a good deal longer. It goes on. And it ends."


@pytest.mark.parametrize("again", ["No.", "It takes a good many more words to say this one.", "One. Two. " * 9])
@pytest.mark.parametrize("lines", [("S1: One is the first.", "S1: Two."), ("S1: One.", LONG)])
def test_words_that_were_refused_are_said_otherwise(lines: tuple[str, ...], again: str) -> None:
    """Requests made before stay as they are, what came after them included; the others say the new words."""
    whole = script("S1: Zero is before the first.", *lines, "S1: Three ends it.")
    limits = replace(DIALOGUE, timestamps=True, stitching=True)
    before = planned(whole, limits)
    new = edited(whole, 2, spoken=again, cut_as=whole.lines[2].spoken)
    after = planned(new, limits)

    made = [request for request in before if all(line.index < 2 for line in request.lines)]
    assert made
    assert list(after[: len(made)]) == made
    assert dict(said(after))[2] == " ".join(again.split())
    assert all(request.characters <= 60 for request in after)
    assert [request.key for request in planned(new, limits, {2: 1}) if request.variant == 0] == [
        request.key for request in after if any(line.index != 2 for line in request.lines)
    ]


@pytest.mark.parametrize("first", ["Two is the second.", "!", "A sentence that no request can hold " * 3])
def test_words_that_were_never_spoken_matter_no_more(first: str) -> None:
    """What an edited line said before is in no request, whether it could have been in one or not."""
    whole = edited(script("S1: One.", "S2: Two.", "S1: Three."), 1, spoken_first=first)
    assert dict(said(planned(whole, DIALOGUE)))[1] == "Two."
    unsaid = edited(whole, 1, spoken_first="", cut_as=first)
    assert dict(said(planned(unsaid, DIALOGUE)))[1] == "Two."


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
    with pytest.raises(VoiceError, match=r"'tones:low' speaks en, .*, not 'de'"):
        planned(script("S1: Hallo.", language="de"))
