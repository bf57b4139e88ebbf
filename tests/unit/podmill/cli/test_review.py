"""``podmill review``: the queue, the passages, the decisions; wrong input is a message and exit 2."""

import getpass
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from sqlalchemy import Engine

from podmill import settings
from podmill.cli import main, player
from podmill.money.ledger import Ledger
from podmill.store.database import open_engine
from tests import reviews

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def engine() -> Iterator[Engine]:
    opened = open_engine(settings.current())
    Ledger(opened).open_account("default", None)
    yield opened
    opened.dispose()


@pytest.fixture
def asked(engine: Engine) -> str:
    return reviews.waiting(engine, settings.current(), "tides")


def test_the_queue(asked: str, capsys: Captured) -> None:
    """A table for people, all fields as JSON; filters choose."""
    assert main(["review", "list"]) == 0
    told = capsys.readouterr().out
    assert asked[:8] in told
    assert "waits" in told

    assert main(["review", "list", "--kind", "failed", "--show", "tides", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["items"]
    assert (entry["id"], entry["lines"], entry["kind"], entry["episode_state"]) == (1, [2], "failed", "review")
    assert main(["review", "list", "--kind", "sample", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"items": []}


def test_an_item(asked: str, capsys: Captured) -> None:
    """Script against what was heard, scores against limits."""
    assert main(["review", "show", "1"]) == 0
    told = capsys.readouterr().out
    for words in ("Two is <the> second.", "heard: <hm>", "40%", "0.94", "not passed"):
        assert words in told
    assert "One is the first." not in told

    assert main(["review", "show", asked[:7], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["item"]["episode_id"] == asked


def test_a_passage_is_written(asked: str, tmp_path: Path, capsys: Captured) -> None:
    """The first line in question, unless another is named."""
    out = tmp_path / "new" / "cut.flac"
    assert main(["review", "play", "1", "--out", str(out)]) == 0
    assert (soundfile.info(out).duration, str(out) in capsys.readouterr().out.replace("\n", "")) == (7.0, True)
    assert main(["review", "play", "1", "--line", "1", "--out", str(out)]) == 0
    assert soundfile.info(out).duration == 5.0


def test_a_passage_is_played(asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """By the first player that can, and nothing of it is kept; without one the file is told."""
    kept = tmp_path / "played.wav"
    for name, program in (("afplay", "exit 1"), ("aplay", f'cp "$2" {kept}')):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{program}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(player, "PLAYERS", (("afplay",), ("nowhere",), ("aplay", "-q")))
    assert main(["review", "play", "1"]) == 0
    assert soundfile.info(kept).duration == 7.0
    assert list(settings.current().temp.glob("review-*")) == []

    monkeypatch.setattr(player, "PLAYERS", ())
    assert main(["review", "play", "1"]) == 0
    assert "review-1-line-2.wav" in capsys.readouterr().out.replace("\n", "")


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (["approve"], "approved"),
        (["respeak", "--lines", "1, 3"], "respoken"),
        (["edit", "--line", "2", "--text", "Two is last."], "edited"),
        (["edit", "--line", "3", "--text", "Three is.", "--line", "1", "--text", "One is."], "edited"),
        (["reject", "--note", "No."], "rejected"),
    ],
)
def test_a_decision(asked: str, words: list[str], state: str, capsys: Captured) -> None:
    """By the user of the shell, or whoever is named; the second one is told."""
    decide = ["review", words[0], "1", *words[1:]]
    assert main([*decide, "--json"]) == 0
    entry = json.loads(capsys.readouterr().out)["item"]
    assert (entry["state"], entry["decided_by"]) == (state, getpass.getuser())
    assert entry["episode_state"] == ("failed" if state == "rejected" else "queued")

    assert main([*decide, "--by", "bob"]) == 2
    assert f"was {state} by {getpass.getuser()} already" in capsys.readouterr().err
    assert main(["review", "list", "--decided"]) == 0
    assert state in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["show", "9"],
        ["show", "zz"],
        ["play", "1", "--line", "0"],
        ["play", "1", "--line", "4"],
        ["play", "1", "--out", "cut.xyz"],
        ["respeak", "1", "--lines", "two"],
        ["respeak", "1", "--lines", "4"],
        ["edit", "1", "--line", "2", "--text", ""],
        ["edit", "1", "--line", "2"],
        ["edit", "1", "--line", "2", "--line", "3", "--text", "A"],
        ["edit", "1", "--line", "2", "--text", "A", "--line", "2", "--text", "B"],
        ["reject", "1"],
        ["reject", "1", "--note", ""],
        ["approve", "1", "--by", " "],
        ["list", "--kind", "odd"],
        ["dance"],
    ],
)
def test_wrong_input(asked: str, words: list[str], capsys: Captured) -> None:
    """One message, nothing on standard output, and nothing is decided."""
    assert main(["review", *words]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.startswith("error: ")) == ("", True)
    assert "Traceback" not in told.err
    assert main(["review", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["items"][0]["state"] == "open"
