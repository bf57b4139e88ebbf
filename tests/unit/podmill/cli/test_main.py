"""The command line in this process: exit codes, streams, and what a person reads."""

import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from podmill import settings
from podmill.cli import main
from podmill.store import database
from tests.batches import fill_batch

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _dispose() -> Iterator[None]:
    yield
    database.open_engine(settings.current()).dispose()


@pytest.fixture
def batch() -> str:
    with database.transaction(database.open_engine(settings.current())) as connection:
        fill_batch(connection, count=4)
    return "b1"


def test_version_and_help(capsys: Captured) -> None:
    """Both end with 0 and read nothing."""
    assert main(["--version"]) == 0
    assert main(["--help"]) == 0
    assert "produce" in capsys.readouterr().out


def test_a_look_is_quick() -> None:
    """What only looks, or cannot be used, does not wait for Celery, array or sound libraries to load."""
    looks = [["--help"], ["status"], ["submit", "nope.yaml"], ["report", "nope"], ["show", "list"]]
    heavy = {
        "av",
        "celery",
        "ctranslate2",
        "faster_whisper",
        "numpy",
        "onnxruntime",
        "scipy",
        "soundfile",
        "trafilatura",
    }
    program = (
        "import sys; from podmill.cli import main\n"
        f"for look in {looks!r}: main(look); print(look, {heavy!r} & {{*sys.modules}}, file=sys.stderr)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    loaded = [line for line in told.stderr.splitlines() if line.startswith("[")]
    assert loaded == [f"{look} set()" for look in looks]


@pytest.mark.parametrize("command", [["status", "nope"], ["report", "nope"], ["watch"], ["produce", "nope.yaml"]])
def test_a_mistake_is_one_message(command: list[str], capsys: Captured) -> None:
    """Exit 2, one line on standard error, nothing on standard output."""
    assert main(command) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert told.err.count("\n") == 1


def test_a_mistake_as_json(capsys: Captured) -> None:
    """With --json standard output holds one object that says the same."""
    assert main(["status", "nope", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["error"]["code"] == "invalid_input"
    assert "nope" in told["error"]["message"]
    assert told["error"]["action"]


def test_a_wrong_option_as_json(capsys: Captured) -> None:
    """So it is for a command that does not parse."""
    assert main(["status", "--nope", "--json"]) == 2
    told = capsys.readouterr()
    assert json.loads(told.out)["error"]["code"] == "usage"
    assert told.err == "error: No such option: --nope Run: podmill --help\n"


def test_a_wrong_option_has_no_line(tmp_path: Path, capsys: Captured) -> None:
    """Only what stands in a file is told with a line."""
    (tmp_path / "a.md").write_text("# A\n\nA is a letter.\n")
    assert main(["submit", str(tmp_path / "a.md"), "--minutes", "0"]) == 2
    assert capsys.readouterr().err.startswith("error: minutes: Must be more than 0")


def test_a_home_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """It is a wrong configuration, and the message names the setting."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("PODMILL_HOME", str(tmp_path / "file" / "home"))
    settings.current.cache_clear()
    assert main(["status"]) == 2
    assert "Set PODMILL_HOME" in capsys.readouterr().err
    monkeypatch.setenv("PODMILL_HOME", str(tmp_path))
    settings.current.cache_clear()


def test_a_wrong_setting(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """A setting that cannot be used is named, whatever the command."""
    monkeypatch.setenv("PODMILL_MINUTES", "many")
    settings.current.cache_clear()
    assert main(["status"]) == 2
    assert "PODMILL_MINUTES" in capsys.readouterr().err
    monkeypatch.delenv("PODMILL_MINUTES")
    monkeypatch.setenv("PODMILL_ENGIN", "piper")
    settings.current.cache_clear()
    assert main(["doctor"]) == 2
    assert "PODMILL_ENGIN: there is no setting 'engin'. Did you mean 'engine'?" in capsys.readouterr().err
    monkeypatch.delenv("PODMILL_ENGIN")
    settings.current.cache_clear()


def test_a_voice_that_nobody_heard_is_not_forgotten(podmill_home: Path, capsys: Captured) -> None:
    """A mistyped name is no success."""
    settings.current.cache_clear()
    assert main(["voices", "forget", "piper:jo"]) == 2
    assert "No episode was heard in 'piper:jo'" in capsys.readouterr().err


def test_nothing_is_made_of_bad_rows(tmp_path: Path, capsys: Captured) -> None:
    """Every refused row is told with its place, on both streams, and the exit code is 2."""
    path = tmp_path / "b.yaml"
    path.write_text("show: s\nepisodes:\n  - topic: A\n  - topic: B\n    minutes: 0\n")
    assert main(["produce", str(path), "--json"]) == 2
    told = capsys.readouterr()
    assert [row["line"] for row in json.loads(told.out)["refused"]] == [3, 5]
    assert f"refused: {path}:5: minutes: " in told.err
    assert not (settings.current().home / "podmill.db").exists()


def test_strict(tmp_path: Path, capsys: Captured) -> None:
    """--strict refuses a file with a good row, too, and makes nothing."""
    (tmp_path / "a.md").write_text("# A\n\nA is a letter.\n")
    path = tmp_path / "b.csv"
    path.write_text("topic,sources\nA,a.md\nB,\n")
    assert main(["submit", str(path), "--strict"]) == 2
    assert f"{path}:3" in capsys.readouterr().err
    assert not (settings.current().home / "podmill.db").exists()


def test_status_and_report(batch: str, tmp_path: Path, capsys: Captured) -> None:
    """Status and report print the same episodes; the report adds figures and writes the page."""
    assert main(["status", "b", "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    page = tmp_path / "new" / "report.html"
    assert main(["report", batch, "--json", "--html", str(page)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["episodes"] == status["episodes"]
    assert report["summary"]["success_rate"] == 0.5
    assert "<svg" in page.read_text()
    assert main(["report", batch]) == 0
    assert "Heard too little of it." in capsys.readouterr().out
    assert main(["status"]) == 0
    assert "b.yaml" in capsys.readouterr().out


def test_waiting_without_a_node(batch: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who retries or watches is told at once that nothing works on it; watching goes on."""
    assert main(["retry", "b1-1"]) == 0
    assert "No node is running" in capsys.readouterr().err
    # Reading what pytest captures empties it, and what another thread writes meanwhile is lost.
    told = io.StringIO()
    monkeypatch.setattr(sys, "stderr", told)
    watching = threading.Thread(target=main, args=(["watch", batch],))
    watching.start()
    while "b1-1 Episode 1 <b>&: queued" not in told.getvalue():
        assert watching.is_alive()
        time.sleep(0.01)
    assert "Run: podmill up" in told.getvalue()
    assert main(["cancel", "b1-1"]) == 0
    watching.join()


def test_watch_of_a_finished_batch(batch: str, capsys: Captured) -> None:
    """It ends at once with a line for each episode on standard error; what is not all published ends with 1."""
    assert main(["watch", batch, "--json"]) == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["state"] == "partial"
    assert "b1-1 Episode 1 <b>&: failed, verification: Heard too little of it." in told.err


def test_a_page_that_cannot_be_written(batch: str, tmp_path: Path, capsys: Captured) -> None:
    """The message names the file, and no temporary file stays."""
    (tmp_path / "folder").mkdir()
    assert main(["report", batch, "--html", str(tmp_path / "folder")]) == 2
    assert "folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_shows(capsys: Captured) -> None:
    """A show is made once, changed, and listed; a wrong property is named."""
    assert main(["show", "edit", "night", "--title", "N"]) == 2
    assert main(["show", "add", "night", "--title", "Night Sky"]) == 0
    assert main(["show", "add", "night"]) == 2
    assert main(["show", "edit", "night", "--author", "Ana"]) == 0
    assert main(["show", "edit", "night", "--cover", "none.png"]) == 2
    assert main(["show", "edit", "night", "--category", "Science", "--subcategory", "Astronomy"]) == 0
    assert main(["show", "edit", "night", "--category", "History"]) == 0
    capsys.readouterr()
    assert main(["show", "list", "--json"]) == 0
    (show,) = json.loads(capsys.readouterr().out)["shows"]
    assert (show["title"], show["author"]) == ("Night Sky", "Ana")
    assert (show["category"], show["subcategory"]) == ("History", None)


def test_doctor_tells_no_secret(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """Every setting is listed with its origin; the broker's password is nowhere, though the broker does not answer."""
    monkeypatch.setenv("PODMILL_BROKER_URL", "redis://:hunter2@127.0.0.1:1/0")
    settings.current.cache_clear()
    for options in ([], ["--json"]):
        assert main(["doctor", *options]) == 2
        told = capsys.readouterr()
        assert "hunter2" not in told.out + told.err
    found = json.loads(told.out)
    origins = {row["name"]: row["origin"] for row in found["settings"]}
    assert origins["broker_url"] == "PODMILL_BROKER_URL"
    assert origins["minutes"] == "default"
    states = {check["name"]: check["state"] for check in found["checks"]}
    assert states["broker"] == "failed"
    assert states["database"] == "ok"
    assert states["node"] == "note"


def test_voices(capsys: Captured) -> None:
    """Voices are listed whether installed or not; an unknown one is a mistake that says what there is."""
    assert main(["voices", "list", "--json"]) == 0
    voices = json.loads(capsys.readouterr().out)["voices"]
    assert "piper:joe" in [voice["id"] for voice in voices]
    assert main(["voices", "play", "piper:nobody"]) == 2
    assert "piper:nobody" in capsys.readouterr().err


def test_schedule(tmp_path: Path, capsys: Captured) -> None:
    """A brief recurs under a name until it is taken off; a cron expression that is none is a mistake."""
    brief = tmp_path / "a.md"
    brief.write_text("# A\n\nA is the first letter of the alphabet.\n")
    asked = ["show", "schedule", "night", "weekly", str(brief), "--tz", "Europe/Berlin", "--cron"]
    assert main(["show", "add", "night"]) == 0
    assert main([*asked, "soon"]) == 2
    assert main([*asked, "0 6 * * 1"]) == 0
    capsys.readouterr()
    assert main(["show", "list", "--json"]) == 0
    (show,) = json.loads(capsys.readouterr().out)["shows"]
    assert show["schedules"] == [{"name": "weekly", "cron": "0 6 * * 1", "timezone": "Europe/Berlin", "active": True}]
    assert main(["show", "unschedule", "night", "weekly"]) == 0
    assert main(["show", "unschedule", "night", "weekly"]) == 2
