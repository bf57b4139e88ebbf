"""Whose turn it is to speak: engines that hum and fail as they are told, the real steps, the real database."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from celery.exceptions import Ignore
from sqlalchemy import select, update

from models.quote import Quote
from models.steps import EpisodeState, Step
from models.verdict import Verdict
from pipelines import episode as episodes
from pipelines import reviewing
from podcast_tasks import running, verification
from podcast_tasks.journal import STEP_RUN
from podcast_tasks.parts import PART
from podcast_tasks.running import run_step
from podcast_tasks.turns import EVENT
from podmill.errors import LeftAloneError, LimitedError, PolicyError, ProviderDownError, QuotaError, TransientError
from podmill.settings import Settings, current, load
from podmill.speech import fallback
from podmill.store.database import reading, transaction
from tests.humming import age, heard, refuse, row, speak, wake

QUOTA = QuotaError("The credit is used up.")
DOWN = ProviderDownError("It failed again and again.", retry_after_s=0.01)

Make = Callable[..., str]


@pytest.fixture
def settings(podmill_home: Path) -> Settings:
    """SQLite: that both databases do the same with parts and events is shown in ``test_synthesis_choices``."""
    return load({"PODMILL_HOME": str(podmill_home)})[0]


def test_who_spoke_and_why_not_the_first(engine, hums, made: Make):
    """It is in the recording, in the episode's scores and in its history."""
    hums["alpha"].next = [None, QUOTA]
    episode_id = made()

    recording = speak(episode_id)

    assert heard(recording) == ["beta"] * 3
    (passed,) = recording.passed_over
    assert (passed.who, passed.code, passed.reason) == ("alpha", "quota", "The credit is used up.")
    found = row(engine, episode_id)
    assert (found.spoken_by, found.spoken_why) == ("beta", "alpha: The credit is used up.")
    with reading(engine) as connection:
        (event,) = connection.execute(select(EVENT).where(EVENT.c.kind == "passed_over")).all()
    assert event.data["next_who"] == "beta"


def test_requests_of_a_plan_that_was_given_up_count(engine, hums, made: Make):
    """Two of the first engine, three of the second: five requests were made, whatever place they were for."""
    hums["alpha"].next = [None, None, QUOTA]
    episode_id = made()
    recording = speak(episode_id)
    assert recording.requests == row(engine, episode_id).requests == 5
    with reading(engine) as connection:
        parts = connection.execute(select(PART.c.state, PART.c.requested, PART.c.replaced)).all()
    assert [tuple(part) for part in parts] == [("done", True, 1), ("done", True, 1), ("done", True, 0)]


def test_nobody_can(engine, hums, made: Make):
    """Text only: no line is spoken although the first engine spoke one, and the steps after it say not applicable."""
    hums["alpha"].next = [None, QUOTA]
    hums["beta"].next = [QuotaError("That one too.")]
    episode_id = made(order=("beta", "text"), policy="mixed")

    recording = speak(episode_id)

    assert (recording.text_only, recording.lines, recording.requests) == (True, (), 1)
    assert [each.who for each in recording.passed_over] == ["alpha", "beta"]
    run_step(Step.VERIFICATION, episode_id, verification.make)
    verdict = running.journal().document(episode_id, Step.VERIFICATION, Verdict)
    assert verdict
    assert (verdict.passed, verdict.word_accuracy, verdict.transcriber) == (None, None, "")
    found = row(engine, episode_id)
    assert (found.step, found.spoken_by, found.word_accuracy, found.duration_s) == ("loudness", "text", None, None)


def test_text_must_be_allowed(hums, made: Make):
    """Without it in the order the episode fails, with what the last one said."""
    hums["alpha"].next = hums["beta"].next = [QUOTA]
    with pytest.raises(QuotaError):
        speak(made())


def test_a_quote_of_what_nobody_can_speak(engine, hums, made: Make, monkeypatch):
    """Where nobody has credit, the cost check passes it as text only, and its quote has no speech."""

    def used_up(choice, *_: object) -> None:
        if not choice.text_only:
            raise QUOTA

    monkeypatch.setattr(fallback, "check", used_up)
    episode_id = made(order=("text",))
    quote = running.journal().document(episode_id, Step.COST_CHECK, Quote)
    assert quote
    assert (quote.requests, [item.step for item in quote.items if item.step == "synthesis"]) == (0, [])


@pytest.mark.parametrize("error", [DOWN, LeftAloneError("Later.", retry_after_s=0.01)])
def test_patience(engine, hums, made: Make, monkeypatch, error):
    """An engine that stays away is waited for until the patience ends, and no longer; then the next one speaks."""
    monkeypatch.setenv("PODMILL_WAIT_IN_WORKER_S", "0")
    hums["alpha"].next = [None, error]
    episode_id = made()
    with pytest.raises(Ignore):
        speak(episode_id)
    assert row(engine, episode_id).state == EpisodeState.PARKED
    wake(engine)
    with pytest.raises(Ignore):
        speak(episode_id)
    age(engine, 1000.0)
    wake(engine)

    recording = speak(episode_id)

    assert heard(recording) == ["beta"] * 3
    assert recording.passed_over[0].code == error.code


def test_a_take_begins_another_patience(engine, hums, made: Make, monkeypatch):
    """What was waited before it does not count; takes that are found again are no new ones."""
    monkeypatch.setenv("PODMILL_WAIT_IN_WORKER_S", "0")
    hums["alpha"].next = [DOWN, None, DOWN, DOWN, None]
    episode_id = made()
    with pytest.raises(Ignore):
        speak(episode_id)
    age(engine, 800.0)
    wake(engine)
    with pytest.raises(Ignore):
        speak(episode_id)
    age(engine, 800.0)
    wake(engine)
    with pytest.raises(Ignore):
        speak(episode_id)
    assert row(engine, episode_id).state == EpisodeState.PARKED
    wake(engine)
    assert heard(speak(episode_id)) == ["alpha"] * 3


def test_a_wait_that_would_outlast_the_patience_is_not_begun(hums, made: Make):
    """A provider that asks for an hour is passed over at once."""
    hums["alpha"].next = [ProviderDownError("Down.", retry_after_s=3600.0)]
    assert heard(speak(made())) == ["beta"] * 3


def test_our_own_limits_are_waited_for(engine, hums, made: Make, monkeypatch):
    """However long: they say nothing of the engine."""
    hums["alpha"].next = [LimitedError("The limit is reached.", retry_after_s=7200.0)]
    episode_id = made()
    with pytest.raises(Ignore):
        speak(episode_id)
    assert row(engine, episode_id).state == EpisodeState.PARKED
    with reading(engine) as connection:
        assert not connection.execute(select(EVENT).where(EVENT.c.kind.in_(("away", "passed_over")))).all()


def test_nobody_else_is_waited_for(engine, hums, made: Make):
    """Patience has an end only where another one could speak."""
    hums["alpha"].next = [ProviderDownError("Down.", retry_after_s=3600.0)]
    episode_id = made(policy="never")
    with pytest.raises(Ignore):
        speak(episode_id)
    assert row(engine, episode_id).state == EpisodeState.PARKED


def test_the_next_one_has_its_own_tries(hums, made: Make, monkeypatch):
    """Failures of the first engine are not those of the second."""
    monkeypatch.setenv("PODMILL_RETRIES", "1")
    monkeypatch.setenv("PODMILL_RETRY_BASE_S", "0.001")
    passing = TransientError("It may work later.")
    hums["alpha"].next = [passing]
    hums["beta"].next = [None, passing, None]
    assert heard(speak(made())) == ["beta"] * 3


def test_local_voices_speak_on_their_own_queue(engine, hums, made: Make):
    """Threads that wait for a provider do not hum: the step is parked, and goes on where local voices run."""
    hums["alpha"].next = [QUOTA]
    episode_id = made(order=("gamma",))
    with pytest.raises(Ignore):
        speak(episode_id)
    found = row(engine, episode_id)
    assert (found.state, found.synthesis_queue, hums["gamma"].asked) == ("parked", "synthesis.gpu", [])
    wake(engine)
    assert heard(speak(episode_id)) == ["gamma"] * 3


def test_retry_begins_with_the_first_again(engine, hums, made: Make):
    """A person who bought credit wants the voices that were cast."""
    hums["alpha"].next = hums["beta"].next = [QUOTA]
    episode_id = made()
    with pytest.raises(QuotaError):
        speak(episode_id)
    hums["alpha"].next = [None]
    episodes.retry([episode_id], current())

    recording = speak(episode_id)

    assert (heard(recording), recording.passed_over) == (["alpha"] * 3, ())
    assert row(engine, episode_id).spoken_why is None


def test_other_words_are_for_the_first_again(engine, hums, made: Make, monkeypatch):
    """Those who refused the words before a person changed them are asked, and nobody is waited for since then."""
    monkeypatch.setenv("PODMILL_WAIT_IN_WORKER_S", "0")
    policy = PolicyError("Line 2 is refused.")
    hums["alpha"].next = [None, DOWN]
    episode_id = made()
    with pytest.raises(Ignore):
        speak(episode_id)
    age(engine, 1000.0)
    wake(engine)
    hums["alpha"].next = [QUOTA]
    hums["beta"].next = [policy]
    with pytest.raises(Ignore):
        speak(episode_id)
    assert row(engine, episode_id).state == EpisodeState.REVIEW
    hums["alpha"].next = [DOWN, None]
    reviewing.edit(episode_id, current(), by="eve", texts={2: "Something else."})
    with pytest.raises(Ignore):
        speak(episode_id)
    assert row(engine, episode_id).state == EpisodeState.PARKED
    wake(engine)

    recording = speak(episode_id)

    assert (heard(recording), recording.passed_over) == (["alpha"] * 3, ())


@pytest.mark.parametrize("policy", ["whole", "mixed"])
def test_a_line_is_spoken_again_by_who_spoke_it(hums, made: Make, policy: str):
    """After a fallback, in the next round: no other voice comes in, and nothing else is spoken again."""
    hums["alpha"].next = [None, QUOTA]
    episode_id = made(policy=policy)
    before = heard(speak(episode_id))
    assert before == (["beta"] * 3 if policy == "whole" else ["alpha", "beta", "beta"])
    hums["alpha"].next = [None]
    asked = {name: len(kind.asked) for name, kind in hums.items()}
    refuse(episode_id, 0, 1)

    recording = speak(episode_id)

    assert heard(recording) == before
    new = {name: len(kind.asked) - asked[name] for name, kind in hums.items()}
    assert new == ({"alpha": 0, "beta": 2, "gamma": 0} if policy == "whole" else {"alpha": 1, "beta": 1, "gamma": 0})
    assert [each.who for each in recording.passed_over] == ["alpha"]


LATER = [
    (("beta", "gamma"), "whole", QUOTA),
    (("beta", "text"), "whole", QUOTA),
    (("beta", "text"), "mixed", QUOTA),
    (("beta",), "whole", QUOTA),
    (("beta", "gamma"), "whole", ProviderDownError("Down.", retry_after_s=3600.0)),
]
"""Who speaks, whether voices may be mixed, and why the one that repairs cannot."""


@pytest.mark.parametrize(("order", "policy", "error"), LATER)
def test_a_voice_that_fails_for_a_repair(hums, made: Make, order: tuple[str, ...], policy: str, error):
    """The line stays as it was and says why: nobody speaks all of the episode anew, and it does not become text."""
    hums["alpha"].next = [QUOTA]
    episode_id = made(order=order, policy=policy, queue="synthesis.gpu")
    before = speak(episode_id)
    assert heard(before) == ["beta"] * 3
    hums["beta"].next = [error]
    refuse(episode_id, 0)

    recording = speak(episode_id)

    assert recording.lines == before.lines
    assert recording.given_up == {0: str(error)}
    assert [each.who for each in recording.passed_over] == ["alpha"]


def test_others_repair_where_voices_may_be_mixed(hums, made: Make):
    """Only the line that is spoken again."""
    hums["alpha"].next = [QUOTA]
    episode_id = made(order=("beta", "gamma"), policy="mixed", queue="synthesis.gpu")
    speak(episode_id)
    hums["beta"].next = [QUOTA]
    refuse(episode_id, 0)
    assert heard(speak(episode_id)) == ["gamma", "beta", "beta"]


@pytest.mark.parametrize(("order", "voices"), [(("beta", "gamma"), ["gamma"] * 3), (("beta", "text"), [])])
def test_a_voice_that_fails_when_a_person_asked(hums, made: Make, order: tuple[str, ...], voices: list[str]):
    """The next one speaks all of it anew, or nobody does."""
    hums["alpha"].next = [QUOTA]
    episode_id = made(order=order, queue="synthesis.gpu")
    speak(episode_id)
    hums["beta"].next = [QUOTA]
    refuse(episode_id, 0, person=True)
    episodes.retry([episode_id], current())

    recording = speak(episode_id)

    assert heard(recording) == voices
    assert recording.text_only is (not voices)
    assert [each.who for each in recording.passed_over] == ["alpha", "beta"]


def test_a_line_of_a_longer_request_that_fails_in_a_later_round(hums, made: Make, monkeypatch):
    """Mixed: others speak that line alone, although the voice that fails has spoken it before with its neighbours."""
    shared = dataclasses.replace(hums["alpha"].capabilities, timestamps=True, max_speakers=2)
    monkeypatch.setattr(hums["alpha"], "capabilities", shared)
    hums["alpha"].next = [None, QUOTA]
    episode_id = made(policy="mixed")
    assert len(speak(episode_id).lines) == len(hums["alpha"].asked[0].lines) == 3
    refuse(episode_id, 1)
    assert heard(speak(episode_id)) == ["alpha", "beta", "alpha"]


def test_a_killed_worker_of_a_mixed_episode(engine, hums, made: Make, monkeypatch):
    """What the first voice spoke stays, though it is not asked again."""

    class KilledError(BaseException):
        pass

    hums["alpha"].next = [None, QUOTA]
    episode_id = made(policy="mixed")
    spoken = []

    def hit(point: str) -> None:
        spoken.append(point)
        if point == "synthesis:part" and spoken.count(point) == 2:
            raise KilledError

    monkeypatch.setattr("podcast_tasks.synthesis.faults.hit", hit)
    with pytest.raises(KilledError):
        speak(episode_id)
    with transaction(engine) as connection:
        gone = {"lease_expires_at": 0.0, "lease_token": "gone"}
        connection.execute(update(STEP_RUN).values(gone).where(STEP_RUN.c.step == Step.SYNTHESIS))
    assert heard(speak(episode_id)) == ["alpha", "beta", "beta"]
    assert [len(hums[name].asked) for name in ("alpha", "beta")] == [1, 2]
