"""Whisper weights from one format to the other."""

import json
import struct

import numpy as np
import pytest

from podmill.errors import TranscriberError
from podmill.verification import weights

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    from podmill.verification.checkpoint import convert

    folder = tmp_path_factory.mktemp("converted")
    convert(weights.find("tiny.en", cache_dir=folder), folder / "tiny.en.pt")
    return folder / "tiny.en.pt"


def test_both_engines_compute_the_same(converted):
    """The encoder's output differs by less than float32 rounding over four layers explains."""
    import ctranslate2
    import torch
    import whisper

    mel = np.random.default_rng(5).standard_normal((1, 80, 3000)).astype(np.float32)
    here = ctranslate2.models.Whisper(str(weights.find("tiny.en", cache_dir=converted.parent)), compute_type="float32")
    there = whisper.load_model(str(converted), device="cpu")

    expected = np.array(here.encode(ctranslate2.StorageView.from_array(mel)))
    with torch.no_grad():
        actual = there.encoder(torch.from_numpy(mel)).numpy()

    assert expected.std() > 0.5
    np.testing.assert_allclose(actual, expected, atol=1e-3)


def test_the_file_holds_the_alignment_heads_and_nothing_stays_behind(converted):
    """Heads as in the folder's configuration; no temporary file."""
    import torch

    held = torch.load(converted, weights_only=True)

    config = json.loads((weights.find("tiny.en", cache_dir=converted.parent) / "config.json").read_text())
    assert held["alignment_heads"] == config["alignment_heads"]
    assert list(converted.parent.iterdir()) == [converted]


def variable(name: str, array: np.ndarray, number_type: int) -> bytes:
    encoded = name.encode() + b"\0"
    shape = struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
    start = struct.pack("<H", len(encoded)) + encoded + shape
    return start + struct.pack("<BI", number_type, array.nbytes) + array.tobytes()


def test_int8_weights_are_numbers_again(tmp_path):
    """Each row divided by its scale."""
    from podmill.verification.checkpoint import _read

    rows = np.array([[10, -20], [30, 40]], dtype=np.int8)
    scale = np.array([10, 20], dtype=np.float32)
    path = tmp_path / "model.bin"
    path.write_bytes(
        struct.pack("<IH", 6, 12)
        + b"WhisperSpec\0"
        + struct.pack("<II", 3, 2)
        + variable("a/weight", rows, 1)
        + variable("a/weight_scale", scale, 0)
        + struct.pack("<I", 0)
    )

    read = _read(path)

    assert list(read) == ["a/weight"]
    np.testing.assert_array_equal(read["a/weight"], [[1.0, -2.0], [1.5, 2.0]])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        struct.pack("<I", 99),
        struct.pack("<IH", 6, 5) + b"Gpt2\0" + struct.pack("<II", 1, 0),
        struct.pack("<IH", 6, 12) + b"WhisperSpec\0" + struct.pack("<III", 3, 0, 0),
        struct.pack("<IH", 6, 12) + b"WhisperSpec\0" + struct.pack("<IIHBBIBI", 3, 1, 2, 97, 0, 1, 0, 4_000_000_000),
    ],
    ids=["empty", "unknown-version", "another-model", "no-weights", "lies-about-its-length"],
)
def test_what_is_no_whisper_model_is_explained(tmp_path, content):
    """A hostile or damaged file gives a message and no checkpoint."""
    from podmill.verification.checkpoint import convert

    (tmp_path / "model.bin").write_bytes(content)
    (tmp_path / "config.json").write_text("{}")

    with pytest.raises(TranscriberError, match="does not hold a Whisper model"):
        convert(tmp_path, tmp_path / "out.pt")
    assert not (tmp_path / "out.pt").exists()
