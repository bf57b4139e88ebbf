"""Reading what people hand in: what each file is, and the submission it makes."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from podmill.briefs import content, fields, table_file
from podmill.briefs.attachments import Attachments
from podmill.briefs.collection import Collection
from podmill.briefs.dialogue import is_dialogue
from podmill.briefs.json_file import read_json
from podmill.briefs.nodes import Node
from podmill.briefs.records import RefusedRow, Submission
from podmill.briefs.rows import DEFAULT_FIELDS, ROW_FIELDS
from podmill.briefs.yaml_file import read_yaml
from podmill.errors import InputError
from podmill.settings import Settings

ROWS_MAX: Final = 20_000
"""Of one file. Its size is bounded as well; this bounds what aliases in a small file can ask for."""
TEXT_SUFFIXES: Final = (".txt", ".text", ".md", ".markdown")
BATCH_FIELDS: Final = ("show", "defaults", "episodes")


def read_submission(
    path: Path, settings: Settings, *, strict: bool = False, show: str | None = None, minutes: float | None = None
) -> Submission:
    """What one file asks for: a batch (YAML, JSON, CSV, JSONL), a brief, a document or a ready-made script.

    A row that cannot be taken is in ``refused`` and does not stop the others.

    Args:
        strict: refuse the whole file for one bad row.
        show: short name of the show for what does not name one.
        minutes: length of episodes that do not state one.

    Raises:
        InputError: the file cannot be used at all, or ``strict`` and a row is bad.
    """
    return read_submissions([path], settings, strict=strict, show=show, minutes=minutes)


def read_submissions(
    paths: Sequence[Path],
    settings: Settings,
    *,
    strict: bool = False,
    show: str | None = None,
    minutes: float | None = None,
) -> Submission:
    """What several files ask for, together.

    A file that cannot be used is refused as one row, if it is not the only one.

    Raises:
        InputError: as for ``read_submission``; also when none of the files can be used.
    """
    if not paths:
        raise InputError("No file was given.")
    collection = Collection(settings, show=show, minutes=minutes)
    errors = []
    for path in paths:
        try:
            _read_into(collection, path)
        except InputError as exc:
            placed = _in_file(exc, exc.file or str(path))
            if len(paths) == 1:
                raise placed from None
            errors.append(placed)
            collection.refuse(placed, placed.file or str(path))
    if len(errors) == len(paths):
        raise errors[0]
    submission = collection.submission(", ".join(path.name for path in paths[:3]) + (", ..." if paths[3:] else ""))
    if strict and submission.refused:
        raise _strict(submission.refused)
    return submission


def _read_into(collection: Collection, path: Path) -> None:
    path = path.expanduser().absolute()
    data = content.read_bytes(path, collection.settings)
    file, suffix = str(path), path.suffix.lower()
    attachments = Attachments(path.parent, collection.settings)
    if suffix in (".yaml", ".yml"):
        _read_mapping(collection, read_yaml(content.decode(data, file), file), file, attachments)
    elif suffix == ".json":
        _read_json(collection, read_json(content.decode(data, file), file), path, attachments)
    elif suffix == ".csv":
        _read_rows(collection, table_file.csv_rows(content.decode(data, file), file), file, attachments)
    elif suffix in (".jsonl", ".ndjson"):
        _read_rows(collection, table_file.jsonl_rows(content.decode(data, file), file), file, attachments)
    else:
        script = suffix in TEXT_SUFFIXES and b"\0" not in data and is_dialogue(data.decode("utf-8-sig", "replace"))
        _read_whole(collection, path, "script" if script else "sources", attachments)


def _read_json(collection: Collection, root: Node, path: Path, attachments: Attachments) -> None:
    if isinstance(root.value, list) or (isinstance(root.value, dict) and "lines" in root.value):
        _read_whole(collection, path, "script", attachments)
    else:
        _read_mapping(collection, root, str(path), attachments)


def _read_whole(collection: Collection, path: Path, field: str, attachments: Attachments) -> None:
    """A document or a script by itself: the file is the row, so what is wrong with the row is wrong with the file."""
    row = Node({field: Node([Node(path.name, 1)] if field == "sources" else path.name, 1)}, 1)
    collection.add(row, str(path), attachments, whole=True)


def _read_mapping(collection: Collection, root: Node, file: str, attachments: Attachments) -> None:
    if not isinstance(root.value, dict):
        raise InputError(
            f"A batch or brief must be a mapping, but is {root.kind}.",
            action="See examples/batch.yaml.",
            file=file,
            line=root.line,
        )
    if set(root.value) & {*ROW_FIELDS} and "episodes" not in root.value:
        collection.add(root, file, attachments, whole=True)
        return
    _read_batch(collection, root, file, attachments)


def _read_batch(collection: Collection, root: Node, file: str, attachments: Attachments) -> None:
    try:
        batch = fields.mapping(root, BATCH_FIELDS, "A batch")
        rows = _rows(root.field("episodes"))
        named = (*DEFAULT_FIELDS, "sources", "artwork")
        defaults = fields.mapping(batch["defaults"], named, "defaults") if "defaults" in batch else {}
        show = collection.named_show(batch.get("show"), attachments)
    except InputError as exc:
        raise _in_file(exc, file) from None
    _limit(len(rows), file)
    for row in rows:
        collection.add(row, file, attachments, defaults=defaults, show=show)


def _read_rows(collection: Collection, rows: Iterable[Node | RefusedRow], file: str, attachments: Attachments) -> None:
    count = 0
    for count, row in enumerate(rows, start=1):
        _limit(count, file)
        if isinstance(row, RefusedRow):
            collection.refused.append(row)
        else:
            collection.add(row, file, attachments)
    if not count:
        raise InputError("The file has no rows.", action=f"Known fields: show, {', '.join(ROW_FIELDS)}.", file=file)


def _rows(episodes: Node) -> list[Node]:
    if isinstance(episodes.value, list) and episodes.value:
        return episodes.value
    kind = "empty" if episodes.blank else episodes.kind
    raise InputError(f"Must be a list of episodes, but is {kind}.", field="episodes", line=episodes.line)


def _limit(count: int, file: str) -> None:
    if count > ROWS_MAX:
        raise InputError(f"The file has more than {ROWS_MAX} rows.", action="Split it.", file=file)


def _in_file(exc: InputError, file: str) -> InputError:
    return InputError(exc.message, action=exc.action, file=exc.file or file, line=exc.line, field=exc.field)


def _strict(refused: Sequence[RefusedRow]) -> InputError:
    first = refused[0]
    more = f" (and {len(refused) - 1} more bad rows)" if len(refused) > 1 else ""
    return InputError(
        f"{first.message}{more}",
        action="Nothing was made, because of --strict.",
        file=first.file,
        line=first.line,
        field=first.field,
    )
