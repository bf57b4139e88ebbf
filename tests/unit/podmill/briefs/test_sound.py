"""How a show sounds, as people write it down: what is taken, and what is said of what is not."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from podmill.briefs import read_show_request, read_submission
from podmill.briefs.records import SoundRequest
from podmill.errors import InputError
from podmill.settings import Settings
from tests.programs import chord

WHOLE = """\
channels: 2
loudness_lufs: -18
intro:
  file: music/theme.mp3
  overlap_s: 2
bed: {file: music/theme.mp3, level_lu: -10}
ducking: {below_lu: 15}
ads:
  - {file: ad.wav, title: Rope & Co, at: between, chapter: 2}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a theme of 3 s in a folder of its own, and an ad of 2 s."""
    (tmp_path / "music").mkdir()
    soundfile.write(tmp_path / "music" / "theme.mp3", chord(3.0, channels=2), 44_100)
    soundfile.write(tmp_path / "ad.wav", chord(2.0), 44_100)
    return tmp_path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def read(folder: Path, text: str, settings: Settings) -> SoundRequest:
    path = folder / "sound.yaml"
    path.write_text(text)
    sound = read_show_request({"slug": "box", "sound": path}, settings).sound
    assert sound
    return sound


def test_a_file_says_all_of_it(folder: Path, settings: Settings):
    """Numbers, music and ads; a file that is named twice is taken once, and kept by its content."""
    request = read(folder, WHOLE, settings)
    sound = request.sound
    assert (sound.channels, sound.loudness_lufs, sound.ducking.below_lu) == (2, -18, 15)
    assert sound.intro
    assert sound.bed
    assert sound.intro.file == sound.bed.file
    assert (sound.intro.file.suffix, sound.intro.file.media_type) == (".mp3", "audio/mpeg")
    assert (sound.ads[0].title, sound.ads[0].at, sound.ads[0].chapter) == ("Rope & Co", "between", 2)
    assert [file.path for file in request.files] == [folder / "music" / "theme.mp3", folder / "ad.wav"]
    assert [file.sha256 for file in request.files] == [sound.intro.file.sha256, sound.ads[0].file.sha256]


def test_a_batch_says_it_too(folder: Path, settings: Settings):
    """In the show's block, in place or by the name of a file; the same music elsewhere is the same submission."""
    block = "".join(f"    {line}\n" for line in WHOLE.splitlines())
    episodes = 'episodes: [{script: "[S1] One lamp."}]\n'
    (folder / "sound.yaml").write_text(WHOLE)
    (folder / "copy.wav").write_bytes((folder / "ad.wav").read_bytes())
    fingerprints = set()
    for text in (
        f"show:\n  slug: box\n  sound:\n{block}",
        "show: {slug: box, sound: sound.yaml}\n",
        f"show:\n  slug: box\n  sound:\n{block}".replace("ad.wav", "copy.wav"),
    ):
        (folder / "batch.yaml").write_text(text + episodes)
        submission = read_submission(folder / "batch.yaml", settings)
        assert submission.shows[0].sound
        assert submission.shows[0].sound.sound.channels == 2
        fingerprints.add(submission.fingerprint)
    assert len(fingerprints) == 1


def test_nothing_takes_it_back(settings: Settings):
    """The word for a show that had music and shall have none."""
    request = read_show_request({"slug": "box", "sound": "nothing"}, settings)
    assert request.sound
    assert request.sound.sound.plain
    assert request.sound.files == ()


@pytest.mark.parametrize(
    ("text", "line", "field", "said"),
    [
        ("intro:\n  file: music/theme.mp3\n  fade_s: 2\n", 3, "intro.fade_s", r"Did you mean 'fade_\w+_s'"),
        ("channels: 3\n", 1, "channels", "less than or equal to 2, but is '3'"),
        ("intro:\n  overlap_s: 2\n", 2, "intro.file", "missing"),
        ("ducking:\n  below_lu: loud\n", 2, "ducking.below_lu", "valid number"),
        ("bed: {file: none.mp3}\n", 1, "bed.file", "No such file"),
        ("bed: {file: sound.yaml}\n", 1, "bed.file", "must end in .flac, .mp3, .ogg, .wav"),
        ("intro: [a]\n", 1, "intro", "Must be a mapping of fields, but is a list"),
        ("ads:\n  - {file: ad.wav, at: after}\n  - {file: ad.wav, at: middle}\n", 3, "ads.1.at", "'before', 'between'"),
        ("ads:\n  - {file: ad.wav, at: after, chapter: 1}\n", 2, "ads.0", "Only an ad that is `between`"),
        ("channels: 1\nchannels: 2\n", 2, "channels", "given twice"),
        ("- intro\n", 1, None, "Must be a mapping"),
        ("intro: {file: music/theme.mp3, level_lu: nan}\n", 1, "intro.level_lu", "or equal to 6"),
    ],
)
def test_what_is_wrong_is_placed(folder: Path, settings: Settings, text: str, line: int, field: str | None, said: str):
    """File, line and field of the first mistake, and what would be right."""
    with pytest.raises(InputError, match=said) as caught:
        read(folder, text, settings)
    assert (caught.value.file, caught.value.field) == (str(folder / "sound.yaml"), field)
    assert caught.value.line == line


def test_what_is_no_fit_sound_is_told(folder: Path, settings: Settings):
    """Text under the name of a sound, a sound under the name of another, one too short, one of three channels."""
    (folder / "text.mp3").write_text("not a sound, only words")
    (folder / "flac.wav").write_bytes(b"")
    soundfile.write(folder / "flac.wav", chord(2.0), 44_100, format="FLAC")
    soundfile.write(folder / "short.wav", chord(0.3), 44_100)
    soundfile.write(folder / "many.wav", np.repeat(chord(1.0), 3, axis=1), 44_100)
    for name, said in (
        ("text.mp3", "cannot be read as MP3"),
        ("flac.wav", "but it is FLAC"),
        ("short.wav", "lasts 0.3 s"),
        ("many.wav", "3 channels"),
    ):
        with pytest.raises(InputError, match=said):
            read(folder, f"bed: {{file: {name}}}\n", settings)


def test_a_batch_names_the_file_that_is_wrong(folder: Path, settings: Settings):
    """A mistake in a file that a batch names is at the line of that file."""
    (folder / "sound.yaml").write_text("channels: 1\nloudness_lufs: 3\n")
    (folder / "batch.yaml").write_text('show: {slug: box, sound: sound.yaml}\nepisodes: [{script: "[S1] A lamp."}]\n')
    with pytest.raises(InputError, match="less than or equal to -5") as caught:
        read_submission(folder / "batch.yaml", settings)
    assert (caught.value.file, caught.value.line, caught.value.field) == (
        str(folder / "sound.yaml"),
        2,
        "loudness_lufs",
    )
