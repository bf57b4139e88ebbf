"""The drawn cover: fit for the feed, the same every time, readable."""

import io

import numpy as np
import pytest
from PIL import Image

from models.show import ShowProfile
from podmill.mastering.artwork import BYTES_MAX, cover_jpeg
from podmill.mastering.cover import MARGIN, draw_cover


def show(title: str = "The Daily Box", guid: str = "g") -> ShowProfile:
    return ShowProfile(slug="s", title=title, guid=guid)


@pytest.mark.parametrize("title", ["A", "The Daily Box", "An unlikely history of nearly everything " * 6, "x" * 300])
def test_it_is_what_apple_asks(title: str):
    """Any title gives 3000 x 3000 pixels, RGB, JPEG, under 512 kB."""
    data = cover_jpeg(None, show(title))
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (3000, 3000))
    assert len(data) <= BYTES_MAX


def test_same_show_same_picture():
    """Drawing again gives the same bytes, so that the cover's address does not change."""
    assert cover_jpeg(None, show()) == cover_jpeg(None, show())


def test_shows_differ():
    """Another identity or another title is another picture."""
    one, two, three = (draw_cover(item, 300).tobytes() for item in (show(), show(guid="h"), show("Other")))
    assert len({one, two, three}) == 3


@pytest.mark.parametrize("title", ["The Daily Box", "Incomprehensibilities of counterrevolutionaries", "word " * 60])
def test_the_title_stays_inside(title: str):
    """No letter touches the margin."""
    side = 600
    lit = np.array(draw_cover(show(title), side).convert("L")) > 200
    edge = round(side * MARGIN) - 4
    assert lit[: side // 2].any()
    assert not lit[:edge].any()
    assert not lit[: side // 2, :edge].any()
    assert not lit[: side // 2, -edge:].any()


@pytest.mark.parametrize("guid", [f"show-{number}" for number in range(12)])
def test_white_letters_stand_out(guid: str):
    """The contrast of white letters on the background is at least 4.5 everywhere (WCAG 2.2, 1.4.3)."""
    background = np.array(draw_cover(show("\u6f22", guid), 200))[: 200 // 2].reshape(-1, 3) / 255
    linear = np.where(background <= 0.04045, background / 12.92, ((background + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    assert 1.05 / (luminance.max() + 0.05) >= 4.5


@pytest.mark.parametrize("title", ["\u0414\u043e\u043c", "\u6f22\u5b57", "Gr\u00fc\u00dfe", "", "  "])
def test_letters_the_font_lacks_are_not_drawn_as_boxes(title: str):
    """A title that cannot be written properly is left out."""
    assert draw_cover(show(title), 300).tobytes() == draw_cover(show("\uffff"), 300).tobytes()


def test_dashes_are_written():
    """A dash the font lacks is written as a hyphen, not a reason to leave the title out."""
    assert draw_cover(show("Box \u2014 Ship"), 300).tobytes() == draw_cover(show("Box - Ship"), 300).tobytes()
