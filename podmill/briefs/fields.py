"""Single values of a row: the right type, or an error that names the field and its line."""

import math
import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Final

from podmill.briefs.nodes import Node
from podmill.errors import InputError

TEXT_MAX: Final = {"title": 200, "topic": 500, "id": 200}
"""Characters; a title longer than this is most likely a mistake, and feeds cut it off."""
TEXT_MAX_DEFAULT: Final = 4000
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SLUG_MAX = 64
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def mapping(node: Node, known: Collection[str], what: str) -> Mapping[str, Node]:
    """The fields of a mapping that say something.

    Raises:
        InputError: it is no mapping, names a field twice, or a field that is not known.
    """
    if not isinstance(node.value, dict):
        raise InputError(f"{what} must be a mapping of fields, but is {node.kind}.", line=node.line)
    for name, line in node.duplicates:
        raise InputError("The field is given twice.", field=name, line=line)
    for name, value in node.value.items():
        if name not in known:
            near = get_close_matches(name.lower(), known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known fields: {', '.join(sorted(known))}."
            raise InputError(f"Unknown field {name!r}.", action=hint, field=name, line=value.line)
    return {name: value for name, value in node.value.items() if not value.blank}


def text(node: Node | None, field: str) -> str | None:
    if node is None:
        return None
    if not isinstance(node.value, str):
        raise InputError(f"Must be text, but is {node.kind}.", field=field, line=node.line)
    value = node.value.replace("\r\n", "\n").strip()
    if _UNSEEN.search(value):
        raise InputError("Holds control characters.", field=field, line=node.line)
    limit = TEXT_MAX.get(field, TEXT_MAX_DEFAULT)
    if len(value) > limit:
        raise InputError(f"Must be at most {limit} characters, but has {len(value)}.", field=field, line=node.line)
    return value


def one_line(node: Node | None, field: str) -> str | None:
    value = text(node, field)
    return " ".join(value.split()) if value is not None else None


def minutes(node: Node | None, field: str = "minutes") -> float | None:
    """A length in minutes: over 0, at most 240."""
    if node is None:
        return None
    value = _number(node)
    if value is None:
        raise InputError(f"Must be a number of minutes, but is {_shown(node)}.", field=field, line=node.line)
    if not math.isfinite(value) or value > 240:
        raise InputError(f"Must be at most 240, but is {_shown(node)}.", field=field, line=node.line)
    if value <= 0:
        raise InputError(f"Must be more than 0, but is {_shown(node)}.", field=field, line=node.line)
    return value


def flag(node: Node | None, field: str) -> bool | None:
    if node is None or isinstance(node.value, bool):
        return None if node is None else bool(node.value)
    word = node.value.strip().lower() if isinstance(node.value, str) else ""
    if word in ("true", "yes", "on"):
        return True
    if word in ("false", "no", "off"):
        return False
    raise InputError(f"Must be true or false, but is {_shown(node)}.", field=field, line=node.line)


def language(node: Node | None, field: str = "language") -> str | None:
    value = text(node, field)
    if value is None or _LANGUAGE.fullmatch(value):
        return value
    raise InputError(
        f"{value!r} is not a language.",
        action="Use a code such as en or en-US.",
        field=field,
        line=node.line if node else None,
    )


def slug(node: Node | None, field: str = "show") -> str | None:
    """A show's short name, which is also a folder and part of an address."""
    value = text(node, field)
    if value is None or (_SLUG.fullmatch(value) and len(value) <= _SLUG_MAX):
        return value
    near = slug_of(value)
    hint = f"Did you mean {near!r}?" if near else ""
    raise InputError(
        f"{value!r} is not a show's short name: small letters, digits and single hyphens, at most {_SLUG_MAX}.",
        action=hint,
        field=field,
        line=node.line if node else None,
    )


def slug_of(title: str) -> str:
    """The short name that a title suggests; empty when it has no Latin letter or digit."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower())[:_SLUG_MAX].strip("-")


def choice(node: Node | None, field: str, known: Collection[str]) -> str | None:
    value = text(node, field)
    if value is None or value in known:
        return value
    near = get_close_matches(value, known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(sorted(known))}."
    raise InputError(f"Unknown {field} {value!r}.", action=hint, field=field, line=node.line if node else None)


def words(node: Node | None, field: str, known: Collection[str]) -> tuple[str, ...] | None:
    """Some of the known words, each once: a list, or in one cell between ``,`` or ``;``."""
    if node is None:
        return None
    items = node.value if isinstance(node.value, list) else [node]
    if isinstance(node.value, str):
        items = [Node(word.strip(), node.line) for word in node.value.replace(";", ",").split(",") if word.strip()]
    found = [choice(item, field, known) or "" for item in items]
    for item, word in zip(items, found, strict=True):
        if found.count(word) > 1:
            raise InputError(f"{word!r} is named twice.", field=field, line=item.line)
    return tuple(found)


def _number(node: Node) -> float | None:
    if isinstance(node.value, bool) or not isinstance(node.value, str | int | float):
        return None
    try:
        return float(node.value)
    except (ValueError, OverflowError):
        return None


def _shown(node: Node) -> str:
    return repr(node.value) if isinstance(node.value, str | int | float) else node.kind
