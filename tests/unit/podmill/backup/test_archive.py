"""What is not a whole backup is refused whatever was done to it, and nothing is changed."""

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from podmill.backup import making
from podmill.backup.places import public_parts
from podmill.backup.restoring import restore
from podmill.errors import InputError
from tests.unit.podmill.backup.conftest import title_in, tree


@pytest.fixture
def backup(settings, cover, tmp_path: Path) -> Path:
    return making.make(settings, tmp_path / "good.tar").path


def rewritten(backup: Path, change: Callable[[tarfile.TarInfo, bytes], list[tuple[tarfile.TarInfo, bytes]]]) -> Path:
    """The archive with each member replaced by what the function makes of it."""
    path = backup.with_name("bad.tar")
    with tarfile.open(backup) as old, tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as new:
        for info in old:
            content = old.extractfile(info) if info.isreg() else None
            for made, data in change(info, content.read() if content else b""):
                if made.isreg():
                    made.size = len(data)
                new.addfile(made, io.BytesIO(data))
    return path


def before_the_feed(kind: bytes, name: str, linkname: str = "", data: bytes = b"") -> Callable[..., list]:
    """Puts a member of one's own into the archive."""

    def change(info: tarfile.TarInfo, content: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
        if not info.name.endswith("feed.xml"):
            return [(info, content)]
        evil = tarfile.TarInfo(name)
        evil.type, evil.linkname = kind, linkname
        return [(evil, data), (info, content)]

    return change


REG, LNK, SYM = tarfile.REGTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE
HOSTILE = {
    "parent": (REG, "../outside"),
    "parent in public": (REG, "public/../../outside"),
    "parent in store": (REG, "store/../outside"),
    "absolute": (REG, "/outside"),
    "absolute in public": (REG, "public//outside"),
    "elsewhere in the home": (REG, "password"),
    "not a hash": (REG, "store/ab/run.sh"),
    "wrong folder": (REG, f"store/00/{'ab' * 32}"),
    "symlink": (SYM, "public/x", "/etc/passwd"),
    "symlink to a folder": (SYM, "public/x", ".."),
    "hard link out": (LNK, "public/x", "/etc/passwd"),
    "hard link to the database": (LNK, "public/x", "podmill.db"),
    "hard link over the database": (LNK, "podmill.db", "public/tides/cover.jpg"),
    "device": (tarfile.CHRTYPE, "public/x"),
    "pipe": (tarfile.FIFOTYPE, "public/x"),
    "twice": (REG, "public/tides/cover.jpg"),
    "below a file": (REG, "public/tides/cover.jpg/x"),
    "over a folder": (REG, "public/tides"),
    "a second database": (REG, "podmill.db"),
    "a long name": (REG, "public/" + "x" * 300),
    "deep": (REG, "public/" + "x/" * 40 + "x"),
    "plain, but not in the manifest": (REG, "public/extra.html"),
}


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_member_is_refused(backup: Path, elsewhere, case, tmp_path: Path):
    """Whatever it is called and wherever it leads, nothing is written but the lock of the home folder."""
    bad = rewritten(backup, before_the_feed(*case))
    before = sorted(path.name for path in tmp_path.iterdir())

    with pytest.raises(InputError, match="Not a whole backup"):
        restore(elsewhere, bad)
    assert set(tree(elsewhere.home)) == {".node.lock"}
    assert sorted({*before, "elsewhere"}) == sorted(path.name for path in tmp_path.iterdir())


def test_a_changed_byte_is_noticed(backup: Path, elsewhere):
    """The content of a member is not what the manifest says."""
    bad = rewritten(
        backup, lambda info, data: [(info, data.replace(b"tides", b"waves") if "feed" in info.name else data)]
    )

    with pytest.raises(InputError, match="not what was put into it"):
        restore(elsewhere, bad)


@pytest.mark.parametrize("lost", ["backup.json", "podmill.db", "feed.xml", ".jpg", "manifest.jsonl"])
def test_a_lost_member_is_noticed(backup: Path, elsewhere, lost: str):
    """Any of them."""
    bad = rewritten(backup, lambda info, data: [] if info.name.endswith(lost) else [(info, data)])

    with pytest.raises(InputError):
        restore(elsewhere, bad)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 0.999), compressed=st.booleans())
def test_cut_off_anywhere_it_is_refused(backup: Path, elsewhere, share: float, compressed: bool):
    """And what is there already stays as it is. (The end of a tar file is padding: the manifest is whole before.)"""
    whole = backup.read_bytes()
    whole = whole[: whole.rindex(b"}\n")]
    data = gzip.compress(whole, 1) if compressed else whole
    cut = backup.with_name("cut.tar")
    cut.write_bytes(data[: int(len(data) * share)])

    with pytest.raises(InputError):
        restore(elsewhere, cut, force=True)
    assert set(tree(elsewhere.home)) == {".node.lock"}


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), compressed=st.booleans())
def test_damaged_anywhere_it_is_refused_or_harmless(backup: Path, elsewhere, data, compressed: bool):
    """A flipped byte is noticed, unless it is one that carries nothing: the padding of tar, a time, an owner."""
    whole = gzip.compress(backup.read_bytes(), 1) if compressed else backup.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    bad = backup.with_name("flipped.tar")
    bad.write_bytes(whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :])

    try:
        restore(elsewhere, bad, force=True)
    except InputError:
        return
    assert title_in(elsewhere) == "Tides"


def test_attributes_without_end_are_not_read_into_memory(backup: Path, elsewhere):
    """A header that announces a gigabyte of them is refused before they are read."""
    info = tarfile.TarInfo("public/x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 30
    bad = backup.with_name("bomb.tar")
    bad.write_bytes(info.tobuf(tarfile.USTAR_FORMAT) + b"\0" * 4096)

    with pytest.raises(InputError, match="too long"):
        restore(elsewhere, bad)


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"\x1f\x8b", b"PK\3\4" + b"\0" * 2000, gzip.compress(b"")])
def test_another_file_is_refused(elsewhere, tmp_path: Path, content: bytes):
    """Empty, text, a zip."""
    path = tmp_path / "other"
    path.write_bytes(content)

    with pytest.raises(InputError, match="Not a whole backup"):
        restore(elsewhere, path)


@given(st.text(max_size=60))
def test_no_name_leads_out_of_the_public_folder(text: str):
    """Every part is a plain name."""
    parts = public_parts("public/" + text)
    root = Path("/r/public")

    assert parts is None or (root.joinpath(*parts).resolve().is_relative_to(root) and ".." not in parts)
