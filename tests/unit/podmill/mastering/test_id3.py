"""Tags as bytes, read back by an independent library."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.id3 import ID3

from podmill.mastering import id3

SOUND = b"\xff\xfb\x90\x00" + bytes(4096)


@pytest.fixture
def mp3(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp3"
    path.write_bytes(SOUND)
    return path


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300))
def test_any_text_is_read_back(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    """A title in any script, emoji included, is what a reader shows."""
    mp3 = tmp_path_factory.mktemp("id3") / "a.mp3"
    mp3.write_bytes(SOUND)

    id3.replace(mp3, [id3.text("TIT2", value), id3.comment("eng", value), id3.user_text("x", value)])

    read = ID3(mp3)
    assert [str(read["TIT2"]), str(read["COMM::eng"]), str(read["TXXX:x"])] == [value] * 3


@pytest.mark.parametrize("size", [0, 127, 128, 16384, 3_000_000], ids=str)
def test_a_tag_of_any_size_is_replaced_whole(mp3: Path, size: int) -> None:
    """The sound after the tag is the same after every change of the tag."""
    id3.replace(mp3, [id3.cover(bytes(size))])
    assert mp3.read_bytes().endswith(SOUND)

    id3.replace(mp3, [id3.text("TIT2", "short")])

    assert mp3.read_bytes() == id3_of("short") + SOUND
    assert [path.name for path in mp3.parent.iterdir()] == ["a.mp3"]


def id3_of(title: str) -> bytes:
    body = b"TIT2" + (3 + 2 * len(title)).to_bytes(4) + b"\0\0\x01\xff\xfe" + title.encode("utf-16-le")
    return b"ID3\x03\0\0\0\0\0" + len(body).to_bytes(1) + body


def test_a_tag_that_is_too_large_is_refused(mp3: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tag whose size cannot be written down is an error, and the file stays as it was."""
    monkeypatch.setattr(id3, "SIZE_MAX", 100)

    with pytest.raises(OSError, match="holds 100 bytes"):
        id3.replace(mp3, [id3.cover(bytes(200))])

    assert mp3.read_bytes() == SOUND


def test_an_empty_file_gets_a_tag(tmp_path: Path) -> None:
    """A file shorter than a header is not taken for a tag."""
    mp3 = tmp_path / "a.mp3"
    mp3.write_bytes(b"ID3")

    id3.replace(mp3, [id3.text("TIT2", "x")])

    assert mp3.read_bytes().endswith(b"ID3")
