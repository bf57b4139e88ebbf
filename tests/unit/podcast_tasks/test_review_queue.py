"""Episodes that a person hears: engines that hum, the real steps, the real database, a published folder."""

import dataclasses
import json
from pathlib import Path

import pytest
from celery.exceptions import Ignore
from lxml import etree
from sqlalchemy import select

from models.recording import Recording
from models.script import Script
from models.steps import EpisodeState, Step
from models.verdict import LineVerdict, Verdict
from pipelines import episode as episodes
from pipelines import reviewing
from podcast_tasks import loudness, publishing, running, synthesis
from podcast_tasks.journal import EPISODE, STEP_RUN
from podcast_tasks.running import Done, Review, run_step
from podcast_tasks.turns import EVENT
from podmill.errors import InputError, PolicyError
from podmill.review import queue
from podmill.review.queue import REVIEW
from podmill.settings import Settings, current, load
from podmill.store.database import reading
from tests.humming import row, speak
from tests.unit.podmill.money.provider import account, check_sums

CUE = "Two is the other one, 5 of 7."


@pytest.fixture
def settings(podmill_home: Path) -> Settings:
    """SQLite: that both databases do the same with the queue is shown in ``tests/unit/podmill/review``."""
    return load({"PODMILL_HOME": str(podmill_home)})[0]


@pytest.fixture(autouse=True)
def _nobody_is_drawn(monkeypatch) -> None:
    """Unless a test says otherwise: ids of episodes are chance."""
    monkeypatch.setenv("PODMILL_REVIEW_SHARE", "0")


def judge(episode_id, *bad: int) -> None:
    """Verification refuses these lines; of none it finds nothing."""

    def make(work):
        lines = tuple(
            LineVerdict(index=i, word_accuracy=0.4 if i in bad else 1.0, words=4, heard="hm") for i in range(3)
        )
        verdict = Verdict(
            passed=not bad,
            word_accuracy=0.6 if bad else 1.0,
            threshold=0.9,
            lines=lines,
            respeak=bad,
            round=work.claim.round,
            transcriber="t",
        )
        return Review(verdict, "It was not understood.") if bad else Done(verdict)

    if bad:
        with pytest.raises(Ignore):
            run_step(Step.VERIFICATION, episode_id, make)
    else:
        run_step(Step.VERIFICATION, episode_id, make)


def finish(episode_id) -> None:
    run_step(Step.LOUDNESS, episode_id, loudness.make)
    run_step(Step.PUBLISHING, episode_id, publishing.make)


@pytest.fixture
def refused(made) -> str:
    """An episode that waits in review, for its second line."""
    episode_id = made()
    speak(episode_id)
    judge(episode_id, 1)
    return str(episode_id)


@pytest.fixture
def published(made, monkeypatch) -> str:
    """An episode that was drawn for the sample, and published."""
    monkeypatch.setenv("PODMILL_REVIEW_SHARE", "1")
    episode_id = made()
    speak(episode_id)
    judge(episode_id)
    finish(episode_id)
    return str(episode_id)


def item(engine, episode_id):
    with reading(engine) as connection:
        return queue.find(connection, episode_id)


def told(engine, episode_id, kind):
    with reading(engine) as connection:
        of_kind = select(EVENT.c.data).where(EVENT.c.episode_id == episode_id, EVENT.c.kind == kind)
        return connection.scalars(of_kind).one()


def feed() -> list[tuple[str, str]]:
    root = etree.parse(current().public / "tides" / "feed.xml")
    return [(found.findtext("guid"), found.findtext("pubDate")) for found in root.findall("channel/item")]


def transcript() -> list[str]:
    (path,) = current().public.glob("tides/episodes/*/transcript.json")
    return [segment["body"] for segment in json.loads(path.read_text())["segments"]]


def test_what_failed_goes_on_when_a_person_approves(engine, refused):
    """It waits with its lines; approved, it is mastered and published, and nobody is asked about it once more."""
    asked = item(engine, refused)
    assert (asked.kind, asked.lines, asked.episode_state) == ("failed", (2,), "review")
    assert "not understood" in asked.reason

    decided = reviewing.approve(refused[:8], current(), by="ada", note="An accent.")
    finish(refused)

    assert (decided.state, decided.decided_by, decided.note) == ("approved", "ada", "An accent.")
    assert row(engine, refused).state == EpisodeState.PUBLISHED
    assert queue.entries(engine) == []
    assert told(engine, refused, "approved") == {"by": "ada", "note": "An accent.", "item": asked.id}


def test_lines_are_spoken_again(engine, hums, refused):
    """Only those, in a way of their own; the round goes on from where it was, and the next verdict counts."""
    hums["alpha"].asked.clear()
    asked = reviewing.respeak(refused, current(), by="ada", lines=[3])
    recording = speak(refused)

    assert [request.lines[0].index for request in hums["alpha"].asked] == [2]
    assert recording.variants == {2: 1}
    judge(refused)
    finish(refused)
    assert row(engine, refused).state == EpisodeState.PUBLISHED
    assert told(engine, refused, "respoken")["lines"] == [3]
    with reading(engine) as connection:
        assert queue.find(connection, str(asked.id)).state == "respoken"


def test_a_line_is_edited(engine, hums, refused):
    """It alone is spoken, in words; the published transcript says what it says now."""
    hums["alpha"].asked.clear()
    reviewing.edit(refused, current(), by="ada", line=2, text=f"  {CUE} ")
    speak(refused)
    judge(refused)
    finish(refused)

    (request,) = hums["alpha"].asked
    assert (request.lines[0].index, request.text) == (1, "Two is the other one, five of seven.")
    assert transcript()[1].endswith(CUE)
    assert told(engine, refused, "edited")["before"] == "Two is the second."
    script = running.journal().document(refused, Step.SCRIPTING, Script)
    assert script
    assert script.lines[1].text == CUE


def test_what_is_rejected_fails(engine, refused):
    """With the reason; its step is over and its money released; the reason is asked for."""
    with pytest.raises(InputError, match="why"):
        reviewing.reject(refused, current(), by="ada", note=" ")
    reviewing.reject(refused, current(), by="ada", note="Nonsense.")

    found = row(engine, refused)
    assert (found.state, found.error, found.error_code) == ("failed", "Rejected by ada: Nonsense.", "rejected")
    assert account(engine).reserved_microusd == 0
    check_sums(engine)


def test_a_sample_is_published_and_heard_afterwards(engine, published):
    """It is in the queue and in the feed; approved, it is only closed."""
    assert row(engine, published).state == EpisodeState.PUBLISHED
    assert item(engine, published).lines == ()
    assert item(engine, published).reason.endswith("Drawn for the sample.")

    reviewing.approve(published, current(), by="ada")

    assert row(engine, published).state == EpisodeState.PUBLISHED
    assert [guid for guid, _ in feed()] == [published]


def test_what_is_published_is_replaced(engine, published):
    """Spoken again, it keeps guid, date and folder, and is drawn anew: it is not the recording that was heard."""
    before = feed()
    reviewing.respeak(published, current(), by="ada", lines=[1])
    assert row(engine, published).step == Step.SYNTHESIS
    speak(published)
    judge(published)
    finish(published)

    assert feed() == before
    assert row(engine, published).state == EpisodeState.PUBLISHED
    assert item(engine, published).state == "open"


def test_what_is_published_is_taken_down(engine, published):
    """Feed, page and files are gone, and the history says so."""
    reviewing.reject(published, current(), by="ada", note="Nonsense.")

    assert [path for path in (current().public / "tides").rglob("*") if path.suffix in (".mp3", ".xml", ".html")] == []
    found = row(engine, published)
    assert (found.state, found.error) == ("failed", "Rejected by ada: Nonsense. It was taken down.")
    assert told(engine, published, "rejected")["taken_down"] is True


def test_what_cannot_be_taken_down_is_not_rejected(engine, published):
    """The folder is somewhere else: the decision is refused as a whole."""
    (current().public / "tides").rename(current().public / "moved")
    with pytest.raises(Exception, match="cannot be taken down"):
        reviewing.reject(published, current(), by="ada", note="Nonsense.")

    assert row(engine, published).state == EpisodeState.PUBLISHED
    assert item(engine, published).state == "open"


@pytest.mark.parametrize("holds", ["sample", "all"])
def test_a_sample_may_have_to_be_heard_first(engine, made, monkeypatch, holds):
    """It is mastered, and waits; approved, it is published, and not asked about again."""
    monkeypatch.setenv("PODMILL_REVIEW_SHARE", "1")
    monkeypatch.setenv("PODMILL_REVIEW_HOLDS", holds)
    episode_id = made()
    speak(episode_id)
    judge(episode_id)
    run_step(Step.LOUDNESS, episode_id, loudness.make)
    with pytest.raises(Ignore):
        run_step(Step.PUBLISHING, episode_id, publishing.make)
    found = row(engine, episode_id)
    assert (found.state, found.step, found.error_code) == ("review", "publishing", "unheard")

    reviewing.approve(episode_id, current(), by="ada")
    run_step(Step.PUBLISHING, episode_id, publishing.make)

    assert row(engine, episode_id).state == EpisodeState.PUBLISHED
    assert queue.entries(engine) == []


def test_of_two_who_decide_one_does(engine, refused):
    """The second is told who was first, and nothing of theirs happens."""
    reviewing.approve(refused, current(), by="ada")
    with pytest.raises(InputError, match="approved by ada already"):
        reviewing.reject(refused, current(), by="bob", note="No.")

    assert row(engine, refused).state == EpisodeState.QUEUED
    assert row(engine, refused).step == Step.LOUDNESS


def test_a_refused_passage_is_edited(engine, hums, made):
    """What a provider refuses cannot be approved; with other words the same step goes on, and nobody else is asked."""
    hums["alpha"].next = [None, PolicyError("Line 2 is refused.")]
    episode_id = made()
    with pytest.raises(Ignore):
        run_step(Step.SYNTHESIS, episode_id, synthesis.make)
    assert item(engine, episode_id).kind == "failed"
    for refuse in (reviewing.approve, reviewing.respeak):
        with pytest.raises(InputError, match=r"stopped in synthesis|No line"):
            refuse(episode_id, current(), by="ada")
    with pytest.raises(InputError, match="stopped in synthesis"):
        reviewing.respeak(episode_id, current(), by="ada", lines=[2])

    hums["alpha"].next = [None]
    reviewing.edit(episode_id, current(), by="ada", line=2, text=CUE)
    hums["alpha"].asked.clear()
    recording = speak(episode_id)
    assert [request.lines[0].index for request in hums["alpha"].asked] == [1, 2]
    assert recording.variants == {}


def test_what_was_spoken_before_a_refused_passage_is_not_bought_again(engine, hums, made, monkeypatch):
    """However long the new words are: they are in two requests now, but the first one stays as it was."""
    kind = hums["alpha"]
    limits = dataclasses.replace(kind.capabilities, max_speakers=2, timestamps=True, max_characters=45)
    monkeypatch.setattr(kind, "capabilities", limits)
    kind.next = [None, PolicyError("Line 3 is refused.")]
    episode_id = made()
    with pytest.raises(Ignore):
        run_step(Step.SYNTHESIS, episode_id, synthesis.make)
    (bought,) = kind.asked
    kind.next = [None]
    longer = "Three is the last, and it is longer."
    reviewing.edit(episode_id, current(), by="ada", line=3, text=longer)
    speak(episode_id)
    assert [[line.index for line in request.lines] for request in kind.asked] == [[0], [1], [2]]
    assert (kind.asked[0], kind.asked[2].text) == (bought, longer)


@pytest.mark.parametrize(
    ("line", "text", "problem"),
    [(0, "A", "no line 0"), (4, "A", "no line 4"), (1, " - ", "nothing in it"), (1, "a " * 46, "at most 45 words")],
)
def test_what_cannot_be_a_line(engine, refused, line, text, problem):
    """Nothing is changed, and nothing decided."""
    with pytest.raises(InputError, match=problem):
        reviewing.edit(refused, current(), by="ada", line=line, text=text)

    assert item(engine, refused).state == "open"
    assert row(engine, refused).state == EpisodeState.REVIEW


def test_other_ways_out_of_review_close_the_item(engine, refused):
    """Retried, it is spoken again; cancelled, it is over. Neither is anybody's decision."""
    episodes.retry([refused], current())
    with reading(engine) as connection:
        closed = connection.execute(select(REVIEW)).one()
        runs = connection.execute(select(STEP_RUN.c.round).where(STEP_RUN.c.step == Step.SYNTHESIS)).scalar()
    assert (closed.state, closed.decided_by, runs) == ("closed", None, 1)
    speak(refused)
    judge(refused, 1)
    episodes.cancel([refused], current())
    assert queue.entries(engine) == []


def test_what_moves_is_left_alone(engine, made, monkeypatch):
    """Between mastering and publishing a worker may have it in hand: only approval is possible."""
    monkeypatch.setenv("PODMILL_REVIEW_SHARE", "1")
    episode_id = made()
    speak(episode_id)
    judge(episode_id)
    run_step(Step.LOUDNESS, episode_id, loudness.make)
    with pytest.raises(InputError, match="in publishing at the moment"):
        reviewing.respeak(episode_id, current(), by="ada", lines=[1])
    reviewing.approve(episode_id, current(), by="ada")
    run_step(Step.PUBLISHING, episode_id, publishing.make)

    assert row(engine, episode_id).state == EpisodeState.PUBLISHED
    with reading(engine) as connection:
        assert connection.scalar(select(EPISODE.c.error).where(EPISODE.c.id == episode_id)) is None
    recording = running.journal().document(episode_id, Step.SYNTHESIS, Recording)
    assert recording
    assert recording.variants == {}


def test_neighbours_of_an_edited_line_are_not_bought_again(engine, hums, made, monkeypatch):
    """Where one request speaks them all, the line is asked for by itself: first once, then edited once more."""
    kind = hums["alpha"]
    monkeypatch.setattr(kind, "capabilities", dataclasses.replace(kind.capabilities, max_speakers=2, timestamps=True))
    episode_id = made()
    speak(episode_id)
    assert [len(request.lines) for request in kind.asked] == [3]
    for text in (CUE, "Two is out."):
        judge(episode_id, 1)
        kind.asked.clear()
        reviewing.edit(episode_id, current(), by="ada", line=2, text=text)
        recording = speak(episode_id)
        ((line,),) = [request.lines for request in kind.asked]
        assert line.index == 1
        assert len({time.take for time in recording.lines}) == 2
    assert line.text == "Two is out."
