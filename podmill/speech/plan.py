"""Script to requests: as few as the engines allow, never cut inside a sentence."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, groupby
from typing import Final

from models.brief import CastMember
from models.script import Script
from podmill.errors import ScriptError, SpeechError
from podmill.settings import Settings
from podmill.speech import engine
from podmill.speech.engine import EngineCapabilities, RequestLine, SpeechRequest, Voice
from podmill.speech.voices import find, must_speak

PROCESSING: Final = 1
"""Counts the ways in which a take was trimmed and levelled: takes made in another way are made anew."""

SENTENCE_END: Final = re.compile(r"""(?<=[.!?\u2026])["'\u2019\u201d)\]]*\s+|(?<=[\u3002\uff01\uff1f])""")


STITCH_CHARACTERS: Final = 300
"""Of what was said before a request, and of what comes after it, as far as its engine is told."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is never cut: a sentence of a line."""

    index: int
    chapter: int
    speaker: str
    voice: Voice
    line: str
    start: int
    """In ``line``, in characters."""
    end: int


def plan(
    script: Script, cast: Sequence[CastMember], settings: Settings, variants: Mapping[int, int]
) -> tuple[SpeechRequest, ...]:
    """The requests that speak a script, in its order.

    Requests are cut between chapters rather than between lines, and between lines rather than sentences, wherever that
    costs no further request. A request that is cut from another of its voice knows what is said before and after it,
    where its engine takes that. A line to be spoken again gets a request of its own after the one that has it, unless
    it is alone in it: the takes of its neighbours stay as they are.

    Args:
        cast: with every voice resolved.
        variants: by line index, how often the line was spoken before; lines that are not in it count 0.

    Raises:
        ScriptError: a line has nothing to say, or its speaker is not in the cast.
        SpeechError: a sentence is longer than a request may be.
        VoiceError: a voice is unknown, or does not speak the script's language.
        MissingExtraError: a voice needs a package that is not installed.
    """
    engines = cache(lambda name: engine.make(name, settings))
    limits = cache(lambda name: engine.limits(engines(name)))
    fingerprints = cache(lambda voice, variant: engines(voice.engine).fingerprint(voice, variant))
    planned: list[SpeechRequest] = []
    units = tuple(_units(script, cast, settings, limits))
    said = {unit.index: (unit.voice.id, unit.line) for unit in units}
    for name, run in groupby(units, key=lambda unit: unit.voice.engine):
        for group in _grouped(tuple(run), limits(name)):
            voices = {unit.voice.id: unit.voice for unit in group}
            for lines, variant in _takes(_lines(group), variants):
                prints = {line.voice: fingerprints(voices[line.voice], variant) for line in lines}
                around = _around(lines, said) if limits(name).stitching else ("", "")
                planned.append(_request(name, script.language, lines, variant, prints, around))
    return tuple(planned)


def split(
    request: SpeechRequest, script: Script, cast: Sequence[CastMember], settings: Settings
) -> tuple[SpeechRequest, ...]:
    """A request as two, for a provider that did not take it whole: cut near its middle, where that is heard least.

    Raises:
        SpeechError: it is a single sentence.
    """
    made = engine.make(request.engine, settings)
    voices = {member.voice: find(member.voice, settings) for member in cast if member.voice in request.voices}
    chapters = {line.index: line.chapter for line in script.lines}
    units = [
        _Unit(line.index, chapters[line.index], line.speaker, voices[line.voice], line.text, start, end)
        for line in request.lines
        for start, end in _bounds(line.text)
    ]
    if len(units) < 2:
        raise SpeechError(f"{request.engine} does not take a sentence of {request.characters} characters.")
    ends = list(accumulate(unit.end - unit.start + 1 for unit in units))
    middle = ends[-1] / 2

    def badness(cut: int) -> tuple[bool, bool, bool, float]:
        before, after = units[cut - 1], units[cut]
        far = abs(ends[cut - 1] - middle)
        return far > middle / 3, before.index == after.index, before.chapter == after.chapter, far

    cut = min(range(1, len(units)), key=badness)
    firsts = {line.index: line.piece for line in request.lines}
    halves = []
    for half in (units[:cut], units[cut:]):
        lines = tuple(line.model_copy(update={"piece": firsts[line.index] + line.piece}) for line in _lines(half))
        prints = {line.voice: made.fingerprint(voices[line.voice], request.variant) for line in lines}
        halves.append((lines, prints))
    (first, first_prints), (second, second_prints) = halves
    joined = engine.limits(made).stitching and first[-1].voice == second[0].voice
    after = _head(second[0].text) if joined else request.after
    before = _tail(first[-1].text) if joined else request.before
    return (
        _request(request.engine, request.language, first, request.variant, first_prints, (request.before, after)),
        _request(request.engine, request.language, second, request.variant, second_prints, (before, request.after)),
    )


def sentences(text: str) -> list[str]:
    """The sentences of a text, white space between them dropped."""
    return [text[start:end] for start, end in _bounds(text)]


def _bounds(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence of a text begins and ends, white space around it left out."""
    start = 0
    for end in (*(match.end() for match in SENTENCE_END.finditer(text)), len(text)):
        sentence = text[start:end]
        if sentence.strip():
            yield start + len(sentence) - len(sentence.lstrip()), start + len(sentence.rstrip())
        start = end


def _units(
    script: Script, cast: Sequence[CastMember], settings: Settings, limits: Callable[[str], EngineCapabilities]
) -> Iterator[_Unit]:
    voices = {member.speaker: find(member.voice, settings) for member in cast}
    for voice in voices.values():
        must_speak(voice, script.language)
    for line in script.lines:
        if line.speaker not in voices:
            raise ScriptError(
                f"Line {line.index + 1} is spoken by {line.speaker!r}, who is not in the cast.",
                action=f"In the cast: {', '.join(voices)}.",
            )
        voice = voices[line.speaker]
        longest = limits(voice.engine).max_characters
        text = " ".join(line.spoken.split())
        if not any(character.isalnum() for character in text):
            raise ScriptError(f"Line {line.index + 1} has nothing to say: {line.text[:80]!r}.")
        for start, end in _bounds(text):
            if end - start > longest:
                raise SpeechError(
                    f"Line {line.index + 1} has a sentence of {end - start} characters; {voice.engine} takes "
                    f"{longest}.",
                    action="Put full stops into it.",
                )
            yield _Unit(line.index, line.chapter, line.speaker, voice, text, start, end)


def _grouped(units: Sequence[_Unit], limits: EngineCapabilities) -> list[Sequence[_Unit]]:
    """Units cut into requests: the fewest, and of these the ones cut at the best places."""
    if units and 0 in _starts(units, len(units), limits):
        return [units]
    # best[end]: what the first ``end`` units cost (requests, cuts in a line, cuts in a chapter), and the last cut.
    best: list[tuple[tuple[int, int, int], int]] = [((0, 0, 0), 0)]
    for end in range(1, len(units) + 1):
        cheapest: tuple[tuple[int, int, int], int] | None = None
        for start in _starts(units, end, limits):
            (requests, in_line, in_chapter), _ = best[start]
            if start > 0:
                in_line += units[start - 1].index == units[start].index
                in_chapter += units[start - 1].chapter == units[start].chapter
            cost = ((requests + 1, in_line, in_chapter), start)
            cheapest = min(cheapest or cost, cost)
        best.append(cheapest or best[-1])
    groups = []
    end = len(units)
    while end:
        start = best[end][1]
        groups.append(units[start:end])
        end = start
    return groups[::-1]


def _starts(units: Sequence[_Unit], end: int, limits: EngineCapabilities) -> Iterator[int]:
    """Where a request that ends before ``end`` can begin, the shortest request first."""
    # A local voice says nothing of when a line is heard: lines that share a request could not be told apart.
    shared = limits.max_speakers > 1 or limits.timestamps
    characters = 0
    voices: set[str] = set()
    after: _Unit | None = None
    for start in range(end - 1, -1, -1):
        unit = units[start]
        # Up to the next sentence of its line, or with the line end that joins it to the next line.
        stop = unit.end + 1 if after is None or after.index != unit.index else after.start
        characters += stop - unit.start
        voices.add(unit.voice.id)
        longest = limits.max_characters if len(voices) == 1 else limits.dialogue_characters or limits.max_characters
        # Of a request of several voices none can be shifted in pitch.
        shared = shared and (len(voices) == 1 or {each.voice.pitch for each in units[start:end]} == {1.0})
        alone = unit.index == units[end - 1].index
        if characters - 1 > longest or len(voices) > limits.max_speakers or not (shared or alone):
            return
        yield start
        after = unit


def _lines(group: Sequence[_Unit]) -> tuple[RequestLine, ...]:
    lines = []
    for index, parts in groupby(group, key=lambda unit: unit.index):
        units = tuple(parts)
        first, last = units[0], units[-1]
        text = first.line[first.start : last.end]
        line = RequestLine(index=index, piece=first.start, speaker=first.speaker, voice=first.voice.id, text=text)
        lines.append(line)
    return tuple(lines)


def _around(lines: Sequence[RequestLine], said: Mapping[int, tuple[str, str]]) -> tuple[str, str]:
    """What the voice of a request says right before and right after it."""
    first, last = lines[0], lines[-1]
    before, after = said[first.index][1][: first.piece].strip(), said[last.index][1][last.piece + len(last.text) :]
    if not before and said.get(first.index - 1, ("", ""))[0] == first.voice:
        before = said[first.index - 1][1]
    if not after.strip() and said.get(last.index + 1, ("", ""))[0] == last.voice:
        after = said[last.index + 1][1]
    return _tail(before), _head(after)


def _tail(text: str) -> str:
    """The end of a text, from a word on."""
    text = text.strip()
    return text if len(text) <= STITCH_CHARACTERS else text[-STITCH_CHARACTERS:].partition(" ")[2]


def _head(text: str) -> str:
    """The beginning of a text, up to a word."""
    text = text.strip()
    return text if len(text) <= STITCH_CHARACTERS else text[:STITCH_CHARACTERS].rpartition(" ")[0]


def _takes(
    lines: tuple[RequestLine, ...], variants: Mapping[int, int]
) -> Iterator[tuple[tuple[RequestLine, ...], int]]:
    if len(lines) == 1:
        yield lines, variants.get(lines[0].index, 0)
        return
    yield lines, 0
    for line in lines:
        if variants.get(line.index, 0) > 0:
            yield (line,), variants[line.index]


def _request(
    name: str,
    language: str,
    lines: tuple[RequestLine, ...],
    variant: int,
    fingerprints: Mapping[str, Mapping[str, object]],
    around: tuple[str, str],
) -> SpeechRequest:
    before, after = around
    sound = {
        "processing": PROCESSING,
        "engine": name,
        "language": language,
        "voices": fingerprints,
        "lines": [(line.voice, line.text) for line in lines],
        "variant": variant,
        **({"around": around} if any(around) else {}),
    }
    key = hashlib.sha256(json.dumps(sound, sort_keys=True).encode()).hexdigest()
    return SpeechRequest(
        key=key, engine=name, language=language, variant=variant, lines=lines, before=before, after=after
    )
