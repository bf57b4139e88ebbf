"""A script of four lines and a recording that speaks it, for what is made from their words and times."""

import pytest

from models.documents import Artifact
from models.recording import LineTime, Recording
from models.script import Chapter, Line, Script


@pytest.fixture
def script() -> Script:
    texts = (
        "Welcome to the show.",
        (
            "Thanks! Today: boxes & ships <of all kinds>, and why the box itself was the least of it; the rest was "
            "a matter of cranes, of ports, of papers, and of people who had to agree on every single corner of it."
        ),
        "So who won?",
        "Nobody, at first.",
    )
    return Script(
        title="The Box",
        summary="How a box changed trade.",
        language="en",
        chapters=(Chapter(title="Opening", first_line=0), Chapter(title="Who won", first_line=2)),
        lines=tuple(
            Line(index=index, speaker=f"S{index % 2 + 1}", text=text, spoken=text, chapter=index // 2)
            for index, text in enumerate(texts)
        ),
        speakers={"S1": "Ann", "S2": "Bob"},
        writer="ready-made",
        estimated_s=12.0,
    )


@pytest.fixture
def recording() -> Recording:
    spans = ((0.3, 1.5), (1.9, 9.04), (9.5, 10.2), (10.6, 11.7))
    return Recording(
        audio=Artifact(sha256="0" * 64, suffix=".flac", size_bytes=1),
        sample_rate_hz=44_100,
        channels=1,
        duration_s=12.0,
        lines=tuple(
            LineTime(index=index, start_s=start_s, end_s=end_s, take="t", voice="piper:joe")
            for index, (start_s, end_s) in enumerate(spans)
        ),
        requests=4,
    )
