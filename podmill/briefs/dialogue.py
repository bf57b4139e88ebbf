"""Telling a ready-made script from a document, when a file is handed in with nothing said about it."""

import re

_TAGGED = re.compile(r"\[S\d+\]")
_NAMED = re.compile(r"^([^\W\d_][\w.' -]{0,39}):\s+\S")
_SHARE_MIN = 0.8
"""Of the lines that must read ``Name: text``: a document has such lines too, but not nearly all."""
_SPEAKERS_MAX = 10


def is_dialogue(text: str) -> bool:
    """Whether a text is a script: lines tagged ``[S1]``, or nearly all of the form ``Name: text`` by a few names."""
    # Titles of the episode and its chapters may stand before and between the lines.
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if lines and _TAGGED.match(lines[0]):
        return True
    names = [match.group(1).casefold() for line in lines if (match := _NAMED.match(line))]
    speakers = set(names)
    return (
        len(names) >= max(2, _SHARE_MIN * len(lines)) and len(speakers) <= _SPEAKERS_MAX and len(names) > len(speakers)
    )
