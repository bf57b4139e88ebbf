"""Looking at sources when they are handed in, so that what cannot work is refused before anything is made."""

from pathlib import Path

from podmill.errors import InputError, SourceError
from podmill.research.addresses import parse
from podmill.research.media_types import sniff
from podmill.settings import Settings


def check_file(path: Path, settings: Settings) -> str:
    """The media type of a file, by its content.

    Raises:
        InputError: it is missing, a folder, empty, larger than ``fetch_max_mb``, binary, or no document.
    """
    shown = str(path)
    try:
        if path.is_dir():
            raise InputError("is a folder.", action="Name the files in it.", file=shown)
        size_bytes = path.stat().st_size
        if not path.is_file():
            raise InputError("is not a regular file.", action="Give a document.", file=shown)
        if not size_bytes:
            raise InputError("is empty.", action="Give a document with text.", file=shown)
        if size_bytes > settings.fetch_max_mb * 1_000_000:
            raise InputError(
                f"is larger than {settings.fetch_max_mb} MB.", action="Raise PODMILL_FETCH_MAX_MB.", file=shown
            )
        return sniff(path, name=path.name)
    except FileNotFoundError:
        raise InputError("no such file.", action="Check the path.", file=shown) from None
    except (OSError, ValueError) as exc:
        raise InputError(f"cannot be read: {exc}.", action="Check the path and its permissions.", file=shown) from exc
    except SourceError as exc:
        raise InputError(exc.message, action=exc.action, file=shown) from exc


def check_url(address: str, settings: Settings) -> str:
    """The address, as it will be asked for.

    Raises:
        InputError: it is not https (``fetch_private`` also permits http), has no host, or carries a password.
    """
    try:
        return str(parse(address, plain_http=settings.fetch_private))
    except SourceError as exc:
        raise InputError(exc.message, action=exc.action) from exc
