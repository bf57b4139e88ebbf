"""Writes the locks: every package by version and hash, for Python 3.11 to 3.13 on Linux and macOS.

Run by ``make lock``. uv resolves from its own configured index, whose address is never written down.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
HEAD: Final = "# Made by `make lock` from {source}. Do not edit.\n"

# uv resolves for every platform at once and keeps one version for all the Pythons.
COMPILE: Final = (
    *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--fork-strategy", "fewest"),
    *("--generate-hashes", "--no-emit-index-url", "--no-annotate", "--no-header"),
)

# resemblyzer asks for a back-port that breaks Python 3 and for the source of what webrtcvad-wheels has built.
TORCH_OVERRIDES: Final = "typing; python_version < '3'\nwebrtcvad; python_version < '3'\n"

# PyTorch's own CPU build (CPython 3.11, Linux x86-64), for machines whose pip is offered it. It is a lock of its own
# because pip prefers the registry's build wherever both are allowed; that one needs the CUDA libraries.
TORCH_CPU: Final = (
    "torch==2.13.0+cpu \\\n    --hash=sha256:6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"
)

CUDA: Final = re.compile(r"(nvidia-|cuda-|triton|torch==)")


def resolve(*arguments: str, stdin: str | None = None) -> list[str]:
    """Locked requirements, one entry a package with its hashes."""
    done = subprocess.run(
        [*COMPILE, *arguments], cwd=HERE.parent, check=True, text=True, stdout=subprocess.PIPE, input=stdin
    )
    return [entry.strip() for entry in re.split(r"\n(?=\S)", done.stdout) if entry.strip()]


def write(name: str, source: str, entries: list[str]) -> None:
    text = HEAD.format(source=source) + "\n".join(entries) + "\n"
    if "://" in text:
        sys.exit(f"{name}: an address would be written into the lock.")
    (HERE / name).write_text(text, encoding="utf-8")
    print(f"{name}: {len(entries)} packages")


def main() -> None:
    write("build.txt", "build.in", resolve("requirements/build.in"))
    write("main.txt", "pyproject.toml", resolve("pyproject.toml", "--extra", "piper", "--extra", "postgres"))
    write("dev.txt", "dev.in", resolve("requirements/dev.in"))

    torch = resolve("requirements/torch.in", "--override", "-", stdin=TORCH_OVERRIDES)
    write("cuda.txt", "torch.in", [entry for entry in torch if CUDA.match(entry)])
    write("torch-cpu.txt", "lock.py", [TORCH_CPU])
    write("torch.txt", "torch.in", [entry for entry in torch if not CUDA.match(entry)])


if __name__ == "__main__":
    main()
