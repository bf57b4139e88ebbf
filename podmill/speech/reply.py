"""What an engine gave, kept before anything else is done with it: a paid reply outlives the worker that asked."""

from dataclasses import asdict
from typing import Any

from models.documents import Artifact, Document
from podmill.context import ArtifactStore
from podmill.speech import files, pitch
from podmill.speech.engine import RawSpeech, Receipt, SpeechRequest


class _Receipt(Document):
    request_id: str | None = None
    billed: float | dict[str, float] | None = None
    at_once: int | None = None
    at_once_max: int | None = None


class _Reply(Document):
    data: Artifact
    """The audio as it came."""
    line_times_s: tuple[tuple[float, float], ...] = ()
    receipt: _Receipt | None = None


def reply_of(raw: RawSpeech, store: ArtifactStore) -> dict[str, Any]:
    """What ``restore`` needs, as JSON; the bytes go into the store.

    Raises:
        DiskFullError: the store has no room.
    """
    data = store.put_bytes(raw.data, suffix=raw.suffix, media_type=raw.media_type)
    receipt = _Receipt(**asdict(raw.receipt)) if raw.receipt else None
    reply = _Reply(data=data, line_times_s=tuple(raw.line_times_s), receipt=receipt)
    return reply.model_dump(mode="json", exclude_none=True)


def restore(request: SpeechRequest, reply: dict[str, Any], store: ArtifactStore) -> RawSpeech:
    """What an engine gave for a request, made of what was kept of it.

    The bytes are those from before the pitch was shifted: a shifted voice is shifted again.

    Raises:
        StoreError: the store has lost the bytes.
        SpeechError: they are no sound.
    """
    kept = _Reply.model_validate(reply)
    data = store.path(kept.data).read_bytes()
    _, sample_rate_hz = files.heard_s(data)
    factor = pitch.split(request.voices[0])[1] if len(request.voices) == 1 else 1.0
    receipt = Receipt(**kept.receipt.model_dump()) if kept.receipt else None
    about = (kept.data.suffix, kept.data.media_type, kept.line_times_s, receipt, factor)
    return RawSpeech(None, sample_rate_hz, data, *about)
