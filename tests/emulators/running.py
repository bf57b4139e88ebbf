"""Emulated providers as processes of their own, and a fixture for each."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest

from tests.emulators.account import Terms

ROOT: Final = Path(__file__).parents[2]
START_S: Final = 60.0
STOP_S: Final = 10.0


@dataclass(frozen=True)
class Running:
    """An emulator that runs."""

    url: str
    log: Path
    process: "subprocess.Popen[str]"

    @property
    def key(self) -> str:
        return Terms.key

    @property
    def env(self) -> dict[str, str]:
        """Variables that lead Podmill to it."""
        return {"PODMILL_ELEVENLABS_URL": self.url, "PODMILL_ELEVENLABS_API_KEY": self.key}

    def next(self, *faults: str) -> None:
        """What the next requests meet, see ``faults``."""
        self._post("next", list(faults))

    def reset(self, **terms: Any) -> None:
        """Forget everything; other terms than the usual ones, see ``account.Terms``."""
        self._post("reset", terms)

    def requests(self) -> list[dict[str, Any]]:
        """Every request to speak since the last reset, in order of arrival."""
        lines = [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]
        resets = [number for number, line in enumerate(lines) if line["outcome"] == "reset"]
        return lines[resets[-1] + 1 if resets else 0 :]

    def _post(self, name: str, content: object) -> None:
        request = Request(f"{self.url}/emulator/{name}", json.dumps(content).encode(), method="POST")  # noqa: S310
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server
            assert answer.status == 200


@contextmanager
def running(folder: Path, *options: str, provider: str = "elevenlabs") -> Iterator[Running]:
    """An emulator; its log is ``requests.jsonl`` in ``folder``, and what it has to say ``emulator.log``."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "requests.jsonl"
    with (folder / "emulator.log").open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", f"tests.emulators.{provider}", "--state", str(log), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=ROOT,
            text=True,
        )
    # A start that hangs ends, and the line that is waited for comes out empty.
    late = threading.Timer(START_S, process.kill)
    late.start()
    assert process.stdout
    try:
        url = process.stdout.readline().strip()
        late.cancel()
        if not url:
            raise RuntimeError(f"The emulator did not start: {(folder / 'emulator.log').read_text()[-2000:]}")
        yield Running(url, log, process)
    finally:
        late.cancel()
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@pytest.fixture(scope="session")
def _elevenlabs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("elevenlabs"), "--hang-s", "2") as emulator:
        yield emulator


@pytest.fixture
def elevenlabs_emulator(_elevenlabs: Running) -> Running:
    """ElevenLabs on this machine, speaking in tones, with an empty history and its usual terms."""
    _elevenlabs.reset()
    return _elevenlabs
