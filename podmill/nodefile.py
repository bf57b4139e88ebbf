"""What a node leaves in the home folder for other processes on this machine: its addresses and the password."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import psutil
from pydantic import BaseModel, SecretStr, ValidationError

from podmill.errors import ConfigurationError
from podmill.settings import Settings


class NodeInfo(BaseModel):
    pid: int
    """Of the supervisor."""
    started_at: float
    """Creation time of that process: a pid alone may have been given to another."""
    broker_url: str
    web_url: str | None = None
    flower_url: str | None = None


@contextlib.contextmanager
def held(settings: Settings) -> Iterator[None]:
    """The home folder to oneself: only one node may run on it, and none while a backup is restored.

    Raises:
        ConfigurationError: somebody else has it.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / ".node.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"A node is running on {settings.home} already.", action="Stop it, or set another PODMILL_HOME."
            ) from None
        yield


def place(settings: Settings) -> Path:
    return settings.home / "node.json"


def read(settings: Settings) -> NodeInfo | None:
    """The node that runs on this home folder, or None."""
    try:
        info = NodeInfo.model_validate_json(place(settings).read_text(encoding="utf-8"))
        alive = abs(psutil.Process(info.pid).create_time() - info.started_at) < 1
    except (OSError, ValidationError, psutil.Error):
        return None
    return info if alive else None


def write(settings: Settings, *, broker_url: str, web_url: str | None, flower_url: str | None) -> NodeInfo:
    started_at = psutil.Process().create_time()
    info = NodeInfo(
        pid=os.getpid(), started_at=started_at, broker_url=broker_url, web_url=web_url, flower_url=flower_url
    )
    path = place(settings)
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(info.model_dump_json(), encoding="utf-8")
    temporary.chmod(0o600)
    temporary.replace(path)
    return info


def broker_url(settings: Settings) -> str:
    """The broker to use: the one that is set, else the running node's.

    Raises:
        ConfigurationError: there is neither.
    """
    if settings.broker_url:
        return settings.broker_url.get_secret_value()
    info = read(settings)
    if info is None:
        raise ConfigurationError(
            f"No broker: no node is running on {settings.home} and PODMILL_BROKER_URL is not set.",
            action="Run: podmill up",
        )
    return info.broker_url


def password_file(settings: Settings) -> Path:
    return settings.home / "password"


def password(settings: Settings, chosen: SecretStr | None) -> str:
    """The password of Flower or the status page: the one that is set, else one made for this home folder."""
    if chosen is not None:
        return chosen.get_secret_value()
    path = password_file(settings)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written whole before it has its name, and linked: of two processes at once both read the first one's.
        draft = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(18))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text(encoding="utf-8").strip()
