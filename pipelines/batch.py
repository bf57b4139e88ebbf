"""Submission: what was read from a file becomes a batch of episodes. Also ``python -m pipelines.batch``."""

import sys
from uuid import uuid4

from sqlalchemy import Connection, Engine, select, update

from models.brief import Brief, CastMember, Source
from models.documents import Artifact
from models.steps import Step
from models.tables import Batch, Show, table
from pipelines import episode as episodes
from podmill import speech
from podmill.briefs.records import EpisodeRequest, FileRequest, ShowRequest, Submission
from podmill.errors import InputError
from podmill.money.ledger import Ledger
from podmill.publishing import podcast_guid
from podmill.settings import Settings
from podmill.store.clock import now
from podmill.store.database import insert_into, open_engine, reading, transaction
from podmill.store.local import LocalStore

BATCH, SHOW = table(Batch), table(Show)


def submit(submission: Submission, settings: Settings) -> str:
    """Make the batch and its episodes, and send their chains.

    The same submission again is the same batch, and an episode that was made before is not made twice.

    Returns:
        The batch's id.
    """
    engine = open_engine(settings)
    store = LocalStore(settings.store_dir)
    Ledger(engine).open_account(settings.account, settings.budget_microusd)
    with reading(engine) as connection:
        known = _known(connection, submission)
    if known is not None:
        return known
    # Files go into the store before the transaction: it must be short, and the store does not mind a copy too many.
    covers = {show.slug: _take(show.cover, store) for show in submission.shows}
    contents = [_contents(request, store) for request in submission.episodes]
    made = []
    with transaction(engine) as connection:
        batch_id = _make_batch(connection, submission, settings)
        if batch_id is None:
            # Somebody else submitted the same file since we looked.
            return str(_known(connection, submission))
        for show in submission.shows:
            save_show(connection, show, covers[show.slug], settings)
        for position, (request, content) in enumerate(zip(submission.episodes, contents, strict=True)):
            brief = _brief(connection, request, content, settings)
            episode_id, is_new = episodes.make(
                connection,
                key=request.key,
                brief=brief,
                title=request.subject,
                account=settings.account,
                batch_id=batch_id,
                position=position,
            )
            if is_new:
                made.append((episode_id, Step.RESEARCH))
    episodes.send(made)
    return batch_id


def brief_of(engine: Engine, request: EpisodeRequest, settings: Settings) -> Brief:
    """The brief of one request, its files taken into the store; no episode is made.

    Raises:
        InputError: the show is unknown.
    """
    content = _contents(request, LocalStore(settings.store_dir))
    with reading(engine) as connection:
        return _brief(connection, request, content, settings)


def _known(connection: Connection, submission: Submission) -> str | None:
    found: str | None = connection.scalar(select(BATCH.c.id).where(BATCH.c.fingerprint == submission.fingerprint))
    return found


def _make_batch(connection: Connection, submission: Submission, settings: Settings) -> str | None:
    row = {
        "id": uuid4().hex[:12],
        "name": submission.name,
        "fingerprint": submission.fingerprint,
        "show": submission.show,
        "account": settings.account,
        "refused": [refused.model_dump(mode="json") for refused in submission.refused],
        "created_at": now(),
    }
    made: str | None = connection.scalar(
        insert_into(connection, BATCH).values(row).on_conflict_do_nothing().returning(BATCH.c.id)
    )
    return made


def save_show(connection: Connection, show: ShowRequest, cover: Artifact | None, settings: Settings) -> None:
    """Make a show, or change what the request states of it. Its guid and address never change."""
    stated = show.model_dump(exclude_none=True, exclude={"slug", "cover"})
    if show.category:
        stated["subcategory"] = show.subcategory  # the one it had was of the category it had
    if cover is not None:
        stated["cover"] = cover.model_dump(mode="json")
    if connection.scalar(select(SHOW.c.slug).where(SHOW.c.slug == show.slug)) is not None:
        if stated:
            connection.execute(update(SHOW).where(SHOW.c.slug == show.slug).values(**stated))
        return
    fresh = Show(
        slug=show.slug,
        guid=podcast_guid(f"{settings.public_url.rstrip('/')}/{show.slug}/feed.xml"),
        created_at=0,
        **{"title": show.heading, **stated},
    )
    connection.execute(SHOW.insert().values(fresh.model_dump() | {"created_at": now()}))


def _contents(request: EpisodeRequest, store: LocalStore) -> tuple[tuple[Source, ...], Source | None, Artifact | None]:
    sources = tuple(_source(each, store) for each in request.sources)
    script = _source(request.script, store) if request.script else None
    return sources, script, _take(request.artwork, store)


def _source(content: FileRequest, store: LocalStore) -> Source:
    return Source(name=content.name, url=content.url, artifact=_take(content, store), media_type=content.media_type)


def _take(content: FileRequest | None, store: LocalStore) -> Artifact | None:
    if content is None or content.url is not None:
        return None
    if content.text is not None:
        return store.put_bytes(content.text.encode(), suffix=".txt", media_type=content.media_type or "text/plain")
    if content.path is None:
        raise InputError(f"{content.name!r} is neither a file, an address nor a text.")
    try:
        artifact = store.put(content.path, media_type=content.media_type)
    except OSError as exc:
        raise InputError(f"{exc.strerror}.", file=str(content.path)) from exc
    if content.sha256 and artifact.sha256 != content.sha256:
        raise InputError("The file changed while it was being submitted.", action="Try again.", file=content.name)
    return artifact


def _brief(
    connection: Connection,
    request: EpisodeRequest,
    content: tuple[tuple[Source, ...], Source | None, Artifact | None],
    settings: Settings,
) -> Brief:
    sources, script, artwork = content
    show = connection.execute(select(SHOW.c.language).where(SHOW.c.slug == request.show)).first()
    if show is None:
        raise InputError(f"There is no show {request.show!r}.", action="Run: podmill show add", field="show")
    language = request.language or show.language
    return Brief(
        show=request.show,
        # A script may lack a heading: it is then called as its file is.
        topic=request.topic or (request.subject if script else None),
        title=request.title,
        summary=request.summary,
        sources=sources,
        script=script,
        minutes=request.minutes or settings.minutes,
        language=language,
        cast=_cast(request, settings, language),
        writer=request.writer or "offline",
        artwork=artwork,
    )


def _cast(request: EpisodeRequest, settings: Settings, language: str) -> tuple[CastMember, ...]:
    asked = request.cast or settings.cast
    if isinstance(asked, str):
        members = speech.CASTS[asked]
    else:
        members = tuple(
            CastMember(speaker=f"S{number}", name=member.name, voice=member.voice)
            for number, member in enumerate(asked, start=1)
        )
    return speech.resolve_cast(members, settings, language=language, engine_name=request.engine)


if __name__ == "__main__":
    from podmill.cli import main

    sys.exit(main(["submit", *sys.argv[1:]]))
