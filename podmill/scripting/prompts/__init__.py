"""Prompts of the writers that are language models: versioned files, and the only way material gets into one.

A file begins with ``version: N``, which grows with every change of it: scripts name the versions they were made with.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from string import Template
from typing import Final

from podmill.errors import ScriptError

_HEAD: Final = re.compile(r"version: (\d+)\n\n")
_UNSAFE: Final = re.compile("[<>\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What could look like a mark, ends a line for some readers, or is half a character."""


@dataclass(frozen=True, slots=True)
class PromptFile:
    name: str
    version: int
    text: str

    @property
    def label(self) -> str:
        """What provenance calls it: ``chapter 1``."""
        return f"{self.name} {self.version}"

    def fill(self, **values: object) -> str:
        """The prompt with its ``$names`` replaced. Text that others wrote goes in as ``material`` gives it."""
        return Template(self.text).substitute({name: str(value) for name, value in values.items()})


@lru_cache(maxsize=16)
def prompt(name: str) -> PromptFile:
    """The prompt in ``NAME.md``."""
    text = (files("podmill.scripting.prompts") / f"{name}.md").read_text(encoding="utf-8")
    head = _HEAD.match(text)
    if head is None:
        raise ScriptError(f"The prompt {name!r} does not state its version.")
    return PromptFile(name, int(head[1]), text[head.end() :].strip())


def material(name: str, content: Mapping[str, object] | list[object]) -> str:
    """Text that others wrote, marked as such: JSON in which nothing can look like the end of the mark."""
    data = json.dumps(content, ensure_ascii=False, indent=None, separators=(",", ":"))
    data = _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", data)
    return f'<material name="{name}">\n{data}\n</material>'
