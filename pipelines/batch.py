"""Submission: what was read from a file becomes a batch of episodes. Also ``python -m pipelines.batch``."""

import sys
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, Row, select, update

from models.brief import Brief, CastMember, Fallback, Source
from models.documents import Artifact
from models.tables import Batch, Show, table
from pipelines import asking
from pipelines import episode as episodes
from pipelines.asking import Wanted
from pipelines.episode import NewEpisode
from podcast_tasks import admission
from podmill import speech
from podmill.briefs.records import EpisodeRequest, FileRequest, ShowRequest, Submission
from podmill.briefs.rows import cast_members
from podmill.errors import InputError
from podmill.publishing import podcast_guid
from podmill.settings import Settings
from podmill.store.clock import now
from podmill.store.database import insert_into, open_engine, reading, transaction
from podmill.store.local import LocalStore

BATCH, SHOW = table(Batch), table(Show)
_OF_SHOW = tuple(
    SHOW.c[name] for name in ("language", "voices_order", "voices_fallback", "voices_degrade", "quality", "degrade")
)


def submit(submission: Submission, settings: Settings, *, account: str | None = None) -> str:
    """Make the batch and its episodes, and let in those that have a place; the others wait for their turn.

    The same submission again is the same batch, and an episode that was made before is not made twice. A submission
    of one episode is one that a person waits for.

    Args:
        account: who pays; unless given, the account of the settings.

    Returns:
        The batch's id.

    Raises:
        InputError: there is no such account or show.
        RateLimitExceededError: the account may not have so many episodes; none is made.
        TierRequiredError: nor such.
    """
    engine = open_engine(settings)
    account = asking.payer(engine, settings, account)
    with reading(engine) as connection:
        known = _known(connection, submission)
    if known is not None:
        return known
    # Files go into the store before the transaction: it must be short, and the store does not mind a copy too many.
    store = _Intake(LocalStore(settings.store_dir))
    covers = {show.slug: store.take(show.cover) for show in submission.shows}
    contents = [store.content(request) for request in submission.episodes]
    with transaction(engine) as connection:
        batch_id = _make_batch(connection, submission, account)
        if batch_id is None:
            # Somebody else submitted the same file since we looked.
            return str(_known(connection, submission))
        # In one order, as episodes are: two submissions of the same shows then wait for one another.
        for show in sorted(submission.shows, key=lambda show: show.slug):
            save_show(connection, show, covers[show.slug], settings)
        briefs = _Briefs(connection, settings)
        new = [
            briefs.episode(request, content, position)
            for position, (request, content) in enumerate(zip(submission.episodes, contents, strict=True))
        ]
        made = episodes.make_many(
            connection, new, account=account, batch_id=batch_id, interactive=len(submission.episodes) == 1
        )
        wanted = [
            Wanted(request.key, each.brief, request.file, request.line)
            for each, request in zip(new, submission.episodes, strict=True)
        ]
        asking.check(connection, account, made, wanted, settings)
    admission.admit(engine, settings)
    return batch_id


def brief_of(engine: Engine, request: EpisodeRequest, settings: Settings) -> Brief:
    """The brief of one request, its files taken into the store; no episode is made.

    Raises:
        InputError: the show is unknown.
    """
    content = _Intake(LocalStore(settings.store_dir)).content(request)
    with reading(engine) as connection:
        return _Briefs(connection, settings).brief(request, content)


def briefs_of(submission: Submission, settings: Settings) -> list[Brief]:
    """The briefs of a submission as they would be made, in its order. Files are taken into the store; nothing else is
    kept, and the collector takes them out again if nobody submits them.

    Raises:
        InputError: a show is unknown.
    """
    store = _Intake(LocalStore(settings.store_dir))
    contents = [store.content(request) for request in submission.episodes]
    with open_engine(settings).connect() as connection, connection.begin() as unmade:
        for show in submission.shows:
            save_show(connection, show, None, settings)
        briefs = _Briefs(connection, settings)
        found = [briefs.brief(request, content) for request, content in zip(submission.episodes, contents, strict=True)]
        unmade.rollback()
    return found


def _known(connection: Connection, submission: Submission) -> str | None:
    found: str | None = connection.scalar(select(BATCH.c.id).where(BATCH.c.fingerprint == submission.fingerprint))
    return found


def _make_batch(connection: Connection, submission: Submission, account: str) -> str | None:
    row = {
        "id": uuid4().hex[:12],
        "name": submission.name,
        "fingerprint": submission.fingerprint,
        "show": submission.show,
        "account": account,
        "refused": [refused.model_dump(mode="json") for refused in submission.refused],
        "created_at": now(),
    }
    made: str | None = connection.scalar(
        insert_into(connection, BATCH).values(row).on_conflict_do_nothing().returning(BATCH.c.id)
    )
    return made


def save_show(connection: Connection, show: ShowRequest, cover: Artifact | None, settings: Settings) -> None:
    """Make a show, or change what the request states of it. Its guid and address never change."""
    given = show.model_dump(exclude_none=True, exclude={"slug", "cover"})
    stated: dict[str, Any] = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    if show.category:
        stated["subcategory"] = show.subcategory  # the one it had was of the category it had
    if cover is not None:
        stated["cover"] = cover.model_dump(mode="json")
    fresh = Show(
        slug=show.slug,
        guid=podcast_guid(f"{settings.public_url.rstrip('/')}/{show.slug}/feed.xml"),
        created_at=0,
        **{"title": show.heading, **stated},
    )
    statement = insert_into(connection, SHOW).values(fresh.model_dump() | {"created_at": now()})
    if connection.scalar(statement.on_conflict_do_nothing().returning(SHOW.c.slug)) is None and stated:
        connection.execute(update(SHOW).where(SHOW.c.slug == show.slug).values(**stated))


@dataclass(frozen=True, slots=True)
class _Content:
    """What of a request is in the store."""

    sources: tuple[Source, ...]
    script: Source | None
    artwork: Artifact | None


class _Intake:
    """Takes files into the store, each once however many episodes name it."""

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._taken: dict[FileRequest, Artifact] = {}

    def content(self, request: EpisodeRequest) -> _Content:
        sources = tuple(map(self._source, request.sources))
        return _Content(sources, self._source(request.script) if request.script else None, self.take(request.artwork))

    def take(self, content: FileRequest | None) -> Artifact | None:
        """The artifact of a file or a text; None for an address, which research fetches."""
        if content is None or content.url is not None:
            return None
        if content not in self._taken:
            self._taken[content] = self._put(content)
        return self._taken[content]

    def _source(self, content: FileRequest) -> Source:
        return Source(name=content.name, url=content.url, artifact=self.take(content), media_type=content.media_type)

    def _put(self, content: FileRequest) -> Artifact:
        if content.text is not None:
            media_type = content.media_type or "text/plain"
            return self._store.put_bytes(content.text.encode(), suffix=".txt", media_type=media_type)
        if content.path is None:
            raise InputError(f"{content.name!r} is neither a file, an address nor a text.")
        try:
            artifact = self._store.put(content.path, media_type=content.media_type)
        except OSError as exc:
            raise InputError(f"{exc.strerror}.", file=str(content.path)) from exc
        if content.sha256 and artifact.sha256 != content.sha256:
            raise InputError("The file changed while it was being submitted.", action="Try again.", file=content.name)
        return artifact


class _Briefs:
    """Makes briefs of requests; what shows say, casts and their queues are found once."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._connection = connection
        self._settings = settings
        self._shows: dict[str, Row[Any]] = {}
        self._casts: dict[tuple[object, str, str | None], tuple[CastMember, ...]] = {}
        self._queues: dict[tuple[CastMember, ...], str] = {}

    def episode(self, request: EpisodeRequest, content: _Content, position: int) -> NewEpisode:
        """An episode with its brief and the queue of its synthesis."""
        brief = self.brief(request, content)
        if brief.cast not in self._queues:
            self._queues[brief.cast] = episodes.synthesis_queue(brief, self._settings)
        return NewEpisode(request.key, brief, request.subject, position, self._queues[brief.cast])

    def brief(self, request: EpisodeRequest, content: _Content) -> Brief:
        """The brief of a request.

        Raises:
            InputError: the show is unknown.
        """
        show = self._show(request.show)
        language: str = request.language or show.language
        return Brief(
            show=request.show,
            # A script may lack a heading: it is then called as its file is.
            topic=request.topic or (request.subject if content.script else None),
            title=request.title,
            summary=request.summary,
            sources=content.sources,
            script=content.script,
            minutes=request.minutes or self._settings.minutes,
            language=language,
            cast=self._cast(request, language),
            fallback=self._fallback(request, show),
            quality=_stated(request.quality, show.quality, self._settings.quality),
            degrade=_stated(request.degrade, show.degrade, self._settings.degrade),
            writer=request.writer or self._settings.writer,
            researchers=request.research or (),
            artwork=content.artwork,
        )

    def _show(self, slug: str) -> Row[Any]:
        if slug not in self._shows:
            row = self._connection.execute(select(*_OF_SHOW).where(SHOW.c.slug == slug)).first()
            if row is None:
                raise InputError(f"There is no show {slug!r}.", action="Run: podmill show add", field="show")
            self._shows[slug] = row
        return self._shows[slug]

    def _fallback(self, request: EpisodeRequest, show: Row[Any]) -> Fallback:
        """As the episode says, else the show, else the settings: each for itself."""
        usual = speech.fallback_of(self._settings)
        stated = {
            "order": (request.voices_order, show.voices_order, usual.order),
            "policy": (request.voices_fallback, show.voices_fallback, usual.policy),
            "degrade": (request.voices_degrade, show.voices_degrade, usual.degrade),
        }
        return Fallback.model_validate({name: _stated(*values) for name, values in stated.items()})

    def _cast(self, request: EpisodeRequest, language: str) -> tuple[CastMember, ...]:
        asked = (request.cast or self._settings.cast, language, request.engine)
        if asked not in self._casts:
            self._casts[asked] = speech.resolve_cast(
                cast_members(asked[0]), self._settings, language=language, engine_name=request.engine
            )
        return self._casts[asked]


def _stated(*values: Any) -> Any:
    """The first that says something."""
    return next(value for value in values if value is not None)


if __name__ == "__main__":
    from podmill.cli import main

    sys.exit(main(["submit", *sys.argv[1:]]))
