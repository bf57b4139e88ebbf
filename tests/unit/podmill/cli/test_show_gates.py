"""``podmill show edit --gates`` and ``--brand``: what is said reaches the steps, and is not published."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from models.gates import GATES, Brand, StatedGates
from models.show import ShowProfile
from models.tables import Show, table
from podmill import settings
from podmill.cli import main
from podmill.quality import gates_of
from podmill.store import database


def profile() -> ShowProfile:
    """As the steps read it."""
    engine = database.open_engine(settings.current())
    with database.reading(engine) as connection:
        gates, brand = connection.execute(select(table(Show).c.gates, table(Show).c.brand)).one()
    engine.dispose()
    return ShowProfile(slug="night", title="Night", guid="g", gates=gates, brand=brand)


def test_the_gates_in_force_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the show states, and of everything else what the settings and its sound say."""
    (tmp_path / "gates.yaml").write_text("clarity: 0.75\nduration: fail\n")
    (tmp_path / "sound.yaml").write_text("true_peak_dbtp: -2\n")
    files = ["--gates", str(tmp_path / "gates.yaml"), "--sound", str(tmp_path / "sound.yaml")]
    assert main(["show", "add", "night", "--title", "Night", *files]) == 0
    capsys.readouterr()
    assert main(["show", "list", "--json"]) == 0
    [listed] = json.loads(capsys.readouterr().out)["shows"]
    found = listed["gates_in_force"]

    assert found["clarity"] == {"limit": 0.75, "action": "review"}
    assert found["duration"] == {"limit": 0.05, "action": "fail"}
    assert found["true_peak"]["limit"] == -2
    assert found["word_accuracy"] == {"limit": 0.94, "action": "respeak"}
    assert found["unmeasured"] == "note"
    assert found.keys() == {*GATES, "unmeasured"}


def test_a_show_has_gates_and_a_brand_and_has_them_no_more(tmp_path: Path) -> None:
    """They stay through other changes, hold where the show says so, and go by a word."""
    (tmp_path / "gates.yaml").write_text("clarity: 0.75\nduration: {limit: 0.1, action: review}\n")
    (tmp_path / "brand.yaml").write_text("avoid: [synergy]\ntone: dry\n")
    assert main(["show", "add", "night", "--title", "Night"]) == 0
    files = ["--gates", str(tmp_path / "gates.yaml"), "--brand", str(tmp_path / "brand.yaml")]
    assert main(["show", "edit", "night", *files]) == 0
    assert main(["show", "edit", "night", "--author", "Ana"]) == 0
    found = profile()
    gates = gates_of(settings.current(), found.gates)

    assert (gates.clarity.limit, gates.clarity.action) == (0.75, "review")
    assert (gates.duration.limit, gates.duration.action) == (0.1, "review")
    assert found.brand == Brand(avoid=("synergy",), tone="dry")
    assert {"gates", "brand"}.isdisjoint(json.loads(found.model_dump_json()))
    assert main(["show", "edit", "night", "--gates", "nothing", "--brand", "nothing"]) == 0
    assert (profile().gates, profile().brand) == (StatedGates(), Brand())


@pytest.mark.parametrize(
    ("option", "text", "told"),
    [
        ("--gates", "claritee: 0.7\n", "1: claritee: Unknown field 'claritee'. Did you mean 'clarity'?"),
        ("--gates", "word_accuracy: 94\n", "1: word_accuracy: Must be 0 to 1, but is 94."),
        ("--gates", "hosts: 2\nvoice_lines: {limit: 1.2}\n", "2: voice_lines: Must be 0 to 1, but is 1.2."),
        ("--gates", "clarity: nan\n", "1: clarity.limit: Must be a finite number"),
        ("--gates", "duration: .inf\n", "1: duration.limit: Must be a"),
        ("--gates", "true_peak: 1\n", "1: true_peak: Must be -20 to 0, but is 1."),
        (
            "--gates",
            "sample_rate: 48000\n",
            "1: sample_rate: Must be 0 to 44,100, the rate at which files are encoded, but is 48,000.",
        ),
        ("--gates", "clarity: high\n", "1: clarity.limit: Must be a valid number"),
        ("--gates", "duration: {action: shout}\n", "1: duration.action: Must be 'note', 'respeak', 'review' or 'fail'"),
        ("--brand", "use: 5\n", "1: use: Must be a list, but is '5'."),
        ("--brand", "tone: dry\nsentence_words_max: 2\n", "2: sentence_words_max: Must be greater than or equal to 5"),
    ],
)
def test_a_mistake_is_placed(
    option: str, text: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2; file, line and field, and what there is instead."""
    (tmp_path / "stated.yaml").write_text(text)
    assert main(["show", "add", "night", "--title", "Night"]) == 0

    assert main(["show", "edit", "night", option, str(tmp_path / "stated.yaml")]) == 2
    assert f"{tmp_path / 'stated.yaml'}:{told}" in capsys.readouterr().err
