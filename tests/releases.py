"""Releases with real files: a short MP3, transcripts and chapters by the mastering step's own code, a cover."""

import dataclasses
import functools
import io
import subprocess
from pathlib import Path

import imageio_ffmpeg
from PIL import Image

from models.brief import Brief
from models.documents import Artifact
from models.dossier import Dossier, Fact, SourceRecord
from models.master import Master
from models.recording import LineTime, Recording
from models.release import Release
from models.script import Chapter, Line, Script
from models.show import ShowProfile
from podmill.context import StepContext
from podmill.mastering import transcripts
from podmill.mastering.chapters import chapter_times, chapters_json
from podmill.publishing import podcast_guid
from podmill.settings import Settings
from podmill.store.local import LocalStore

DURATION_S = 6.0
PUBLISHED_AT = "2026-11-21T04:37:13+00:00"
SHOW = ShowProfile(
    slug="night-sky",
    title="The Night Sky",
    description="What is up there.\n\nA new episode whenever something moves.",
    author="The Podmill Observatory",
    owner_email="owner@example.org",
    language="en",
    category="Science",
    subcategory="Astronomy",
    copyright="The Podmill Observatory",
    guid=podcast_guid("https://podcasts.example.org/night-sky/feed.xml"),
)
SOURCES = (
    SourceRecord(
        id="s1",
        title="Lunar laser ranging",
        name="/home/someone/private/moon.md",
        url="https://example.org/moon?a=1&b=2",
        media_type="text/markdown",
        sha256="0" * 64,
        author="A. Stargazer",
        date="2024-05-01",
    ),
    SourceRecord(id="s2", title="Tides", name="tides.txt", media_type="text/plain", sha256="1" * 64),
)
FACTS = (
    Fact(
        id="f1",
        text="The Moon moves away from Earth by 3.8 cm a year.",
        source_id="s1",
        passage="The Moon moves away from Earth by 3.8 cm a year.",
        location="line 3",
        relevance=0.9,
    ),
    Fact(
        id="f2",
        text="Tides slow Earth.",
        source_id="s2",
        passage="Friction of the tides slows the Earth.",
        location="line 1",
        relevance=1,
    ),
)
WORDS = (
    ("S1", 0, "Welcome. Tonight we look at the Moon.", (), ()),
    ("S2", 0, "It moves away from us by 3.8 cm a year.", ("f1",), ("s1",)),
    ("S1", 1, "And why is that?", (), ()),
    ("S2", 1, "Tides slow Earth, and the Moon takes what Earth loses.", ("f1", "f2"), ("s1", "s2")),
    ("S1", 2, "That was all for tonight. Good night.", (), ()),
)


@functools.cache
def mp3(tone_hz: int = 440) -> bytes:
    """Six seconds of a tone."""
    source = f"sine=frequency={tone_hz}:duration={DURATION_S}"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", source, "-b:a", "64k", "-f", "mp3"]
    return subprocess.run([*command, "-"], capture_output=True, check=True, timeout=120).stdout


@functools.cache
def jpeg(colour: str = "navy") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1400, 1400), colour).save(out, "JPEG")
    return out.getvalue()


@dataclasses.dataclass
class Studio:
    """Makes releases, and the context to publish them in."""

    home: Path
    public_url: str = "https://podcasts.example.org"

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home, public_url=self.public_url)

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.settings.store_dir)

    @property
    def context(self) -> StepContext:
        return StepContext(
            settings=self.settings,
            store=self.store,
            takes=None,  # type: ignore[arg-type]  # publishing speaks nothing
            scratch=self.home,
            progress=lambda _share, _text: None,
        )

    @property
    def show_dir(self) -> Path:
        return self.settings.public / SHOW.slug

    def script(self, title: str, summary: str, **changes: object) -> Script:
        lines = tuple(
            Line(index=index, speaker=speaker, text=text, spoken=text, chapter=chapter, facts=facts, sources=sources)
            for index, (speaker, chapter, text, facts, sources) in enumerate(WORDS)
        )
        chapters = (("Opening", 0), ("Why it leaves", 2), ("Closing", 4))
        script = Script(
            title=title,
            summary=summary,
            language="en",
            chapters=tuple(Chapter(title=name, first_line=first) for name, first in chapters),
            lines=lines,
            sources=SOURCES,
            speakers={"S1": "Joe", "S2": "Ada & Co"},
            writer="offline",
            estimated_s=DURATION_S,
        )
        return script.model_copy(update=changes)

    def release(
        self,
        guid: str = "0193-first",
        title: str = "The Moon is leaving",
        *,
        summary: str = "How far, how fast, and why.",
        published_at: str = PUBLISHED_AT,
        show: ShowProfile = SHOW,
        artwork: str | None = None,
        tone_hz: int = 440,
        **script_changes: object,
    ) -> Release:
        script = self.script(title, summary, **script_changes)
        cover = self._put(jpeg(artwork or "navy"), ".jpg", "image/jpeg")
        return Release(
            guid=guid,
            published_at=published_at,
            show=show,
            brief=Brief(show=show.slug, topic=title, artwork=cover if artwork else None),
            dossier=Dossier(topic="The Moon", language="en", sources=SOURCES, facts=FACTS),
            script=script,
            master=self._master(script, cover, self._put(mp3(tone_hz), ".mp3", "audio/mpeg")),
            word_accuracy=0.99,
        )

    def _master(self, script: Script, cover: Artifact, audio: Artifact) -> Master:
        length_s = DURATION_S / len(script.lines)
        times = tuple(
            LineTime(index=i, start_s=i * length_s, end_s=(i + 1) * length_s, take=str(i), voice="piper:joe")
            for i in range(len(script.lines))
        )
        recording = Recording(
            audio=audio, sample_rate_hz=44100, channels=1, duration_s=DURATION_S, lines=times, requests=1
        )
        heard = transcripts.segments(script, recording)
        chapters = chapter_times(script, recording, DURATION_S)
        return Master(
            audio=audio,
            cover=cover,
            chapters_json=self._put(chapters_json(chapters), ".json", "application/json+chapters"),
            transcript_vtt=self._put(transcripts.vtt(heard), ".vtt", "text/vtt"),
            transcript_srt=self._put(transcripts.srt(heard), ".srt", "application/x-subrip"),
            transcript_json=self._put(transcripts.transcript_json(heard), ".json", "application/json"),
            duration_s=DURATION_S,
            loudness_lufs=-16.0,
            true_peak_dbtp=-1.2,
            gain_db=3.0,
            limited_share=0.01,
            bitrate_kbps=64,
            sample_rate_hz=44100,
            channels=1,
            chapters=chapters,
        )

    def _put(self, data: bytes, suffix: str, media_type: str) -> Artifact:
        return self.store.put_bytes(data, suffix=suffix, media_type=media_type)
