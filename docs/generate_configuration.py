"""Writes docs/configuration.md from ``podmill.settings.Settings``. Run by ``make docs``; a test holds both together."""

import types
import typing
from pathlib import Path
from typing import Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from podmill.settings import PREFIX, Settings

PAGE: Final = Path(__file__).with_name("configuration.md")

HEAD: Final = f"""\
# Configuration

<!-- Made by `make docs` from podmill/settings.py. Do not edit. -->

Every setting is an environment variable, or the same name in small letters without `{PREFIX}` in a TOML file:
`{PREFIX}CONFIG` if it is set, else `podmill.toml` in the home folder. The environment wins over the file, the file
over the default. An unknown name is an error. `podmill doctor` shows each setting in force and where it came from;
secrets are masked.

```toml
minutes = 10
targets = "folder"
```
"""


def kind(annotation: object) -> str:
    """A type as a person would say it."""
    names = {
        bool: "true or false",
        int: "whole number",
        float: "number",
        str: "text",
        Path: "path",
        SecretStr: "secret",
    }
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        return " or ".join(kind(part) for part in typing.get_args(annotation) if part is not types.NoneType)
    if typing.get_origin(annotation) is tuple:
        return "list, comma separated"
    return names.get(annotation, str(annotation))  # type: ignore[call-overload]


def limits(field: FieldInfo) -> str:
    """The range a number has to be in."""
    words = {"gt": "over", "ge": "at least", "lt": "under", "le": "at most"}
    found = [
        f"{text} {getattr(rule, name):g}"
        for rule in field.metadata
        for name, text in words.items()
        if hasattr(rule, name)
    ]
    return f", {' and '.join(found)}" if found else ""


def default(field: FieldInfo) -> str:
    match field.default:
        case None:
            return "unset"
        case bool() as value:
            return f"`{str(value).lower()}`"
        case tuple() as values:
            return f"`{','.join(values)}`"
        case value:
            return f"`{value}`"


def page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD]
    for name, field in Settings.model_fields.items():
        parts.append(f"## `{PREFIX}{name.upper()}`\n")
        parts.append(f"{field.description}\n")
        parts.append(f"Type: {kind(field.annotation)}{limits(field)}. Default: {default(field)}.\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.name}: {len(Settings.model_fields)} settings")
