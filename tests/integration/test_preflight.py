"""``podmill submit --check`` and its refusals, with ElevenLabs emulated: all findings at once, and nothing made."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from models.tables import Batch, Charge, Episode, Show, table
from podcast_tasks import chain
from podmill.cli import main
from podmill.money import purses
from podmill.money.ledger import Ledger
from podmill.settings import current
from podmill.store.database import open_engine, reading, transaction
from tests.emulators.running import Running

Captured = pytest.CaptureFixture[str]
WORDS = "The tide turns twice a day, and the mill turns with it. "
CHARACTERS = 20 * len(WORDS)
"""Of a script, about."""


@pytest.fixture
def engine(elevenlabs_emulator: Running, monkeypatch: pytest.MonkeyPatch) -> Engine:
    for name, value in elevenlabs_emulator.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PODMILL_VOICES_FALLBACK", "never")
    monkeypatch.setattr(chain, "send", lambda _calls, **_: 0)
    current.cache_clear()
    opened = open_engine(current())
    Ledger(opened).open_account("default", None)
    return opened


def scripts(folder: Path, *lengths: int) -> Path:
    """A batch of ready-made scripts, spoken by ElevenLabs, each so many times as long."""
    rows = []
    for number, length in enumerate(lengths):
        (folder / f"s{number}.txt").write_text(f"[S1] Part {number}. {WORDS * 20 * length}\n")
        rows.append(f"  - {{title: Part {number}, script: s{number}.txt}}\n")
    path = folder / "batch.yaml"
    cast = '[{name: Nora, voice: "elevenlabs:JBFqnCBsd6RMkjVDRZzb"}]'
    path.write_text(f"show: mills\ndefaults:\n  cast: {cast}\nepisodes:\n{''.join(rows)}")
    return path


def run(capsys: Captured, *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def made(engine: Engine) -> list[int]:
    with reading(engine) as connection:
        return [
            int(connection.scalar(select(func.count()).select_from(table(each))) or 0)
            for each in (Show, Batch, Episode, Charge)
        ]


def test_all_findings_at_once(engine: Engine, tmp_path: Path, capsys: Captured, elevenlabs_emulator: Running) -> None:
    """Tier, limits, credit, keys and budgets of one file, with places and actions; exit 2, nothing made or spent."""
    assert main(["account", "add", "anna"]) == 0
    with transaction(engine) as connection:
        purses.set_budget(connection, "account:anna", "month", 1_000)
    elevenlabs_emulator.reset(quota=CHARACTERS * 2)
    batch = scripts(tmp_path, 1, 3)
    (tmp_path / "mills.md").write_text("# Mills\n\nTide mills were built where the tide was high.\n")
    with batch.open("a") as more:
        more.write("  - {topic: Mills, sources: [mills.md], writer: gemini, research: [exa], minutes: 45}\n")
    capsys.readouterr()

    code, told = run(capsys, "submit", str(batch), "--account", "anna")

    assert code == 2
    found = {(each["code"], each["field"], tuple(p["line"] for p in each["episodes"])) for each in told["findings"]}
    assert {
        ("tier_required", "minutes", (7,)),
        ("rate_limit_exceeded", None, ()),
        ("quota", None, (6,)),
        ("configuration", None, (7,)),
        ("budget_exceeded", None, (5, 6, 7)),
    } <= found
    assert all(each["action"] for each in told["findings"])
    assert any("PODMILL_GEMINI_API_KEY" in each["action"] and each["stops"] for each in told["findings"])
    assert any("PODMILL_EXA_API_KEY" in each["action"] and not each["stops"] for each in told["findings"])
    assert told["error"]["code"] == told["findings"][0]["code"]
    assert (told["new"], told["fits_never"]) == (3, 3)
    assert made(engine) == [0, 0, 0, 0]
    assert elevenlabs_emulator.requests() == []


def test_which_fit(engine: Engine, tmp_path: Path, capsys: Captured) -> None:
    """Now, after midnight, never: what never fits refuses the batch, unless only what fits is wanted."""
    batch = scripts(tmp_path, 1, 1, 5)
    code, told = run(capsys, "submit", str(batch), "--check")
    assert (code, told["ok"], told["findings"]) == (0, True, [])
    one = round(told["forecast"][0]["likely_usd"] * 1_000_000)
    assert one > 0
    with transaction(engine) as connection:
        purses.set_budget(connection, "account:default", "day", one * 3 // 2)

    code, told = run(capsys, "submit", str(batch), "--check")
    assert (code, [each["fits"] for each in told["forecast"]]) == (2, ["now", "later", "never"])
    assert [(each["stops"], len(each["episodes"])) for each in told["findings"]] == [(True, 1), (False, 1)]
    assert main(["submit", str(batch)]) == 2
    assert "podmill budget set account:default --day AMOUNT" in capsys.readouterr().err
    assert made(engine) == [0, 0, 0, 0]

    code, told = run(capsys, "submit", str(batch), "--only-fitting")
    assert (code, len(told["episodes"])) == (1, 2)
    assert [row["line"] for row in told["refused"]] == [7]
    assert main(["submit", str(batch), "--check", "--only-fitting"]) == 1
    assert "1 new episode" in capsys.readouterr().out

    with transaction(engine) as connection:
        purses.set_budget(connection, "account:default", "day", None)
    assert main(["submit", str(batch)]) == 0
    assert made(engine) == [1, 2, 3, 0]
    assert main(["submit", str(batch), "--check"]) == 0
    assert "nothing is new" in capsys.readouterr().out


def test_what_may_be_made_for_less_is_taken(engine: Engine, tmp_path: Path, capsys: Captured) -> None:
    """A budget that does not carry all of it refuses nothing where local voices may speak instead."""
    batch = scripts(tmp_path, 1)
    with transaction(engine) as connection:
        purses.set_budget(connection, "account:default", "total", 1_000)
    assert run(capsys, "submit", str(batch), "--check")[0] == 2
    batch.write_text(batch.read_text().replace("defaults:", "defaults:\n  degrade: [quality, voice]", 1))

    code, told = run(capsys, "submit", str(batch), "--check")

    assert code == 0
    assert [(each["code"], each["stops"]) for each in told["findings"]] == [("budget_exceeded", False)]
    assert "give up quality, voice, and would cost 0.00 USD at least" in told["findings"][0]["action"]


def test_credit_of_those_under_way_counts(
    engine: Engine, tmp_path: Path, capsys: Captured, elevenlabs_emulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was submitted before gets its credit first; voices that may stand in make a warning of it."""
    elevenlabs_emulator.reset(quota=CHARACTERS * 5 // 2)
    first = scripts(tmp_path, 2)
    assert main(["submit", str(first)]) == 0
    (tmp_path / "later").mkdir()
    later = scripts(tmp_path / "later", 1)
    (tmp_path / "later" / "s0.txt").write_text(f"[S1] Another part. {WORDS * 20}\n")
    capsys.readouterr()

    code, told = run(capsys, "submit", str(later), "--check")
    assert (code, [each["code"] for each in told["findings"]]) == (2, ["quota"])
    assert "of which others need" in told["findings"][0]["message"]

    monkeypatch.setenv("PODMILL_VOICES_FALLBACK", "whole")
    current.cache_clear()
    code, told = run(capsys, "submit", str(later), "--check")
    assert (code, [(each["code"], each["stops"]) for each in told["findings"]]) == (0, [("quota", False)])


def test_a_wrong_key_and_poor_sound(
    engine: Engine, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who cannot speak refuses the submission, or somebody else speaks and it is said."""
    batch = scripts(tmp_path, 1, 1)
    monkeypatch.setenv("PODMILL_ELEVENLABS_API_KEY", "wrong")
    current.cache_clear()
    code, told = run(capsys, "submit", str(batch), "--check")
    assert (code, [len(each["episodes"]) for each in told["findings"]]) == (2, [2])
    assert "PODMILL_ELEVENLABS_API_KEY" in told["findings"][0]["action"]

    monkeypatch.setenv("PODMILL_VOICES_FALLBACK", "whole")
    current.cache_clear()
    assert main(["submit", str(batch), "--check"]) == 0
    assert "Instead, voices of piper speak." in capsys.readouterr().err

    monkeypatch.setenv("PODMILL_SPEECH_RATE_MIN_HZ", "44100")
    current.cache_clear()
    code, told = run(capsys, "submit", str(batch), "--check")
    assert code == 2
    assert any("PODMILL_ELEVENLABS_API_KEY" in each["action"] for each in told["findings"])
