"""A batch in a database, with all that a report of it reads."""

from sqlalchemy import Connection
from sqlmodel import SQLModel

from models.publication import Publication
from models.steps import STEPS, ChargeState, EpisodeState
from models.tables import Account, Batch, Charge, Episode, PublicationRow, Show, StepRun, table


def fill_batch(connection: Connection, *, count: int, batch: str = "b1") -> None:
    """A batch: the first episode is published, the second failed, the third in review, the rest published too."""
    states = [EpisodeState.PUBLISHED, EpisodeState.FAILED, EpisodeState.REVIEW]
    if batch == "b1":
        insert(connection, Show, [{"slug": "s", "title": "S", "guid": "g", "created_at": 0.0}])
        insert(connection, Account, [{"id": "default"}])
    refused = [{"file": "b.yaml", "line": 9, "field": "minutes", "message": "Must be more than 0."}]
    row = {"id": batch, "name": "b.yaml", "fingerprint": batch, "show": "s", "refused": refused, "created_at": 1.0}
    insert(connection, Batch, [row])
    episodes, runs, charges, publications = [], [], [], []
    for number in range(count):
        name = f"{batch}-{number}"
        state = states[number] if number < len(states) else EpisodeState.PUBLISHED
        done = state == EpisodeState.PUBLISHED
        episodes.append(
            {
                "id": name,
                "key": name,
                "show": "s",
                "batch_id": batch,
                "position": number,
                "title": f"Episode {number} <b>&",
                "brief": {},
                "state": state,
                "step": "publishing" if done else "verification",
                "error": None if done else "Heard too little of it.",
                "created_at": 100.0,
                "updated_at": 160.0,
                "duration_s": 120.0,
                "word_accuracy": 0.99 if done else 0.9,
                "loudness_lufs": -16.02 if done else None,
                "true_peak_dbtp": -1.2 if done else None,
                "requests": 3,
            }
        )
        runs += [
            {"episode_id": name, "step": step.value, "due_at": 1.0, "busy_s": float(place), **_used(place)}
            for place, step in enumerate(STEPS)
        ]
        amounts = [(ChargeState.SETTLED, 100_001), (ChargeState.IN_DOUBT, 9), (ChargeState.INTENT, 5_000_000)]
        charges += [
            {
                "key": f"{name}-{charge_state}",
                "account": "default",
                "episode_id": name,
                "step": "synthesis",
                "provider": "elevenlabs",
                "unit": "character",
                "quantity": 1.0,
                "state": charge_state,
                "amount_microusd": amount,
                "created_at": 1.0,
            }
            for charge_state, amount in amounts
        ]
        if done:
            copy = Publication(
                target="folder",
                url=f"http://127.0.0.1/s/{name}",
                path=f"/p/{name}.mp3",
                transcript_path=f"/p/{name}.vtt",
                feed_path="/p/feed.xml",
                guid=name,
                published_at="2026-11-21T00:00:00Z",
            )
            body = copy.model_dump_json()
            publications.append(
                {"episode_id": name, "target": "folder", "url": copy.url, "body": body, "created_at": 1.0}
            )
    insert(connection, Episode, episodes)
    insert(connection, StepRun, runs)
    insert(connection, Charge, charges)
    insert(connection, PublicationRow, publications)


def _used(place: int) -> dict[str, float]:
    """Nothing is known of the first step: it ran before it was measured."""
    return {"cpu_s": place / 2, "peak_mb": 100.0 + place} if place else {}


def insert(connection: Connection, model: type[SQLModel], rows: list[dict[str, object]]) -> None:
    if not rows:
        return
    connection.execute(table(model).insert(), [model(**row).model_dump() for row in rows])
