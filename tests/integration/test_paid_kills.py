"""SIGKILL during a request to each paid provider: the one that is billed is used, or looked up, or left to a person.

A request to ElevenLabs for a single voice is killed in test_paid_requests.py, at every point and on both databases.
"""

import json
import os
import re
import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from models.brief import Brief, CastMember
from models.documents import Document
from models.steps import EpisodeState, Step, StepState
from pipelines import episode as episodes
from podmill.cli import main
from podmill.settings import current
from podmill.store.clock import now
from podmill.store.database import reading, transaction
from tests.emulators.hosted import environment
from tests.emulators.running import Running
from tests.emulators.searching import RunningProvider
from tests.speaking import DOCUMENT, EPISODE, STEP_RUN
from tests.unit.podmill.money.provider import charges, check_sums, grow_older
from tests.unit.podmill.speech.tones import script
from tests.workers import ended, start
from tests.writing import TIDES, tides

RECORD_AFTER_S = 20.0
Captured = pytest.CaptureFixture[str]
PRICES = """
[[price]]
provider = "openai:emulated-llm"
unit = "input token"
usd = "0.000001"
source = "test"
date = 2026-11-21

[[price]]
provider = "openai:emulated-llm"
unit = "output token"
usd = "0.000002"
source = "test"
date = 2026-11-21
"""


@dataclass(frozen=True)
class Paid:
    """A step that pays one provider."""

    emulator: str
    step: Step
    voices: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    brief: Mapping[str, Any] = field(default_factory=dict)


PAID = {
    "dialogue": Paid(
        "elevenlabs",
        Step.SYNTHESIS,
        ("elevenlabs:JBFqnCBsd6RMkjVDRZzb", "elevenlabs:21m00Tcm4TlvDq8ikWAM"),
        {"PODMILL_ELEVENLABS_MODEL": "eleven_v3"},
    ),
    "minimax": Paid("minimax", Step.SYNTHESIS, ("minimax:English_expressive_narrator",)),
    "azure": Paid("azure", Step.SYNTHESIS, ("azure:en-US-AvaMultilingualNeural",)),
    "openai": Paid("openai_speech", Step.SYNTHESIS, ("openai:alloy",), {"PODMILL_OPENAI_SPEECH_OWN": "false"}),
    "gemini_speech": Paid("gemini", Step.SYNTHESIS, ("gemini:Kore", "gemini:Puck")),
    "google": Paid("gemini", Step.RESEARCH, brief={"topic": "Tide mills", "researchers": ("google",)}),
    "exa": Paid("exa", Step.RESEARCH, brief={"topic": "Tide mills", "researchers": ("exa",)}),
    "gemini": Paid("gemini", Step.SCRIPTING, brief={"topic": TIDES, "writer": "gemini", "minutes": 1}),
    "chat": Paid("chat", Step.SCRIPTING, brief={"topic": TIDES, "writer": "openai", "minutes": 1}),
}
LINES = ("Boats lie on the sand.", "They wait for the sea.")
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("settings", ["sqlite"], indirect=True)]


@pytest.fixture
def env(settings, podmill_home: Path, broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Of the workers, and of the command line in this process."""
    prices = tmp_path / "prices.toml"
    prices.write_text(PRICES)
    ours = {
        "PODMILL_BROKER_URL": broker,
        "PODMILL_FAULT_DIR": str(podmill_home),
        "PODMILL_ELEVENLABS_RECORD_S": "0",
        "PODMILL_ELEVENLABS_TIMEOUT_S": str(RECORD_AFTER_S),
        "PODMILL_FETCH_PRIVATE": "true",
        "PODMILL_RESEARCH_PAGES": "1",
        "PODMILL_PRICES_FILE": str(prices),
        "PODMILL_OPENAI_CHAT_MODEL": "emulated-llm",
    }
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    current.cache_clear()
    return dict(os.environ)


class Paying:
    """An episode whose next step pays a provider, and that provider."""

    def __init__(self, paid: Paid, emulator: Running, engine: Engine, show: str, env: dict[str, str]) -> None:
        self.paid = paid
        self.emulator = emulator
        self.engine = engine
        self.env = {**env, **_address(paid.emulator, emulator), **paid.settings}
        cast = tuple(
            CastMember(speaker=f"S{n}", name=f"Speaker {n}", voice=voice) for n, voice in enumerate(paid.voices, 1)
        )
        if paid.step is Step.SCRIPTING:
            cast = (CastMember(speaker="S1", name="Joe", voice="piper:joe"),)
        brief = Brief(show=show, cast=cast, **paid.brief)
        words = script(*(f"S{1 + n % max(len(cast), 1)}: {line}" for n, line in enumerate(LINES)))
        before: dict[Step, tuple[Step, Document]] = {
            Step.SCRIPTING: (Step.RESEARCH, tides()),
            Step.SYNTHESIS: (Step.SCRIPTING, words),
        }
        with transaction(engine) as connection:
            self.id, _ = episodes.make(connection, key="k", brief=brief, title="Tides", account="default")
            if paid.step in before:
                made_by, document = before[paid.step]
                row = {"episode_id": self.id, "step": made_by, "body": document.model_dump_json()}
                connection.execute(DOCUMENT.insert().values(**row, created_at=now()))
        self.due()

    def due(self) -> None:
        """Its step may be claimed, whoever had it."""
        with transaction(self.engine) as connection:
            free = {"step": self.paid.step, "state": StepState.DUE, "lease_expires_at": 0}
            connection.execute(update(STEP_RUN).values(**free))
            connection.execute(update(EPISODE).values(step=self.paid.step, state=EpisodeState.RUNNING))

    def work(self, *, dies_at: str = "") -> int:
        return ended(start(self.paid.step, self.id, self.env, dies_at=dies_at))

    def billed(self) -> list[dict[str, Any]]:
        """The requests that the provider made and charged, by its own log."""
        return [line for line in self.emulator.requests() if line.get("billed") or line.get("billed_usd")]

    def asked_most(self) -> int:
        """How often the provider charged for the one content that it was asked for most."""
        wanted = ("voice", "text", "body")
        asked = Counter(json.dumps([line.get(name) for name in wanted]) for line in self.billed())
        return max(asked.values())

    @property
    def row(self) -> Any:
        with reading(self.engine) as connection:
            return connection.execute(select(EPISODE)).one()

    def has_made_it(self) -> bool:
        """Whether its step has made its document."""
        with reading(self.engine) as connection:
            made = select(DOCUMENT.c.body).where(DOCUMENT.c.step == self.paid.step)
            return connection.scalar(made) is not None


def _address(name: str, emulator: Running) -> dict[str, str]:
    if name == "openai_speech":
        return {"OPENAI_BASE_URL": f"{emulator.url}/v1", "OPENAI_API_KEY": emulator.key}
    if name == "chat":
        return {"OPENAI_BASE_URL": f"{emulator.url}/v1", "OPENAI_API_KEY": emulator.key}
    if isinstance(emulator, RunningProvider) or name == "elevenlabs":
        return emulator.env
    return environment(name, emulator)


@pytest.fixture
def paying(request: pytest.FixtureRequest, engine: Engine, show: str, env: dict[str, str]) -> Paying:
    paid = PAID[request.param]
    name = {"openai_speech": "openai"}.get(paid.emulator, paid.emulator)
    return Paying(paid, request.getfixturevalue(f"{name}_emulator"), engine, show, env)


@pytest.mark.parametrize("paying", PAID, indirect=True)
def test_killed_once_it_is_paid_for_nothing_is_asked_twice(paying: Paying) -> None:
    """The reply was kept: the next worker uses it, and the provider has charged each request once."""
    assert paying.work(dies_at="charge:settled") == -signal.SIGKILL
    paying.due()
    assert paying.work() == 0

    assert paying.has_made_it(), paying.row.error
    assert paying.asked_most() == 1
    settled = [row for row in charges(paying.engine) if row.state == "settled"]
    assert len(settled) == len(paying.billed())
    check_sums(paying.engine)


@pytest.mark.parametrize("point", ["charge:intended", "charge:called", "charge:kept"])
@pytest.mark.parametrize("paying", ["dialogue"], indirect=True)
def test_killed_before_it_is_looked_up(paying: Paying, point: str) -> None:
    """A dialogue has neither text nor voice in the history: its audio is found there by its turns, and used."""
    assert paying.work(dies_at=point) == -signal.SIGKILL
    paying.due()
    grow_older(paying.engine, RECORD_AFTER_S + 5)
    assert paying.work() == 0

    assert paying.has_made_it(), paying.row.error
    (asked,) = paying.billed()
    assert asked["turns"] == [
        [line, voice.partition(":")[2]] for line, voice in zip(LINES, paying.paid.voices, strict=True)
    ]
    (settled,) = [row for row in charges(paying.engine) if row.state == "settled"]
    assert (settled.request_id, settled.quantity) == (asked["request_id"], asked["billed"])
    check_sums(paying.engine)


@pytest.mark.parametrize(
    ("paying", "point", "verb"),
    [
        ("minimax", "charge:intended", "refuse"),
        ("minimax", "charge:called", "settle"),
        ("azure", "charge:called", "settle"),
        ("openai", "charge:kept", "settle"),
        ("gemini_speech", "charge:called", "settle"),
        ("google", "charge:called", "settle"),
        ("exa", "charge:called", "settle"),
        ("gemini", "charge:called", "settle"),
        ("chat", "charge:called", "settle"),
    ],
    indirect=["paying"],
)
def test_killed_before_a_person_says_what_became_of_it(paying: Paying, point: str, verb: str, capsys: Captured) -> None:
    """Nobody else knows: nothing is asked until the command that the reason names was run; then the step is made."""
    assert paying.work(dies_at=point) == -signal.SIGKILL
    paying.due()
    assert paying.work() == 0

    made = 0 if point == "charge:intended" else 1
    assert len(paying.billed()) == made
    assert (paying.row.state, paying.row.error_code) == (EpisodeState.REVIEW, "held")
    assert [row.state for row in charges(paying.engine)] == ["in_doubt"]
    command = re.search(rf"podmill (charges {verb} \w+)", paying.row.error)
    assert command, paying.row.error

    assert main(command[1].split()) == 0
    assert f"retried {paying.id}" in capsys.readouterr().out
    paying.due()
    assert paying.work() == 0

    assert paying.has_made_it(), paying.row.error
    assert paying.asked_most() == made + 1
    states = Counter(row.state for row in charges(paying.engine))
    assert (states["settled"], states["refused"]) == (len(paying.billed()), 1 - made)
    check_sums(paying.engine)
