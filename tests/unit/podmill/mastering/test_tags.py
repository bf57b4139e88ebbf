"""Tags are there for every reader, and leave the sound alone."""

import hashlib
from pathlib import Path

import pytest
from mutagen.id3 import ID3

from models.master import ChapterTime
from models.show import ShowProfile
from podmill.errors import MasteringError
from podmill.mastering.artwork import cover_jpeg, tag_jpeg
from podmill.mastering.encode import Mp3Encoder
from podmill.mastering.source import FileSound
from podmill.mastering.tags import DISCLOSURE, Tags
from tests.golden.sounds import speech_like


@pytest.fixture
def mp3(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp3"
    with Mp3Encoder(path, 64, 1) as encoder:
        encoder.write(speech_like(2))
    return path


def tags(chapters: int = 3, **changes: object) -> Tags:
    values: dict[str, object] = {
        "title": "Ünïcödé \u4e2d\u6587 & <more>",
        "artist": "Ann",
        "album": "The Show",
        "year": 2031,
        "language": "en-GB",
        "comment": "What it is about.",
        "episode_id": "ep-1",
        "picture_jpeg": tag_jpeg(cover_jpeg(None, ShowProfile(slug="s", title="The Show", guid="g"))),
        "chapters": tuple(
            ChapterTime(title=f"Part {number}", start_s=number * 0.5, end_s=number * 0.5 + 0.5)
            for number in range(chapters)
        ),
    }
    return Tags(**(values | changes))  # type: ignore[arg-type]


def test_all_frames_are_read_back(mp3: Path):
    """Title, artist, album, year, genre, language, comment, id, AI disclosure and picture are in an ID3v2.3 tag."""
    written = tags()
    written.write(mp3)
    read = ID3(mp3, translate=False)
    assert read.version == (2, 3, 0)
    assert [str(read[name]) for name in ("TIT2", "TPE1", "TALB", "TYER", "TCON", "TLAN", "TGID")] == [
        *(written.title, "Ann", "The Show", "2031", "Podcast", "eng", "ep-1")
    ]
    assert str(read["COMM::eng"]) == "What it is about."
    assert str(read["TXXX:AI disclosure"]) == DISCLOSURE
    assert read["APIC:"].data == written.picture_jpeg
    assert read["APIC:"].mime == "image/jpeg"


def test_chapters_are_in_the_table_of_contents(mp3: Path):
    """The table of contents lists the chapters in order, and each has its times in milliseconds and its title."""
    tags().write(mp3)
    read = ID3(mp3)
    contents = read["CTOC:toc"]
    found = [read[f"CHAP:{name}"] for name in contents.child_element_ids]
    assert [(item.start_time, item.end_time, str(item.sub_frames["TIT2"])) for item in found] == [
        (0, 500, "Part 0"),
        (500, 1000, "Part 1"),
        (1000, 1500, "Part 2"),
    ]


def test_more_chapters_than_a_tag_can_count(mp3: Path):
    """The table of contents ends at 255 entries, which is all its format has room for."""
    tags(300).write(mp3)
    assert len(ID3(mp3).getall("CHAP")) == len(ID3(mp3)["CTOC:toc"].child_element_ids) == 255


def test_no_chapters_no_table(mp3: Path):
    """Without chapters there is no table of contents."""
    tags(0).write(mp3)
    assert not ID3(mp3).getall("CTOC")


@pytest.mark.parametrize(("language", "code"), [("de", "deu"), ("pt-BR", "por"), ("tlh", "und"), ("", "und")])
def test_language_codes(mp3: Path, language: str, code: str):
    """ID3 gets the three-letter code; what has none is undetermined."""
    tags(language=language).write(mp3)
    assert str(ID3(mp3)["TLAN"]) == code


def test_the_sound_is_not_touched(mp3: Path):
    """After tagging, twice even, the file ends with the very bytes of the encoder, and decodes to the same length."""
    sound = mp3.read_bytes()
    frames = sum(map(len, FileSound(mp3, 1)))
    tags().write(mp3)
    once = mp3.read_bytes()
    tags().write(mp3)
    assert hashlib.sha256(mp3.read_bytes()).digest() == hashlib.sha256(once).digest()
    assert once.endswith(sound)
    assert sum(map(len, FileSound(mp3, 1))) == frames


def test_a_file_that_cannot_be_written(tmp_path: Path):
    """A file in a folder that does not exist is an error of the tree."""
    with pytest.raises(MasteringError, match="tags cannot be written"):
        tags().write(tmp_path / "no" / "file.mp3")
