"""What a writer makes of every refusal of its language model: tried again or not, charged or not, and what is told."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from podmill.errors import (
    BusyError,
    ConfigurationError,
    InDoubtError,
    MissingExtraError,
    PodmillError,
    PolicyError,
    PriceUnknownError,
    QuotaError,
    RefusedError,
    TransientError,
)
from podmill.money.purchase import UNCHARGED
from podmill.scripting.by_model.language_model import LANGUAGE_MODELS, Ask, LanguageModel, Reply, open_model
from podmill.scripting.by_model.shapes import ChapterText
from podmill.settings import Settings
from tests.emulators.chatting import RunningChat
from tests.emulators.searching import RunningGemini
from tests.purchases import CashPurchases

ASK = Ask("Rules.", "Task with no material.", ChapterText, 2000, "chapter 1, 'The Moon'")


@dataclass(frozen=True)
class Outcome:
    """Of a request that is refused."""

    error: type[PodmillError]
    told: str
    """Part of what a person reads."""
    wait_s: float | None = None
    """Before it is tried again, as the provider said."""


GEMINI = {
    "minute": Outcome(BusyError, "no more requests now", 36.0),
    "day": Outcome(QuotaError, "day's quota"),
    "busy": Outcome(BusyError, "no more requests now"),
    "busy_header": Outcome(BusyError, "no more requests now", 7.0),
    "key": Outcome(ConfigurationError, "PODMILL_GEMINI_API_KEY"),
    "argument": Outcome(RefusedError, "400"),
    "billing": Outcome(QuotaError, "billing"),
    "region": Outcome(ConfigurationError, "location"),
    "unauthenticated": Outcome(ConfigurationError, "PODMILL_GEMINI_API_KEY"),
    "permission": Outcome(ConfigurationError, "PODMILL_GEMINI_API_KEY"),
    "retired": Outcome(ConfigurationError, "may be retired"),
    "moved": Outcome(ConfigurationError, "PODMILL_GEMINI_URL"),
    "internal": Outcome(TransientError, "500"),
    "gateway": Outcome(TransientError, "502"),
    "overloaded": Outcome(TransientError, "503"),
    "deadline": Outcome(TransientError, "504"),
    "hang": Outcome(InDoubtError, "not known"),
    "drop": Outcome(InDoubtError, "not known"),
    "truncate": Outcome(InDoubtError, "not known"),
    "garbled": Outcome(InDoubtError, "not known"),
}
CHAT = {
    "argument": Outcome(RefusedError, "400"),
    "too_long": Outcome(RefusedError, "PODMILL_OPENAI_CHAT_PROMPT_CHARS"),
    "policy": Outcome(PolicyError, "refuses to write chapter 1, 'The Moon'"),
    "key": Outcome(ConfigurationError, "PODMILL_OPENAI_API_KEY"),
    "credit": Outcome(QuotaError, "Buy credit"),
    "permission": Outcome(ConfigurationError, "PODMILL_OPENAI_API_KEY"),
    "retired": Outcome(ConfigurationError, "(model emulated-llm)"),
    "retired_400": Outcome(ConfigurationError, "(model emulated-llm)"),
    "vllm": Outcome(ConfigurationError, "(model emulated-llm)"),
    "ollama_missing": Outcome(ConfigurationError, "try pulling it"),
    "conflict": Outcome(TransientError, "409"),
    "detail": Outcome(RefusedError, "Field required"),
    "rate": Outcome(BusyError, "Rate limit reached", 12.0),
    "quota": Outcome(QuotaError, "Buy credit"),
    "internal": Outcome(TransientError, "500"),
    "gateway": Outcome(TransientError, "502"),
    "loading": Outcome(TransientError, "Loading model"),
    "localai": Outcome(TransientError, "could not load model"),
    "unavailable": Outcome(TransientError, "503", 5.0),
    "moved": Outcome(ConfigurationError, "PODMILL_OPENAI_URL"),
    "too_late": Outcome(InDoubtError, "answers 408"),
    "given_up": Outcome(InDoubtError, "answers 504"),
    "hang": Outcome(InDoubtError, "not known"),
    "drop": Outcome(InDoubtError, "not known"),
    "truncate": Outcome(InDoubtError, "not known"),
    "garbled": Outcome(InDoubtError, "not known"),
    "shapeless": Outcome(InDoubtError, "not known"),
}
CHARGED = ("too_late", "given_up", "hang", "drop", "truncate", "garbled", "shapeless")


class HostedPurchases(CashPurchases):
    """Pays for any model: prices of hosted ones are the operator's to state."""

    def buy(self, offer, *, provider, **terms):  # type: ignore[no-untyped-def]
        return super().buy(offer, provider="openai-own" if provider.startswith("openai:") else provider, **terms)


def as_told(caught: PodmillError, outcome: Outcome, name: str, log: list[dict[str, object]], key: str) -> None:
    assert type(caught) is outcome.error
    assert outcome.told in str(caught)
    assert key not in str(caught)
    assert len(log) == 1
    assert bool(log[0]["billed"]) == (name in CHARGED)
    # What may be charged is never counted as free; what may be tried again says so.
    assert isinstance(caught, UNCHARGED) == (name not in CHARGED)
    if isinstance(caught, TransientError):
        assert caught.retry_after_s == outcome.wait_s


@pytest.mark.parametrize("name", GEMINI)
def test_gemini(tmp_path: Path, gemini_emulator: RunningGemini, name: str) -> None:
    """Each status and body of Gemini's error table, asked once."""
    gemini_emulator.next(name)
    model = open_model("gemini", Settings(home=tmp_path, gemini_timeout_s=1, **gemini_emulator.settings))
    with pytest.raises(PodmillError) as caught:
        model.complete(ASK, CashPurchases(), 0)

    as_told(caught.value, GEMINI[name], name, gemini_emulator.requests(), gemini_emulator.key)


def chat_of(folder: Path, emulator: RunningChat, **settings: object) -> LanguageModel:
    return open_model(
        "openai",
        Settings(home=folder, **emulator.settings | {"openai_chat_timeout_s": 1} | settings),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("name", CHAT)
def test_a_hosted_chat_server(tmp_path: Path, chat_emulator: RunningChat, name: str) -> None:
    """Each status and body of an OpenAI-compatible server, asked once."""
    chat_emulator.next(name)
    with pytest.raises(PodmillError) as caught:
        chat_of(tmp_path, chat_emulator, openai_own=False).complete(ASK, HostedPurchases(), 0)

    as_told(caught.value, CHAT[name], name, chat_emulator.requests(), chat_emulator.key)


@pytest.mark.parametrize("name", CHARGED)
def test_an_own_chat_server_is_never_in_doubt(tmp_path: Path, chat_emulator: RunningChat, name: str) -> None:
    """What costs nothing is asked for again, whatever became of it."""
    chat_emulator.next(name)
    with pytest.raises(TransientError) as caught:
        chat_of(tmp_path, chat_emulator).complete(ASK, CashPurchases(), 0)
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("name", "field"), [("cut", "cut"), ("filtered", "blocked"), ("refusal", "blocked"), ("no_usage", "text")]
)
def test_what_is_paid_for_and_not_whole(tmp_path: Path, chat_emulator: RunningChat, name: str, field: str) -> None:
    """A reply with status 200 is a reply, whatever it is: the writer decides, and the ledger keeps it."""
    chat_emulator.next(name)
    purchases = CashPurchases()
    reply = chat_of(tmp_path, chat_emulator).complete(ASK, purchases, 0)

    assert getattr(reply, field)
    assert len(purchases.bought) == 1


def test_the_form_falls_back_and_stays(tmp_path: Path, chat_emulator: RunningChat) -> None:
    """JSON Schema, then any JSON object, then words: what was refused once is not asked again."""
    chat_emulator.reset(formats=["json_object"])
    model = chat_of(tmp_path, chat_emulator)
    for part in range(2):
        model.complete(Ask("Rules.", f"Task {part}.", ChapterText, 2000, ""), CashPurchases(), part)

    assert [request["outcome"] for request in chat_emulator.requests()] == ["refused", "ok", "ok"]
    assert '"lines"' in chat_emulator.requests()[1]["text"]


def test_a_hosted_model_without_a_price_is_refused(tmp_path: Path, chat_emulator: RunningChat) -> None:
    """Nothing is asked of a model nobody stated the price of."""
    with pytest.raises(PriceUnknownError, match="openai:emulated-llm"):
        chat_of(tmp_path, chat_emulator, openai_own=False).complete(ASK, CashPurchases(), 0)
    assert chat_emulator.requests() == []


def test_what_is_set_up_wrongly(tmp_path: Path, chat_emulator: RunningChat) -> None:
    """No model, no key at the hosted address, a server that is not there: the setting is named, nothing is asked."""
    with pytest.raises(ConfigurationError, match="PODMILL_OPENAI_CHAT_MODEL"):
        open_model("openai", Settings(home=tmp_path))
    with pytest.raises(ConfigurationError, match="PODMILL_OPENAI_API_KEY"):
        open_model("openai", Settings(home=tmp_path, openai_chat_model="m")).complete(ASK, _Anything(), 0)
    with pytest.raises(ConfigurationError, match="PODMILL_GEMINI_API_KEY"):
        open_model("gemini", Settings(home=tmp_path)).complete(ASK, CashPurchases(), 0)
    with pytest.raises(TransientError, match="PODMILL_OPENAI_URL"):
        chat_of(tmp_path, chat_emulator, openai_url="http://127.0.0.1:9/v1").complete(ASK, CashPurchases(), 0)
    with pytest.raises(ConfigurationError, match="Unknown language model"):
        open_model("nobody", Settings(home=tmp_path))


class _Anything(HostedPurchases):
    """Whatever the price."""


def test_without_the_sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without google-genai says which extra installs it."""
    monkeypatch.setattr("podmill.providers.gemini_client.installed", lambda: False)
    with pytest.raises(MissingExtraError, match=r"podmill\[gemini\]"):
        open_model("gemini", Settings(home=tmp_path, gemini_api_key="k")).complete(ASK, CashPurchases(), 0)  # type: ignore[arg-type]


def test_every_language_model_is_here() -> None:
    """A new one fails this until it has its table."""
    assert set(LANGUAGE_MODELS) == {"gemini", "openai"}
    assert Reply("").text == ""
