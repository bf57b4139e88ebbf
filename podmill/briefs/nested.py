"""What a show says of one thing in many fields: a mapping in its place, or the name of a YAML file that holds it."""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import partial
from typing import Any, Final, TypeVar, get_args

from pydantic import ValidationError

from models.documents import Document
from podmill.briefs import content, fields
from podmill.briefs.attachments import Attachments
from podmill.briefs.nodes import Node
from podmill.briefs.yaml_file import read_yaml
from podmill.errors import InputError

NOTHING: Final = "nothing"
"""Takes back what a show said before."""

SHAPES: Final = {"model_type": "a mapping of fields", "tuple_type": "a list", "list_type": "a list"}
"""What must stand there, by pydantic's name for its not standing there."""

Stated = TypeVar("Stated", bound=Document)
Leaf = Callable[[Attachments, str, Node], Any]
"""Reads a text: beside whose files it stands, its dotted name, its node."""
Reads = Callable[[str, Node], Any]


def text_of(_attachments: Attachments, name: str, node: Node) -> Any:
    """As it stands."""
    return fields.text(node, name)


def read_nested(model: type[Stated], node: Node, field: str, attachments: Attachments, leaf: Leaf = text_of) -> Stated:
    """A document of what is stated; the word ``nothing`` is one that states nothing.

    Args:
        field: the name of the whole, in errors.

    Raises:
        InputError: a field is unknown or unusable, or the file is; names file, line and field.
    """
    if not isinstance(node.value, str):
        return _validated(model, node, field, partial(leaf, attachments))
    if node.value.strip() == NOTHING:
        return model()
    path = attachments.path(node.value.strip())
    try:
        data = content.read_bytes(path, attachments.settings)
        root = read_yaml(content.decode(data, str(path)), str(path))
        beside = Attachments(path.parent, attachments.settings)
        return _validated(model, root, "", partial(leaf, beside))
    except InputError as exc:
        raise InputError(exc.message, action=exc.action, file=str(path), line=exc.line, field=exc.field) from exc


def _validated(model: type[Stated], node: Node, field: str, leaf: Reads) -> Stated:
    if not isinstance(node.value, dict):
        raise InputError(
            f"Must be a mapping of fields, or the name of a YAML file, but is {node.kind}.",
            field=field or None,
            line=node.line,
        )
    try:
        return model.model_validate(_plain(node, (), field, leaf))
    except ValidationError as exc:
        raise _refusal(exc.errors()[0], model, node, field) from None


def _plain(node: Node, within: tuple[str, ...], field: str, leaf: Reads) -> Any:
    """The values without their lines; what says nothing is left out."""
    for name, line in node.duplicates:
        raise InputError("The field is given twice.", field=_dotted(field, (*within, name)), line=line)
    if isinstance(node.value, dict):
        return {
            name: _plain(value, (*within, name), field, leaf) for name, value in node.value.items() if not value.blank
        }
    if isinstance(node.value, list):
        return [_plain(item, (*within, str(number)), field, leaf) for number, item in enumerate(node.value)]
    return leaf(_dotted(field, within), node) if isinstance(node.value, str) else node.value


def _refusal(error: Mapping[str, Any], model: type[Document], root: Node, field: str) -> InputError:
    node, known, names = root, model, []
    for part in error["loc"]:
        known = _model_of(known, part)
        names.append(str(part))
        if isinstance(node.value, dict) and part in node.value:
            node = node.value[str(part)]
        elif isinstance(node.value, list) and isinstance(part, int):
            node = node.value[part]
    name = _dotted(field, names)
    if error["type"] == "extra_forbidden":
        near = get_close_matches(names[-1].lower(), known.model_fields, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known fields: {', '.join(sorted(known.model_fields))}."
        return InputError(f"Unknown field {names[-1]!r}.", action=hint, field=name, line=node.line)
    if error["type"] == "missing":
        return InputError("The field is missing.", field=name, line=node.line)
    if error["type"] == "value_error":
        why = str(error["ctx"]["error"])
        return InputError(f"{why[:1].upper()}{why[1:]}.", field=name or None, line=node.line)
    shown = repr(node.value) if isinstance(node.value, str | int | float) else node.kind
    if error["type"] in SHAPES:
        return InputError(f"Must be {SHAPES[error['type']]}, but is {shown}.", field=name, line=node.line)
    said = error["msg"].replace("Input should be", "Must be").replace("Input should have", "Must have")
    return InputError(f"{said}, but is {shown}.", field=name, line=node.line)


def _model_of(model: type[Document], part: str | int) -> type[Document]:
    """That of a field or an item, if it is one of a model; else that of what it is in."""
    stated = model.model_fields.get(str(part))
    return next(_models(stated.annotation), model) if stated else model


def _models(annotation: Any) -> Iterator[type[Document]]:
    if isinstance(annotation, type) and issubclass(annotation, Document):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _dotted(field: str, names: Any) -> str:
    return ".".join([field, *names] if field else names)
