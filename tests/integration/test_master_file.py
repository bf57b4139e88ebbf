"""The loudness step as a whole: real sound in, the published files out, read back by programs that are not ours."""

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
import soundfile
import srt
import webvtt
from mutagen.id3 import ID3
from mutagen.mp3 import MP3
from PIL import Image

from models.brief import Brief
from models.documents import Artifact
from models.recording import LineTime, Recording
from models.script import Chapter, Line, Script
from models.show import ShowProfile
from models.sound import Ad, Bed, Piece
from models.sound import Sound as ShowSound
from models.take import Take
from podmill.context import StepContext
from podmill.errors import ConfigurationError, DiskFullError, InputError, MasteringError, StoreError
from podmill.mastering import master
from podmill.settings import Settings
from podmill.store.local import LocalStore
from tests.acceptance.second_meter import measured_by_ffmpeg
from tests.golden.sounds import Sound, flac, speech_like
from tests.programs import chord

SHOW = ShowProfile(slug="box", title="The Daily Box", author="Ann & Bob", guid="00000000-0000-5000-8000-000000000000")
BRIEF = Brief(show="box", topic="boxes")
LINES = 6
LINE_S = 2.0


class NoTakes:
    """A cache without takes: mastering asks for none."""

    def get(self, key: str) -> Take | None:
        raise AssertionError(key)

    def put(self, take: Take) -> None:
        raise AssertionError(take)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "home" / "store")


@pytest.fixture
def told() -> list[tuple[float, str]]:
    return []


@pytest.fixture
def context(tmp_path: Path, store: LocalStore, told: list[tuple[float, str]]) -> StepContext:
    return made_context(tmp_path, store, told)


def made_context(
    folder: Path, store: LocalStore, told: list[tuple[float, str]], name: str = "tmp", **changes: Any
) -> StepContext:
    temp_dir = folder / name
    temp_dir.mkdir()
    settings = Settings(home=folder / "home", **({"disk_reserve_mb": 1} | changes))
    return StepContext(settings, store, NoTakes(), temp_dir, lambda share, words: told.append((share, words)))


def made_script() -> Script:
    return Script(
        title="How boxes won: \u00e9t\u00e9 & more",
        summary="A box is a box.",
        language="en",
        chapters=tuple(Chapter(title=f"Part {part}", first_line=part * 2) for part in range(3)),
        lines=tuple(
            Line(
                index=index,
                speaker=f"S{index % 2 + 1}",
                text=f"Line {index} says <b>{index}</b> things & a little more than fits into one row of a player.",
                spoken="words",
                chapter=index // 2,
            )
            for index in range(LINES)
        ),
        speakers={"S1": "Ann", "S2": "Bob"},
        writer="ready-made",
        estimated_s=LINES * LINE_S,
    )


def made_recording(store: LocalStore, folder: Path, sound: Sound) -> Recording:
    audio = store.put(flac(folder / "recording.flac", sound), media_type="audio/flac")
    return Recording(
        audio=audio,
        sample_rate_hz=44_100,
        channels=sound.shape[1],
        duration_s=len(sound) / 44_100,
        lines=tuple(
            LineTime(index=index, start_s=index * LINE_S + 0.2, end_s=(index + 1) * LINE_S, take="t", voice="piper:joe")
            for index in range(LINES)
        ),
        requests=1,
    )


@pytest.fixture
def recording(store: LocalStore, tmp_path: Path) -> Recording:
    return made_recording(store, tmp_path, speech_like(LINES * LINE_S + 0.5))


def test_the_whole_file(context: StepContext, store: LocalStore, recording: Recording, told: list[tuple[float, str]]):
    """One recording becomes an MP3 on target by two meters, tagged, with chapters, transcripts and a cover."""
    made = master(made_script(), recording, SHOW, BRIEF, context, episode_id="ep-1", published_year=2031)

    audio = store.path(made.audio)
    assert made.audio.media_type == "audio/mpeg"
    assert made.loudness_lufs == pytest.approx(-16, abs=0.1)
    assert made.true_peak_dbtp <= -1.0
    other_lufs, other_dbtp = measured_by_ffmpeg(audio)
    assert other_lufs == pytest.approx(-16, abs=0.15)
    assert other_dbtp <= -1.0 + 0.05  # ffmpeg prints one decimal

    assert soundfile.info(audio).frames == round(recording.duration_s * 44_100) == round(made.duration_s * 44_100)
    assert MP3(audio).info.bitrate == pytest.approx(96_000, abs=5)
    assert (made.bitrate_kbps, made.sample_rate_hz, made.channels) == (96, 44_100, 1)

    tag = ID3(audio)
    assert [str(tag[name]) for name in ("TIT2", "TPE1", "TALB")] == [made_script().title, "Ann & Bob", "The Daily Box"]
    assert str(tag["TXXX:AI disclosure"]) == "Spoken by synthetic voices"
    marks = sorted((item.start_time, item.end_time) for item in tag.getall("CHAP"))
    assert marks == [(round(item.start_s * 1000), round(item.end_s * 1000)) for item in made.chapters]

    listed = json.loads(store.path(made.chapters_json).read_text(encoding="utf-8"))["chapters"]
    assert [item["startTime"] for item in listed] == [0.0, 4.2, 8.2]
    assert listed[-1]["endTime"] == pytest.approx(made.duration_s, abs=0.001)

    captions = webvtt.from_buffer(io.StringIO(store.path(made.transcript_vtt).read_text(encoding="utf-8"))).captions
    assert {caption.voice for caption in captions} == {"Ann", "Bob"}
    assert "&lt;b&gt;" in captions[0].text
    cues = list(srt.parse(store.path(made.transcript_srt).read_text(encoding="utf-8")))
    assert cues[-1].end == dt.timedelta(seconds=LINES * LINE_S)
    segments = json.loads(store.path(made.transcript_json).read_text(encoding="utf-8"))["segments"]
    assert [item["body"] for item in segments] == [line.text for line in made_script().lines]

    with Image.open(store.path(made.cover)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (3000, 3000))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < 0.05
    assert 0.9 < shares[-1] <= 1


def test_music_and_ads_are_inside_the_gate(
    context: StepContext, store: LocalStore, recording: Recording, tmp_path: Path
):
    """With intro, bed, sting and ads the decoded file is on target by two meters, and everything that tells of a time
    tells that of the file."""
    kept = {}
    for name, sound in (("theme.mp3", chord(4.0, channels=2)), ("bed.ogg", chord(3.0)), ("ad.wav", speech_like(2.0))):
        soundfile.write(tmp_path / name, sound, 44_100)
        kept[name] = store.put(tmp_path / name)
    theme = Piece(file=kept["theme.mp3"], overlap_s=1.5)
    show = SHOW.model_copy(
        update={
            "sound": ShowSound(
                channels=2,
                intro=theme,
                sting=theme.model_copy(update={"length_s": 1.0, "overlap_s": 0.2}),
                bed=Bed(file=kept["bed.ogg"]),
                ads=(Ad(file=kept["ad.wav"], title="Rope & Co", at="between", chapter=2),),
            )
        }
    )
    made = master(made_script(), recording, show, BRIEF, context, episode_id="ep-1", published_year=2031)

    assert made.loudness_lufs == pytest.approx(-16, abs=0.1)
    assert made.true_peak_dbtp <= -1.0
    other_lufs, other_dbtp = measured_by_ffmpeg(store.path(made.audio))
    assert other_lufs == pytest.approx(-16, abs=0.15)
    assert other_dbtp <= -1.0 + 0.05  # ffmpeg prints one decimal
    info = soundfile.info(store.path(made.audio))
    assert (info.channels, info.frames) == (2, round(made.duration_s * 44_100))
    assert made.duration_s == pytest.approx(recording.duration_s + made.added_s, abs=1e-6)

    assert [item.title for item in made.chapters] == ["Part 0", "Part 1", "Rope & Co", "Part 2"]
    assert [(ad.title, ad.at) for ad in made.ads] == [("Rope & Co", "between")]
    assert made.chapters[2].start_s == pytest.approx(made.ads[0].start_s, abs=0.001)
    marks = sorted(item.start_time for item in ID3(store.path(made.audio)).getall("CHAP"))
    assert marks == [round(item.start_s * 1000) for item in made.chapters]
    first_s = 4.0 - 1.5
    cues = list(srt.parse(store.path(made.transcript_srt).read_text(encoding="utf-8")))
    assert cues[0].start.total_seconds() == pytest.approx(first_s, abs=0.001)
    captions = webvtt.from_buffer(io.StringIO(store.path(made.transcript_vtt).read_text(encoding="utf-8"))).captions
    assert captions[0].start_in_seconds == pytest.approx(first_s, abs=1)
    segments = json.loads(store.path(made.transcript_json).read_text(encoding="utf-8"))["segments"]
    assert segments[0]["startTime"] == pytest.approx(first_s, abs=0.001)
    assert segments[4]["startTime"] > made.ads[0].end_s > made.ads[0].start_s > segments[3]["endTime"]


def test_the_same_again_is_the_same_bytes(
    tmp_path: Path, context: StepContext, store: LocalStore, recording: Recording
):
    """A retry makes exactly the same master, down to the hash of every file."""
    again = made_context(tmp_path, store, [], "again")
    one, two = (
        master(made_script(), recording, SHOW, BRIEF, where, episode_id="ep-1", published_year=2031)
        for where in (context, again)
    )
    assert one == two


def test_the_brief_s_picture_wins(tmp_path: Path, context: StepContext, store: LocalStore, recording: Recording):
    """The episode's artwork is used before the show's cover, and that before a drawn one."""

    def taken(colour: str) -> Artifact:
        path = tmp_path / f"{colour}.png"
        Image.new("RGB", (1400, 1400), colour).save(path)
        return store.put(path, media_type="image/png")

    show = SHOW.model_copy(update={"cover": taken("red")})
    brief = BRIEF.model_copy(update={"artwork": taken("blue")})
    for number, (asked, expected) in enumerate(((brief, (0, 0, 254)), (BRIEF, (254, 0, 0)))):
        where = made_context(tmp_path, store, [], f"tmp-{number}")
        made = master(made_script(), recording, show, asked, where, episode_id="e", published_year=2031)
        with Image.open(store.path(made.cover)) as picture:
            assert picture.getpixel((700, 700)) == expected


def test_a_bad_picture_is_told_before_the_work(
    tmp_path: Path, context: StepContext, store: LocalStore, recording: Recording, told: list[tuple[float, str]]
):
    """Artwork that cannot be used stops the step before any sound is read."""
    path = tmp_path / "a.png"
    path.write_bytes(b"not a picture")
    brief = BRIEF.model_copy(update={"artwork": store.put(path)})
    with pytest.raises(InputError, match="artwork: The picture cannot be read"):
        master(made_script(), recording, SHOW, brief, context, episode_id="e", published_year=2031)
    assert [words for _, words in told] == ["preparing the cover"]


def test_silence_is_refused(context: StepContext, store: LocalStore, tmp_path: Path):
    """A silent recording is never published."""
    silent = made_recording(store, tmp_path, speech_like(3) * 0)
    with pytest.raises(MasteringError, match=r"silent.*podmill retry"):
        master(made_script(), silent, SHOW, BRIEF, context, episode_id="e", published_year=2031)


def test_a_full_disk_is_refused_before_the_work(
    tmp_path: Path, store: LocalStore, recording: Recording, told: list[tuple[float, str]]
):
    """Without the reserve free nothing begins, and the message names folder, room and command."""
    context = made_context(tmp_path, store, told, disk_reserve_mb=100_000_000)
    with pytest.raises(DiskFullError, match=r"wanted in .*tmp .*Free at least \d+ MB in .*goes on by itself"):
        master(made_script(), recording, SHOW, BRIEF, context, episode_id="e", published_year=2031)
    assert told == []
    assert list(context.temp_dir.iterdir()) == []


def test_an_impossible_bit_rate(tmp_path: Path, store: LocalStore, recording: Recording):
    """A bit rate MP3 does not have is a configuration error."""
    context = made_context(tmp_path, store, [], bitrate_kbps=100)
    with pytest.raises(ConfigurationError, match="PODMILL_BITRATE_KBPS"):
        master(made_script(), recording, SHOW, BRIEF, context, episode_id="e", published_year=2031)


def test_a_recording_that_is_gone(context: StepContext, store: LocalStore, recording: Recording):
    """A recording the store does not hold is the store's error."""
    store.path(recording.audio).unlink()
    with pytest.raises(StoreError):
        master(made_script(), recording, SHOW, BRIEF, context, episode_id="e", published_year=2031)
