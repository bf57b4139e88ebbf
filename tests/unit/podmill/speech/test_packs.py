"""Packs of Kokoro voices, from the honest to the hostile."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from podmill.errors import VoiceError
from podmill.speech import packs

STYLE = np.linspace(-1, 1, 510 * 256, dtype=np.float32).reshape(packs.SHAPE)


def release(path: Path, members: dict[str, bytes]) -> Path:
    """A package as npm packs it."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_a_pack_is_read(tmp_path: Path) -> None:
    """Names and styles come back as they were saved."""
    path = tmp_path / "voices.npz"
    np.savez(path, af_heart=STYLE, bm_george=-STYLE)
    assert packs.names(path) == ("af_heart", "bm_george")
    assert np.array_equal(packs.read(path, "bm_george"), -STYLE)


def test_only_voices_count(tmp_path: Path) -> None:
    """Arrays of another size, and names that are no voice's, are passed over without being unpacked."""
    path = tmp_path / "voices.npz"
    np.savez(path, allow_pickle=False, af_heart=STYLE, af_short=STYLE[:5], weights=STYLE, **{"a/../f_x": STYLE})
    assert packs.names(path) == ("af_heart",)


def test_what_is_no_archive_has_no_voices(tmp_path: Path) -> None:
    """A file that only ends in .npz holds nothing."""
    path = tmp_path / "voices.npz"
    path.write_bytes(b"PK nothing")
    assert packs.names(path) == ()


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    """An array of Python objects, which could run code, is refused."""
    path = tmp_path / "voices.npz"
    np.savez(path, allow_pickle=True, af_heart=np.array([{}], dtype=object))
    with pytest.raises(VoiceError, match=r"'af_heart' in .* cannot be read"):
        packs.read(path, "af_heart")


def test_a_damaged_style(tmp_path: Path) -> None:
    """A style that is not finite is no voice."""
    path = tmp_path / "voices.npz"
    np.savez(path, af_heart=STYLE * np.nan)
    with pytest.raises(VoiceError, match="is not a Kokoro voice"):
        packs.read(path, "af_heart")


def test_a_release_is_read(tmp_path: Path) -> None:
    """The voices of a package are found by folder, ending, size and name; the rest is passed over."""
    content = STYLE.astype("<f4").tobytes()
    path = release(
        tmp_path / "kokoro-js.tgz",
        {
            "package/voices/af_heart.bin": content,
            "package/voices/af_half.bin": content[:100],
            "package/voices/weights.bin": content,
            "package/dist/af_bella.bin": content,
            "../../voices/../af_evil.bin": content,
        },
    )
    voices = packs.from_release(path)
    assert list(voices) == ["af_heart"]
    assert np.array_equal(voices["af_heart"], STYLE)


@pytest.mark.parametrize("content", [b"", b"not a package", b"\x1f\x8b\x08\x00 damaged"])
def test_what_is_no_release(tmp_path: Path, content: bytes) -> None:
    """Files that are no package are refused by name."""
    path = tmp_path / "kokoro-js.tgz"
    path.write_bytes(content)
    with pytest.raises(VoiceError, match=r"kokoro-js\.tgz is not a package of voices"):
        packs.from_release(path)


def test_a_release_without_voices(tmp_path: Path) -> None:
    """A package that holds no voice says where to get one."""
    with pytest.raises(VoiceError, match="npm pack kokoro-js"):
        packs.from_release(release(tmp_path / "other.tgz", {"package/index.js": b"1"}))
