"""Markdown."""

from pathlib import Path

import pytest

from podmill.errors import SourceError
from podmill.research.readers import Paragraph, Reading
from podmill.research.readers.markdown import MarkdownReader


def read(tmp_path: Path, text: str) -> Reading:
    path = tmp_path / "a.md"
    path.write_text(text)
    return MarkdownReader().read(path)


def test_what_cannot_be_spoken_is_left_out(tmp_path: Path) -> None:
    """Code blocks, tables, images, raw HTML and footnotes go; link text, code in a sentence, lists and quotes stay."""
    reading = read(
        tmp_path,
        "Read [the *book*](https://e.org/x) and `ls` now.[^1] ![a bee](b.png)\n\n"
        "```py\ncode block here\n```\n\n    indented code\n\n"
        "| a | b |\n|---|---|\n| cell one | cell two |\n\n"
        "<div>raw</div>\n\n- A list item.\n\n> A quoted line.\n\n[^1]: A footnote here.\n",
    )

    texts = [paragraph.text for paragraph in reading.paragraphs]
    assert texts == ["Read the book and ls now.", "A list item.", "A quoted line."]


def test_lines_count_the_front_matter(tmp_path: Path) -> None:
    """Lines are those of the file; front matter gives title, author and date."""
    reading = read(tmp_path, "---\ntitle: Bees\nauthor: A. B.\ndate: 2024-03-01\n---\n# Other\n\nOne\ntwo.\n\nThree.\n")

    assert reading == Reading(
        (Paragraph("One two.", "line 8", "Other"), Paragraph("Three.", "line 11", "Other")),
        title="Bees",
        author="A. B.",
        date="2024-03-01",
    )


@pytest.mark.parametrize("front", ["a: [", "- x", "!!python/object/apply:os.system [id]", "title: [a]", "date: soon"])
def test_odd_front_matter_is_passed_over(tmp_path: Path, front: str) -> None:
    """Front matter that is broken, hostile or of another shape does no harm."""
    reading = read(tmp_path, f"---\n{front}\n---\n\n# Bees\n\nText here.\n")

    assert (reading.title, reading.date) == ("Bees", None)
    assert [paragraph.text for paragraph in reading.paragraphs] == ["Text here."]


def test_only_code_is_no_text(tmp_path: Path) -> None:
    """A document of code has no running text."""
    with pytest.raises(SourceError, match="no running text"):
        read(tmp_path, "```\ncode\n```\n")
