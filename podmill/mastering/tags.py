"""ID3 tags, version 2.3: the one that every player reads."""

# mutagen says it is typed, but its frames are not.
# mypy: disallow-untyped-calls=False

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mutagen import MutagenError
from mutagen.id3 import (
    APIC,
    CHAP,
    COMM,
    CTOC,
    ID3,
    TALB,
    TCON,
    TDRC,
    TGID,
    TIT2,
    TLAN,
    TPE1,
    TXXX,
    CTOCFlags,
    Encoding,
    Frame,
    PictureType,
)

from models.master import ChapterTime
from podmill.errors import MasteringError
from podmill.mastering.disk import no_space

GENRE = "Podcast"
DISCLOSURE = "Spoken by synthetic voices"
"""Apple asks that the use of AI is said in the metadata of each episode."""
CHAPTERS_MAX = 255
"""A table of contents counts its entries in one byte (ID3v2 Chapter Frame Addendum 1.0)."""
NO_OFFSET = 0xFFFFFFFF
"""Says that a chapter is given by its time alone."""
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
        tag = ID3()
        for frame in (*self._texts(), *self._chapters()):
            tag.add(frame)
        tag.add(APIC(encoding=Encoding.LATIN1, mime="image/jpeg", type=PictureType.COVER_FRONT, data=self.picture_jpeg))
        tag.update_to_v23()
        try:
            tag.save(mp3, v1=0, v2_version=3, padding=lambda _: 0)
        except MutagenError as exc:
            cause = exc.__context__
            if isinstance(cause, OSError) and cause.errno == errno.ENOSPC:
                raise no_space(mp3.parent) from exc
            raise MasteringError(f"The tags cannot be written: {exc}", action="Run: podmill doctor") from exc

    def _texts(self) -> Iterator[Frame]:
        language = LANGUAGES.get(self.language.split("-")[0].lower(), UNKNOWN_LANGUAGE)
        for kind, text in (
            (TIT2, self.title),
            (TPE1, self.artist),
            (TALB, self.album),
            (TDRC, str(self.year)),
            (TCON, GENRE),
            (TLAN, language),
            (TGID, self.episode_id),
        ):
            if text:
                yield kind(encoding=Encoding.UTF16, text=[text])
        yield COMM(encoding=Encoding.UTF16, lang=language, desc="", text=[self.comment])
        yield TXXX(encoding=Encoding.UTF16, desc="AI disclosure", text=[DISCLOSURE])

    def _chapters(self) -> Iterator[Frame]:
        chapters = self.chapters[:CHAPTERS_MAX]
        if not chapters:
            return
        names = [f"chp{number}" for number in range(len(chapters))]
        flags = CTOCFlags.TOP_LEVEL | CTOCFlags.ORDERED
        yield CTOC(element_id="toc", flags=flags, child_element_ids=names, sub_frames=[])
        for name, chapter in zip(names, chapters, strict=True):
            yield CHAP(
                element_id=name,
                start_time=round(chapter.start_s * 1000),
                end_time=round(chapter.end_s * 1000),
                start_offset=NO_OFFSET,
                end_offset=NO_OFFSET,
                sub_frames=[TIT2(encoding=Encoding.UTF16, text=[chapter.title])],
            )
