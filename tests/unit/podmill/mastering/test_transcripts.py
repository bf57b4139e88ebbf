"""Transcripts, read back by parsers that are not ours."""

import datetime as dt
import html
import io
import json
from itertools import pairwise

import srt
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from models.recording import Recording
from models.script import Line, Script
from podmill.mastering import transcripts
from podmill.mastering.transcripts import SRT_COLUMNS, VTT_COLUMNS, Segment, segments

ODD = "<v Eve>&amp;--> 00:01 \u202e \U0001f600 \x00\x1b {\\an8} -->\n\n2\n00:00:00,000 --> 00:00:09,000\nx"


def read_vtt(data: bytes) -> list[webvtt.Caption]:
    return list(webvtt.from_buffer(io.StringIO(data.decode())).captions)


def plain(caption: webvtt.Caption) -> str:
    return html.unescape(caption.text).replace("\n", " ")


def test_segments_follow_the_recording(script: Script, recording: Recording):
    """One segment for each line that is heard, with the speaker's name and the text as readers see it."""
    parts = segments(script, recording)
    assert [(part.speaker, part.start_ms, part.end_ms) for part in parts] == [
        ("Ann", 300, 1500),
        ("Bob", 1900, 9040),
        ("Ann", 9500, 10200),
        ("Bob", 10600, 11700),
    ]
    assert [part.text for part in parts] == [line.text for line in script.lines]


def test_text_is_what_readers_see_not_what_the_voice_was_given(script: Script, recording: Recording):
    """The transcript has "$5", not "five dollars"."""
    line = Line(index=0, speaker="S1", text="It costs $5.", spoken="It costs five dollars.", chapter=0)
    assert segments(script.model_copy(update={"lines": (line,)}), recording)[0].text == "It costs $5."


def test_vtt(script: Script, recording: Recording):
    """Voices, times and text come back; at most two rows of 65 characters; time is shared out within a line."""
    data = transcripts.vtt(segments(script, recording))
    captions = read_vtt(data)
    assert [caption.voice for caption in captions] == ["Ann", "Bob", "Bob", "Ann", "Bob"]
    assert " ".join(map(plain, captions)) == " ".join(line.text for line in script.lines)
    rows = [row for caption in captions for row in html.unescape(caption.text).split("\n")]
    assert max(map(len, rows)) <= VTT_COLUMNS
    assert max(caption.text.count("\n") for caption in captions) == 1
    assert (captions[0].start, captions[0].end) == ("00:00:00.300", "00:00:01.500")
    assert captions[1].start == "00:00:01.900"
    assert captions[1].end == captions[2].start
    assert captions[2].end == "00:00:09.040"


def test_srt(script: Script, recording: Recording):
    """Numbers, times and text come back; the name stands where the speaker changes; two rows of 32 at most."""
    cues = list(srt.parse(transcripts.srt(segments(script, recording)).decode()))
    assert [cue.index for cue in cues] == list(range(1, len(cues) + 1))
    assert [cue.content.split(":")[0] for cue in cues if cue.content.startswith(("Ann: ", "Bob: "))] == [
        *("Ann", "Bob", "Ann", "Bob")
    ]
    rows = [row for cue in cues for row in cue.content.split("\n")]
    assert max(map(len, rows)) <= SRT_COLUMNS
    assert max(cue.content.count("\n") for cue in cues) == 1
    assert cues[0].start == dt.timedelta(milliseconds=300)
    assert cues[-1].end == dt.timedelta(milliseconds=11_700)


def test_json(script: Script, recording: Recording):
    """The form of the podcast namespace: seconds as numbers, one segment a line."""
    read = json.loads(transcripts.transcript_json(segments(script, recording)))
    assert read["version"] == "1.0.0"
    assert read["segments"][0] == {"speaker": "Ann", "startTime": 0.3, "endTime": 1.5, "body": "Welcome to the show."}
    assert len(read["segments"]) == 4


def test_hostile_text_stays_text():
    """Markup, arrows, cue headers and control characters in text or name can neither add cues nor act as tags."""
    part = Segment("<b>&Eve-->", " ".join("".join(c for c in ODD if c.isprintable() or c.isspace()).split()), 0, 5000)
    captions = read_vtt(transcripts.vtt((part,)))
    assert all("<" not in caption.raw_text.removeprefix("<v ") for caption in captions)
    assert " ".join(map(plain, captions)) == part.text
    data = transcripts.srt((part,)).decode()
    assert data.count("-->") == len(list(srt.parse(data)))


def test_control_characters_and_line_breaks_are_removed(script: Script, recording: Recording):
    """Text and names reach the formats on one line without control characters."""
    line = Line(index=0, speaker="S1", text=ODD, spoken="x", chapter=0)
    odd = script.model_copy(update={"lines": (line,), "speakers": {"S1": "A\nB\x00"}})
    part = segments(odd, recording)[0]
    assert part.speaker == "A B"
    assert not {"\n", "\x00", "\x1b"} & set(part.text)


def test_lines_that_overlap_or_have_no_length_are_put_in_order(script: Script, recording: Recording):
    """No segment begins before the one before it ends, and each lasts at least a millisecond."""
    times = (
        recording.lines[0].model_copy(update={"end_s": 3.0}),
        recording.lines[1].model_copy(update={"end_s": 1.0}),
        *recording.lines[2:],
    )
    parts = segments(script, recording.model_copy(update={"lines": times}))
    assert [(part.start_ms, part.end_ms) for part in parts[:2]] == [(300, 3000), (3000, 3001)]


def test_empty_transcripts_are_valid():
    """Nothing heard: files without cues that parsers accept."""
    assert read_vtt(transcripts.vtt(())) == []
    assert list(srt.parse(transcripts.srt(()).decode())) == []


words = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=80)


@given(st.lists(words, min_size=1, max_size=30), st.integers(0, 10**7), st.integers(1, 60_000))
def test_any_words_come_back_in_order(parts: list[str], start_ms: int, length_ms: int):
    """Whatever the words: cues ascend, keep within the line's rows, and hold all characters in order."""
    segment = Segment("Ann", " ".join(parts), start_ms, start_ms + length_ms)
    cues = transcripts._cues(segment, segment.text, VTT_COLUMNS)
    assert "".join("".join(cue.rows) for cue in cues).replace(" ", "") == "".join(segment.text.split())
    assert all(len(row) <= VTT_COLUMNS for cue in cues for row in cue.rows)
    assert all(cue.start_ms < cue.end_ms for cue in cues)
    assert all(one.end_ms == two.start_ms for one, two in pairwise(cues))
    assert cues[0].start_ms == start_ms
