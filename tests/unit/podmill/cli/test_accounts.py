"""``podmill account``, and submitting for one."""

import json
from pathlib import Path

import pytest

from podcast_tasks import chain
from podmill.cli import main

Captured = pytest.CaptureFixture[str]


def run(capsys: Captured, *arguments: str) -> tuple[int, dict[str, object]]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_an_account_from_its_first_day(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newcomer submits one episode at a time; with a higher tier, more; a name that nobody has is refused."""
    monkeypatch.setattr(chain, "send", lambda _calls, **_: 0)
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text(f"[S1] This is {name}.\n")
    scripts = [str(tmp_path / f"{name}.txt") for name in "abc"]

    code, told = run(capsys, "account", "add", "anna")
    assert (code, told) == (0, {"account": "anna", "tier": "free", "monthly_budget_usd": 5.0, "resumed": []})
    assert run(capsys, "submit", scripts[0], "--account", "anna")[0] == 0
    code, told = run(capsys, "submit", scripts[1], "--account", "anna")
    assert (code, told["error"]["code"]) == (2, "rate_limit_exceeded")
    code, told = run(capsys, "submit", scripts[1], "--account", "nobody")
    assert (code, told["error"]["field"]) == (2, "account")
    assert run(capsys, "submit", scripts[1])[0] == 0

    assert run(capsys, "account", "set", "anna", "--tier", "pro")[1]["monthly_budget_usd"] == 50
    assert run(capsys, "submit", scripts[2], "--account", "anna")[0] == 0
    assert main(["account", "show", "anna"]) == 0
    shown = capsys.readouterr().out
    assert "2 of 10 unfinished, 2 of 50 made today" in shown
    assert "10 % discount" in shown
    assert "$50 left of $50" in shown

    _, told = run(capsys, "account", "list")
    assert [(each["account"], each["tier"], each["pending"]) for each in told["accounts"]] == [
        ("anna", "pro", 2),
        ("default", "owner", 1),
    ]
    assert main(["account", "list"]) == 0
    assert "2 of 10" in capsys.readouterr().out
    code, told = run(capsys, "account", "set", "anna", "--tier", "gold")
    assert (code, told["error"]["code"]) == (2, "configuration")


@pytest.mark.parametrize("setting", ["PRICES", "TIERS"])
def test_a_list_with_a_mistake_stops_before_anything_is_made(
    setting: str, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2, and the message names the file; so it does in ``podmill doctor``'s own check."""
    from podmill.cli.checks import price_lists
    from podmill.settings import current

    own = tmp_path / "own.toml"
    own.write_text("[[something]]\n")
    monkeypatch.setenv(f"PODMILL_{setting}_FILE", str(own))
    current.cache_clear()
    (tmp_path / "a.txt").write_text("[S1] This is a.\n")

    assert price_lists(current()).state == "failed"
    code, told = run(capsys, "submit", str(tmp_path / "a.txt"))
    assert (code, told["error"]["code"]) == (2, "configuration")
    assert "own.toml: 'something'" in told["error"]["message"]
    assert not (current().home / "podmill.db").exists()
    current.cache_clear()


def test_what_costs_an_unknown_price_stops_at_the_start(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both lists, and every price that a usual episode lacks, are looked at before a node starts: none is started."""
    from podmill.cli.checks import price_lists
    from podmill.settings import current

    monkeypatch.setenv("PODMILL_WRITER", "gemini")
    monkeypatch.setenv("PODMILL_GEMINI_MODEL", "gemini-99")
    current.cache_clear()
    code, told = run(capsys, "up")
    assert (code, told["error"]["code"]) == (2, "price_unknown")
    assert "output token for 'gemini:gemini-99'" in told["error"]["message"]
    assert "gemini-99" in price_lists(current()).found

    for name in ("prices", "tiers"):
        (tmp_path / f"{name}.toml").write_text("[[something]]\n")
        monkeypatch.setenv(f"PODMILL_{name.upper()}_FILE", str(tmp_path / f"{name}.toml"))
    current.cache_clear()
    code, told = run(capsys, "up")
    assert (code, told["error"]["code"]) == (2, "configuration")
    assert "prices.toml" in told["error"]["message"]
    assert "tiers.toml" in told["error"]["message"]
    current.cache_clear()
