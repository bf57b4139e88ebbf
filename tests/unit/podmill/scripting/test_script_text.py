"""Reading scripts that people wrote."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podmill.errors import InputError
from podmill.scripting.script_text import LINE_CHARACTERS_MAX, SCRIPT_CHARACTERS_MAX, decode_script, parse_script


def lines(text: str) -> list[tuple[str, str]]:
    return [(line.speaker, line.text) for line in parse_script(text, name="s.txt").lines]


def test_tags() -> None:
    """Tags in any case, several on a line, alone on a line, text that goes on below and after a blank line."""
    text = "[S1] Hello. [S2] Hi.\n[s1]\nHow are you?\n\nReally?\n[S2] Note: fine."

    assert lines(text) == [("S1", "Hello."), ("S2", "Hi."), ("S1", "How are you? Really?"), ("S2", "Note: fine.")]


def test_names() -> None:
    """Names before a colon, bold or not, with text that goes on."""
    text = "Ana: Hello.\n**Dr. Ben Lee:** Hi,\nyou.\nAna: It is 10:30 now."

    assert lines(text) == [("Ana", "Hello."), ("Dr. Ben Lee", "Hi, you."), ("Ana", "It is 10:30 now.")]


def test_json() -> None:
    """JSON with title, lines and chapters, or the bare list of lines."""
    rows = [{"speaker": "s1", "text": "Hello."}, {"speaker": "Ana", "text": "Hi."}]
    chapters = [{"title": "One", "first_line": 0}, {"title": "Two", "first_line": 1}]
    script = parse_script(json.dumps({"title": " T ", "lines": rows, "chapters": chapters}), name="s.json")

    assert (script.title, script.chapters) == ("T", (("One", 0), ("Two", 1)))
    assert lines(json.dumps(rows)) == [("S1", "Hello."), ("Ana", "Hi.")]


def test_headings() -> None:
    """The first # is the title, others are chapters; one without lines gives way to the next."""
    script = parse_script("# T\n## One\n[S1] a\n## Gone\n## Two\n[S1] b\n# Three\n[S1] c\n## End", name="s.md")

    assert script.title == "T"
    assert script.chapters == (("One", 0), ("Two", 1), ("Three", 2))


@pytest.mark.parametrize(
    ("text", "line", "field", "message"),
    [
        ("", None, "script", "empty"),
        ("\ufeff \n\t\n", None, "script", "empty"),
        ("# Only a title", None, "script", "no lines"),
        ("Just prose.\nAnd more.", 1, "speaker", "no speaker"),
        ("# T\n\nProse first.\n[S1] Then a line.", 3, "speaker", "no speaker"),
        ("[S1] a\n[S2]\n[S1] b", 2, "text", "says nothing"),
        ("[S1] " + "a" * (LINE_CHARACTERS_MAX + 1), 1, "text", "without a break"),
        ("[S1] a\n" * (SCRIPT_CHARACTERS_MAX // 7 + 1), None, "script", "are allowed"),
        ('{"lines": [', 1, None, "not valid JSON"),
        ('{"line": []}', None, "lines", "no list of lines"),
        ('{"lines": []}', None, "script", "no lines"),
        ('{"lines": [{"speaker": "S1", "text": "a"}, {"speaker": "S1"}]}', 2, "lines[1].text", "no text"),
        ('{"lines": [{"text": "a"}]}', 1, "lines[0].speaker", "no speaker"),
        (
            '{"lines": [{"speaker": "S1", "text": "a"}], "chapters": [{"title": "x", "first_line": 1}]}',
            None,
            "chapters",
            "first_line",
        ),
    ],
)
def test_what_is_refused(text: str, line: int | None, field: str | None, message: str) -> None:
    """Each fault is named with file, line and field."""
    with pytest.raises(InputError, match=message) as caught:
        parse_script(text, name="s.txt")
    assert (caught.value.file, caught.value.line, caught.value.field) == ("s.txt", line, field)


def test_bytes() -> None:
    """UTF-8 and UTF-16 are read; other bytes are no text, and the line is named."""
    assert decode_script("[S1] é".encode("utf-8-sig"), name="s") == "[S1] é"
    assert decode_script("[S1] é".encode("utf-16"), name="s") == "[S1] é"
    for data, line in ((b"[S1] a\n\xff\xfe\x00", 2), (b"[S1] a\n\nb\x00c", 3), (b"\x89PNG\r\n\x1a\n", 1)):
        with pytest.raises(InputError, match="not a text file") as caught:
            decode_script(data, name="s")
        assert caught.value.line == line


def test_deep_json_is_refused() -> None:
    """Nesting made to exhaust the stack is an input error like any other."""
    with pytest.raises(InputError):
        parse_script('{"lines":' + "[" * 100_000, name="s.json")


@given(st.text(alphabet=st.sampled_from('[]S12#: \n\tAb{}",-*'), max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is handed in: a script whose lines all have speaker and text, or an InputError."""
    try:
        script = parse_script(text, name="s")
    except InputError:
        return
    assert script.lines
    assert all(line.speaker and line.text for line in script.lines)
    assert all(0 <= first < len(script.lines) for _, first in script.chapters)
