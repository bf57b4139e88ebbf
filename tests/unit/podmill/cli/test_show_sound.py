"""``podmill show edit --sound``: what is said reaches the step that masters, and is not published."""

import json
from pathlib import Path

import pytest
import soundfile
from sqlalchemy import select

from models.show import ShowProfile
from models.sound import Sound
from models.tables import Show, table
from podmill import settings
from podmill.cli import main
from podmill.store import database
from podmill.store.local import LocalStore
from tests.programs import chord

Captured = pytest.CaptureFixture[str]


def stated() -> Sound:
    """As the steps read it."""
    engine = database.open_engine(settings.current())
    with database.reading(engine) as connection:
        kept = connection.scalar(select(table(Show).c.sound))
    profile = ShowProfile(slug="night", title="Night", guid="g", sound=kept)
    engine.dispose()
    assert "sound" not in json.loads(profile.model_dump_json())
    assert profile.sound is not None
    return profile.sound


def test_a_show_has_music_and_has_it_no_more(tmp_path: Path, capsys: Captured) -> None:
    """The file is in the store; the show says so, keeps it through other changes, and loses it by a word."""
    soundfile.write(tmp_path / "theme.wav", chord(2.0), 44_100)
    (tmp_path / "sound.yaml").write_text("loudness_lufs: -18\nintro: {file: theme.wav, overlap_s: 1}\n")
    assert main(["show", "add", "night", "--title", "Night"]) == 0
    assert main(["show", "edit", "night", "--sound", str(tmp_path / "sound.yaml")]) == 0
    assert main(["show", "edit", "night", "--author", "Ana"]) == 0
    sound = stated()
    assert (sound.loudness_lufs, sound.bed) == (-18, None)
    assert sound.intro
    assert LocalStore(settings.current().store_dir).has(sound.intro.file)
    capsys.readouterr()
    assert main(["show", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shows"][0]["sound"]["intro"]["overlap_s"] == 1
    assert main(["show", "edit", "night", "--sound", "nothing"]) == 0
    assert stated() == Sound()


def test_a_mistake_is_placed(tmp_path: Path, capsys: Captured) -> None:
    """Exit 2; file, line and field; the show stays as it was."""
    (tmp_path / "sound.yaml").write_text("channels: 2\nintro:\n  file: gone.mp3\n")
    assert main(["show", "add", "night", "--title", "Night"]) == 0
    assert main(["show", "edit", "night", "--sound", str(tmp_path / "sound.yaml")]) == 2
    told = capsys.readouterr().err
    assert f"{tmp_path / 'sound.yaml'}:3: intro.file: gone.mp3: No such file." in told
