"""The same Whisper weights in another format: CTranslate2's folder to openai-whisper's checkpoint.

CTranslate2 writes ``model.bin``, all little-endian, as: version (u32), name of the specification (string), its revision
(u32), number of variables (u32); for each variable its name (string), rank (u8), dimensions (u32 each), number type
(u8), length in bytes (u32) and data; then number of aliases (u32), and for each its name and the variable's (strings).
A string is its length with the closing zero (u16), and the bytes. Layout and names are those of ctranslate2 4.8
(``specs/model_spec.py``, ``specs/whisper_spec.py``).
"""

import json
import math
import os
import re
import struct
import tempfile
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import torch
from numpy.typing import NDArray

from podmill.errors import TranscriberError

_VERSIONS: Final = (5, 6)
_NUMBER_TYPES: Final = ("<f4", "<i1", "<i2", "<i4", "<f2")
"""By their number in the file. The sixth, bfloat16, NumPy does not have."""

_KEY_BIAS_MAX: Final = 1e-6
"""Whisper's keys have no bias; CTranslate2 writes zeros so that it can compute them with the queries and values."""

_OUTER: Final = {
    "encoder/conv1": "encoder.conv1",
    "encoder/conv2": "encoder.conv2",
    "encoder/layer_norm": "encoder.ln_post",
    "encoder/position_encodings": "encoder.positional_embedding",
    "decoder/embeddings": "decoder.token_embedding",
    "decoder/position_encodings": "decoder.positional_embedding",
    "decoder/layer_norm": "decoder.ln",
}
_INNER: Final = {
    "self_attention/layer_norm": ("attn_ln",),
    "self_attention/linear_0": ("attn.query", "attn.key", "attn.value"),
    "self_attention/linear_1": ("attn.out",),
    "attention/layer_norm": ("cross_attn_ln",),
    "attention/linear_0": ("cross_attn.query",),
    "attention/linear_1": ("cross_attn.key", "cross_attn.value"),
    "attention/linear_2": ("cross_attn.out",),
    "ffn/layer_norm": ("mlp_ln",),
    "ffn/linear_0": ("mlp.0",),
    "ffn/linear_1": ("mlp.2",),
}
"""Within a layer. Several names on the right: CTranslate2 stacked their rows in that order."""

_LEAVES: Final = {"weight": ".weight", "bias": ".bias", "gamma": ".weight", "beta": ".bias", "encodings": ""}
_LAYER: Final = re.compile(r"(encoder|decoder)/layer_(\d+)/(.+)")

Arrays = dict[str, NDArray[Any]]


def convert(ct2_dir: Path, out_pt: Path) -> None:
    """Write a checkpoint that ``whisper.load_model`` takes, in float16, with the alignment heads beside the weights.

    The file appears whole or not at all.

    Raises:
        TranscriberError: the folder does not hold a complete Whisper model in a layout known here.
    """
    try:
        arrays = _read(ct2_dir / "model.bin")
        made = {
            "dims": _dimensions(arrays),
            "model_state_dict": _renamed(arrays),
            "alignment_heads": json.loads((ct2_dir / "config.json").read_text(encoding="utf-8"))["alignment_heads"],
        }
    except (OSError, KeyError, IndexError, ValueError, struct.error) as exc:
        raise TranscriberError(
            f"{ct2_dir} does not hold a Whisper model that can be converted: {exc}",
            action="Install the model again, or name another one.",
        ) from exc
    out_pt.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=out_pt.parent, suffix=".part", delete=False) as scratch:
        try:
            torch.save(made, scratch)
            scratch.flush()
            os.fsync(scratch.fileno())
            Path(scratch.name).replace(out_pt)
        except BaseException:
            Path(scratch.name).unlink(missing_ok=True)
            raise


def _read(path: Path) -> Arrays:
    """Every variable by name, aliases included, quantized ones as numbers again."""
    size_bytes = path.stat().st_size
    stored: Arrays = {}
    with path.open("rb") as file:
        (version,) = _unpack(file, "<I")
        if version not in _VERSIONS:
            raise ValueError(f"model.bin has version {version}, known are {_VERSIONS}")
        specification = _string(file)
        if specification != "WhisperSpec":
            raise ValueError(f"model.bin holds a {specification}")
        _, count = _unpack(file, "<II")
        for _ in range(count):
            name = _string(file)
            (rank,) = _unpack(file, "<B")
            *shape, number_type, length = _unpack(file, f"<{rank}IBI")
            if length > size_bytes or number_type >= len(_NUMBER_TYPES):
                raise ValueError(f"{name} has number type {number_type} and {length} bytes")
            dtype = np.dtype(_NUMBER_TYPES[number_type])
            stored[name] = np.fromfile(file, dtype, count=math.prod(shape)).reshape(shape)
        (count,) = _unpack(file, "<I")
        for _ in range(count):
            alias = _string(file)
            stored[alias] = stored[_string(file)]
    return {name: _dequantized(name, stored) for name in stored if not name.endswith("_scale")}


def _unpack(file: BinaryIO, layout: str) -> tuple[Any, ...]:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _string(file: BinaryIO) -> str:
    (length,) = _unpack(file, "<H")
    return file.read(length).removesuffix(b"\0").decode()


def _dequantized(name: str, stored: Arrays) -> NDArray[Any]:
    """A quantized weight was multiplied by one scale a row."""
    scale = stored.get(f"{name}_scale")
    if scale is None:
        return stored[name]
    return stored[name].astype(np.float32) / (scale[:, None] if scale.ndim else scale)


def _dimensions(arrays: Arrays) -> dict[str, int]:
    layers = dict.fromkeys(("encoder", "decoder"), 0)
    for name in arrays:
        if layer := _LAYER.match(name):
            layers[layer[1]] = max(layers[layer[1]], int(layer[2]) + 1)
    width, mels, _ = arrays["encoder/conv1/weight"].shape
    vocabulary, text_width = arrays["decoder/embeddings/weight"].shape
    return {
        "n_mels": mels,
        "n_audio_ctx": len(arrays["encoder/position_encodings/encodings"]),
        "n_audio_state": width,
        "n_audio_head": int(arrays["encoder/num_heads"]),
        "n_audio_layer": layers["encoder"],
        "n_vocab": vocabulary,
        "n_text_ctx": len(arrays["decoder/position_encodings/encodings"]),
        "n_text_state": text_width,
        "n_text_head": int(arrays["decoder/num_heads"]),
        "n_text_layer": layers["decoder"],
    }


def _renamed(arrays: Arrays) -> dict[str, torch.Tensor]:
    """Weights under openai-whisper's names; its loader refuses a checkpoint that misses one or has another shape."""
    renamed = {}
    for name, array in arrays.items():
        stem, _, leaf = name.rpartition("/")
        layer = _LAYER.match(stem)
        if layer:
            targets = tuple(f"{layer[1]}.blocks.{layer[2]}.{inner}" for inner in _INNER.get(layer[3], ()))
        else:
            targets = (_OUTER[stem],) if stem in _OUTER else ()
        if not targets or leaf not in _LEAVES:
            continue
        for target, rows in zip(targets, np.split(array, len(targets)), strict=True):
            if target.endswith(".key") and leaf == "bias":
                if np.abs(rows).max() > _KEY_BIAS_MAX:
                    raise ValueError(f"{name}: the keys have a bias")
                continue
            renamed[target + _LEAVES[leaf]] = torch.from_numpy(rows.astype(np.float16))
    return renamed
