"""Where the parts of a node lie, and what they are called in a backup."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from podmill.errors import ConfigurationError
from podmill.settings import Settings

DATABASE: Final = "podmill.db"
CONFIG: Final = "podmill.toml"
STORE: Final = "store/"
PUBLIC: Final = "public/"
IN_STORE: Final = re.compile(r"store/([0-9a-f]{2})/(\1[0-9a-f]{62}(\.[a-z0-9]{1,16})?)")
NAME_BYTES_MAX: Final = 255
DEPTH_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class Places:
    """Of the embedded node that some settings lead to."""

    database: Path
    store: Path
    public: Path
    config: Path

    @classmethod
    def of(cls, settings: Settings) -> "Places":
        """Raises:
        ConfigurationError: the database is not a file of this machine.
        """
        url = make_url(settings.database)
        if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
            raise ConfigurationError(
                "Backup and restore are of the embedded node, whose database is a SQLite file.",
                action=f"Use the database's own tools (pg_dump), then copy {settings.store_dir} and {settings.public}.",
            )
        return cls(Path(url.database).absolute(), settings.store_dir, settings.public, settings.home / CONFIG)


def public_parts(name: str) -> tuple[str, ...] | None:
    """The way of a member below the public folder; None if it is not one, or would lead out of it."""
    if not name.startswith(PUBLIC):
        return None
    parts = tuple(name.removeprefix(PUBLIC).split("/"))
    plain = all(part not in ("", ".", "..") and "\0" not in part for part in parts)
    short = len(parts) <= DEPTH_MAX and all(len(part.encode(errors="replace")) <= NAME_BYTES_MAX for part in parts)
    return parts if plain and short else None
