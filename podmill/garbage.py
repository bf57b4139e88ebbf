"""Python's search for garbage, in programs that import much and keep it: a third of a short command's time."""

import atexit
import gc
from functools import cache
from typing import Final

NEW_OBJECTS: Final = 10_000
"""Made before Python looks among them for garbage. Its own 700 means a thousand looks while Podmill is imported."""


@cache
def search_seldom() -> None:
    """For this process, as early as it can: less often while it runs, and not once more when it ends."""
    gc.set_threshold(NEW_OBJECTS)
    atexit.register(gc.freeze)
