"""Drawing a cover for a show that brought none."""

import colorsys
import hashlib
import textwrap

from PIL import Image, ImageDraw, ImageFont

from models.show import ShowProfile

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Colour = tuple[int, int, int]

BARS = 13
TITLE_ROWS_MAX = 4
TITLE_SIZES = (0.15, 0.125, 0.105, 0.09, 0.075, 0.06)
"""Of the title's letters, as shares of the side; the largest that fits is used."""
MARGIN = 0.09
TITLE_HEIGHT = 0.48
"""Share of the side above the bars that the title may fill."""
DASHES = str.maketrans("\u2013\u2014", "--")
"""The font lacks them; a hyphen says the same."""
MISSING = "\U0010ffff"
"""A code point no font draws: shows what this one puts in place of a letter it lacks."""


def draw_cover(show: ShowProfile, side: int) -> Image.Image:
    """A dark gradient, sound bars and the title, all following from the show's identity and title.

    The letters are of the font that Pillow brings along; a title it cannot write (another script) is left out.
    """
    seed = hashlib.sha256(show.guid.encode()).digest()
    hue = seed[0] / 256
    picture = _gradient(hue, 0.06 + seed[1] / 256 * 0.12, side)
    pen = ImageDraw.Draw(picture)
    _bars(pen, seed[2:], _colour(hue + 0.5, 0.72, 0.65), side)
    _title(pen, " ".join(show.title.translate(DASHES).split()), side)
    return picture


def _gradient(hue: float, turn: float, side: int) -> Image.Image:
    """Four corner colours, all dark enough that white letters stand out (contrast over 7)."""
    corners = Image.new("RGB", (2, 2))
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
        corners.putpixel((x, y), _colour(hue + turn * (x + y) / 2, 0.22 - 0.07 * y, 0.6))
    return corners.resize((side, side), Image.Resampling.BICUBIC)


def _bars(pen: ImageDraw.ImageDraw, seed: bytes, colour: Colour, side: int) -> None:
    left, bottom = MARGIN * side, (1 - MARGIN) * side
    step = (1 - 2 * MARGIN) * side / BARS
    for number in range(BARS):
        height = (0.05 + 0.25 * seed[number] / 255) * side
        x = left + number * step
        pen.rounded_rectangle((x, bottom - height, x + 0.6 * step, bottom), radius=0.3 * step, fill=colour)


def _title(pen: ImageDraw.ImageDraw, title: str, side: int) -> None:
    place = (MARGIN * side, MARGIN * side)
    for share in TITLE_SIZES:
        font = ImageFont.load_default(size=share * side)
        if not _writes(font, title):
            return
        rows = _rows(pen, title, font, (1 - 2 * MARGIN) * side)
        text = "\n".join(rows)
        _, top, right, bottom = pen.multiline_textbbox(place, text, font=font, spacing=0.25 * share * side)
        fits = right <= (1 - MARGIN) * side and bottom - top <= TITLE_HEIGHT * side and len(rows) <= TITLE_ROWS_MAX
        if fits or share == TITLE_SIZES[-1]:
            shown = text if fits else "\n".join(textwrap.wrap(title, 24, max_lines=TITLE_ROWS_MAX, placeholder=" ..."))
            pen.multiline_text(place, shown, font=font, fill="white", spacing=0.25 * share * side)
            return


def _rows(pen: ImageDraw.ImageDraw, title: str, font: Font, width: float) -> list[str]:
    """The words in rows no wider than ``width``, as far as single words allow."""
    rows: list[str] = []
    for word in title.split():
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and pen.textlength(longer, font=font) <= width:
            rows[-1] = longer
        else:
            rows.append(word)
    return rows


def _writes(font: Font, title: str) -> bool:
    missing = bytes(font.getmask(MISSING))
    return all(bytes(font.getmask(letter)) != missing for letter in set(title) - {" "})


def _colour(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = colorsys.hls_to_rgb(hue % 1, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)
