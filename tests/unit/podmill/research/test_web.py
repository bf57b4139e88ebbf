"""Research on the web, by both search services and by what is left of them."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from models.brief import Brief
from models.dossier import Dossier
from podmill.context import StepContext
from podmill.errors import (
    BudgetExceededError,
    ConfigurationError,
    HeldError,
    LeaseLostError,
    LimitedError,
    PodmillError,
    PriceUnknownError,
    ProviderDownError,
    QuotaError,
    RefusedError,
    TransientError,
    WaitError,
)
from podmill.offer import Answer, Offer
from podmill.registry import load
from podmill.research import pages, research, researchers_of
from podmill.research.kept import DAY_S
from podmill.research.readers import READERS, Reader, Reading
from podmill.scripting import write
from podmill.settings import Settings
from podmill.store.local import LocalStore
from tests.dossiers import CAST
from tests.emulators.searching import RunningExa, RunningGemini
from tests.emulators.site import ARTICLES, INJECTION
from tests.purchases import CashPurchases

BRIEF = Brief(show="s", topic="Tide mills")
pytestmark = pytest.mark.usefixtures("_in_this_process")


@pytest.fixture
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are read without a child process for each, which has tests of its own."""

    def read(path: Path, media_type: str, charset: str | None = None, *, timeout_s: float) -> Reading:
        assert timeout_s > 0
        reader: Reader = load(READERS, media_type, kind="media type")()
        return reader.read(path, charset)

    monkeypatch.setattr(pages, "read", read)


@pytest.fixture
def settings(tmp_path: Path, gemini_emulator: RunningGemini, exa_emulator: RunningExa) -> Settings:
    return Settings(
        home=tmp_path / "home",
        fetch_private=True,
        fetch_timeout_s=10,
        gemini_timeout_s=1,
        exa_timeout_s=1,
        **gemini_emulator.settings,
        **exa_emulator.settings,
    )


@pytest.fixture
def purchases() -> CashPurchases:
    return CashPurchases()


def context_of(settings: Settings, purchases: CashPurchases) -> StepContext:
    return StepContext(
        settings=settings,
        store=LocalStore(settings.store_dir),
        takes=None,  # type: ignore[arg-type]  # research speaks nothing
        scratch=settings.temp / f"step{time.monotonic_ns()}",
        progress=lambda *_: None,
        purchases=purchases,
    )


@pytest.fixture
def context(settings: Settings, purchases: CashPurchases) -> StepContext:
    return context_of(settings, purchases)


@pytest.fixture
def hasty(settings: Settings, purchases: CashPurchases) -> StepContext:
    """A context in which one page is read."""
    return context_of(settings.model_copy(update={"research_pages": 1}), purchases)


def facts_of(dossier: Dossier, *, supported: bool) -> list[str]:
    return [fact.text for fact in dossier.facts if fact.supported is supported]


def test_a_topic_becomes_a_dossier_of_both_services(
    context: StepContext, purchases: CashPurchases, gemini_emulator: RunningGemini, exa_emulator: RunningExa
):
    """Every fact that may be told stands in a page that was read, under a source with its address, date and finder."""
    dossier = research(BRIEF, context)

    told = dossier.told
    sources = {source.id: source for source in dossier.sources}
    assert len(told.facts) >= 8
    for fact in told.facts:
        assert fact.passage
        assert fact.source_id in sources
        page = ARTICLES[sources[fact.source_id].url.rpartition("/")[2]]
        assert any(fact.passage in paragraph for paragraph in page.paragraphs)
    assert {source.found_by for source in dossier.sources} == {("google", "exa")}
    assert {source.date for source in dossier.sources} >= {"2025-03-14", "2024-06-02", "2023-11-30"}
    assert all(source.read_on for source in dossier.sources)
    assert all(source.url and "grounding-api-redirect" not in source.url for source in dossier.sources)
    assert dossier.researchers == ("google:gemini-3.8-flash-001", "exa")
    assert dossier.prompts == ("search 2", "check 1")
    assert dossier.searches == ("Tide mills", "Tide mills history")
    assert "Tide mills are water mills driven by the rise and fall of the tide." in facts_of(dossier, supported=True)
    # One search each, and one check of what words alone could not tell.
    assert [each["kind"] for each in gemini_emulator.requests()] == ["grounding", "checking"]
    assert len(exa_emulator.requests()) == 1
    assert len(purchases.bought) == 3


def test_what_no_page_bears_out_is_marked_and_not_told(context: StepContext):
    """An invention and a changed year are kept to be seen; nobody who writes is shown them."""
    dossier = research(BRIEF, context)

    doubtful = facts_of(dossier, supported=False)
    assert sorted(doubtful) == sorted(ARTICLES["tide-mills"].false)
    assert not set(doubtful) & {fact.text for fact in dossier.told.facts}


def test_the_offline_writer_tells_it(context: StepContext):
    """Every line that states a fact cites a page, none states what no page bears out, and all are in its language."""
    brief = BRIEF.model_copy(update={"cast": CAST[:2], "minutes": 2.0})
    dossier = research(brief, context)

    script = write(brief, dossier, context)

    assert script.sources
    assert all(source.url for source in script.sources)
    doubtful = {fact.id for fact in dossier.facts if not fact.supported}
    assert doubtful
    assert not any(doubtful & set(line.facts) for line in script.lines)
    assert "Hadrian" not in " ".join(line.text for line in script.lines)
    assert any(fact.language == "de" for fact in dossier.told.facts)
    assert "Gezeiten" not in " ".join(line.text for line in script.lines)


def test_a_claim_is_borne_out_by_a_page_in_another_language(context: StepContext):
    """The model names the quote, and the quote stands in the page."""
    dossier = research(BRIEF, context)

    claim = ARTICLES["gezeitenmuehlen"].claims[0]
    (fact,) = (fact for fact in dossier.told.facts if fact.text == claim)
    assert "Gezeitenmühle" in fact.passage or "Nendrum" in fact.passage


@pytest.mark.parametrize("lies", [True, "a word", "a real quote"])
def test_a_model_that_lies_is_not_believed(
    context: StepContext, gemini_emulator: RunningGemini, site: str, lies: object
):
    """It takes every claim for true: a quote must stand in a page, with the numbers and names of the claim."""
    gemini_emulator.reset(site=site, lies=lies)

    dossier = research(BRIEF, context)

    assert set(ARTICLES["tide-mills"].false) <= set(facts_of(dossier, supported=False))


def test_a_page_that_gives_orders_is_only_a_page(context: StepContext, gemini_emulator: RunningGemini):
    """What it says to the model is no fact, and goes to the model only as material between tags."""
    dossier = research(BRIEF, context)

    assert not any("previous instructions" in fact.text for fact in dossier.told.facts)
    for request in gemini_emulator.requests():
        assert INJECTION not in request["system"]


def test_pages_that_cannot_be_read_are_named(context: StepContext):
    """One is gone, one is away: the dossier says so and goes without them."""
    dossier = research(BRIEF, context)

    assert any("/gone: the server answered 404" in note for note in dossier.notes)
    assert any("/away: the server answered 503" in note for note in dossier.notes)


def test_two_addresses_of_one_page_are_one_source(context: StepContext):
    """Google's redirects, a page that moved, and Exa's address all lead to the same page."""
    dossier = research(BRIEF, context)

    urls = [source.url for source in dossier.sources]
    assert len(urls) == len(set(urls)) == 5


def test_a_redirect_to_a_private_address_is_not_followed(
    settings: Settings, purchases: CashPurchases, gemini_emulator: RunningGemini, site: str
):
    """Where private addresses are not allowed no page of this machine is read, and research says why."""
    gemini_emulator.reset(site=site, extra=["inside"])
    context = context_of(settings.model_copy(update={"fetch_private": False}), purchases)

    with pytest.raises(PodmillError, match="only https addresses are read"):
        research(BRIEF, context)


@pytest.mark.parametrize(
    "fault", ["overloaded", "minute", "day", "billing", "key", "retired", "hang", "drop", "garbled"]
)
def test_exa_alone_where_google_fails(hasty: StepContext, gemini_emulator: RunningGemini, fault: str):
    """The dossier is Exa's and says that Google is missing."""
    gemini_emulator.next(fault, fault)

    dossier = research(BRIEF, hasty)

    assert dossier.researchers == ("exa",)
    assert dossier.told.facts
    assert any(note.startswith("Without google: ") for note in dossier.notes)


@pytest.mark.parametrize("fault", ["blocked_prompt", "blocked_reply", "other", "ungrounded", "shapeless"])
def test_exa_alone_where_google_has_nothing_to_say(hasty: StepContext, gemini_emulator: RunningGemini, fault: str):
    """A block, an empty reply and one without pages are no research; each was answered and paid for."""
    gemini_emulator.next(fault)

    dossier = research(BRIEF, hasty)

    assert dossier.researchers == ("exa",)


def test_a_reply_that_was_cut_is_good_as_far_as_it_goes(hasty: StepContext, gemini_emulator: RunningGemini):
    """It lost its pages with its end: Exa stands in."""
    gemini_emulator.next("cut")

    assert research(BRIEF, hasty).told.facts


@pytest.mark.parametrize("fault", ["rate", "credits", "key", "error", "hang", "drop", "truncate", "shapeless", "none"])
def test_google_alone_where_exa_fails(hasty: StepContext, exa_emulator: RunningExa, fault: str):
    """The dossier is Google's and says that Exa is missing."""
    exa_emulator.next(fault)

    dossier = research(BRIEF, hasty)

    assert dossier.researchers == ("google:gemini-3.8-flash-001",)
    assert any(note.startswith("Without exa: ") for note in dossier.notes)


def test_what_was_found_before_stands_in_for_both(
    settings: Settings, purchases: CashPurchases, gemini_emulator: RunningGemini, exa_emulator: RunningExa, site: str
):
    """The dossier of another day on the same topic, with its age."""
    first = research(BRIEF, context_of(settings, purchases))
    _age(settings, 3 * 3600)
    gemini_emulator.reset(site=site, always="overloaded")
    exa_emulator.reset(site=site, always="error")

    later = research(BRIEF.model_copy(update={"topic": " tide  MILLS "}), context_of(settings, CashPurchases()))

    assert later.facts == first.facts
    assert later.age_s == pytest.approx(3 * 3600, abs=60)
    assert later.notes[0].startswith("Found 3.0 hours before this episode was made: Nothing could be found out")


def test_what_was_found_too_long_ago_does_not(
    settings: Settings, purchases: CashPurchases, gemini_emulator: RunningGemini, exa_emulator: RunningExa, site: str
):
    """Nor does what was found in another language or on another topic."""
    research(BRIEF, context_of(settings, purchases))
    gemini_emulator.reset(site=site, always="overloaded")
    exa_emulator.reset(site=site, always="error")

    for other in ({"language": "de"}, {"topic": "Tide mills of France"}):
        with pytest.raises(TransientError):
            research(BRIEF.model_copy(update=other), context_of(settings, CashPurchases()))
    _age(settings, settings.research_keep_days * DAY_S + 60)
    with pytest.raises(TransientError):
        research(BRIEF, context_of(settings, CashPurchases()))


def _age(settings: Settings, age_s: float) -> None:
    for path in (settings.store_dir / "research").iterdir():
        moment = time.time() - age_s
        os.utime(path, (moment, moment))


@pytest.mark.parametrize(
    ("google", "exa", "error"),
    [
        ("overloaded", "error", TransientError),
        ("day", "error", TransientError),
        ("day", "credits", RefusedError),
        ("key", "key", RefusedError),
        ("hang", "hang", RefusedError),
    ],
)
def test_nobody_answers_and_nothing_was_found_before(
    context: StepContext,
    gemini_emulator: RunningGemini,
    exa_emulator: RunningExa,
    google: str,
    exa: str,
    error: type[PodmillError],
):
    """The error says what each service said; it is tried again only if one of them may answer later."""
    gemini_emulator.next(google)
    exa_emulator.next(exa)

    with pytest.raises(error, match=r"Nothing could be found out about 'Tide mills': google: .+ exa: ") as caught:
        research(BRIEF, context)

    assert type(caught.value) is error
    assert "emulated-key" not in str(caught.value)


def test_a_topic_nobody_knows(context: StepContext, exa_emulator: RunningExa, site: str):
    """Neither service has a page: that is said, and what to do."""
    exa_emulator.reset(site=site, extra=[])

    with pytest.raises(PodmillError, match="Word the topic differently"):
        research(Brief(show="s", topic="Zzyzx quux"), context)


@pytest.mark.parametrize(("name", "label"), [("google", "google:gemini-3.8-flash-001"), ("exa", "exa")])
def test_one_service_by_name(hasty: StepContext, name: str, label: str):
    """A brief may ask for one alone."""
    dossier = research(BRIEF.model_copy(update={"researchers": (name,)}), hasty)

    assert dossier.researchers == (label,)


def test_one_service_alone_fails_as_itself(settings: Settings, gemini_emulator: RunningGemini):
    """With one key there is nothing to put together: the error is the service's own."""
    gemini_emulator.next("day")
    alone = settings.model_copy(update={"exa_api_key": None})

    with pytest.raises(QuotaError, match="day's quota"):
        research(BRIEF, context_of(alone, CashPurchases()))


def test_without_any_key(settings: Settings, purchases: CashPurchases):
    """The message names the settings that hold them."""
    bare = settings.model_copy(update={"exa_api_key": None, "gemini_api_key": None})
    brief = BRIEF.model_copy(update={"researchers": ("web",)})

    with pytest.raises(ConfigurationError, match="PODMILL_GEMINI_API_KEY or PODMILL_EXA_API_KEY"):
        research(brief, context_of(bare, purchases))


def test_documents_and_the_web_together(context: StepContext, tmp_path: Path, settings: Settings):
    """The person's documents come first; ids are one series, and a fact both have is one."""
    path = tmp_path / "notes.md"
    path.write_text(
        f"# Notes on tide mills\n\n{ARTICLES['eling'].paragraphs[0]} Tide mills need a large tidal range.\n"
    )
    artifact = context.store.put(path, suffix=".md")
    source = {"name": "notes.md", "artifact": artifact.model_dump()}
    brief = Brief.model_validate(
        {"show": "s", "topic": "Tide mills", "sources": [source], "researchers": ["documents", "web"]}
    )

    dossier = research(brief, context)

    assert dossier.researchers == ("documents", "google:gemini-3.8-flash-001", "exa")
    assert [source.id for source in dossier.sources] == [f"s{n}" for n in range(1, len(dossier.sources) + 1)]
    assert [fact.id for fact in dossier.facts] == [f"f{n}" for n in range(1, len(dossier.facts) + 1)]
    assert dossier.sources[0].name == "notes.md"
    texts = [fact.text for fact in dossier.told.facts]
    assert len(texts) == len(set(texts))
    both = [fact for fact in dossier.told.facts if fact.source_id == "s1" and fact.also_in]
    assert both


def test_documents_go_on_without_the_web(
    context: StepContext, tmp_path: Path, gemini_emulator: RunningGemini, exa_emulator: RunningExa
):
    """What the person gave is enough; the dossier says what is missing."""
    gemini_emulator.next("overloaded")
    exa_emulator.next("error")
    path = tmp_path / "notes.md"
    path.write_text("# Tide mills\n\nTide mills need a large tidal range to turn their wheels.\n")
    source = {"name": "notes.md", "artifact": context.store.put(path, suffix=".md").model_dump()}
    brief = Brief.model_validate({"show": "s", "topic": "Tide mills", "sources": [source], "researchers": ["web"]})

    dossier = research(brief, context)

    assert dossier.researchers == ("documents",)
    assert dossier.notes[0].startswith("Without web: Nothing could be found out")


@dataclass
class WithoutGemini(CashPurchases):
    """Nothing of Gemini's can be bought, for one reason."""

    why: PodmillError = field(default_factory=lambda: HeldError("in doubt"))

    def buy(self, offer: Offer[Answer], *, provider: str, **terms: Any) -> Answer:  # type: ignore[override]
        if provider.startswith("gemini"):
            raise self.why
        return super().buy(offer, provider=provider, **terms)


@pytest.mark.parametrize(
    "why",
    [
        LimitedError("no room", retry_after_s=3.0),
        WaitError("its turn had passed", retry_after_s=1.0),
        LeaseLostError("another worker"),
        BudgetExceededError("no money"),
        PriceUnknownError("no price"),
    ],
    ids=lambda why: type(why).__name__,
)
def test_what_is_our_own_affair_is_not_done_without(settings: Settings, why: PodmillError):
    """A service that is not asked because of our limits, lease or money is no service that failed."""
    with pytest.raises(type(why)):
        research(BRIEF, context_of(settings, WithoutGemini(why=why)))


@dataclass
class OnlyDoubts(CashPurchases):
    """Whatever was asked for, a worker died while it was."""

    def buy(self, _: Offer[Answer], *, provider: str, **_terms: Any) -> Answer:  # type: ignore[override]
        raise HeldError(f"A request to {provider} is in doubt.", action=f"Run: podmill charges settle {provider}")


def test_a_person_decides_where_every_request_is_in_doubt(settings: Settings):
    """A worker that dies may leave one at each service: the episode is held, and told is how to decide on each."""
    with pytest.raises(HeldError, match=r"google: .+ exa: ") as caught:
        research(BRIEF, context_of(settings, OnlyDoubts()))

    assert caught.value.action == "Run: podmill charges settle gemini:gemini-3.8-flash Run: podmill charges settle exa"


@pytest.mark.parametrize(
    "why", [HeldError("in doubt"), ProviderDownError("down", retry_after_s=30.0)], ids=lambda why: type(why).__name__
)
def test_nothing_is_held_up_while_the_other_service_answers(settings: Settings, why: PodmillError):
    """A request in doubt stays counted, a circuit stays open; the episode goes on with what Exa found."""
    hasty = settings.model_copy(update={"research_pages": 1})

    dossier = research(BRIEF, context_of(hasty, WithoutGemini(why=why)))

    assert dossier.researchers == ("exa",)
    assert dossier.told.facts


def test_trying_again_asks_nothing_twice(
    settings: Settings, purchases: CashPurchases, gemini_emulator: RunningGemini, exa_emulator: RunningExa
):
    """The second run of a step gets the answers that were paid for, and makes the same dossier."""
    first = research(BRIEF, context_of(settings, purchases))
    second = research(BRIEF, context_of(settings, purchases))

    assert first == second
    assert len(exa_emulator.requests()) == 1
    assert len(gemini_emulator.requests()) == 2


def test_the_bill_is_what_the_services_said(
    context: StepContext, purchases: CashPurchases, gemini_emulator: RunningGemini, exa_emulator: RunningExa
):
    """Tokens and searches of Gemini's usage at the price list's prices, and Exa's own figure; at most what was held."""
    research(BRIEF, context)

    billed = [each["billed"] for each in gemini_emulator.requests()]
    gemini_usd = sum(
        (each["promptTokenCount"] + each["toolUsePromptTokenCount"]) * 0.75e-6
        + (each["candidatesTokenCount"] + each["thoughtsTokenCount"]) * 3.75e-6
        + each["searchQueries"] * 0.014
        for each in billed
    )
    assert purchases.spent_microusd == pytest.approx(gemini_usd * 1e6 + 7000, abs=2)
    assert exa_emulator.requests()[0]["billed_usd"] == 0.007
    assert all(each.bill.cost_microusd <= each.expected_microusd for each in purchases.bought)


@pytest.mark.parametrize(
    ("sources", "asked", "set_", "key", "expected"),
    [
        (True, (), (), True, ("documents",)),
        (False, (), (), True, ("web",)),
        (False, (), (), False, ("documents",)),
        (True, ("documents", "web"), (), True, ("documents", "web")),
        (True, (), ("web",), True, ("documents", "web")),
        (False, ("exa",), ("web",), True, ("exa",)),
        (False, ("documents",), (), True, ("web",)),
    ],
)
def test_who_researches(
    sources: bool, asked: tuple[str, ...], set_: tuple[str, ...], key: bool, expected: tuple[str, ...]
):
    """Documents wherever there are some; the brief before the settings; the web where there is nothing else."""
    brief = Brief.model_validate(
        {
            "show": "s",
            "topic": "t",
            "researchers": asked,
            "sources": [{"name": "a", "url": "https://a.example/"}] * sources,
        }
    )

    assert researchers_of(brief, Settings(researchers=set_, exa_api_key="k" if key else None)) == expected
