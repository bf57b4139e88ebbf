"""The only reader of the environment.

Every setting is ``PODMILL_`` and its name in capitals, or the name in a TOML file: ``PODMILL_CONFIG`` if set, else
``podmill.toml`` in the home folder. The environment wins over the file, the file over the default. The providers' usual
variables (``ELEVENLABS_API_KEY``) count as well, after ours.
"""

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator

from podmill.errors import ConfigurationError
from podmill.gate_settings import GateSettings
from podmill.provider_settings import USUAL, ProviderSettings

PREFIX = "PODMILL_"
PAID_SPEECH_THREADS_MAX = 64


class Settings(ProviderSettings, GateSettings):
    """Everything that can be set. Field descriptions become ``docs/configuration.md``."""

    home: Path = Field(Path("~/.podmill"), description="Data folder: database, store, published shows, logs.")
    database_url: SecretStr | None = Field(
        None, description="SQLAlchemy URL. Unset: SQLite (WAL) in the home folder. PostgreSQL: postgresql+psycopg://..."
    )
    broker_url: SecretStr | None = Field(
        None, description="Redis URL. Unset: the node starts its own bundled Valkey and finds a free port."
    )
    broker_prefix: str = Field("podmill:", description="Prefix of every key on the broker.")
    temp_dir: Path | None = Field(None, description="Folder of temporary files. Unset: `tmp` in the home folder.")
    public_dir: Path | None = Field(None, description="Folder that is published. Unset: `public` in the home folder.")
    public_url: str = Field(
        "http://127.0.0.1:8470", description="Address under which listeners reach the published folder."
    )

    researchers: tuple[str, ...] = Field(
        (),
        description="Who researches episodes that do not say: `web` (all search services with a key), `google`, `exa`, "
        "comma separated. Documents of an episode are always read. Unset: documents, and `web` where there are none.",
    )
    research_pages: int = Field(12, ge=1, le=100, description="Pages of the web that are read for one episode.")
    research_keep_days: float = Field(
        30.0, ge=0, description="Days for which research on the web stands in when no search service answers."
    )

    writer: str = Field(
        "offline", description="Writer used when an episode names none: `offline`, `gemini` or `openai`."
    )
    engine: str = Field("piper", description="Speech engine used when neither episode nor show names one.")
    voices_order: tuple[str, ...] = Field(
        ("minimax", "elevenlabs", "azure", "gemini", "openai", "local"),
        description="Who speaks an episode when the voices of its cast fail for good, in this order, comma separated: "
        "engines for which the cast names a voice for every speaker; `local`: those of this machine; at the end "
        "`text`: nobody, and it is published as text only. Shows and episodes may say otherwise, here and in the two "
        "settings below.",
    )
    voices_fallback: Literal["never", "whole", "mixed"] = Field(
        "whole",
        description="When an engine fails for good: `never` fails the episode, `whole` speaks all of it anew in the "
        "next one's voices, `mixed` only what is not spoken yet.",
    )
    voices_degrade: tuple[Literal["auto", "shifted"], ...] = Field(
        ("auto", "shifted"),
        description="What `local` may do when the cast names no local voice, comma separated: `auto` casts installed "
        "voices, `shifted` gives several speakers one voice at different pitches.",
    )
    voices_patience_s: float = Field(
        900.0,
        ge=0,
        description="Seconds for which an episode waits for an engine that is down or busy before others may speak. "
        "Waits for our own limits do not count. Without others it waits on.",
    )
    speech_rate_min_hz: int = Field(
        0,
        ge=0,
        le=48_000,
        description="Samples a second that voices must have, or they are not cast: 44100 keeps out those of telephone "
        "and assistant quality.",
    )
    quality: Literal["standard", "hd"] = Field(
        "standard", description="Quality of voices of episodes and shows that do not say: `standard` or `hd`."
    )
    degrade: tuple[Literal["quality", "voice", "minutes"], ...] = Field(
        (),
        description="What is given up, in this order, when a budget does not cover an episode, comma separated: "
        "`quality` (HD), `voice` (paid voices, for those of this machine), `minutes` (up to 40 % of its length). Shows "
        "and episodes may say otherwise. Unset: nothing, and it waits for the money.",
    )
    cast: str = Field("duo", description="Cast used when neither episode nor show names one: `duo` or `solo`.")
    minutes: float = Field(5.0, gt=0, le=240, description="Length of an episode that does not ask for one.")
    synthesis_threads: int = Field(2, ge=1, le=64, description="Processor threads of one local voice.")

    transcriber: str = Field("faster-whisper", description="Speech to text: `faster-whisper` or `openai-whisper`.")
    transcriber_model: str = Field(
        "tiny.en", description="Name of an installed model package, or the path of a model folder or checkpoint."
    )
    transcriber_second_model: str = Field(
        "auto",
        description="A larger model that is asked about doubtful lines only, as PODMILL_TRANSCRIBER_MODEL. `auto`: the "
        "largest that is installed, or none; empty: none.",
    )
    transcriber_compute: str = Field("int8", description="Number type of the transcriber: int8, float16, float32.")
    transcriber_threads: int = Field(
        1, ge=1, le=64, description="Processor threads of one transcriber. More make a small model slower."
    )

    channels: int = Field(1, ge=1, le=2, description="Of the published file: 1 is mono, 2 is stereo.")
    loudness_lufs: float = Field(-16.0, ge=-40, le=-5, description="Integrated loudness of the published file.")
    true_peak_dbtp: float = Field(-1.0, ge=-9, le=0, description="Highest true peak of the published file.")
    bitrate_kbps: int = Field(96, ge=32, le=320, description="MP3 bit rate, constant.")
    disk_wait_s: float = Field(60.0, gt=0, description="Seconds between two looks for room while the disk is full.")
    disk_reserve_mb: int = Field(512, ge=0, description="Free disk below which no step begins: it waits for room.")

    targets: tuple[str, ...] = Field(("folder",), description="Publishing targets, comma separated.")
    account: str = Field("default", description="Account that pays for what is submitted.")
    budget_usd: float | None = Field(None, ge=0, description="Budget of a new account in US dollars. Unset: no limit.")

    prices_file: Path | None = Field(None, description="TOML file whose prices replace or add to the built-in list.")
    tiers_file: Path | None = Field(None, description="TOML file whose tiers of accounts replace or add to ours.")

    lease_s: float = Field(30.0, gt=0, description="Seconds after which a step whose worker went silent is taken over.")
    reconcile_s: float = Field(5.0, gt=0, description="Seconds between two passes of the reconciler.")
    retries: int = Field(3, ge=0, description="Times a step is tried again after a transient error.")
    retry_base_s: float = Field(1.0, gt=0, description="First back-off, in seconds; it doubles, with full jitter.")
    retry_cap_s: float = Field(60.0, gt=0, description="Longest back-off, in seconds.")
    gpu_retries: int = Field(2, ge=0, description="As PODMILL_RETRIES, for local speech (the queue synthesis.gpu).")
    gpu_retry_s: float = Field(60.0, gt=0, description="Seconds between two tries of local speech.")
    wait_in_worker_s: float = Field(
        5.0, ge=0, description="Waits up to this long block in the worker; longer ones park the step."
    )
    next_in_worker_s: float = Field(
        120.0,
        ge=0,
        description="So long those block in the worker who get the next slots of a provider, as many as may ask it at "
        "once: no slot waits for them.",
    )
    step_time_limit_s: float = Field(
        3600.0, gt=0, description="Seconds after which a step that hangs is stopped and tried again."
    )
    outage_patience_s: float = Field(
        120.0, gt=0, description="Seconds a worker goes on trying when the database or the broker is away."
    )
    episodes_at_once: int = Field(
        100, ge=1, description="Episodes in the chain at once; the others wait in the database, batches taking turns."
    )
    deaths_max: int = Field(3, ge=1, description="Workers an episode may kill before it is set aside as failed.")
    requests_per_minute: int = Field(
        100, ge=1, description="Requests a minute to one provider account, over all workers and hosts."
    )
    requests_at_once: int = Field(
        10, ge=1, description="Simultaneous requests to one provider account, over all workers and hosts."
    )
    breaker_failures: int = Field(
        5, ge=1, description="Failures of a provider in a row after which nobody asks it anything for a while."
    )
    breaker_s: float = Field(
        30.0, gt=0, description="Length of that while, in seconds; it doubles, up to 10 times, until an answer comes."
    )
    in_doubt: Literal["recover", "retry_once", "hold"] = Field(
        "recover",
        description="A paid request whose outcome is unknown: `recover` looks it up at the provider and else holds it, "
        "`retry_once` counts it as paid and asks once more, `hold` waits for a person.",
    )
    visibility_timeout_s: int = Field(
        21600,
        ge=1,
        description="Seconds before the broker redelivers an unacknowledged message; over the longest step.",
    )

    api_threads: int = Field(4, ge=1, le=64, description="Threads of each worker whose steps wait on the network.")
    audio_processes: int = Field(1, ge=1, le=64, description="Processes of the audio worker.")
    verification_processes: int = Field(1, ge=1, le=64, description="Processes of the verification worker.")
    synthesis_processes: int = Field(1, ge=1, le=64, description="Processes of the local synthesis worker.")
    synthesis_api_threads: int | None = Field(
        None,
        ge=1,
        le=PAID_SPEECH_THREADS_MAX,
        description="Threads of the worker of paid speech. Unset: three times PODMILL_REQUESTS_AT_ONCE, at most 64: "
        "for those who ask, those who are next, and those whose answer is made into a recording.",
    )
    worker_memory_mb: int = Field(
        2048, ge=64, description="Memory above which a worker process is replaced by a fresh one after its step."
    )
    worker_steps: int = Field(500, ge=1, description="Steps after which a worker process is replaced by a fresh one.")
    drain_s: float = Field(20.0, ge=0, description="Seconds a stopping worker may go on with the step it runs.")
    collect_after_s: float = Field(
        86400.0, gt=0, description="Seconds an artifact that nothing refers to is kept; above the longest step."
    )
    takes_keep_days: float = Field(90.0, gt=0, description="Days an unused take stays in the cache of takes.")

    fetch_timeout_s: float = Field(20.0, gt=0, description="Longest time for fetching one source.")
    fetch_max_mb: int = Field(20, ge=1, description="Largest source, in megabytes, fetched or read from a file.")
    fetch_private: bool = Field(False, description="Allow sources on private addresses (closed networks).")

    web_host: str = Field("127.0.0.1", description="Address the web server binds to.")
    web_port: int = Field(8470, ge=0, le=65535, description="Port of the web server; 0 finds a free one.")
    web_password: SecretStr | None = Field(None, description="Password of the status pages; needed beyond loopback.")
    flower_port: int = Field(5555, ge=0, le=65535, description="Port of Flower; 0 finds a free one.")
    flower_user: str = Field("podmill", description="User name for Flower.")
    flower_password: SecretStr | None = Field(None, description="Password of Flower, which does not start without.")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    fault_points: tuple[str, ...] = Field((), description="Tests only: points at which a process kills itself, once.")
    fault_dir: Path | None = Field(None, description="Tests only: folder where a point that struck leaves its mark.")

    @field_validator(
        "researchers", "targets", "voices_order", "voices_degrade", "degrade", "fault_points", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("home", "temp_dir", "public_dir", "prices_file", "tiers_file")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value else None

    @property
    def database(self) -> str:
        """SQLAlchemy URL in force."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home / 'podmill.db'}"

    @property
    def temp(self) -> Path:
        return self.temp_dir or self.home / "tmp"

    @property
    def public(self) -> Path:
        return self.public_dir or self.home / "public"

    @property
    def paid_speech_threads(self) -> int:
        """Threads of the worker of paid speech."""
        return self.synthesis_api_threads or min(3 * self.requests_at_once, PAID_SPEECH_THREADS_MAX)

    @property
    def budget_microusd(self) -> int | None:
        """Budget of a new account in millionths of a US dollar."""
        return None if self.budget_usd is None else round(self.budget_usd * 1_000_000)

    @property
    def store_dir(self) -> Path:
        return self.home / "store"


class Origin(BaseModel):
    """A setting in force and where it came from; secrets are masked."""

    name: str
    value: str
    origin: str


def _file_values(env: Mapping[str, str]) -> tuple[Path | None, dict[str, Any]]:
    named = env.get(PREFIX + "CONFIG")
    home = Path(env.get(PREFIX + "HOME", str(Settings.model_fields["home"].default))).expanduser()
    path = Path(named).expanduser() if named else home / "podmill.toml"
    if not path.is_file():
        if named:
            raise ConfigurationError(f"{path}: no such settings file.", action=f"Correct or unset {PREFIX}CONFIG.")
        return None, {}
    try:
        return path, tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"{path}: not valid TOML: {exc}.") from exc


def load(env: Mapping[str, str]) -> tuple[Settings, list[Origin]]:
    """Settings from an environment, and where each came from.

    Raises:
        ConfigurationError: a name is unknown or a value is not usable; the message names it.
    """
    path, values = _file_values(env)
    origins = dict.fromkeys(values, str(path))
    for name, field in USUAL.items():
        if env.get(name):
            values[field] = env[name]
            origins[field] = name
    for name, value in env.items():
        field = name.removeprefix(PREFIX).lower()
        if name.startswith(PREFIX) and field != "config":
            values[field] = value
            origins[field] = name
    try:
        settings = Settings(**values)
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "settings"
        origin = origins.get(field, field)
        if first["type"] == "extra_forbidden":
            near = get_close_matches(field, Settings.model_fields, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else "docs/configuration.md lists them."
            raise ConfigurationError(f"{origin}: there is no setting {field!r}.", action=hint) from exc
        raise ConfigurationError(
            f"{origin}: {field}: {first['msg']}.", action="docs/configuration.md says what it may be."
        ) from None
    rows = []
    for field in Settings.model_fields:
        value = getattr(settings, field)
        shown = "" if value is None else "********" if isinstance(value, SecretStr) else str(value)
        rows.append(Origin(name=field, value=shown, origin=origins.get(field, "default")))
    return settings, rows


@lru_cache(maxsize=1)
def current() -> Settings:
    """The settings of this process, read once."""
    return load(os.environ)[0]


def in_force() -> list[Origin]:
    """The settings of this process and where each came from."""
    return load(os.environ)[1]


def with_file(path: Path) -> Settings:
    """What the settings of this process would be with this settings file; one that PODMILL_CONFIG names is kept."""
    return load({PREFIX + "CONFIG": str(path), **os.environ})[0]
