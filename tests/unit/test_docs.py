"""README and docs: what they show is true."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Final

import pytest

from models.steps import EpisodeState
from podmill import publishing, research, scripting, settings, speech, verification
from podmill.briefs.reading import read_submission
from podmill.cli.app import GROUPS
from podmill.money import prices, tiers
from podmill.report.status import BatchStatus

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
EPISODE_KEYS: Final = {
    *("id", "title", "state", "step", "error", "audio_path", "transcript_path", "duration_s", "word_accuracy"),
    *("loudness_lufs", "true_peak_dbtp", "cost_usd", "requests", "publications"),
}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    purpose: str
    """The word after the language: ``batch``, ``report``."""
    text: str


def blocks(language: str, purpose: str | None = None) -> list[Any]:
    """The blocks in a language, as parameters of a test that are named after their place."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, match.start()) + 1
            block = Block(page, line, match[1], match[2] or "", match[3])
            if block.language == language and purpose in (None, block.purpose):
                found.append(pytest.param(block, id=f"{page.relative_to(ROOT)}:{line}"))
    return found


@cache
def usage(*command: str) -> str:
    """What ``podmill COMMAND --help`` prints."""
    program = "import sys; from podmill.cli import main; sys.exit(main(sys.argv[1:]))"
    result = subprocess.run(
        [sys.executable, "-c", program, *command, "--help"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "NO_COLOR": "1", "PODMILL_HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, f"podmill {' '.join(command)}: {result.stderr or result.stdout}"
    return result.stdout


@pytest.mark.parametrize("block", blocks("bash"))
def test_every_command_that_is_shown_exists(block: Block) -> None:
    """A make target is in the Makefile, a podmill command and its options in the help; a queue and a setting exist."""
    known = {f"PODMILL_{name.upper()}" for name in settings.Settings.model_fields}
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in block.text.splitlines():
        program, *rest = shlex.split(line)
        if program == "make":
            assert set(rest) <= targets, line
        elif program == "podmill":
            words = [word for word in rest[:2] if not word.startswith("-")]
            shown = usage(*words[: 2 if rest[0] in GROUPS else 1])
            assert all(option in shown for option in rest if option.startswith("--")), line
        elif program == "export":
            assert {name.partition("=")[0] for name in rest} <= known, line
        else:
            assert [program, *rest[:2]] == ["celery", "-A", "podcast_tasks"], f"nothing checks: {line}"


@pytest.mark.parametrize("block", [*blocks("yaml", "batch"), *blocks("csv", "batch"), *blocks("jsonl", "batch")])
def test_every_batch_that_is_shown_is_read_without_a_refused_row(block: Block, tmp_path: Path) -> None:
    """The batch reader takes each example as it stands, with the documents it names beside it."""
    for name in re.findall(r"[\w/-]+\.(?:md|pdf|txt)", block.text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(_content(path.suffix))
    file = tmp_path / f"batch.{block.language}"
    file.write_text(block.text)

    # Where a topic has no documents, somebody must be there to research it.
    env = {"PODMILL_HOME": str(tmp_path / "home"), "EXA_API_KEY": "a key"}
    submission = read_submission(file, settings.load(env)[0])

    assert submission.refused == ()
    assert submission.episodes


def _content(suffix: str) -> bytes:
    if suffix == ".txt":
        return b"Ana: Good morning.\nBen: Good morning, Ana.\nAna: The tide is in.\n"
    if suffix == ".md":
        return b"# Tide mills\n\nA tide mill is driven by the rise and fall of the sea.\n"
    return b"%PDF-1.4\n%%EOF\n"


@pytest.mark.parametrize("block", blocks("json", "report"))
def test_the_report_that_is_shown_has_the_contract_s_shape(block: Block) -> None:
    """It is what the models print, every key of it, and the keys that scripts rely on are among them."""
    shown = json.loads(block.text)

    assert BatchStatus.model_validate(shown).model_dump(mode="json") == shown
    assert set(shown) >= {"batch", "state", "feed_path", "episodes"}
    for episode in shown["episodes"]:
        assert set(episode) >= EPISODE_KEYS
        assert episode["state"] in set(EpisodeState)


@pytest.mark.parametrize("block", [*blocks("toml", "prices"), *blocks("toml", "tiers")])
def test_every_list_that_is_shown_loads(block: Block, tmp_path: Path) -> None:
    """An operator may begin with it."""
    own = tmp_path / "own.toml"
    own.write_text(block.text)
    if block.purpose == "prices":
        assert len(prices.load(own)) >= len(prices.load())
    else:
        setting = {"PODMILL_HOME": str(tmp_path), "PODMILL_TIERS_FILE": str(own)}
        assert len(tiers.load(settings.load(setting)[0]).all()) > 4


@pytest.mark.parametrize("block", blocks("toml", ""))
def test_every_settings_file_that_is_shown_loads(block: Block, tmp_path: Path) -> None:
    """The names are settings and the values are allowed."""
    tomllib.loads(block.text)
    (tmp_path / "podmill.toml").write_text(block.text)

    loaded, _ = settings.load({"PODMILL_HOME": str(tmp_path)})

    assert loaded.home == tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """A relative link names a file that is there."""
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


def _generator(name: str) -> Any:
    spec = spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_the_settings_is_current() -> None:
    """docs/configuration.md is what the settings say: `make docs` was run."""
    made = _generator("generate_configuration").page()

    assert made == (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def test_the_table_of_errors_is_current() -> None:
    """docs/operations.md has the rows of podmill/recovery.py: `make docs` was run."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert _generator("generate_recovery").page(text) == text


def test_every_setting_that_is_named_exists() -> None:
    """No page names a PODMILL_ variable that is not a setting."""
    known = {f"PODMILL_{name.upper()}" for name in settings.Settings.model_fields} | {"PODMILL_CONFIG"}
    for page in PAGES:
        named = set(re.findall(r"\bPODMILL_[A-Z_]+[A-Z]\b", page.read_text(encoding="utf-8")))
        assert named <= known, page


REGISTRIES: Final = (
    *(publishing.TARGETS, research.RESEARCHERS, scripting.WRITERS, speech.ENGINES, verification.TRANSCRIBERS),
)


@pytest.mark.parametrize("name", sorted({name for registry in REGISTRIES for name in registry}))
def test_everything_that_is_registered_has_its_heading(name: str) -> None:
    """docs/providers.md tells of each: researcher, writer, engine, transcriber, target."""
    assert f"\n### {name}\n" in (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "adr").glob("*.md")), ids=lambda page: page.stem)
def test_a_decision_is_one_page_with_its_four_parts(page: Path) -> None:
    """Context, decision, consequences, alternatives; numbered as its file is."""
    text = page.read_text(encoding="utf-8")

    assert text.startswith(f"# {int(page.name[:4])}. ")
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequences",
        "Alternatives",
    ]
    assert len(text.splitlines()) <= 60


def test_the_words_of_the_glossary_are_in_order_and_once() -> None:
    """A reader finds a word by its place."""
    words = re.findall(r"^\| ([a-z ]+) \|", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)[1:]

    assert words == sorted(set(words))
