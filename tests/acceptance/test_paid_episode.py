"""Whole episodes whose research, script and speech are asked of providers on the wire: by outside ones, and by our own.

Everything is real but the providers: the command line, the node and its Celery workers, the SDKs, speech that is spoken
and heard. The emulators' own logs say what was asked and charged.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html

from models.dossier import Dossier
from models.script import Script
from models.steps import Step
from podcast_tasks.journal import Journal
from podmill.money import decisions
from podmill.settings import load
from podmill.store.database import open_engine
from tests.acceptance.conftest import Command, answer
from tests.emulators.chatting import RunningChat
from tests.emulators.running import Running, running
from tests.emulators.searching import RunningExa, RunningGemini

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples" / "documents"
VOICE = "21m00Tcm4TlvDq8ikWAM"
BATCH = f"""
show: lamps
defaults: {{minutes: 0.5}}
episodes:
  - topic: Lighthouses
    writer: gemini
    cast: [{{name: Ann, voice: "elevenlabs:{VOICE}", persona: "a keeper's daughter"}}]
  - topic: How tides work
    sources: [{EXAMPLES / "tides.md"}]
    research: []
    writer: openai
    cast: [{{name: Ann, voice: "openai:af_heart"}}]
"""


@pytest.fixture(scope="module")
def speakers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Running]]:
    """ElevenLabs, and a local speech server; both speak with a real voice."""
    folder = tmp_path_factory.mktemp("speakers")
    speech = ("--speech", str(folder / "said"))
    with (
        running(folder / "elevenlabs", *speech) as elevenlabs,
        running(folder / "openai", *speech, provider="openai_speech") as local,
    ):
        yield elevenlabs, local


@pytest.fixture
def paid(
    environment: dict[str, str],
    speakers: tuple[Running, Running],
    gemini_emulator: RunningGemini,
    exa_emulator: RunningExa,
    chat_emulator: RunningChat,
    site: str,
) -> None:
    """The providers' usual variables lead to them all. Names are not respelt, which a small voice would not bear."""
    elevenlabs, local = speakers
    gemini_emulator.reset(site=site, writing={"pronounced": 0})
    chat_emulator.reset(writing={"pronounced": 0})
    environment |= {
        "ELEVENLABS_BASE_URL": elevenlabs.url,
        "ELEVENLABS_API_KEY": elevenlabs.key,
        "GOOGLE_GEMINI_BASE_URL": gemini_emulator.url,
        "GEMINI_API_KEY": gemini_emulator.key,
        "EXA_BASE_URL": exa_emulator.url,
        "EXA_API_KEY": exa_emulator.key,
        "OPENAI_BASE_URL": f"{chat_emulator.url}/v1",
        "OPENAI_API_KEY": chat_emulator.key,
        "PODMILL_OPENAI_OWN": "true",
        "PODMILL_OPENAI_CHAT_MODEL": "emulated-llm",
        "PODMILL_OPENAI_SPEECH_URL": f"{local.url}/local/v1",
        "PODMILL_FETCH_PRIVATE": "true",
    }


@pytest.mark.usefixtures("paid")
def test_a_topic_and_a_document(
    podmill: Command,
    tmp_path: Path,
    podmill_home: Path,
    speakers: tuple[Running, Running],
    gemini_emulator: RunningGemini,
    exa_emulator: RunningExa,
    chat_emulator: RunningChat,
) -> None:
    """Both are heard as they were written. What outside providers made is charged once, as they say; ours is free."""
    path = tmp_path / "batch.yaml"
    path.write_text(BATCH)
    elevenlabs, local = speakers

    report = answer(podmill("produce", path, "--json"))

    assert [episode["state"] for episode in report["episodes"]] == ["published"] * 2, report
    assert min(episode["word_accuracy"] for episode in report["episodes"]) >= 0.94
    settings, _ = load({"PODMILL_HOME": str(podmill_home)})
    engine = open_engine(settings)
    journal = Journal(engine, settings)
    topic, document = (
        (
            journal.document(episode["id"], Step.RESEARCH, Dossier),
            journal.document(episode["id"], Step.SCRIPTING, Script),
        )
        for episode in report["episodes"]
    )
    _agrees(decisions.entries(engine), report["episodes"][0]["id"], elevenlabs, gemini_emulator, exa_emulator)
    dossier, script = topic
    assert dossier.researchers == ("google:gemini-3.8-flash-001", "exa")
    assert (script.provenance.provider, script.provenance.model) == ("gemini", "gemini-3.8-flash-001")
    kinds = Counter(line["kind"] for line in gemini_emulator.requests())
    assert kinds == {"grounding": 1, "checking": 1, "writing": script.provenance.calls}
    _cites(Path(report["episodes"][0]["audio_path"]).with_name("index.html"), script)

    _, script = document
    assert (script.provenance.provider, script.provenance.model) == ("openai", "emulated-llm-001")
    assert len(chat_emulator.requests()) == script.provenance.calls
    assert {line["text"] for line in local.requests()} >= {line.spoken for line in script.lines}


def _agrees(
    charged: list[decisions.Entry], episode_id: str, elevenlabs: Running, gemini: RunningGemini, exa: RunningExa
) -> None:
    """Every charge is of the one episode that was paid for, is settled, and is one that a provider has in its books."""
    assert {(charge.episode_id, charge.state) for charge in charged} == {(episode_id, "settled")}
    made = Counter((charge.step, charge.provider) for charge in charged)
    spoken = elevenlabs.requests()
    # Its key was checked too, by requests that it refuses and does not bill.
    searches = [line for line in exa.requests() if line["status"] == 200]
    assert made == {
        ("research", "exa"): len(searches),
        ("research", "gemini"): 2,
        ("scripting", "gemini"): len(gemini.requests()) - 2,
        ("synthesis", "elevenlabs"): len(spoken),
    }
    by_id = {charge.request_id: charge for charge in charged}
    assert [by_id[line["request_id"]].quantity for line in spoken] == [line["billed"] for line in spoken]
    costs_usd = [charge.amount_usd for charge in charged if charge.provider == "exa"]
    assert costs_usd == [line["billed_usd"] for line in searches]
    tokens = sum(charge.quantity for charge in charged if charge.provider == "gemini")
    assert tokens == sum(line["billed"]["totalTokenCount"] for line in gemini.requests())


def _cites(path: Path, script: Script) -> None:
    """Each line that states something leads to its source, and each source to its address, with its own words."""
    page = html.fromstring(path.read_bytes())
    citing = [line for line in script.lines if line.facts]
    assert citing
    markers = [marker.get("href").removeprefix("#") for marker in page.find_class("cite")]
    assert len(markers) == sum(len(line.sources) for line in citing)
    for source, shown in zip(script.sources, page.find_class("sources")[0], strict=True):
        assert [link.get("href") for link in shown.iter("a")] == [source.url]
        assert list(shown.iter("blockquote"))
