"""Replies in their form, and what is not."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podmill.scripting.by_model.shapes import ITEMS_MAX, Changes, ChapterText, NotAsAgreedError, Plan, read

LINE = {"speaker": "S1", "text": "Hello.", "facts": []}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"lines": [LINE]}),
        f"Here you are:\n```json\n{json.dumps({'lines': [LINE]})}\n```\nEnjoy!",
        f"<think>They want {{JSON}}.</think>{json.dumps({'lines': [LINE]})}",
        json.dumps({"lines": [LINE | {"mood": "happy"}], "note": 1}),
    ],
)
def test_what_is_read(text: str) -> None:
    """JSON alone, in a fence, after thoughts, and with more than was asked for."""
    assert read(text, ChapterText).lines[0].text == "Hello."


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no JSON"),
        ("I am afraid I cannot.", "no JSON"),
        (json.dumps({"lines": [LINE]})[:-10], "not valid JSON"),
        ('{"result": 1}', "lines"),
        ('{"lines": 7}', "lines"),
        ('{"lines": [{"speaker": "S1"}]}', "lines.0"),
        ("[" * 100_000, "no JSON"),
        ('{"lines":' * 100_000, "not valid JSON"),
    ],
)
def test_what_is_not(text: str, why: str) -> None:
    """The problem is told in words that go back to the model, and are short."""
    with pytest.raises(NotAsAgreedError, match=why) as caught:
        read(text, ChapterText)
    assert len(str(caught.value)) <= 300


def test_lists_are_bounded() -> None:
    """What a reply has too much of is left aside."""
    assert len(read(json.dumps({"lines": [LINE] * (ITEMS_MAX + 5)}), ChapterText).lines) == ITEMS_MAX


@given(st.text(max_size=500), st.sampled_from([Plan, ChapterText, Changes]))
def test_any_text(text: str, shape: type[Plan]) -> None:
    """Any text is a reply or a problem."""
    with suppress(NotAsAgreedError):
        read("{" + text, shape)
