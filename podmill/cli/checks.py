"""What ``podmill doctor`` looks at. A check never raises: what it cannot do is its finding."""

import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel

from podmill import nodefile
from podmill.errors import PodmillError, TransientError
from podmill.settings import Settings

DISK_WANTED_BYTES: Final = 2_000_000_000
PROBE_TIMEOUT_S: Final = 5


class Check(BaseModel):
    name: str
    state: Literal["ok", "note", "failed", "off"]
    """``note``: works, but worth knowing. ``failed``: what the settings ask for does not work. ``off``: not set up."""
    found: str
    action: str = ""


def python(_settings: Settings) -> Check:
    return Check(name="Python", state="ok", found=f"{platform.python_version()} at {sys.executable}")


def folders(settings: Settings) -> Check:
    """Whether the home, temporary and public folders can be written."""
    for folder in (settings.home, settings.temp, settings.public):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder):
                pass
        except OSError as exc:
            return Check(
                name="write access",
                state="failed",
                found=f"{folder}: {exc.strerror}.",
                action="Correct its owner, or set PODMILL_HOME, PODMILL_TEMP_DIR or PODMILL_PUBLIC_DIR.",
            )
    return Check(name="write access", state="ok", found=str(settings.home))


def disk(settings: Settings) -> Check:
    """Whether there is room for mastering."""
    try:
        free = shutil.disk_usage(_existing(settings.home)).free
    except OSError as exc:
        return Check(name="disk", state="failed", found=f"{exc.strerror}.")
    found = f"{free / 1e9:.1f} GB free"
    if free < settings.disk_reserve_mb * 1_000_000:
        return Check(name="disk", state="failed", found=f"{found}, under PODMILL_DISK_RESERVE_MB.", action="Free some.")
    return Check(name="disk", state="ok" if free >= DISK_WANTED_BYTES else "note", found=found)


def ffmpeg(_settings: Settings) -> Check:
    """Whether the bundled ffmpeg runs."""
    try:
        import imageio_ffmpeg

        program = imageio_ffmpeg.get_ffmpeg_exe()
        told = subprocess.run(  # noqa: S603 - the program of an installed package
            [program, "-version"], capture_output=True, text=True, check=True, timeout=PROBE_TIMEOUT_S
        )
    except (ImportError, RuntimeError, OSError, subprocess.SubprocessError) as exc:
        return Check(name="ffmpeg", state="failed", found=f"{exc}", action="Run: pip install imageio-ffmpeg")
    return Check(name="ffmpeg", state="ok", found=" ".join(told.stdout.split()[:3]))


def voices(settings: Settings) -> Check:
    """Whether the default cast can speak."""
    from podmill import speech
    from podmill.preflight import impatient

    settings = impatient(settings)
    try:
        cast = speech.resolve_cast((), settings)
        speech.check(speech.Choice(cast), "en", settings)
    except TransientError as exc:
        return Check(name="voices", state="note", found=exc.message, action="Try again later.")
    except PodmillError as exc:
        return Check(name="voices", state="failed", found=exc.message, action=exc.action)
    return Check(name="voices", state="ok", found=", ".join(f"{member.name} {member.voice}" for member in cast))


def transcriber(settings: Settings) -> Check:
    """Whether the transcriber's weights are here."""
    from podmill.verification import weights

    try:
        folder = weights.find(settings.transcriber_model, cache_dir=settings.home / "models")
    except PodmillError as exc:
        return Check(name="transcriber", state="failed", found=exc.message, action=exc.action)
    return Check(name="transcriber", state="ok", found=f"{settings.transcriber} {folder}")


def second_transcriber(settings: Settings) -> Check:
    """Which larger model is asked about lines in doubt."""
    from podmill.verification import second_model, weights

    name = "second transcriber"
    try:
        model = second_model(settings)
        folder = weights.find(model, cache_dir=settings.home / "models") if model else None
    except PodmillError as exc:
        return Check(name=name, state="failed", found=exc.message, action=exc.action)
    if folder is None:
        found = "none: what the first does not hear is spoken again"
        action = "PODMILL_TRANSCRIBER_SECOND_MODEL may be the path of a larger model."
        return Check(name=name, state="note", found=found, action=action)
    return Check(name=name, state="ok", found=str(folder))


def database(settings: Settings) -> Check:
    """Whether the database can be reached and its tables are there."""
    from podmill.store.database import open_engine

    try:
        engine = open_engine(settings)
    except PodmillError as exc:
        return Check(name="database", state="failed", found=exc.message, action=exc.action)
    return Check(name="database", state="ok", found=engine.url.render_as_string(hide_password=True))


def price_lists(settings: Settings) -> Check:
    """Whether the lists of prices and of tiers can be used, and have what an episode usually needs."""
    from podmill.money import lists
    from podmill.preflight import unpriced

    try:
        prices, tiers = lists.load(settings)
    except PodmillError as exc:
        return Check(name="prices", state="failed", found=exc.message, action=exc.action)
    if unknown := unpriced(settings, prices):
        found = " ".join(each.message for each in unknown)
        return Check(name="prices", state="failed", found=found, action=unknown[0].action)
    return Check(name="prices", state="ok", found=f"{len(prices)} prices, {len(tiers.all())} tiers")


def broker(settings: Settings) -> Check:
    """Whether the broker answers; without one a node brings its own."""
    import redis

    try:
        url = nodefile.broker_url(settings)
    except PodmillError:
        return Check(name="broker", state="note", found="a node starts its own (bundled Valkey)")
    client = redis.Redis.from_url(url, socket_connect_timeout=PROBE_TIMEOUT_S, socket_timeout=PROBE_TIMEOUT_S)
    try:
        version = client.info("server").get("redis_version", "")
    except redis.RedisError as exc:
        return Check(
            name="broker", state="failed", found=f"No answer: {exc}.", action="Check PODMILL_BROKER_URL and the server."
        )
    finally:
        client.close()
    return Check(name="broker", state="ok", found=f"answers, version {version}")


def node(settings: Settings) -> Check:
    """Whether a node is up on this home folder."""
    info = nodefile.read(settings)
    if info is None:
        found = "no node is up; produce brings its own, submit needs one"
        return Check(name="node", state="note", found=found, action="Run: podmill up")
    return Check(name="node", state="ok", found=f"process {info.pid}, pages {info.web_url or 'not served'}")


CHECKS: Final[tuple[Callable[[Settings], Check], ...]] = (
    python,
    folders,
    disk,
    ffmpeg,
    voices,
    transcriber,
    second_transcriber,
    database,
    price_lists,
    broker,
    node,
)


def _existing(folder: Path) -> Path:
    """The nearest folder above that exists."""
    return next(each for each in (folder, *folder.parents) if each.exists())
