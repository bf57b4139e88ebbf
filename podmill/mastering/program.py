"""The program: the recording with what its show has heard around, under and between it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models.documents import Artifact
from models.master import AdTime
from models.recording import Recording
from models.script import Script
from models.sound import PIECE_MAX_S, Ad, Bed, Sound
from podmill.errors import MasteringError
from podmill.mastering.clip import Clip
from podmill.mastering.ducking import Duck, Spoken
from podmill.mastering.levels import STEP, Levels
from podmill.mastering.limiter import QUIETEST_LUFS
from podmill.mastering.meter import STEPS_A_BLOCK
from podmill.mastering.mix import Mix, Span, Track
from podmill.mastering.order import Order, Ordering, Speech, Spot, in_frames
from podmill.mastering.source import SAMPLE_RATE_HZ, FileSound
from podmill.mastering.tape import Loop

Opened = Callable[[Artifact], Path]
"""Where the file of an artifact is."""


@dataclass(frozen=True, slots=True)
class Program:
    """What an episode sounds like before its loudness is set, and when what of it is heard."""

    sound: Mix | FileSound
    """At 44.1 kHz. Can be heard again and again, and is the same each time."""
    recording: Recording
    """With its duration and its lines at the times they have here."""
    leads_s: Mapping[int, float] = field(default_factory=dict)
    """By number of a chapter in the script: where it begins, if that is not its first line."""
    ads: tuple[AdTime, ...] = ()


def program_of(script: Script, recording: Recording, sound: Sound | None, path: Opened, channels: int) -> Program:
    """The recording as it is, where a show has nothing else heard; else all is measured and put in order, for which
    every file is decoded once.

    Args:
        channels: of the program, 1 or 2.

    Raises:
        MasteringError: the recording or a file of the show is silent, damaged or too short.
        StoreError: the store lacks a file.
    """
    speech = FileSound(path(recording.sound), channels)
    if sound is None or sound.plain:
        return Program(speech, recording)
    levels = Levels.measure(speech, channels)
    if levels.loudness_lufs < QUIETEST_LUFS:
        raise MasteringError(
            "The recording is silent, or as good as silent.",
            action="Listen to it, then make it again with another voice: podmill retry",
        )
    pieces = {
        name: Clip.measure(path(piece.file), channels, what=name, frames_max=in_frames(piece.length_s or PIECE_MAX_S))
        for name, piece in sound.pieces.items()
    }
    ads = [
        Clip.measure(path(ad.file), channels, what=f"ad {ad.title!r}", frames_max=in_frames(PIECE_MAX_S))
        for ad in sound.ads
    ]
    order = Ordering(
        sound,
        Speech.of(script, recording, levels.frames),
        {name: clip.frames for name, clip in pieces.items()},
        [clip.frames for clip in ads],
    ).run()
    duck = Duck(_spoken(recording, levels, order), levels.loudness_lufs, sound.ducking)
    music = [
        Track(pieces[name].blocks, (span,), duck.gain(pieces[name].levels, sound.pieces[name].level_lu))
        for name, span in order.pieces
    ]
    # Less than 400 ms of a bed has no loudness that it could be set by, and is not missed.
    if sound.bed and sum(span.frames for span in order.bed) >= STEPS_A_BLOCK * STEP:
        music.append(_bed(sound.bed, order.bed, path(sound.bed.file), duck, channels))
    gains_db = [levels.loudness_lufs - clip.levels.loudness_lufs for clip in ads]
    spots = [Track(ads[spot.ad].blocks, (spot.span,), 10 ** (gains_db[spot.ad] / 20)) for spot in order.ads]
    return Program(
        Mix((Track(speech.__iter__, tuple(order.speech)), *music, *spots), order.frames, channels),
        _shifted(recording, order),
        {chapter: frame / SAMPLE_RATE_HZ for chapter, frame in order.leads.items()},
        tuple(_ad_time(sound.ads[spot.ad], spot, gains_db[spot.ad]) for spot in order.ads),
    )


def _bed(bed: Bed, spans: list[Span], path: Path, duck: Duck, channels: int) -> Track:
    needed = sum(span.frames for span in spans)
    clip = Clip.measure(path, channels, what="bed", frames_max=needed)
    if clip.frames == needed:
        return Track(clip.blocks, tuple(spans), duck.gain(clip.levels, bed.level_lu))
    loop = Loop(clip.blocks, clip.frames, min(in_frames(bed.loop_fade_s), clip.frames // 2), channels)
    # Where its end and its beginning are heard together it may be louder than anywhere else.
    return Track(loop.blocks, tuple(spans), duck.gain(Levels.measure(loop.once(), channels), bed.level_lu))


def _spoken(recording: Recording, levels: Levels, order: Order) -> list[Spoken]:
    """The lines in the order they are heard; one too short to be measured is as loud as all are."""
    found = []
    for line in recording.lines:
        start, end = in_frames(line.start_s), in_frames(line.end_s)
        loudness_lufs = levels.between(start, end)
        placed = order.placed(start)
        known = loudness_lufs > QUIETEST_LUFS
        found.append(Spoken(placed, placed + end - start, loudness_lufs if known else levels.loudness_lufs))
    return sorted(found, key=lambda line: line.start)


def _shifted(recording: Recording, order: Order) -> Recording:
    lines = []
    for line in recording.lines:
        start = in_frames(line.start_s)
        later_s = (order.placed(start) - start) / SAMPLE_RATE_HZ
        lines.append(line.model_copy(update={"start_s": line.start_s + later_s, "end_s": line.end_s + later_s}))
    return recording.model_copy(update={"lines": tuple(lines), "duration_s": order.frames / SAMPLE_RATE_HZ})


def _ad_time(ad: Ad, spot: Spot, gain_db: float) -> AdTime:
    return AdTime(
        title=ad.title,
        file=ad.file,
        at=spot.at,
        start_s=spot.span.start / SAMPLE_RATE_HZ,
        end_s=spot.span.end / SAMPLE_RATE_HZ,
        gain_db=gain_db,
    )
