"""The house itself: packaging, locks, imports, licences, what may not be written into a file."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[2]
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES: Final = ("models", "pipelines", "podcast_tasks", "podmill")
LOCKS: Final = ("build", "cuda", "dev", "main", "torch", "torch-cpu")
MODULE_LINES_MAX: Final = 350

HEAVY: Final = {
    *("av", "ctranslate2", "docx", "faster_whisper", "flower", "kokoro_onnx", "lxml", "onnxruntime", "piper", "PIL"),
    *("pydub", "pyloudnorm", "pypdf", "scipy", "torch", "trafilatura", "uvicorn", "whisper"),
}
"""Slow or large to import: only what uses them may load them."""

DISTRIBUTIONS: Final = {"kokoro_onnx": "kokoro-onnx", "piper": "piper-tts", "whisper": "openai-whisper"}
"""Packages by import name, for extras that need not be installed here."""

PARTS: Final = {
    "anyio": "fastapi",
    "billiard": "celery",
    "click": "typer",
    "httpcore2": "httpx2",
    "kombu": "celery",
    "markupsafe": "jinja2",
    "sqlalchemy": "sqlmodel",
    "starlette": "fastapi",
    "tornado": "flower",
}
"""Import names of what a declared package is made of and hands out as its own."""


def modules() -> Iterator[Path]:
    yield ROOT / "celeryconfig.py"
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


@cache
def tracked() -> tuple[Path, ...]:
    """Text files under version control."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=120
    ).stdout
    paths = [ROOT / name for name in names.split("\0") if name]
    return tuple(path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8000])


def declared(*extras: str) -> list[Requirement]:
    """What pyproject.toml asks for: always, and with extras."""
    optional = PROJECT["project"]["optional-dependencies"]
    texts = [*PROJECT["project"]["dependencies"], *(text for extra in extras for text in optional[extra])]
    return [Requirement(text) for text in texts]


def locked(lock: str) -> dict[str, str]:
    """Versions by package name."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    return {
        canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)
    }


# Locks


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_version_and_a_hash(lock: str) -> None:
    """Each entry is NAME==VERSION followed by SHA-256 hashes; no option, no address."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    entries = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", text).strip())

    assert entries
    for entry in entries:
        first, *hashes = entry.split("\\\n")
        assert re.match(r"[a-z0-9.-]+==[\w.+]+( ;.+)? *$", first.strip()), first
        assert hashes
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64} ?", line) for line in hashes), entry


def test_the_lock_holds_what_the_project_asks_for() -> None:
    """Every declared dependency is in main.txt, at a version it allows: `make lock` was run."""
    versions = locked("main")

    for requirement in declared("piper", "postgres"):
        version = versions.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not locked: make lock"
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version}: make lock"


def test_the_locks_agree() -> None:
    """A package that two locks hold has one version: they are installed together."""
    versions = locked("main")

    for lock in ("dev", "torch", "cuda"):
        for name, version in locked(lock).items():
            assert versions.get(name, version) == version, f"{lock}.txt: {name}"


def test_pytorch_stays_out_of_the_product() -> None:
    """Neither PyTorch nor CUDA is in the environment of `make demo`."""
    assert not {"torch", "triton", "openai-whisper"} & locked("main").keys()
    assert not [name for name in locked("main") if name.startswith("nvidia-")]


# Imports


def test_every_import_is_declared() -> None:
    """What the product imports is the standard library, itself, or a dependency of pyproject.toml."""
    providers = importlib.metadata.packages_distributions()
    known = {
        canonicalize_name(requirement.name) for requirement in declared(*PROJECT["project"]["optional-dependencies"])
    }
    unknown = set()
    for path in modules():
        for name in _imported(path):
            if name in sys.stdlib_module_names or name in PACKAGES or name == "celeryconfig":
                continue
            owners = {canonicalize_name(owner) for owner in providers.get(name, [name])}
            owners |= {PARTS.get(name, name), DISTRIBUTIONS.get(name, name)}
            if not owners & known:
                unknown.add(f"{path.relative_to(ROOT)}: {name}")

    assert sorted(unknown) == []


def _imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("module", ["podmill.cli", "podcast_tasks.app", "podcast_tasks.queues", "pipelines.episode"])
def test_importing_is_light(module: str) -> None:
    """Starting a command or a worker loads no model, no codec and no web server."""
    program = f"import sys, {module}; print(*sorted({HEAVY!r} & sys.modules.keys()))"
    env = {"PODMILL_BROKER_URL": "redis://127.0.0.1:1/0", "PATH": "/usr/bin:/bin", "PODMILL_HOME": "/nonexistent"}
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )

    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == []


def test_every_module_of_podmill_has_a_place_in_the_layers() -> None:
    """A new folder or module is put into the import contract, or the contract would not see it."""
    layers = next(c for c in PROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "layers")["layers"]
    placed = {name for layer in layers for name in re.findall(r"[\w.]+", layer)}
    present = {
        f"podmill.{path.stem}"
        for path in (ROOT / "podmill").iterdir()
        if path.name not in ("__init__.py", "__main__.py") and (path.suffix == ".py" or any(path.glob("*.py")))
    }

    assert sorted(present - placed) == []
    assert sorted(name for name in placed - present if name.startswith("podmill.")) == []


def test_only_settings_reads_the_environment() -> None:
    """Every setting goes through podmill.settings; a child's environment may still be composed from the parent's."""
    readers = {
        str(path.relative_to(ROOT))
        for path in modules()
        if re.search(r"\bos\.(environ\.get|getenv|environ\[)|\bgetenv\(", path.read_text(encoding="utf-8"))
    }

    assert readers <= {"podmill/settings.py"}


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_are_small(path: Path) -> None:
    """A module is one noun, and fits into a reader's head."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LINES_MAX


# Packaging


def test_celeryconfig_is_the_one_in_the_tree(tmp_path: Path) -> None:
    """From any folder Python finds this celeryconfig.py, not a copy that an install left behind."""
    program = "import importlib.util; print(importlib.util.find_spec('celeryconfig').origin)"
    result = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    if result.returncode:
        pytest.skip("the project is not installed here: make")

    assert Path(result.stdout.strip()) == ROOT / "celeryconfig.py"


def test_what_is_gpl_is_an_extra() -> None:
    """No package that every installation needs is under the GPL; LGPL and a choice of licences are allowed."""
    needed = {canonicalize_name(requirement.name) for requirement in declared()}
    required, queue = set(), sorted(needed)
    while queue:
        name = queue.pop()
        if name in required:
            continue
        required.add(name)
        try:
            texts = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        wanted = [Requirement(text) for text in texts]
        queue += [canonicalize_name(r.name) for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]

    assert sorted(name for name in required if _is_gpl(name)) == []


def _is_gpl(name: str) -> bool:
    try:
        metadata = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    licence = metadata.get("License-Expression") or metadata.get("License") or ""
    return bool(re.search(r"(?<![AL])GPL", licence.partition("\n")[0])) and " OR " not in licence


# What is written down


def test_no_lock_names_an_index() -> None:
    """The locks pin versions and hashes; where packages come from is the machine's own affair."""
    found = [
        f"{path.name}:{number}"
        for path in sorted((ROOT / "requirements").iterdir())
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"\w://|find-links|(?<!-)index-url", line)
    ]

    assert found == []


def test_no_unfinished_work_is_marked() -> None:
    """What is not done is an issue, not a comment."""
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    found = [str(path.relative_to(ROOT)) for path in modules() if marks.search(path.read_text(encoding="utf-8"))]

    assert found == []


# Makefile


def _make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_help_lists_every_target() -> None:
    """`make help`, which is also plain `make`, shows each target with a line that says what it does."""
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert phony

    shown = _make()

    assert shown.returncode == 0
    for target in phony[1].split():
        assert re.search(rf"^  make {target} +\S", shown.stdout, re.MULTILINE), target


@pytest.mark.parametrize("target", ["demo", "up", "check", "test", "test-torch", "bench", "lock", "docs", "clean"])
def test_every_target_can_be_planned(target: str) -> None:
    """make knows how to reach each target from nothing."""
    result = _make("--dry-run", target)

    assert result.returncode == 0, result.stderr


def test_without_a_python_that_fits_one_line_says_what_to_install() -> None:
    """No stack of errors: the line names the versions and the packages."""
    result = _make("PYTHON=", "nowhere/bin/python")

    assert result.returncode != 0
    assert "apt-get install python3 python3-venv" in result.stderr


def test_no_test_waits_for_ever() -> None:
    """A process that a test runs to its end has a time limit: a hang must name itself, not use up the whole run."""
    unbounded = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "subprocess.run"
        and "timeout" not in {keyword.arg for keyword in node.keywords}
    ]

    assert unbounded == []
