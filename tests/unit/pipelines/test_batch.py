"""Submission: what a request becomes."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from models.brief import Brief, Fallback
from pipelines.batch import brief_of, submit
from pipelines.episode import EPISODE
from podcast_tasks import chain
from podmill.briefs import read_submission
from podmill.settings import Settings
from podmill.store.database import reading


@pytest.mark.parametrize(
    ("name", "text", "topic"),
    [
        ("why_it_rains.txt", "[S1] Why does it rain?\n[S2] Clouds grow heavy.\n", "Why it rains"),
        ("rain.md", "# Rain\n\nRain is water that falls from clouds.\n", None),
    ],
)
def test_a_script_is_called_as_its_file(
    engine: Engine, settings: Settings, show: str, tmp_path: Path, name: str, text: str, topic: str | None
) -> None:
    """A script need not have a heading; a document's subject is found by research."""
    (tmp_path / name).write_text(text)
    (request,) = read_submission(tmp_path / name, settings, show=show).episodes
    assert brief_of(engine, request, settings).topic == topic


SHOW = "show: {slug: harbour, voices_order: [minimax, text], voices_degrade: nothing}\n"
OWN = SHOW + "defaults: {voices_fallback: mixed}\n"
ROW = """episodes:
  - {id: a, script: "[S1] One lamp."}
  - {id: b, script: "[S1] Two lamps.", voices_order: local, voices_degrade: shifted, voices_fallback: never}
"""


def test_who_may_speak_instead(engine: Engine, settings: Settings, tmp_path: Path, monkeypatch) -> None:
    """Each field as the episode says, else its batch, else its show, else the settings; it stays in the brief."""
    monkeypatch.setattr(chain, "send", lambda _calls, **_: 0)
    path = tmp_path / "batch.yaml"
    path.write_text(OWN + ROW)
    first = submit(read_submission(path, settings), settings)
    path.write_text(f"show: harbour\n{ROW}".replace("id: ", "id: again-"))
    second = submit(read_submission(path, settings), settings.model_copy(update={"voices_order": ("azure",)}))

    found = []
    with reading(engine) as connection:
        for batch_id in (first, second):
            of_batch = select(EPISODE.c.brief).where(EPISODE.c.batch_id == batch_id).order_by(EPISODE.c.position)
            found += [Brief.model_validate(brief).fallback for brief in connection.scalars(of_batch)]
    of_show = {"order": ("minimax", "text"), "degrade": ()}
    own = Fallback(order=("local",), policy="never", degrade=("shifted",))
    assert found == [Fallback(**of_show, policy="mixed"), own, Fallback(**of_show, policy="whole"), own]


def test_who_may_speak_instead_where_nobody_says(engine: Engine, settings: Settings, show: str, tmp_path: Path) -> None:
    """As the settings say when it is submitted."""
    (tmp_path / "a.txt").write_text("[S1] One lamp.\n")
    (request,) = read_submission(tmp_path / "a.txt", settings, show=show).episodes
    changed = settings.model_copy(update={"voices_fallback": "mixed", "voices_order": ("text",)})
    assert brief_of(engine, request, changed).fallback == Fallback(
        order=("text",), policy="mixed", degrade=("auto", "shifted")
    )
