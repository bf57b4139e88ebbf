"""ID3 tags, version 2.3: the one that every player reads."""

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from models.master import ChapterTime
from podmill.errors import MasteringError
from podmill.mastering import id3
from podmill.store.room import no_space

GENRE = "Podcast"
DISCLOSURE = "Spoken by synthetic voices"
"""Apple asks that the use of AI is said in the metadata of each episode."""
CHAPTERS_MAX = 255
"""A table of contents counts its entries in one byte (ID3v2 Chapter Frame Addendum 1.0)."""
UNKNOWN_LANGUAGE = "und"
# fmt: off
LANGUAGES = {
    "ar": "ara", "bg": "bul", "ca": "cat", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng",
    "es": "spa", "et": "est", "fa": "fas", "fi": "fin", "fr": "fra", "he": "heb", "hi": "hin", "hr": "hrv",
    "hu": "hun", "id": "ind", "is": "isl", "it": "ita", "ja": "jpn", "ko": "kor", "lt": "lit", "lv": "lav",
    "nb": "nob", "nl": "nld", "no": "nor", "pl": "pol", "pt": "por", "ro": "ron", "ru": "rus", "sk": "slk",
    "sl": "slv", "sr": "srp", "sv": "swe", "th": "tha", "tr": "tur", "uk": "ukr", "vi": "vie", "zh": "zho",
}
# fmt: on
"""ISO 639-1 to ISO 639-2, which ID3 wants; what is not here is written as undetermined."""


@dataclass(frozen=True, slots=True)
class Tags:
    """What is written into an MP3."""

    title: str
    artist: str
    album: str
    year: int
    language: str
    """As in the feed: ``en``, ``pt-BR``."""
    comment: str
    episode_id: str
    picture_jpeg: bytes
    chapters: tuple[ChapterTime, ...]

    def write(self, mp3: Path) -> None:
        """Put them at the start of a file, in place of any it has; the sound stays as it is, byte for byte.

        Raises:
            DiskFullError: there is no room for them.
            MasteringError: the file cannot be written.
        """
        try:
            id3.replace(mp3, (*self._texts(), *self._chapters(), id3.cover(self.picture_jpeg)))
        except OSError as exc:
            if exc.errno == errno.ENOSPC:
                raise no_space(mp3.parent) from exc
            raise MasteringError(f"The tags cannot be written: {exc}", action="Run: podmill doctor") from exc

    def _texts(self) -> Iterator[bytes]:
        language = LANGUAGES.get(self.language.split("-")[0].lower(), UNKNOWN_LANGUAGE)
        for kind, value in (
            ("TIT2", self.title),
            ("TPE1", self.artist),
            ("TALB", self.album),
            ("TYER", str(self.year)),
            ("TCON", GENRE),
            ("TLAN", language),
            ("TGID", self.episode_id),
        ):
            if value:
                yield id3.text(kind, value)
        yield id3.comment(language, self.comment)
        yield id3.user_text("AI disclosure", DISCLOSURE)

    def _chapters(self) -> Iterator[bytes]:
        chapters = self.chapters[:CHAPTERS_MAX]
        if not chapters:
            return
        names = [f"chp{number}" for number in range(len(chapters))]
        yield id3.contents("toc", names)
        for name, chapter in zip(names, chapters, strict=True):
            yield id3.chapter(name, chapter.title, chapter.start_s, chapter.end_s)
