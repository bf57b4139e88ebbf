"""Gemini: one prompt, one reply, through the official SDK."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ValidationError

from models.documents import Document
from podmill.errors import StoreError
from podmill.offer import Purchases
from podmill.providers import gemini_client
from podmill.providers.gemini_client import BYTES_PER_TOKEN
from podmill.settings import Settings

if TYPE_CHECKING:
    from google.genai.types import Candidate, GenerateContentResponse

QUERIES_EXPECTED: Final = 8
"""Searches of one grounded answer, at most, as far as money is held for them; the bill says how many there were."""
TEXT_MAX_CHARS: Final = 1_000_000
SOURCES_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked. Text that others wrote belongs into ``text``, marked as material."""

    model: str
    text: str
    system: str = ""
    """Our own instructions, and nothing else."""
    schema: type[BaseModel] | None = None
    """The reply is JSON of this shape."""
    search: bool = False
    """It may search the web with Google Search."""
    output_tokens_max: int = 8192
    """Thoughts included."""

    @property
    def content(self) -> str:
        """Hash of all that the reply depends on."""
        schema = self.schema.model_json_schema() if self.schema else None
        parts = [self.model, self.system, self.text, schema, self.search, self.output_tokens_max]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def quantities(self) -> dict[str, float]:
        """What it will be billed for, at most."""
        size_bytes = len(self.system.encode()) + len(self.text.encode())
        found: dict[str, float] = {
            "input token": math.ceil(size_bytes / BYTES_PER_TOKEN) + 500,
            "output token": self.output_tokens_max,
        }
        return found | ({"search query": QUERIES_EXPECTED} if self.search else {})


class Page(Document):
    """A page that a grounded reply rests on."""

    url: str
    """A redirect of Google's, as a rule; it expires."""
    title: str


class Support(Document):
    """A stretch of a reply's text, in characters, and the pages it rests on, by their place in ``Reply.pages``."""

    start: int
    end: int
    pages: tuple[int, ...]


class Reply(Document):
    """What came back. It was paid for, also when it is blocked or cut."""

    text: str
    finish: str
    """``STOP`` when it is whole; empty when there is none."""
    blocked: str | None = None
    """Why the prompt or the reply was blocked."""
    pages: tuple[Page, ...] = ()
    supports: tuple[Support, ...] = ()
    queries: tuple[str, ...] = ()
    """What it searched for."""
    model: str
    """As the provider names the model that answered."""
    request_id: str | None = None
    input_tokens: int | None = None
    """Searched pages included. None: it did not say."""
    output_tokens: int | None = None
    """Thoughts included."""

    @property
    def whole(self) -> bool:
        return self.finish == "STOP" and not self.blocked and bool(self.text.strip())

    @property
    def cut(self) -> bool:
        """It came to the limit of its length."""
        return self.finish == "MAX_TOKENS"


@dataclass(frozen=True, slots=True)
class Receipt:
    request_id: str | None
    billed: Mapping[str, float] | None
    at_once: int | None = None
    at_once_max: int | None = None


class Request:
    """A prompt as ``Purchases.buy`` makes it."""

    record_after_s: float | None = None

    def __init__(self, prompt: Prompt, settings: Settings) -> None:
        self.prompt = prompt
        self.settings = settings

    def buy(self, purchases: Purchases, part: int) -> Reply:
        """The reply to this prompt, paid for once.

        Raises:
            ConfigurationError: key, model or address.
            MissingExtraError: the SDK is not installed.
            QuotaError, RefusedError: it is not answered.
            InDoubtError: sent, and the outcome is not known.
            PodmillError: as ``Purchases.buy``.
        """
        prompt = self.prompt
        # Before money is held for what cannot be sent.
        gemini_client.client(self.settings, self.settings.gemini_timeout_s)
        return purchases.buy(
            self,
            provider=f"gemini:{prompt.model}",
            quantities=prompt.quantities,
            content=prompt.content,
            part=part,
        )

    def ask(self) -> Reply:
        prompt, settings = self.prompt, self.settings
        response = gemini_client.generate(
            settings,
            model=prompt.model,
            contents=prompt.text,
            config=self._config(),
            timeout_s=settings.gemini_timeout_s,
        )
        return _reply(response, prompt.model)

    def receipt(self, answer: Reply) -> Receipt:
        if answer.input_tokens is None or answer.output_tokens is None:
            return Receipt(answer.request_id, None)
        billed = {"input token": float(answer.input_tokens), "output token": float(answer.output_tokens)}
        if self.prompt.search:
            queries = len(answer.queries)
            # Models of 2.5 bill the grounded answer, later ones each search.
            billed["search query"] = float(min(queries, 1) if "gemini-2." in self.prompt.model else queries)
        return Receipt(answer.request_id, billed)

    def keep(self, answer: Reply) -> dict[str, Any]:
        return answer.model_dump(mode="json")

    def restore(self, reply: dict[str, Any]) -> Reply:
        try:
            return Reply.model_validate(reply)
        except ValidationError as exc:
            raise StoreError("The reply of Gemini was kept by another version of Podmill.") from exc

    def find(self, since: float, taken: Callable[[str], bool]) -> Reply | None:  # noqa: ARG002 - as every offer
        """Gemini keeps no record of replies."""
        return None

    def _config(self) -> Mapping[str, Any]:
        from google.genai import types

        prompt = self.prompt
        return {
            "system_instruction": prompt.system or None,
            "max_output_tokens": prompt.output_tokens_max,
            "tools": [types.Tool(google_search=types.GoogleSearch())] if prompt.search else None,
            "response_mime_type": "application/json" if prompt.schema else None,
            "response_schema": prompt.schema,
        }


def _reply(response: "GenerateContentResponse", model: str) -> Reply:
    """The reply, read without trust: any part of it may be missing."""
    candidate = response.candidates[0] if response.candidates else None
    ending = gemini_client.ending(response)
    text, starts = _text(candidate)
    return Reply(
        text=text,
        finish=ending.finish,
        blocked=ending.blocked,
        model=(response.model_version or model)[:100],
        request_id=ending.request_id,
        input_tokens=ending.input_tokens,
        output_tokens=ending.output_tokens,
        **_grounding(candidate, text, starts),
    )


def _text(candidate: "Candidate | None") -> tuple[str, dict[int, int]]:
    """The text without thoughts, and where each part of it begins."""
    parts = (candidate.content.parts or []) if candidate and candidate.content else []
    text, starts = "", {}
    for index, part in enumerate(parts):
        if part.text and not part.thought:
            starts[index] = len(text)
            text += part.text
    return text[:TEXT_MAX_CHARS], starts


def _grounding(candidate: "Candidate | None", text: str, starts: Mapping[int, int]) -> dict[str, Any]:
    metadata = candidate.grounding_metadata if candidate else None
    if metadata is None:
        return {}
    pages = [
        Page(
            url=(chunk.web.uri or "")[:4096] if chunk.web else "",
            title=(chunk.web.title or "")[:300] if chunk.web else "",
        )
        for chunk in (metadata.grounding_chunks or [])[:SOURCES_MAX]
    ]
    supports = []
    for each in metadata.grounding_supports or []:
        if each.segment is None:
            continue
        begin = starts.get(each.segment.part_index or 0, 0)
        # Google counts bytes of UTF-8.
        data = text[begin:].encode()
        start, end = (
            len(data[: max(at or 0, 0)].decode(errors="ignore"))
            for at in (each.segment.start_index, each.segment.end_index)
        )
        named = tuple(index for index in each.grounding_chunk_indices or [] if 0 <= index < len(pages))
        supports.append(Support(start=begin + start, end=begin + end, pages=named))
    queries = tuple(str(query)[:300] for query in metadata.web_search_queries or [])
    return {"pages": tuple(pages), "supports": tuple(supports), "queries": queries}
