"""What has been read so far: shows, episodes and refused rows of all files of one submission."""

from collections.abc import Mapping
from typing import Final

from podmill.briefs import fields
from podmill.briefs.attachments import Attachments
from podmill.briefs.identity import fingerprint
from podmill.briefs.nodes import Node
from podmill.briefs.records import EpisodeRequest, RefusedRow, ShowRequest, Submission
from podmill.briefs.rows import ROW_FIELDS, RowReader
from podmill.briefs.shows import read_show
from podmill.errors import InputError
from podmill.settings import Settings

_WHOLE_FIELDS: Final = ("show", *ROW_FIELDS)


class Collection:
    """Grows by one row at a time; a bad row is kept as refused."""

    def __init__(self, settings: Settings, *, show: str | None, minutes: float | None) -> None:
        self.settings = settings
        self.refused: list[RefusedRow] = []
        self._show = show
        self._minutes = None if minutes is None else Node(minutes, 0)
        self._shows: dict[str, ShowRequest] = {}
        self._episodes: dict[str, EpisodeRequest] = {}
        self._readers: dict[str, RowReader] = {}
        fields.minutes(self._minutes)

    def named_show(self, node: Node | None, attachments: Attachments) -> ShowRequest:
        """The show that a node names, or the submission's own.

        Raises:
            InputError: it is not usable.
        """
        return read_show(node, attachments, default=self._show)

    def add(
        self,
        row: Node,
        file: str,
        attachments: Attachments,
        *,
        defaults: Mapping[str, Node] | None = None,
        show: ShowRequest | None = None,
        whole: bool = False,
    ) -> None:
        """Take a row, or keep it as refused.

        Args:
            show: of all rows of the file; None lets each row name its own.
            whole: the file is nothing but this row.

        Raises:
            InputError: the row is bad and it is the whole file.
        """
        try:
            stated = fields.mapping(row, ROW_FIELDS if show else _WHOLE_FIELDS, "An episode")
            show = show or self.named_show(stated.get("show"), attachments)
            # A script of its own takes the place of the sources that the batch states for all.
            shared = {
                name: node for name, node in (defaults or {}).items() if not (name == "sources" and "script" in stated)
            }
            fallback = {"minutes": self._minutes} if self._minutes else {}
            reader = self._readers.setdefault(file, RowReader(file, attachments, self.settings))
            request = reader.read(
                {**fallback, **shared, **stated},
                line=None if whole else row.line,
                show=show.slug,
                show_language=show.language or "en",
            )
            self._must_be_new(request, row.line)
        except InputError as exc:
            if whole:
                raise InputError(
                    exc.message, action=exc.action, file=exc.file or file, line=exc.line, field=exc.field
                ) from exc
            self.refuse(exc, file, row.line)
        else:
            self._shows[show.slug] = _merged(self._shows.get(show.slug), show)
            self._episodes[request.key] = request

    def refuse(self, exc: InputError, file: str, line: int | None = None) -> None:
        """Keep a problem as a refused row."""
        message = f"{exc.message} {exc.action}".strip()
        where = exc.file or file
        place = exc.line or (line if where == file else None)
        self.refused.append(RefusedRow(file=where, line=place, field=exc.field, message=message))

    def submission(self, name: str) -> Submission:
        shows, episodes, refused = tuple(self._shows.values()), tuple(self._episodes.values()), tuple(self.refused)
        return Submission(
            name=name,
            shows=shows,
            episodes=episodes,
            refused=refused,
            fingerprint=fingerprint(shows, episodes, refused),
        )

    def _must_be_new(self, request: EpisodeRequest, line: int) -> None:
        other = self._episodes.get(request.key)
        if other is None:
            return
        where = f"line {other.line}" if other.line and other.file == request.file else other.file
        what = f"the id {request.id!r}" if request.id else "the same content"
        raise InputError(f"It has {what} as {where}.", field="id" if request.id else None, line=line)


def _merged(known: ShowRequest | None, new: ShowRequest) -> ShowRequest:
    """Of two rows that state different properties of a show, the later one counts."""
    return known.model_copy(update={n: v for n, v in new if v is not None}) if known else new
