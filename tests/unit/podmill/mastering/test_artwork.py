"""A given picture comes out fit for podcast apps, or is refused with the reason."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.show import ShowProfile
from podmill.errors import InputError
from podmill.mastering.artwork import BYTES_MAX, TAG_SIDE, cover_jpeg, tag_jpeg

SHOW = ShowProfile(slug="s", title="The Show", guid="g")


def saved(path: Path, picture: Image.Image, **options: object) -> Path:
    picture.save(path, **options)
    return path


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(("side", "expected"), [(1400, 1400), (2100, 2100), (3000, 3000), (3600, 3000)])
def test_square_pictures_are_taken(tmp_path: Path, kind: str, side: int, expected: int):
    """JPEG, PNG and WebP become an RGB JPEG of the same size, 3000 pixels at most."""
    cover = cover_jpeg(saved(tmp_path / "a", Image.new("RGB", (side, side), "navy"), format=kind), SHOW)
    picture = opened(cover)
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (expected, expected))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "CMYK", "I;16"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str):
    """Alpha, palettes, grey, sixteen bits and print colours are converted."""
    kind = "JPEG" if mode == "CMYK" else "PNG"
    path = saved(tmp_path / "a", Image.new(mode, (1400, 1400)), format=kind)
    assert opened(cover_jpeg(path, SHOW)).mode == "RGB"


def test_transparent_parts_become_white(tmp_path: Path):
    """What is transparent shows white, not the colour that happens to lie under it."""
    path = saved(tmp_path / "a.png", Image.new("RGBA", (1400, 1400), (255, 0, 0, 0)))
    assert min(opened(cover_jpeg(path, SHOW)).getpixel((700, 700))) > 250


def test_noise_is_made_small_enough(tmp_path: Path):
    """The hardest picture there is, coloured noise, still ends below 512 kB or says that it cannot."""
    noise = np.random.default_rng(1).integers(0, 255, (350, 350, 3), np.uint8)
    picture = Image.fromarray(noise).resize((1400, 1400), Image.Resampling.BILINEAR)
    plain = io.BytesIO()
    picture.save(plain, "JPEG", quality=90)
    assert plain.tell() > BYTES_MAX
    assert len(cover_jpeg(saved(tmp_path / "a.png", picture), SHOW)) <= BYTES_MAX
    hard = Image.fromarray(np.random.default_rng(1).integers(0, 255, (1400, 1400, 3), np.uint8))
    with pytest.raises(InputError, match="cannot be made smaller than 512 kB"):
        cover_jpeg(saved(tmp_path / "b.png", hard), SHOW)


@pytest.mark.parametrize(
    ("size", "reason"),
    [((1400, 1401), "not square: 1400 x 1401"), ((1399, 1399), "too small: 1399 x 1399"), ((1, 1), "too small")],
)
def test_wrong_shapes_are_refused(tmp_path: Path, size: tuple[int, int], reason: str):
    """The error names the field, the size, and what is wanted."""
    path = saved(tmp_path / "a.png", Image.new("RGB", size))
    with pytest.raises(InputError, match=rf"cover: The picture is {reason}.*1400 to 3000") as caught:
        cover_jpeg(path, SHOW, field="cover")
    assert caught.value.field == "cover"


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8_001, 10_000, 60_000])
def test_a_decompression_bomb_is_not_unpacked(tmp_path: Path, side: int):
    """A small file that claims to be a huge picture is refused by its header."""
    path = tmp_path / "a.png"
    path.write_bytes(png_claiming(side, side))
    with pytest.raises(InputError, match=r"too large|cannot be read \(DecompressionBombError\)"):
        cover_jpeg(path, SHOW)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a" + b"\0" * 50,
        png_claiming(1400, 1400),
        b"\xff\xd8\xff\xe0" + b"\0" * 200,
    ],
)
def test_what_is_not_a_picture_is_refused(tmp_path: Path, content: bytes):
    """Other files, other formats and torn pictures are refused, whatever they are called."""
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(InputError, match="artwork: The picture cannot be read"):
        cover_jpeg(path, SHOW)


def test_a_huge_file_is_not_opened(tmp_path: Path):
    """A file over the limit is refused by its size."""
    path = tmp_path / "a.png"
    with path.open("wb") as out:
        out.truncate(31_000_000)
    with pytest.raises(InputError, match="31 MB; 30 MB are the limit"):
        cover_jpeg(path, SHOW)


def test_rotation_in_the_file_is_applied(tmp_path: Path):
    """A photo that says it lies on its side is turned upright."""
    picture = Image.new("RGB", (1400, 1400), "white")
    picture.paste("black", (0, 0, 1400, 200))
    exif = Image.Exif()
    exif[0x0112] = 6
    cover = opened(cover_jpeg(saved(tmp_path / "a.jpg", picture, exif=exif), SHOW))
    assert max(cover.getpixel((1300, 700))) < 60
    assert min(cover.getpixel((700, 100))) > 200


def test_the_copy_for_the_tag_is_small():
    """What goes into every MP3 is 800 pixels wide and under 100 kB."""
    small = tag_jpeg(cover_jpeg(None, SHOW))
    assert opened(small).size == (TAG_SIDE, TAG_SIDE)
    assert len(small) < 100_000
