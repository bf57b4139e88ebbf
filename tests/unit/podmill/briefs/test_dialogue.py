"""Telling a ready-made script from a document."""

import pytest

from podmill.briefs.dialogue import is_dialogue

HEADED = "# Harbour lights\n\n## The lamp\n\n[S1] Welcome.\n[S2] Hello.\n"
NAMED = "## Part one\nAnn: Welcome to the show.\nBob: Hello.\nAnn: Goodbye.\n"
DOCUMENT = "# Harbour lights\n\nNote: a lamp is bright.\n\nThe lens bends the light into one beam.\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [(HEADED, True), (NAMED, True), (DOCUMENT, False), ("", False), ("The tag [S1] marks a speaker.", False)],
    ids=["titles before tags", "names under a heading", "document", "empty", "a tag in prose"],
)
def test_is_dialogue(text, expected):
    """Headings neither make a script nor hide one."""
    assert expected is is_dialogue(text)
