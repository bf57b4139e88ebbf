"""Script to requests: as few as the engines allow, never cut inside a sentence."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Final

from models.brief import CastMember
from models.script import Script
from podmill.errors import ScriptError, SpeechError
from podmill.settings import Settings
from podmill.speech import engine
from podmill.speech.engine import Engine, EngineCapabilities, RequestLine, SpeechRequest, Voice
from podmill.speech.voices import find, must_speak

PROCESSING: Final = 1
"""Counts the ways in which a take was trimmed and levelled: takes made in another way are made anew."""

SENTENCE_END: Final = re.compile(r"""(?<=[.!?\u2026])["'\u2019\u201d)\]]*\s+|(?<=[\u3002\uff01\uff1f])""")


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is never cut: a line, or a sentence of a line that is too long for one request."""

    index: int
    chapter: int
    speaker: str
    voice: Voice
    text: str


def plan(
    script: Script, cast: Sequence[CastMember], settings: Settings, variants: Mapping[int, int]
) -> tuple[SpeechRequest, ...]:
    """The requests that speak a script, in its order.

    Requests are cut between chapters rather than between lines, and between lines rather than sentences, wherever that
    costs no further request. A line to be spoken again gets a request of its own after the one that has it, unless it
    is alone in it: the takes of its neighbours stay as they are.

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
    fingerprints = cache(lambda voice, variant: engines(voice.engine).fingerprint(voice, variant))
    pieces: Counter[int] = Counter()
    planned: list[SpeechRequest] = []
    units = _units(script, cast, settings, engines)
    for name, run in groupby(units, key=lambda unit: unit.voice.engine):
        for group in _grouped(tuple(run), engines(name).capabilities):
            voices = {unit.voice.id: unit.voice for unit in group}
            for lines, variant in _takes(_lines(group, pieces), variants):
                prints = {line.voice: fingerprints(voices[line.voice], variant) for line in lines}
                planned.append(_request(name, script.language, lines, variant, prints))
    return tuple(planned)


def sentences(text: str) -> list[str]:
    """The sentences of a text, white space between them dropped."""
    found = []
    start = 0
    for match in SENTENCE_END.finditer(text):
        found.append(text[start : match.end()].strip())
        start = match.end()
    return [sentence for sentence in (*found, text[start:].strip()) if sentence]


def _units(
    script: Script, cast: Sequence[CastMember], settings: Settings, engines: Callable[[str], Engine]
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
        longest = engines(voice.engine).capabilities.max_characters
        text = " ".join(line.spoken.split())
        if not any(character.isalnum() for character in text):
            raise ScriptError(f"Line {line.index + 1} has nothing to say: {line.text[:80]!r}.")
        for part in [text] if len(text) <= longest else sentences(text):
            if len(part) > longest:
                raise SpeechError(
                    f"Line {line.index + 1} has a sentence of {len(part)} characters; {voice.engine} takes {longest}.",
                    action="Put full stops into it.",
                )
            yield _Unit(line.index, line.chapter, line.speaker, voice, part)


def _grouped(units: Sequence[_Unit], limits: EngineCapabilities) -> list[Sequence[_Unit]]:
    """Units cut into requests: the fewest, and of these the ones cut at the best places."""
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
    characters = -1
    voices: set[str] = set()
    for start in range(end - 1, -1, -1):
        characters += len(units[start].text) + 1
        voices.add(units[start].voice.id)
        alone = units[start].index == units[end - 1].index
        if characters > limits.max_characters or len(voices) > limits.max_speakers or not (shared or alone):
            return
        yield start


def _lines(group: Sequence[_Unit], pieces: Counter[int]) -> tuple[RequestLine, ...]:
    lines = []
    for index, parts in groupby(group, key=lambda unit: unit.index):
        units = tuple(parts)
        text = " ".join(unit.text for unit in units)
        lines.append(
            RequestLine(index=index, piece=pieces[index], speaker=units[0].speaker, voice=units[0].voice.id, text=text)
        )
        pieces[index] += 1
    return tuple(lines)


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
) -> SpeechRequest:
    sound = {
        "processing": PROCESSING,
        "engine": name,
        "language": language,
        "voices": fingerprints,
        "lines": [(line.voice, line.text) for line in lines],
        "variant": variant,
    }
    key = hashlib.sha256(json.dumps(sound, sort_keys=True).encode()).hexdigest()
    return SpeechRequest(key=key, engine=name, language=language, variant=variant, lines=lines)
