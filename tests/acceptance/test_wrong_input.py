"""Wrong input: a clear message that names the place, the right exit code, and nothing made."""

from pathlib import Path

import pytest

from tests.acceptance.conftest import Command, answer

pytestmark = pytest.mark.slow


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


CASES = [
    pytest.param("empty.txt", "", ("empty.txt", "empty"), id="empty file"),
    pytest.param("music.txt", bytes(range(256)) * 40, ("music.txt",), id="binary as text"),
    pytest.param(
        "batch.yaml",
        "show: x\nepisodes:\n  - script: |\n      Nobody says this.\n      Nor this.\n",
        ("batch.yaml", "script"),
        id="script without speakers",
    ),
    pytest.param(
        "batch.yaml",
        'show: x\nepisodes:\n  - script: "[S1] Hello there."\n    cast: [{name: Ann, voice: "piper:nobody"}]\n',
        ("batch.yaml:4", "piper:nobody"),
        id="unknown voice",
    ),
    pytest.param("batch.yaml", "show: x\nepisodes:\n  - topic: tides\n", ("batch.yaml:3", "sources"), id="no sources"),
    pytest.param(
        "batch.yaml",
        'show: x\nepisodes:\n  - script: "[S1] Hello there."\n    minutes: 0\n',
        ("batch.yaml:4", "minutes"),
        id="0 minutes",
    ),
]


@pytest.mark.parametrize(("name", "content", "said"), CASES)
def test_wrong_input(podmill: Command, tmp_path: Path, podmill_home: Path, name, content, said):
    """Exit 2, the file and what is wrong with it on standard error, no traceback, no episode."""
    done = podmill("submit", write(tmp_path, name, content))

    assert done.returncode == 2, done.stderr
    message = " ".join(done.stderr.split())
    for part in said:
        assert part in message
    assert "Traceback" not in done.stderr
    assert list((podmill_home / "public").glob("*")) == []


def test_one_bad_row_with_strict_refuses_the_file(podmill: Command, tmp_path: Path):
    """``--strict``: exit 2 and nothing made; without it the good row is taken and the exit code is 1."""
    path = write(tmp_path, "batch.yaml", 'show: x\nepisodes:\n  - script: "[S1] Hello there."\n  - {topic: tides}\n')

    assert podmill("submit", path, "--strict").returncode == 2
    done = podmill("submit", path, "--json")
    assert done.returncode == 1
    report = answer(done)
    assert len(report["episodes"]) == 1
    assert [row["line"] for row in report["refused"]] == [4]
