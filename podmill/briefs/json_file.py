"""JSON with line numbers."""

import json
from typing import Any

from podmill.briefs.nodes import Node
from podmill.briefs.yaml_file import read_yaml
from podmill.errors import InputError


class _Pairs(list[tuple[str, Any]]):
    """An object's pairs in order, so that repeated keys are seen."""


def _not_a_number(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _load(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_Pairs, parse_constant=_not_a_number)


def read_json(text: str, file: str) -> Node:
    """The value of a JSON text.

    Raises:
        InputError: it is not JSON; with the line.
    """
    try:
        value = _load(text)
    except json.JSONDecodeError as exc:
        raise InputError(f"Not valid JSON: {exc.msg}, column {exc.colno}.", file=file, line=exc.lineno) from None
    except (ValueError, RecursionError) as exc:
        raise InputError(f"Not valid JSON: {exc}.", file=file) from None
    # JSON is YAML but for tabs, which JSON allows only between values: the second reading tells the lines.
    try:
        places = read_yaml(text.replace("\t", " "), file)
    except InputError:
        places = Node(None, 1)
    return _placed(value, places)


def read_json_line(text: str, file: str, line: int) -> Node:
    """The value of one line of a JSONL file.

    Raises:
        InputError: it is not JSON.
    """
    try:
        return _placed(_load(text), Node(None, line))
    except json.JSONDecodeError as exc:
        raise InputError(f"Not valid JSON: {exc.msg}, column {exc.colno}.", file=file, line=line) from None
    except (ValueError, RecursionError) as exc:
        raise InputError(f"Not valid JSON: {exc}.", file=file, line=line) from None


def _placed(value: Any, place: Node) -> Node:
    if isinstance(value, _Pairs):
        places = place.value if isinstance(place.value, dict) else {}
        values: dict[str, Node] = {}
        duplicates = []
        for name, item in value:
            if name in values:
                duplicates.append((name, place.line))
            else:
                values[name] = _placed(item, places.get(name, Node(None, place.line)))
        return Node(values, place.line, tuple(duplicates))
    if isinstance(value, list):
        items = place.value if isinstance(place.value, list) and len(place.value) == len(value) else None
        return Node(
            [_placed(v, items[i] if items else Node(None, place.line)) for i, v in enumerate(value)], place.line
        )
    return Node(value, place.line)
