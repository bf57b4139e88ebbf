"""What a pre-flight found: each thing once, with every episode that it concerns."""

from collections.abc import Iterable

from models.documents import Document
from podmill.errors import InputError, PodmillError


class Place(Document):
    """An episode that a finding is about."""

    key: str
    title: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line) if part is not None) or self.title


class Finding(Document):
    """One thing that is in the way, or worth knowing."""

    code: str
    """As the errors of ``podmill.errors`` have it."""
    message: str
    action: str = ""
    field: str | None = None
    stops: bool = True
    """Whether episodes cannot be made with it. Else they can, and it is a warning."""
    episodes: tuple[Place, ...] = ()
    """Those that it is about; none: it is about all of them."""

    def __str__(self) -> str:
        first, others = (self.episodes[0], len(self.episodes) - 1) if self.episodes else (None, 0)
        more = f" (and {others} more)" if others else ""
        place = ": ".join(part for part in (f"{first}{more}" if first else "", self.field or "") if part)
        told = f"{self.message} {self.action}".strip()
        return f"{place}: {told}" if place else told


def finding(error: PodmillError, place: Place | None = None, *, stops: bool = True) -> Finding:
    """An error as a finding."""
    field = error.field if isinstance(error, InputError) else None
    return Finding(
        code=error.code,
        message=error.message,
        action=error.action,
        field=field,
        stops=stops,
        episodes=(place,) if place else (),
    )


def gathered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same thing of several episodes as one finding; those that stop come first."""
    found: dict[tuple[object, ...], Finding] = {}
    for each in findings:
        key = (each.code, each.message, each.action, each.field, each.stops)
        known = found.get(key)
        episodes = tuple(dict.fromkeys((*known.episodes, *each.episodes))) if known else each.episodes
        found[key] = each.model_copy(update={"episodes": episodes})
    return tuple(sorted(found.values(), key=lambda each: not each.stops))
