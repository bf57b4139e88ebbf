"""YAML with line numbers, from parser events alone: no constructor runs, so no tag can make an object.

Hostile files stay cheap. Nesting is counted as it grows, and an alias refers to the node it names without copying it,
so a "billion laughs" file costs what its bytes cost.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from podmill.briefs.nodes import Node
from podmill.errors import InputError

DEPTH_MAX = 16
"""Far more than any batch needs: a cast member is four levels down."""

_PARSER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_NULLS = ("", "~", "null", "Null", "NULL")


def read_yaml(text: str, file: str) -> Node:
    """The one document of a YAML text.

    Raises:
        InputError: it is not YAML, holds several documents, an unsafe tag, or nests too deeply; with the line.
    """
    try:
        return _Builder(file).build(yaml.parse(text, Loader=_PARSER))
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        problem = getattr(exc, "problem", None) or "it cannot be read"
        raise InputError(f"Not valid YAML: {problem}.", file=file, line=mark.line + 1 if mark else None) from None


class _Builder:
    """Turns events into nodes with a stack of its own, so that deep files cannot exhaust Python's."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.anchors: dict[str, Node] = {}

    def refuse(self, message: str, event: yaml.Event) -> InputError:
        return InputError(message, file=self.file, line=_line(event))

    def build(self, events: Iterator[yaml.Event]) -> Node:
        # Each open collection: its first event and the nodes read in it so far.
        open_: list[tuple[yaml.Event, list[Node]]] = []
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise self.refuse("The file holds more than one YAML document.", event)
            if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                if len(open_) >= DEPTH_MAX:
                    raise self.refuse(f"Nested more than {DEPTH_MAX} levels deep.", event)
                open_.append((event, []))
                continue
            node = self.leaf(event) if not isinstance(event, yaml.CollectionEndEvent) else self.collect(*open_.pop())
            if node is None:
                continue
            if open_:
                open_[-1][1].append(node)
            else:
                root = node
        return root or Node(None, 1)

    def leaf(self, event: yaml.Event) -> Node | None:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise self.refuse(f"*{event.anchor} refers to an anchor that does not exist before it.", event)
            return self.anchors[event.anchor]
        if not isinstance(event, yaml.ScalarEvent):
            return None
        null = event.style is None and event.value in _NULLS
        return self.named(event, Node(None if null else event.value, _line(event)))

    def collect(self, start: yaml.Event, children: list[Node]) -> Node:
        line = _line(start)
        if isinstance(start, yaml.SequenceStartEvent):
            return self.named(start, Node(children, line))
        values: dict[str, Node] = {}
        duplicates: list[tuple[str, int]] = []
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key.value, str):
                raise InputError("A field's name must be text.", file=self.file, line=key.line)
            if key.value in values:
                duplicates.append((key.value, key.line))
            else:
                values[key.value] = value
        return self.named(start, Node(values, line, tuple(duplicates)))

    def named(self, event: Any, node: Node) -> Node:
        if event.tag is not None and event.tag not in ("!", "tag:yaml.org,2002:str"):
            raise self.refuse(f"The tag {event.tag} is not allowed.", event)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
