"""Chapters tile the episode, from 0 to its end."""

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from models.documents import Artifact
from models.recording import LineTime, Recording
from models.script import Chapter, Line, Script
from podmill.mastering.chapters import chapter_times, chapters_json


def test_times_come_from_the_lines(script: Script, recording: Recording):
    """The first begins at 0, the next where its first line is heard, the last ends with the sound."""
    times = chapter_times(script, recording, 12.0004)
    assert [(item.title, item.start_s, item.end_s) for item in times] == [("Opening", 0.0, 9.5), ("Who won", 9.5, 12.0)]


def test_a_chapter_that_is_not_heard_is_left_out(script: Script, recording: Recording):
    """A chapter none of whose lines is in the recording has no time to stand for."""
    cut = recording.model_copy(update={"lines": recording.lines[:2]})
    assert [item.title for item in chapter_times(script, cut, 12.0)] == ["Opening"]


def test_a_title_is_one_line_of_words(script: Script, recording: Recording):
    """Line breaks in a title become spaces; an empty one becomes its number."""
    titled = script.model_copy(
        update={"chapters": (Chapter(title=" a\n b ", first_line=0), Chapter(title="", first_line=2))}
    )
    assert [item.title for item in chapter_times(titled, recording, 12.0)] == ["a b", "Chapter 2"]


def test_no_chapters(script: Script, recording: Recording):
    """A script without chapters has none, and the file is still valid."""
    times = chapter_times(script.model_copy(update={"chapters": ()}), recording, 12.0)
    assert times == ()
    assert json.loads(chapters_json(times)) == {"version": "1.2.0", "chapters": []}


def test_the_file_has_the_podcasting_2_0_form(script: Script, recording: Recording):
    """Version 1.2.0, seconds as numbers, titles as written."""
    read = json.loads(chapters_json(chapter_times(script, recording, 12.0)))
    assert read == {
        "version": "1.2.0",
        "chapters": [
            {"startTime": 0.0, "endTime": 9.5, "title": "Opening"},
            {"startTime": 9.5, "endTime": 12.0, "title": "Who won"},
        ],
    }


@given(
    st.lists(st.integers(0, 20), min_size=1, max_size=8).map(sorted),
    st.lists(st.floats(0, 60, allow_nan=False), min_size=20, max_size=20).map(sorted),
    st.sets(st.integers(0, 19)),
)
def test_chapters_tile_whatever_the_script(firsts: list[int], starts: list[float], missing: set[int]):
    """Ascending, without gaps or overlaps, from 0 to the end: for any chapters, any times, any lines missing."""
    script = Script(
        title="t",
        summary="",
        language="en",
        chapters=tuple(Chapter(title=f"c{first}", first_line=first) for first in firsts),
        lines=tuple(Line(index=index, speaker="S1", text="a", spoken="a", chapter=0) for index in range(20)),
        speakers={},
        writer="ready-made",
        estimated_s=1,
    )
    recording = Recording(
        audio=Artifact(sha256="0" * 64, size_bytes=1),
        sample_rate_hz=44_100,
        channels=1,
        duration_s=61,
        lines=tuple(
            LineTime(index=index, start_s=start, end_s=start + 0.1, take="t", voice="v")
            for index, start in enumerate(starts)
            if index not in missing
        ),
        requests=1,
    )
    times = chapter_times(script, recording, 61.0)
    if times:
        assert times[0].start_s == 0
        assert times[-1].end_s == 61.0
    assert all(item.start_s < item.end_s for item in times)
    assert all(one.end_s == two.start_s for one, two in pairwise(times))
