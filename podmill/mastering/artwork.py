"""Cover art: the picture that was given, made fit for podcast apps, or one drawn from the show's name."""

import io
import warnings
from pathlib import Path

from PIL import Image, ImageOps

from models.show import ShowProfile
from podmill.errors import InputError
from podmill.mastering.cover import draw_cover

SIDE_MIN = 1400
SIDE_MAX = 3000
"""Pixels; Apple takes square covers of 1400 to 3000 (podcasters.apple.com/support/896)."""
BYTES_MAX = 512_000
"""Hosts' advice for a feed's cover."""
TAG_SIDE = 800
"""Of the copy inside the MP3: every listener downloads it with every episode."""
FILE_BYTES_MAX = 30_000_000
PIXELS_MAX = 64_000_000
"""A picture that unpacks to more is refused before it is unpacked."""
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITIES = (90, 85, 80, 72, 64, 55, 45)


def cover_jpeg(given: Path | None, show: ShowProfile, *, field: str = "artwork") -> bytes:
    """A square RGB JPEG of 1400 to 3000 pixels and at most 512 kB.

    Args:
        given: a picture; None draws one, always the same for the same show.
        field: what to call the picture in an error.

    Raises:
        InputError: the picture is not one, is not square, or is too small or too large.
    """
    picture = _opened(given, field) if given else draw_cover(show, SIDE_MAX)
    for side in (min(picture.width, SIDE_MAX), 2000, SIDE_MIN):
        if side > picture.width:
            continue
        scaled = picture if side == picture.width else picture.resize((side, side), Image.Resampling.LANCZOS)
        for quality in QUALITIES:
            data = _jpeg(scaled, quality)
            if len(data) <= BYTES_MAX:
                return data
    raise InputError(
        f"The picture cannot be made smaller than {BYTES_MAX // 1000} kB.", action="Use a calmer one.", field=field
    )


def tag_jpeg(cover: bytes) -> bytes:
    """The small copy that goes into the MP3."""
    with Image.open(io.BytesIO(cover), formats=("JPEG",)) as picture:
        return _jpeg(picture.resize((TAG_SIDE, TAG_SIDE), Image.Resampling.LANCZOS), 85)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True, dpi=(72, 72))
    return out.getvalue()


def _opened(path: Path, field: str) -> Image.Image:
    if path.stat().st_size > FILE_BYTES_MAX:
        raise InputError(
            f"The picture is {path.stat().st_size / 1e6:.0f} MB; {FILE_BYTES_MAX / 1e6:.0f} MB are the limit.",
            action="Save it as a JPEG.",
            field=field,
        )
    try:
        # Pillow warns of large pictures; here the size is judged below, before anything is unpacked.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(path, formats=FORMATS)
        with picture:
            _check_size(picture.size, field)
            return _rgb(ImageOps.exif_transpose(picture))
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as exc:
        raise InputError(
            f"The picture cannot be read ({type(exc).__name__}).",
            action=f"Use a {', '.join(FORMATS)} file of {SIDE_MIN} to {SIDE_MAX} pixels a side.",
            field=field,
        ) from exc


def _check_size(size: tuple[int, int], field: str) -> None:
    width, height = size
    wanted = f"Use a square one of {SIDE_MIN} to {SIDE_MAX} pixels a side."
    if width != height:
        raise InputError(f"The picture is not square: {width} x {height} pixels.", action=wanted, field=field)
    if width < SIDE_MIN:
        raise InputError(f"The picture is too small: {width} x {height} pixels.", action=wanted, field=field)
    if width * height > PIXELS_MAX:
        raise InputError(f"The picture is too large: {width} x {height} pixels.", action=wanted, field=field)


def _rgb(picture: Image.Image) -> Image.Image:
    """Transparent parts become white; app stores refuse an alpha channel."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    ground = Image.new("RGB", layer.size, "white")
    ground.paste(layer, mask=layer.getchannel("A"))
    return ground
