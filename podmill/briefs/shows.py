"""The show that a file names: its short name, or a mapping that also states its properties."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from podmill.briefs import fields
from podmill.briefs.attachments import Attachments
from podmill.briefs.fallback import read_fallback
from podmill.briefs.nodes import Node
from podmill.briefs.quality import read_quality
from podmill.briefs.records import FileRequest, ShowRequest
from podmill.errors import InputError, PodmillError
from podmill.settings import Settings

DEFAULT_SLUG: Final = "my-show"
"""Of what is handed in without naming a show."""
SHOW_FIELDS: Final = tuple(ShowRequest.model_fields)


def read_show(node: Node | None, attachments: Attachments, *, default: str | None) -> ShowRequest:
    """The show a file or a row names, else the default one.

    Raises:
        InputError: a property is unknown or unusable; names field and line.
    """
    if node is None or node.blank:
        return ShowRequest(slug=fields.slug(Node(default or DEFAULT_SLUG, 0)) or DEFAULT_SLUG)
    if isinstance(node.value, str):
        return ShowRequest(slug=fields.slug(node) or DEFAULT_SLUG)
    stated = fields.mapping(node, SHOW_FIELDS, "The show")
    title = fields.one_line(stated.get("title"), "title")
    slug = fields.slug(stated.get("slug"), "slug") or fields.slug_of(title or "") or default
    if not slug:
        raise InputError("The show needs a slug.", action="For example: slug: my-show", field="slug", line=node.line)
    category, subcategory = _category(stated)
    texts = ("description", "author", "owner_email", "link", "copyright")
    return ShowRequest(
        slug=slug,
        title=title,
        language=fields.language(stated.get("language")),
        category=category,
        subcategory=subcategory,
        explicit=fields.flag(stated.get("explicit"), "explicit"),
        cover=_cover(stated.get("cover"), attachments),
        **read_fallback(stated).model_dump(),
        **read_quality(stated).model_dump(),
        **{name: fields.text(stated.get(name), name) for name in texts},
    )


def read_show_request(stated: Mapping[str, str | bool | Path], settings: Settings) -> ShowRequest:
    """A show stated by options, checked as one in a file is.

    Raises:
        InputError: a property is unusable; names the field.
    """
    values = {name: Node(str(value) if isinstance(value, Path) else value, 0) for name, value in stated.items()}
    try:
        return read_show(Node(values, 0), Attachments(Path.cwd(), settings), default=None)
    except InputError as exc:
        raise InputError(exc.message, action=exc.action, field=exc.field) from exc


def _category(stated: Mapping[str, Node]) -> tuple[str | None, str | None]:
    """Category and sub-category, as directories know them."""
    category = fields.one_line(stated.get("category"), "category")
    subcategory = fields.one_line(stated.get("subcategory"), "subcategory")
    if category is None and subcategory is None:
        return None, None
    from podmill.publishing.categories import CATEGORIES, category_problem

    if category is None:
        raise InputError(
            "A sub-category needs its category.",
            action="State both.",
            field="subcategory",
            line=stated["subcategory"].line,
        )
    problem = category_problem(category, subcategory)
    if problem:
        field = "subcategory" if category in CATEGORIES else "category"
        raise InputError(problem, field=field, line=stated[field].line)
    return category, subcategory


def _cover(node: Node | None, attachments: Attachments) -> FileRequest | None:
    name = fields.text(node, "cover")
    if node is None or name is None:
        return None
    try:
        return attachments.image(name)
    except PodmillError as exc:
        raise InputError(exc.message, action=exc.action, field="cover", line=node.line) from exc
