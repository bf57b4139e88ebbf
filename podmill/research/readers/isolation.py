"""Reading a document in a child process of its own.

Parsers of PDF, Word and HTML are large, and a document can be made to hang or swell them. The child has bounded memory
and time and an empty environment, so what goes wrong in it costs one source and reaches no secret.
"""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

from podmill.errors import SourceError
from podmill.registry import load
from podmill.research.readers import READERS, Paragraph, Reading

READ_MAX_S: Final = 120.0
MEMORY_MAX_BYTES: Final = 1 << 30
_REFUSED: Final = 3
"""Exit code of a child that could explain itself on standard output."""


def read(path: Path, media_type: str, charset: str | None = None, *, timeout_s: float = READ_MAX_S) -> Reading:
    """Read a file in a child process.

    Raises:
        SourceError: it cannot be read, or not within ``timeout_s`` seconds and one GiB of memory.
    """
    command = [sys.executable, "-m", __name__, str(path), media_type, charset or ""]
    environment = {"PYTHONPATH": ":".join(entry for entry in sys.path if entry), "PYTHONUTF8": "1"}
    try:
        child = subprocess.run(  # noqa: S603 - this interpreter and this module; the path is an argument, not a command
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise SourceError(f"was not read within {timeout_s:g} seconds.", action="Give a simpler document.") from None
    if child.returncode not in (0, _REFUSED):
        raise SourceError("is damaged, or too complex to read.", action="Save it again, or give a simpler document.")
    answer = json.loads(child.stdout)
    if child.returncode == _REFUSED:
        raise SourceError(answer["message"], action=answer["action"])
    answer["paragraphs"] = tuple(Paragraph(**paragraph) for paragraph in answer["paragraphs"])
    return Reading(**answer)


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Not on Windows, which keeps the time bound.
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(path: str, media_type: str, charset: str) -> int:
    """What the child does: the reading as JSON on standard output, or why there is none."""
    _bound_memory()
    try:
        reading = load(READERS, media_type, kind="media type")().read(Path(path), charset or None)
    except SourceError as exc:
        sys.stdout.write(json.dumps({"message": exc.message, "action": exc.action}))
        return _REFUSED
    sys.stdout.write(json.dumps(asdict(reading)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
