"""Every refusal of Gemini and Exa: tried again or not, charged or not, and what a person is told.

The statuses and bodies are those of the providers' error pages (November 2026), sent by a server and met through the
real client.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

import pytest
from exa_py import Exa

from models.brief import Brief
from podmill.errors import (
    BusyError,
    ConfigurationError,
    InDoubtError,
    PodmillError,
    PolicyError,
    QuotaError,
    RefusedError,
    TransientError,
)
from podmill.money.purchase import UNCHARGED
from podmill.providers.gemini import Prompt, Request
from podmill.registry import load
from podmill.research import RESEARCHERS
from podmill.research.exa import Query
from podmill.research.exa_refusals import error as exa_error
from podmill.research.researcher import Researcher
from podmill.settings import Settings
from tests.emulators import exa, gemini_faults
from tests.emulators.exa import KEY
from tests.emulators.searching import RunningExa, RunningGemini


@dataclass(frozen=True)
class Expected:
    """What becomes of an answer."""

    error: type[PodmillError]
    said: str
    charged: bool | None = False
    """None: nobody knows, the charge is in doubt."""
    wait_s: float | None = None


GEMINI: Final = {
    "minute": Expected(BusyError, "takes no more requests now", wait_s=36.0),
    "busy": Expected(BusyError, "Resource has been exhausted"),
    "busy_header": Expected(BusyError, "Resource has been exhausted", wait_s=7.0),
    "day": Expected(QuotaError, "Wait for the next day"),
    "billing": Expected(QuotaError, "Turn billing on"),
    "region": Expected(ConfigurationError, "use another key"),
    "key": Expected(ConfigurationError, "Check PODMILL_GEMINI_API_KEY"),
    "unauthenticated": Expected(ConfigurationError, "Check PODMILL_GEMINI_API_KEY"),
    "permission": Expected(ConfigurationError, "Check PODMILL_GEMINI_API_KEY"),
    "retired": Expected(ConfigurationError, "may be retired"),
    "moved": Expected(ConfigurationError, "Check PODMILL_GEMINI_URL"),
    "argument": Expected(RefusedError, "Request contains an invalid argument"),
    "with_schema": Expected(RefusedError, "controlled generation is not supported"),
    "internal": Expected(TransientError, "Gemini answers 500"),
    "gateway": Expected(TransientError, "Gemini answers 502"),
    "overloaded": Expected(TransientError, "overloaded"),
    "deadline": Expected(TransientError, "Gemini answers 504"),
    "hang": Expected(InDoubtError, "whether it charged is not known", charged=None),
    "drop": Expected(InDoubtError, "whether it charged is not known", charged=None),
    "truncate": Expected(InDoubtError, "whether it charged is not known", charged=None),
    "garbled": Expected(InDoubtError, "whether it charged is not known", charged=None),
}
EXA: Final = {
    "invalid": Expected(RefusedError, "Validation error"),
    "urls": Expected(RefusedError, "Invalid URLs"),
    "results": Expected(RefusedError, "Too many results"),
    "moderated": Expected(PolicyError, "Exa refuses to research 'tide mills'"),
    "moderated_403": Expected(PolicyError, "Word the topic differently"),
    "key": Expected(ConfigurationError, "Check PODMILL_EXA_API_KEY"),
    "credits": Expected(QuotaError, "Buy credit"),
    "budget": Expected(QuotaError, "raise the key's budget"),
    "forbidden": Expected(ConfigurationError, "what its plan allows"),
    "missing": Expected(ConfigurationError, "Check PODMILL_EXA_URL"),
    "moved": Expected(ConfigurationError, "Check PODMILL_EXA_URL"),
    "conflict": Expected(TransientError, "Exa answers 409"),
    "unprocessable": Expected(RefusedError, "Exa answers 422"),
    "rate": Expected(BusyError, "rate limit"),
    "rate_header": Expected(BusyError, "rate limit", wait_s=4.0),
    "error": Expected(TransientError, "Exa answers 500"),
    "gateway": Expected(TransientError, "Exa answers 502"),
    "unavailable": Expected(TransientError, "Exa answers 503", wait_s=9.0),
    "hang": Expected(InDoubtError, "whether it charged is not known", charged=None),
    "drop": Expected(InDoubtError, "whether it charged is not known", charged=None),
    "truncate": Expected(InDoubtError, "whether it charged is not known", charged=None),
    "garbled": Expected(InDoubtError, "whether it charged is not known", charged=None),
    "shapeless": Expected(InDoubtError, "no results in it", charged=None),
}
ANSWERED: Final = {
    "blocked_prompt": ("", "PROHIBITED_CONTENT"),
    "blocked_reply": ("SAFETY", "SAFETY"),
    "recitation": ("RECITATION", "RECITATION"),
    "spii": ("SPII", "SPII"),
    "half": ("SAFETY", "SAFETY"),
    "cut": ("MAX_TOKENS", None),
    "other": ("OTHER", None),
    "malformed": ("MALFORMED_RESPONSE", None),
    "many_calls": ("TOO_MANY_TOOL_CALLS", None),
    "shapeless": ("", None),
}
"""Answers of Gemini that are no whole reply: finish reason and block."""

PROMPT: Final = Prompt("gemini-3.8-flash", "<topic>tide mills</topic>", search=True)


def settings(emulator: RunningGemini | RunningExa, **more: Any) -> Settings:
    return Settings(gemini_timeout_s=1, exa_timeout_s=1, **emulator.settings, **more)


def meets(expected: Expected, caught: PodmillError) -> None:
    """The error is of exactly that class, says what to do, keeps the key to itself, and settles who pays."""
    assert type(caught) is expected.error
    assert expected.said in str(caught)
    assert KEY not in str(caught)
    assert getattr(caught, "retry_after_s", None) == expected.wait_s
    assert isinstance(caught, UNCHARGED) == (expected.charged is False)
    assert caught.retryable == isinstance(caught, TransientError)


def test_every_fault_of_the_emulators_has_its_expectation():
    """Nothing a server may answer is left to chance."""
    assert set(GEMINI) == {*gemini_faults.BEFORE, *gemini_faults.AFTER} - {"shapeless", "slow"}
    assert set(EXA) == {*exa.BEFORE, *exa.AFTER} - {"free", "none"}
    assert set(ANSWERED) == {*gemini_faults.BLOCKS, "shapeless"} - {"ungrounded"}


@pytest.mark.parametrize("fault", GEMINI)
def test_gemini(fault: str, gemini_emulator: RunningGemini):
    """One request is sent, whatever the answer: the SDK tries nothing again."""
    gemini_emulator.next(fault)

    with pytest.raises(PodmillError) as caught:
        Request(PROMPT, settings(gemini_emulator)).ask()

    meets(GEMINI[fault], caught.value)
    (request,) = gemini_emulator.requests()
    assert bool(request.get("billed")) == (GEMINI[fault].charged is not False)


@pytest.mark.parametrize("fault", ANSWERED)
def test_gemini_answers_with_less_than_a_reply(fault: str, gemini_emulator: RunningGemini):
    """It is an answer, it was paid for by what it used, and it says that it is not whole."""
    gemini_emulator.next(fault)
    request = Request(PROMPT, settings(gemini_emulator))

    reply = request.ask()

    assert (reply.finish, reply.blocked) == ANSWERED[fault]
    assert not reply.whole
    assert reply.cut == (fault == "cut")
    receipt = request.receipt(reply)
    assert (receipt.billed is None) == (fault == "shapeless")
    assert request.restore(json.loads(json.dumps(request.keep(reply)))) == reply


def test_gemini_is_slow(gemini_emulator: RunningGemini):
    """An answer that comes in small pieces is whole in the end."""
    gemini_emulator.next("slow")

    assert Request(PROMPT, settings(gemini_emulator)).ask().whole


def test_gemini_is_not_there():
    """Nothing was sent, so nothing was charged."""
    with pytest.raises(TransientError, match="cannot be reached"):
        Request(PROMPT, Settings(gemini_url="http://127.0.0.1:9", gemini_api_key=KEY)).ask()


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_gemini_in_both_versions_of_its_address(version: str, gemini_emulator: RunningGemini):
    """A grounded reply: text, pages, and which stretch of the text rests on which page, in characters."""
    reply = Request(PROMPT, settings(gemini_emulator, gemini_api_version=version)).ask()

    assert reply.whole
    assert reply.queries
    assert len(reply.pages) == 7
    for support in reply.supports:
        said = reply.text[support.start : support.end]
        assert said.startswith(("The ", "Tide ", "A "))
        assert said.endswith("]")


def test_gemini_needs_a_model_that_is_there(gemini_emulator: RunningGemini):
    """The message names the model."""
    with pytest.raises(ConfigurationError, match=r"gemini-1\.5-flash"):
        Request(Prompt("gemini-1.5-flash", "x"), settings(gemini_emulator)).ask()


@pytest.mark.parametrize("key", [None, "", "two words", "wrong"])
def test_a_key_that_is_none(key: str | None, gemini_emulator: RunningGemini, exa_emulator: RunningExa):
    """It is named by its setting; what it is stays unsaid."""
    for request, name in (
        (Request(PROMPT, Settings(gemini_url=gemini_emulator.url, gemini_api_key=key)), "PODMILL_GEMINI_API_KEY"),
        (Query("tides", Settings(exa_url=exa_emulator.url, exa_api_key=key)), "PODMILL_EXA_API_KEY"),
    ):
        with pytest.raises(ConfigurationError, match=name) as caught:
            request.ask()
        assert not key or key not in str(caught.value)


@pytest.mark.parametrize("fault", EXA)
def test_exa(fault: str, exa_emulator: RunningExa):
    """One request is sent, whatever the answer."""
    exa_emulator.next(fault)

    with pytest.raises(PodmillError) as caught:
        Query("tide mills", settings(exa_emulator)).ask()

    meets(EXA[fault], caught.value)
    assert len(exa_emulator.requests()) == 1


def test_exa_is_not_there():
    """Nothing was sent, so nothing was charged."""
    with pytest.raises(TransientError, match="cannot be reached"):
        Query("tides", Settings(exa_url="http://127.0.0.1:9", exa_api_key=KEY)).ask()


def test_exa_that_names_no_cost_is_billed_as_expected(exa_emulator: RunningExa):
    """The price list stands in for a figure that is missing."""
    exa_emulator.next("free")
    query = Query("tide mills", settings(exa_emulator))

    assert query.receipt(query.ask()).billed is None


def test_our_request_to_exa_is_what_its_own_sdk_sends(exa_emulator: RunningExa):
    """Address, key and body are those of exa-py, and so is what it makes of the answer."""
    ours = Query("tide mills", settings(exa_emulator))
    answer = ours.ask()
    theirs = Exa(KEY, base_url=exa_emulator.url).search(
        "tide mills",
        num_results=10,
        type="auto",
        contents={"highlights": {"max_characters": 1500, "query": "tide mills"}},
    )

    first, second = (request["body"] for request in exa_emulator.requests())
    assert first == second
    assert [each.url for each in answer.results] == [each.url for each in theirs.results]
    assert [each.date for each in answer.results if each.date] == [
        each.published_date[:10] for each in theirs.results if each.published_date
    ]


@pytest.mark.parametrize(
    "body", [None, [], "text", 7, {"error": {"nested": 1}}, {"error": "\x00\x1b[31m" + "x" * 9000}]
)
def test_any_body_can_be_told(body: object):
    """Whatever Exa sends instead of an error, the message is one short line."""
    told = str(exa_error(500, body, {}, topic="tides", secret=KEY))

    assert len(told) < 300
    assert told.isprintable()


@pytest.mark.parametrize("name", RESEARCHERS)
def test_every_researcher_says_what_it_needs(name: str):
    """Its name is the one it is registered under, and what costs money is marked."""
    researcher: Researcher = load(RESEARCHERS, name, kind="researcher")()

    assert researcher.name == name
    assert researcher.capabilities.paid != researcher.capabilities.needs_sources


def test_a_brief_names_only_researchers_there_are():
    """The default is to ask nobody in particular."""
    assert Brief(show="s", topic="t").researchers == ()
