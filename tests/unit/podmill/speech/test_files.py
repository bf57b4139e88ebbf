"""The voices folder."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from podmill.errors import DiskFullError, SpeechError, VoiceError
from podmill.settings import Settings
from podmill.speech import files

CONFIG = {"espeak": {"voice": "en-us"}, "phoneme_id_map": {"_": [0]}, "audio": {"sample_rate": 22050}}


def model(folder: Path, name: str, config: Any) -> Path:
    """A model file of no use, and its settings."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.onnx"
    path.write_bytes(b"onnx")
    files.piper_config(path).write_text(config if isinstance(config, str) else json.dumps(config))
    return path


def test_models_are_those_with_settings(settings: Settings) -> None:
    """A model without its settings, or with a name that is no name, is no voice."""
    folder = files.voices_dir(settings)
    model(folder, "b", CONFIG)
    model(folder, "a", CONFIG)
    model(folder, "a@1.19", CONFIG)
    (folder / "alone.onnx").write_bytes(b"onnx")
    assert [path.stem for path in files.piper_models(settings)] == ["a", "b"]


@pytest.mark.parametrize(
    "config",
    [
        "not JSON",
        "[]",
        {},
        CONFIG | {"espeak": {"voice": 7}},
        CONFIG | {"audio": {"sample_rate": "22050"}},
        CONFIG | {"audio": {"sample_rate": 10**9}},
        CONFIG | {"phoneme_type": "pinyin"},
    ],
)
def test_settings_that_describe_no_voice(tmp_path: Path, config: Any) -> None:
    """Settings that Piper did not write, or that would make it fetch a model, are refused by the name of their file."""
    with pytest.raises(VoiceError, match=r"voice\.onnx\.json describes? |voice\.onnx\.json does not describe"):
        files.read_piper_config(model(tmp_path, "voice", config))


def test_a_changed_file_has_another_hash(tmp_path: Path) -> None:
    """Hashes are remembered only for as long as the file is the same."""
    path = tmp_path / "file"
    path.write_bytes(b"one")
    before = files.sha256(path)
    path.write_bytes(b"three")
    assert files.sha256(path) != before


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """A file that cannot grow is a full disk, not a crash."""
    (tmp_path / "out.flac").symlink_to("/dev/full")
    with (
        pytest.raises(DiskFullError, match=r"No space left in "),
        files.flac(tmp_path / "out.flac", 44100) as out,
    ):
        out.write(np.random.default_rng(1).uniform(-0.1, 0.1, 100000))


def test_a_sound_file_is_decoded_to_mono() -> None:
    """Channels are mixed to one, at the file's own rate."""
    out = io.BytesIO()
    soundfile.write(out, np.stack([np.full(800, 0.5), np.zeros(800)], axis=1), 8000, format="FLAC", subtype="PCM_16")
    samples, rate_hz = files.decoded(out.getvalue())
    assert (samples.dtype, samples.shape, rate_hz) == (np.float32, (800,), 8000)
    np.testing.assert_allclose(samples, 0.25, atol=1e-4)


@pytest.mark.parametrize("data", [b"", b"ID3", b"<html></html>" * 100])
def test_what_is_no_sound_is_not_decoded(data: bytes) -> None:
    """The message says how much there was of what is no sound."""
    with pytest.raises(SpeechError, match=f"{len(data)} bytes of audio"):
        files.decoded(data)


def test_a_sound_file_of_more_than_an_hour_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its header is believed before memory is taken for it."""
    monkeypatch.setattr(files, "DECODED_MAX_S", 1)
    with pytest.raises(SpeechError, match="claims to last 2 seconds"):
        files.decoded(files.wav(np.zeros(16000, dtype=np.float32), 8000))
