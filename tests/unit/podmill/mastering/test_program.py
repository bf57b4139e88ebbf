"""Music, ads and speech in one program: levels by window, seams, times."""

import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.sound import Ad, Bed, Ducking, Piece, Sound
from podmill.errors import MasteringError
from podmill.mastering import mix
from podmill.mastering.chapters import chapter_times
from podmill.mastering.levels import STEP, Levels
from podmill.mastering.mix import Mix
from podmill.mastering.program import Program, program_of
from tests.programs import RATE_HZ, Shelf, chord, recorded, script_of

SPANS = ((0.3, 2.4), (2.7, 4.0), (4.9, 6.5), (6.8, 8.2))
"""Two lines a chapter, a pause of 0.9 s between the chapters."""
DURATION_S = 9.0


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def made(shelf: Shelf, sound: Sound, channels: int = 1) -> Program:
    return program_of(script_of(2, 2), recorded(shelf, SPANS, DURATION_S), sound, shelf.path, channels)


def mix_of(program: Program) -> Mix:
    assert isinstance(program.sound, Mix)
    return program.sound


def whole(program: Program) -> NDArray[np.float32]:
    return np.concatenate(list(program.sound))


def stem(program: Program, *tracks: int) -> NDArray[np.float32]:
    """Some of its tracks alone; the first is the speech."""
    mix = mix_of(program)
    return np.concatenate(list(Mix(tuple(mix.tracks[track] for track in tracks), mix.frames, mix.channels)))


def music_of(program: Program) -> NDArray[np.float32]:
    return stem(program, *range(1, len(mix_of(program).tracks)))


def loudest_lufs(levels: Levels, start_s: float, end_s: float) -> float:
    """Of 400 ms that lie whole in a stretch; steps are 100 ms."""
    inside = levels.energies[math.ceil(start_s * 10) : math.floor(end_s * 10)]
    return float(-0.691 + 10 * np.log10(np.convolve(inside, np.full(4, 0.25), mode="valid").max()))


@pytest.mark.parametrize("below_lu", [15.0, 24.0])
@pytest.mark.parametrize("channels", [1, 2])
def test_music_stays_below_every_line(shelf: Shelf, below_lu: float, channels: int):
    """In no 400 ms of any line is a bed nearer to it than was set, also where it begins anew."""
    sound = Sound(
        bed=Bed(file=shelf.put("bed.wav", chord(2.5, channels=2)), level_lu=0, loop_fade_s=0.5),
        ducking=Ducking(below_lu=below_lu),
    )
    program = made(shelf, sound, channels)
    speech, music = (Levels.measure([stem(program, track)], channels) for track in (0, 1))
    for line in program.recording.lines:
        line_lufs = speech.between(round(line.start_s * RATE_HZ), round(line.end_s * RATE_HZ))
        difference_lu = line_lufs - loudest_lufs(music, line.start_s, line.end_s)
        assert below_lu - 0.1 <= difference_lu < below_lu + 6


def test_an_intro_makes_room_before_the_first_word(shelf: Shelf):
    """As loud as the speech until the attack begins; in the first 200 ms of the first line it is down already."""
    intro = Piece(file=shelf.put("intro.wav", chord(6.0)), overlap_s=3, fade_out_s=1)
    program = made(shelf, Sound(intro=intro, ducking=Ducking(below_lu=18, attack_s=0.4)))
    first = round(program.recording.lines[0].start_s * RATE_HZ)
    speech, music = Levels.measure([stem(program, 0)], 1), music_of(program)
    assert first == round(3.0 * RATE_HZ)
    before = Levels.measure([music[: first - round(0.4 * RATE_HZ)]], 1)
    assert before.loudness_lufs == pytest.approx(speech.loudness_lufs, abs=0.3)
    early = music[first : first + round(0.2 * RATE_HZ)]
    down_db = 10 * np.log10(np.square(music[: first // 2]).mean() / np.square(early).mean())
    line_lufs = speech.between(first, round(program.recording.lines[0].end_s * RATE_HZ))
    assert line_lufs - (speech.loudness_lufs - down_db) > 18 - 0.5


def test_an_outro_comes_up_after_the_last_word(shelf: Shelf):
    """It begins under the last line, is up a release after it, and the file ends with it."""
    outro = Piece(file=shelf.put("outro.wav", chord(5.0)), overlap_s=1.5, fade_out_s=1)
    program = made(shelf, Sound(outro=outro, ducking=Ducking(release_s=0.5)))
    last_s = program.recording.lines[-1].end_s
    assert last_s == SPANS[-1][1]
    assert program.recording.duration_s == pytest.approx(last_s - 1.5 + 5.0, abs=1e-4)
    speech_lufs = Levels.measure([stem(program, 0)], 1).loudness_lufs
    up = music_of(program)[round((last_s + 0.5) * RATE_HZ) : -RATE_HZ]
    assert Levels.measure([up], 1).loudness_lufs == pytest.approx(speech_lufs, abs=0.3)


def test_an_ad_is_as_loud_as_the_speech(shelf: Shelf):
    """Whatever its level, rate, channels and format; ads before, between and after."""
    loud, quiet = chord(3.0, sample_rate_hz=22_050, amplitude=0.9), chord(2.0, channels=2, amplitude=0.01)
    sound = Sound(
        ads=(
            Ad(file=shelf.put("a.ogg", loud, 22_050), title="Loud", at="before"),
            Ad(file=shelf.put("b.mp3", quiet, 48_000), title="Quiet", at="between"),
            Ad(file=shelf.put("c.flac", loud, 96_000), title="Last", at="after"),
        )
    )
    program = made(shelf, sound)
    speech_lufs = Levels.measure([stem(program, 0)], 1).loudness_lufs
    sound_of = whole(program)
    assert [(ad.title, ad.at) for ad in program.ads] == [("Loud", "before"), ("Quiet", "between"), ("Last", "after")]
    for ad in program.ads:
        heard = sound_of[round(ad.start_s * RATE_HZ) : round(ad.end_s * RATE_HZ)]
        assert Levels.measure([heard], 1).loudness_lufs == pytest.approx(speech_lufs, abs=0.1)


def everything(shelf: Shelf) -> Sound:
    theme = shelf.put("theme.mp3", chord(5.0, sample_rate_hz=48_000, channels=2), 48_000)
    return Sound(
        intro=Piece(file=theme, overlap_s=1.5, fade_out_s=2),
        outro=Piece(file=theme, overlap_s=0.8),
        sting=Piece(file=theme, length_s=1.5, overlap_s=0.3, fade_out_s=0.5),
        bed=Bed(file=shelf.put("bed.wav", chord(2.5, amplitude=0.5)), loop_fade_s=0.5),
        ads=(
            Ad(file=shelf.put("ad.ogg", chord(2.0, sample_rate_hz=22_050), 22_050), title="Coffee", at="before"),
            Ad(file=theme, title="Tea", at="between", chapter=1),
        ),
    )


def test_speech_is_not_a_sample_off(shelf: Shelf):
    """Every line is found at its new time bit for bit, whatever was put before it."""
    program = made(shelf, everything(shelf))
    plain = whole(made(shelf, Sound()))
    speech = stem(program, 0)
    for old, new in zip(SPANS, program.recording.lines, strict=True):
        length = round(old[1] * RATE_HZ) - round(old[0] * RATE_HZ)
        was, is_ = round(old[0] * RATE_HZ), round(new.start_s * RATE_HZ)
        assert new.start_s * RATE_HZ == pytest.approx(is_, abs=1e-4)
        np.testing.assert_array_equal(speech[is_ : is_ + length], plain[was : was + length])
        assert new.end_s - new.start_s == pytest.approx(old[1] - old[0])
    assert len(whole(program)) == mix_of(program).frames == round(program.recording.duration_s * RATE_HZ)


def test_the_same_program_every_time(shelf: Shelf, monkeypatch: pytest.MonkeyPatch):
    """Heard again, made again, and in blocks of another size: the same samples."""
    sound = everything(shelf)
    program = made(shelf, sound, 2)
    first = whole(program)
    np.testing.assert_array_equal(whole(program), first)
    monkeypatch.setattr(mix, "BLOCK", 4999)
    np.testing.assert_array_equal(whole(made(shelf, sound, 2)), first)


def test_no_seam_clicks(shelf: Shelf):
    """Where anything begins, ends, loops or is cut, the sound is no steeper than the music is elsewhere, plus a fade's
    slope: a full-scale step would be fifty times that."""
    program = made(shelf, everything(shelf))
    music = music_of(program)[:, 0]
    steep = np.abs(np.diff(music))
    inside = [(track.spans[0].start + track.spans[0].end) // 2 for track in mix_of(program).tracks[1:]]
    usual = max(steep[middle - 2000 : middle + 2000].max() for middle in inside)
    assert steep.max() <= 1.5 * usual + np.abs(music).max() / 220
    speech = np.abs(np.diff(stem(program, 0)[:, 0]))
    for span in mix_of(program).tracks[0].spans:
        assert speech[span.start - 1 if span.start else 0] < 1e-3
        assert speech[min(span.end, len(speech)) - 1] < 1e-3


def test_chapters_are_where_they_are_heard(shelf: Shelf):
    """Ads are chapters by their titles; a chapter begins with its sting, the first after the ads before it."""
    program = made(shelf, everything(shelf))
    times = chapter_times(
        script_of(2, 2), program.recording, program.recording.duration_s, leads=program.leads_s, ads=program.ads
    )
    assert [item.title for item in times] == ["Coffee", "Part 1", "Tea", "Part 3"]
    assert times[0].start_s == 0
    assert times[1].start_s == pytest.approx(2.5)
    sting = mix_of(program).tracks[2].spans[0]
    assert times[3].start_s == pytest.approx(sting.start / RATE_HZ, abs=1e-3)
    assert times[-1].end_s == pytest.approx(program.recording.duration_s, abs=1e-3)


def test_a_silent_recording_is_not_hidden_by_music(shelf: Shelf):
    """Music as loud as it may be does not make an empty recording one that passes."""
    recording = recorded(shelf, SPANS, DURATION_S)
    empty = shelf.put("empty.flac", np.zeros((RATE_HZ * 9, 1), np.float32))
    sound = Sound(bed=Bed(file=shelf.put("bed.wav", chord(4.0))))
    with pytest.raises(MasteringError, match="recording is silent"):
        program_of(script_of(2, 2), recording.model_copy(update={"audio": empty}), sound, shelf.path, 1)


def test_silent_music_is_told(shelf: Shelf):
    """A file without sound is named, not raised until its noise is heard."""
    sound = Sound(intro=Piece(file=shelf.put("intro.wav", np.zeros((RATE_HZ, 1), np.float32))))
    with pytest.raises(MasteringError, match="intro of the show is silent"):
        made(shelf, sound)


@pytest.mark.parametrize(("fade_in_s", "tracks"), [(0.5, 2), (0.9, 3)])
def test_a_moment_of_a_bed_is_left_out(shelf: Shelf, fade_in_s: float, tracks: int):
    """Where an intro leaves less than 400 ms for the bed, the episode does without; no error calls the bed silent."""
    sound = Sound(
        intro=Piece(file=shelf.put("intro.wav", chord(12.0)), overlap_s=DURATION_S),
        bed=Bed(file=shelf.put("bed.wav", chord(4.0)), fade_in_s=fade_in_s),
    )
    assert len(mix_of(made(shelf, sound)).tracks) == tracks


def test_a_damaged_file_is_told(shelf: Shelf):
    """It is named as what it is of the show, with what to do."""
    file = shelf.put("intro.flac", chord(2.0))
    shelf.path(file).write_bytes(b"fLaC" + bytes(100))
    with pytest.raises(MasteringError, match=r"intro of the show: intro.flac cannot be read.*--sound FILE"):
        made(shelf, Sound(intro=Piece(file=file)))


def test_memory_does_not_grow_with_the_length(shelf: Shelf):
    """Eighty seconds with everything in them take less than a third of their samples."""
    spans = tuple((start + 0.3, start + 9.5) for start in range(0, 80, 10))
    recording = recorded(shelf, spans, 80.0)
    program = program_of(script_of(4, 4), recording, everything(shelf), shelf.path, 2)
    tracemalloc.start()
    try:
        frames = sum(len(block) for block in program.sound)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert frames > 80 * RATE_HZ
    assert peak_bytes < frames * 2 * 4 / 3


def test_levels_are_those_of_the_steps():
    """A sine of known level: 997 Hz at full scale in one channel is -3.01 LUFS, over the whole and in every stretch."""
    time = np.arange(2 * RATE_HZ) / RATE_HZ
    sine = np.sin(2 * np.pi * 997 * time).astype(np.float32)[:, None]
    levels = Levels.measure([sine[:10_000], sine[10_000:]], 1)
    assert levels.frames == 2 * RATE_HZ
    assert len(levels.energies) == 2 * RATE_HZ // STEP
    assert levels.loudness_lufs == pytest.approx(-3.01, abs=0.05)
    assert levels.loudest_lufs == pytest.approx(-3.01, abs=0.05)
    assert levels.between(RATE_HZ // 2, RATE_HZ) == pytest.approx(-3.01, abs=0.05)
