"""Research that was done before: dossiers kept by topic, for days on which no search service answers."""

import contextlib
import hashlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from models.brief import Brief
from models.dossier import Dossier
from podmill.settings import Settings

DAY_S: Final = 86_400.0
SIZE_MAX_BYTES: Final = 20_000_000


class KeptResearch:
    """Files beside the store, which all hosts of an installation share. A file that is damaged is none."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.store_dir / "research"
        self._keep_s = settings.research_keep_days * DAY_S

    def find(self, brief: Brief, services: tuple[str, ...]) -> Dossier | None:
        """The latest dossier on the topic of a brief in its language, with its age."""
        path = self._path(brief, services)
        try:
            state = path.stat()
            age_s = max(time.time() - state.st_mtime, 0.0)
            if age_s > self._keep_s or state.st_size > SIZE_MAX_BYTES:
                return None
            kept = Dossier.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None
        return kept.model_copy(update={"age_s": round(age_s, 1)})

    def keep(self, brief: Brief, services: tuple[str, ...], dossier: Dossier) -> None:
        """Keep a dossier for later, and forget those that are too old. A disk that is full keeps none."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".incoming-", dir=self._folder)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(dossier.model_dump_json())
            Path(name).replace(self._path(brief, services))
            self._forget()

    def _forget(self) -> None:
        before = time.time() - self._keep_s
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def _path(self, brief: Brief, services: tuple[str, ...]) -> Path:
        topic = " ".join((brief.topic or brief.title or "").casefold().split())
        key = json.dumps([topic, brief.language.casefold(), sorted(services)])
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.json"
