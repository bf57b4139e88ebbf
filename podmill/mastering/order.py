"""The running order: what is heard when, to the frame.

Speech is cut only in the pause between two chapters, and only where something comes between them: ads, then a sting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from models.recording import Recording
from models.script import Script
from models.sound import Ad, Piece, Sound
from podmill.mastering.chapters import heard_chapters
from podmill.mastering.mix import Span
from podmill.mastering.source import SAMPLE_RATE_HZ

EDGE = round(0.005 * SAMPLE_RATE_HZ)
"""Least fade, of 5 ms, at both ends of everything: no cut is heard as a click."""
GAP = round(0.5 * SAMPLE_RATE_HZ)
"""Silence before and after an ad."""


def in_frames(time_s: float) -> int:
    return round(time_s * SAMPLE_RATE_HZ)


@dataclass(frozen=True, slots=True)
class Border:
    """Between two chapters of a recording, in frames of it."""

    chapter: int
    """That begins, as the script counts: from 0."""
    before: int
    """Where the last line before it ends."""
    after: int
    """Where its first line begins."""

    @property
    def cut(self) -> int:
        return (self.before + self.after) // 2


@dataclass(frozen=True, slots=True)
class Speech:
    """What the order needs to know of a recording, in frames of it."""

    frames: int
    first: int
    """Where the first line begins."""
    last: int
    """Where the last line ends."""
    chapter: int
    """The first one that is heard."""
    borders: tuple[Border, ...]

    @classmethod
    def of(cls, script: Script, recording: Recording, frames: int) -> "Speech":
        chapters = heard_chapters(script, recording)
        found = []
        for earlier, later in pairwise(chapters):
            after = in_frames(later.start_s)
            found.append(Border(later.number, min(in_frames(earlier.end_s), after), after))
        first = in_frames(min((line.start_s for line in recording.lines), default=0.0))
        last = in_frames(max((line.end_s for line in recording.lines), default=0.0))
        return cls(frames, first, min(last, frames), chapters[0].number if chapters else 0, tuple(found))


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an ad is heard."""

    ad: int
    """Its place among the ads of the show."""
    at: Literal["before", "between", "after"]
    span: Span


@dataclass(slots=True)
class Order:
    """Where everything is heard: frames on the clock of the program."""

    speech: list[Span] = field(default_factory=list)
    """Stretches of the recording, in its order and without a frame left out."""
    bed: list[Span] = field(default_factory=list)
    pieces: list[tuple[str, Span]] = field(default_factory=list)
    """``intro``, ``sting``s and ``outro``."""
    ads: list[Spot] = field(default_factory=list)
    leads: dict[int, int] = field(default_factory=dict)
    """By chapter of the script: where what leads to it begins, if that is not its first line."""
    frames: int = 0

    def placed(self, frame: int) -> int:
        """Where a frame of the recording is heard."""
        for span in self.speech:
            if frame < span.frames:
                break
            frame -= span.frames
        else:
            frame += span.frames
        return span.start + frame


class Ordering:
    """Puts one thing after the other."""

    def __init__(self, sound: Sound, speech: Speech, lengths: Mapping[str, int], ads: Sequence[int]) -> None:
        """Args:
        lengths: in frames, of each of the show's pieces.
        ads: the same, of each of the show.
        """
        self._sound, self._speech, self._lengths, self._ads = sound, speech, lengths, ads
        self._order = Order()
        self._clock = 0
        """All before it is taken."""

    def run(self) -> Order:
        speech, order = self._speech, self._order
        before, between, after = _slots(self._sound.ads, speech)
        self._advertise("before", before)
        order.leads[speech.chapter] = self._clock
        lead = self._lead("intro", speech.first)
        begun = 0
        for border in speech.borders:
            ads = between.get(border.chapter, [])
            if ads or self._sound.sting:
                self._speak(border.cut - begun, lead)
                begun = border.cut
                self._advertise("between", ads)
                order.leads[border.chapter] = self._clock
                lead = self._lead("sting", border.after - border.cut)
        self._speak(speech.frames - begun, lead)
        self._close()
        self._advertise("after", after)
        order.frames = self._clock
        return order

    def _advertise(self, at: Literal["before", "between", "after"], ads: Sequence[int]) -> None:
        for number in ads:
            span = Span(self._clock + (GAP if self._clock else 0), self._ads[number], EDGE, EDGE)
            self._order.ads.append(Spot(number, at, span))
            self._clock = span.end
        self._clock += GAP if ads else 0

    def _lead(self, name: str, until_line: int) -> Span | None:
        """Music, after which speech begins so that its first line, ``until_line`` frames later, overlaps as set."""
        piece = self._sound.pieces.get(name)
        if piece is None:
            return None
        span = self._play(name, piece, self._clock)
        self._clock = max(self._clock, span.end - in_frames(piece.overlap_s) - until_line)
        return span

    def _speak(self, frames: int, lead: Span | None) -> None:
        span, bed = Span(self._clock, frames, EDGE, EDGE), self._sound.bed
        self._order.speech.append(span)
        self._clock = max(span.end, lead.end if lead else 0)
        if bed:
            # It comes in as the music before it goes out.
            fade_in, fade_out = max(in_frames(bed.fade_in_s), EDGE), max(in_frames(bed.fade_out_s), EDGE)
            start = max(span.start, lead.end - fade_in) if lead else span.start
            if start < span.end:
                self._order.bed.append(Span(start, span.end - start, fade_in, fade_out))

    def _close(self) -> None:
        outro = self._sound.pieces.get("outro")
        if outro is None:
            return
        order = self._order
        start = order.placed(self._speech.last) - in_frames(outro.overlap_s)
        span = self._play("outro", outro, max(start, order.speech[-1].start))
        if order.bed:
            last = order.bed.pop()
            frames = min(last.end, span.start + last.fade_out) - last.start
            order.bed += [Span(last.start, frames, last.fade_in, last.fade_out)] if frames > 0 else []
        self._clock = max(self._clock, span.end)

    def _play(self, name: str, piece: Piece, start: int) -> Span:
        fade_in, fade_out = max(in_frames(piece.fade_in_s), EDGE), max(in_frames(piece.fade_out_s), EDGE)
        span = Span(start, self._lengths[name], fade_in, fade_out)
        self._order.pieces.append((name, span))
        return span


def _slots(ads: Sequence[Ad], speech: Speech) -> tuple[list[int], dict[int, list[int]], list[int]]:
    """Which ads come before, before which chapter, and after. Where a script has one chapter, there is no between."""
    before: list[int] = []
    between: dict[int, list[int]] = {}
    after: list[int] = []
    for number, ad in enumerate(ads):
        if ad.at == "between" and speech.borders:
            between.setdefault(_border(ad, speech).chapter, []).append(number)
        else:
            (before if ad.at == "before" else after).append(number)
    return before, between, after


def _border(ad: Ad, speech: Speech) -> Border:
    """After the chapter that the ad names, or the last border if there are not so many; else nearest the middle."""
    if ad.chapter is None:
        return min(speech.borders, key=lambda border: abs(2 * border.cut - speech.frames))
    return next((border for border in speech.borders if border.chapter >= (ad.chapter or 0)), speech.borders[-1])
