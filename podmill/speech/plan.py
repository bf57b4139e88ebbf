"""Script to requests: as few as the engines allow, never cut inside a sentence."""

import hashlib
import json
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, groupby
from types import MappingProxyType
from typing import Final

from models.brief import CastMember
from models.script import Line, Script
from podmill.errors import ScriptError, SpeechError
from podmill.settings import Settings
from podmill.speech import engine
from podmill.speech.cuts import Unit, goes_on, grouped, with_words
from podmill.speech.engine import EngineCapabilities, RequestLine, SpeechRequest, Voice
from podmill.speech.voices import find, must_speak
from podmill.text import sentences

PROCESSING: Final = 1
"""Counts the ways in which a take was trimmed and levelled: takes made in another way are made anew."""

STITCH_CHARACTERS: Final = 300
"""Of what was said before a request, and of what comes after it, as far as its engine is told."""


def plan(
    script: Script,
    cast: Sequence[CastMember],
    settings: Settings,
    variants: Mapping[int, int],
    others: Mapping[int, str] = MappingProxyType({}),
) -> tuple[SpeechRequest, ...]:
    """The requests that speak a script, in its order.

    Requests are cut between chapters rather than between lines, and between lines rather than sentences, wherever that
    costs no further request; within a sentence only where its line ends and no request holds all of it. A request that
    is cut from another of its voice knows what is said before and after it, where its engine takes that. A line to be
    spoken again gets requests of its own after those that have it, which are left out where it is alone in them: the
    takes of its neighbours stay as they are, also where they were spoken before a person gave it other words. Where a
    person gave words to a line that was never spoken, only requests that say it are cut anew.

    Args:
        cast: with every voice resolved.
        variants: by line index, how often its voice spoke the line before; lines that are not in it count 0.
        others: by line index, the voice that speaks the line instead of its speaker's.

    Raises:
        ScriptError: a line has nothing to say, or its speaker is not in the cast.
        SpeechError: a sentence is longer than a request may be.
        VoiceError: a voice is unknown, or does not speak the script's language.
        MissingExtraError: a voice needs a package that is not installed.
    """
    engines = cache(lambda name: engine.make(name, settings))
    limits = cache(lambda name: engine.limits(engines(name), script.language))
    fingerprints = cache(lambda voice, variant: engines(voice.engine).fingerprint(voice, variant))
    voices = {member.speaker: find(member.voice, settings) for member in cast}
    anew = _anew(script, variants, others, voices, settings)

    def requests(
        cut: Sequence[Unit], words: Mapping[int, Sequence[Unit]], said: _Said, upcoming: _Said, variant: int
    ) -> Iterator[SpeechRequest]:
        for name, run in groupby(cut, key=lambda unit: unit.voice.engine):
            for group in with_words(grouped(tuple(run), limits(name)), words, limits(name)):
                heard = {unit.voice.id: unit.voice for unit in group}
                prints = {each: fingerprints(heard[each], variant) for each in heard}
                lines = _lines(group)
                around = _around(lines, said, upcoming) if limits(name).stitching and len(prints) == 1 else ("", "")
                yield _request(name, script.language, lines, variant, prints, around)

    first = tuple(_units([_as_first(line, anew) for line in script.lines], script.language, voices, limits))
    words = {index: tuple(units) for index, units in groupby(first, key=lambda unit: unit.index)}
    before = {line.index: _as_cut(line, script.language, voices, limits) or words[line.index] for line in script.lines}
    cut = [unit for units in before.values() for unit in units]
    said, upcoming = _said(first), _said(cut)
    changed = {index: units for index, units in words.items() if said[index] != upcoming[index]}
    planned: list[SpeechRequest] = []
    # Requests are made in their order: those before a line that was refused knew it with the words that it had then.
    for request in requests(cut, changed, said, upcoming, 0):
        if any(line.index not in anew for line in request.lines):
            planned.append(request)
        for line in request.lines:
            if line.index in anew and line.piece + len(line.text) == len(said[line.index][1]):
                again = anew[line.index]
                units = tuple(_units([again.line], script.language, again.voices, limits))
                now = {**said, line.index: (units[0].voice.id, units[0].line)}
                planned += requests(units, {}, now, now, again.variant)
    return tuple(planned)


def split(request: SpeechRequest, script: Script, settings: Settings) -> tuple[SpeechRequest, ...]:
    """A request as two, for a provider that did not take it whole: cut near its middle, where that is heard least.

    Raises:
        SpeechError: it is a single sentence.
    """
    made = engine.make(request.engine, settings)
    voices = {voice: find(voice, settings) for voice in request.voices}
    chapters = {line.index: line.chapter for line in script.lines}
    units = [
        Unit(line.index, chapters[line.index], line.speaker, voices[line.voice], line.text, start, end)
        for line in request.lines
        for start, end in _spans(line.text)
    ]
    if len(units) < 2:
        raise SpeechError(f"{request.engine} does not take a sentence of {request.characters} characters.")
    ends = list(accumulate(unit.end - unit.start + 1 for unit in units))
    middle = ends[-1] / 2

    def badness(cut: int) -> tuple[bool, bool, bool, bool, float]:
        before, after = units[cut - 1], units[cut]
        far = abs(ends[cut - 1] - middle)
        inside = before.index == after.index, before.chapter == after.chapter
        return goes_on(before, after), far > middle / 3, *inside, far

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


@dataclass(frozen=True, slots=True)
class _Anew:
    """A line that is spoken by itself, after all was spoken once."""

    line: Line
    variant: int
    voices: Mapping[str, Voice]
    """By speaker."""


def _anew(
    script: Script,
    variants: Mapping[int, int],
    others: Mapping[int, str],
    voices: Mapping[str, Voice],
    settings: Settings,
) -> Mapping[int, _Anew]:
    found = {}
    for line in script.lines:
        if variants.get(line.index, 0) > 0 or line.index in others:
            other = {line.speaker: find(others[line.index], settings)} if line.index in others else {}
            found[line.index] = _Anew(line, variants.get(line.index, 0), {**voices, **other})
    return found


def _as_first(line: Line, anew: Container[int]) -> Line:
    """With the words that the take of its neighbours has."""
    return line.model_copy(update={"spoken": line.spoken_first}) if line.spoken_first and line.index in anew else line


def _as_cut(
    line: Line, language: str, voices: Mapping[str, Voice], limits: Callable[[str], EngineCapabilities]
) -> tuple[Unit, ...]:
    """With the words that requests are cut by; nothing where these are its own, or no request can hold them."""
    spoken = line.cut_as or line.spoken_first
    if not spoken:
        return ()
    try:
        return tuple(_units([line.model_copy(update={"spoken": spoken})], language, voices, limits))
    except (ScriptError, SpeechError):
        return ()


_Said = Mapping[int, tuple[str, str]]
"""By line, the voice and its words."""


def _said(units: Sequence[Unit]) -> _Said:
    return {unit.index: (unit.voice.id, unit.line) for unit in units}


def _units(
    lines: Sequence[Line],
    language: str,
    voices: Mapping[str, Voice],
    limits: Callable[[str], EngineCapabilities],
) -> Iterator[Unit]:
    for voice in voices.values():
        must_speak(voice, language)
    for line in lines:
        if line.speaker not in voices:
            raise ScriptError(
                f"Line {line.index + 1} is spoken by {line.speaker!r}, who is not in the cast.",
                action=f"In the cast: {', '.join(voices)}.",
            )
        voice = voices[line.speaker]
        longest = limits(voice.engine).max_characters
        text = " ".join(line.spoken.split())
        if not _has_words(text):
            raise ScriptError(f"Line {line.index + 1} has nothing to say: {line.text[:80]!r}.")
        for start, end in _spans(text):
            if end - start > longest:
                raise SpeechError(
                    f"Line {line.index + 1} has a sentence of {end - start} characters; {voice.engine} takes "
                    f"{longest}.",
                    action="Put full stops into it.",
                )
            yield Unit(line.index, line.chapter, line.speaker, voice, text, start, end)


def _spans(text: str) -> list[tuple[int, int]]:
    """The sentences of a line; what has no words is not one, and stays with that before it."""
    found: list[tuple[int, int]] = []
    for start, end in sentences.split(text):
        apart = not found or (_has_words(text[start:end]) and _has_words(text[slice(*found[-1])]))
        found.append((start, end) if apart else (found.pop()[0], end))
    return found


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _lines(group: Sequence[Unit]) -> tuple[RequestLine, ...]:
    lines = []
    for index, parts in groupby(group, key=lambda unit: unit.index):
        units = tuple(parts)
        first, last = units[0], units[-1]
        text = first.line[first.start : last.end]
        line = RequestLine(index=index, piece=first.start, speaker=first.speaker, voice=first.voice.id, text=text)
        lines.append(line)
    return tuple(lines)


def _around(lines: Sequence[RequestLine], said: _Said, upcoming: _Said) -> tuple[str, str]:
    """What the voice of a request says right before and right after it.

    Args:
        upcoming: what lines after it say.
    """
    first, last = lines[0], lines[-1]
    before, after = said[first.index][1][: first.piece].strip(), said[last.index][1][last.piece + len(last.text) :]
    if not before and said.get(first.index - 1, ("", ""))[0] == first.voice:
        before = said[first.index - 1][1]
    if not after.strip() and upcoming.get(last.index + 1, ("", ""))[0] == last.voice:
        after = upcoming[last.index + 1][1]
    return _tail(before), _head(after)


def _tail(text: str) -> str:
    """The end of a text, from a word on."""
    text = text.strip()
    return text if len(text) <= STITCH_CHARACTERS else text[-STITCH_CHARACTERS:].partition(" ")[2]


def _head(text: str) -> str:
    """The beginning of a text, up to a word."""
    text = text.strip()
    return text if len(text) <= STITCH_CHARACTERS else text[:STITCH_CHARACTERS].rpartition(" ")[0]


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
