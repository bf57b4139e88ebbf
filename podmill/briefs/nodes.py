"""A parsed file whose every value still knows its line."""

from dataclasses import dataclass

TYPE_NAMES = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the line it begins at.

    YAML scalars and CSV cells are always text (a title of 1984 or ``no`` as a language is what it says);
    JSON scalars keep their type.
    """

    value: "Scalar | list[Node] | dict[str, Node]"
    line: int
    duplicates: tuple[tuple[str, int], ...] = ()
    """Keys a mapping has more than once, with the line of each repetition."""

    @property
    def kind(self) -> str:
        """What it is, in a person's words."""
        return "nothing" if self.value is None else TYPE_NAMES[type(self.value)]

    def field(self, name: str) -> "Node":
        """A field of a mapping; a node that says nothing when there is none."""
        values = self.value if isinstance(self.value, dict) else {}
        return values.get(name, Node(None, self.line))

    @property
    def blank(self) -> bool:
        """Whether it says nothing: null, an empty text, an empty list."""
        value = self.value.strip() if isinstance(self.value, str) else self.value
        return value is None or value == "" or value == []
