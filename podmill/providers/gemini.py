"""Gemini: one prompt, one reply, through the official SDK."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import httpx2
from pydantic import BaseModel, ValidationError

from models.documents import Document
from podmill.errors import InDoubtError, MissingExtraError, RefusedError, StoreError, TransientError
from podmill.offer import Purchases
from podmill.providers import gemini_refusals
from podmill.providers.replies import usable_key
from podmill.settings import Settings

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.types import Candidate, GenerateContentResponse

POLICY: Final = {
    *("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "LANGUAGE", "ESCALATION"),
    *("MODEL_ARMOR", "JAILBREAK", "BLOCKED_REASON_UNSPECIFIED"),
}
"""Reasons for which a prompt or a reply is blocked: the same prompt is blocked again."""

QUERIES_EXPECTED: Final = 8
"""Searches of one grounded answer, at most, as far as money is held for them; the bill says how many there were."""
BYTES_PER_TOKEN: Final = 3
"""Fewer than any language needs on average: an estimate that is never too low to hold money by."""
TEXT_MAX_CHARS: Final = 1_000_000
SOURCES_MAX: Final = 100
NEVER_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


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
        self._client()
        return purchases.buy(
            self,
            provider=f"gemini:{prompt.model}",
            quantities=prompt.quantities,
            content=prompt.content,
            part=part,
        )

    def ask(self) -> Reply:
        client = self._client()
        from google.genai import errors

        secret = _key(self.settings)
        try:
            response = client.models.generate_content(
                model=self.prompt.model, contents=self.prompt.text, config=self._config()
            )
        except errors.APIError as exc:
            headers = {str(name).lower(): str(value) for name, value in _headers(exc).items()}
            raise gemini_refusals.error(
                exc.code, exc.details, headers, model=self.prompt.model, secret=secret
            ) from None
        except NEVER_SENT as exc:
            raise TransientError(f"Gemini cannot be reached ({type(exc).__name__}).") from exc
        except (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol, httpx2.InvalidURL) as exc:
            raise RefusedError(
                f"The request to Gemini cannot be sent ({type(exc).__name__}).", action="Check PODMILL_GEMINI_URL."
            ) from exc
        except (httpx2.HTTPError, errors.UnknownApiResponseError, ValidationError, ValueError) as exc:
            raise InDoubtError(
                f"Gemini was asked and gave no whole answer ({type(exc).__name__}); whether it charged is not known."
            ) from exc
        return _reply(response, self.prompt.model)

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

    def _config(self) -> Any:
        from google.genai import types

        prompt = self.prompt
        return types.GenerateContentConfig(
            system_instruction=prompt.system or None,
            max_output_tokens=prompt.output_tokens_max,
            tools=[types.Tool(google_search=types.GoogleSearch())] if prompt.search else None,
            response_mime_type="application/json" if prompt.schema else None,
            response_schema=prompt.schema,
            # Each continuation would be a request that nobody wrote down.
            automatic_continuation=False,
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        )

    def _client(self) -> "Client":
        if not _installed():
            raise MissingExtraError("The SDK of Gemini", extra="gemini")
        settings = self.settings
        return _open(settings.gemini_url, _key(settings), settings.gemini_api_version, settings.gemini_timeout_s)


def _installed() -> bool:
    try:
        return find_spec("google.genai") is not None
    except ModuleNotFoundError:
        return False


def _key(settings: Settings) -> str:
    return usable_key(settings.gemini_api_key, provider="Gemini", setting=gemini_refusals.KEY)


@cache  # never forgotten: a client that is dropped leaves its connections open
def _open(url: str, key: str, version: str, timeout_s: float) -> "Client":
    """The client of this process, whose connections are kept open. Threads may share it."""
    from google.genai import Client, types

    return Client(
        vertexai=False,
        api_key=key,
        http_options=types.HttpOptions(
            base_url=url,
            api_version=version,
            timeout=round(timeout_s * 1000),
            # No redirects: the key would go along.
            httpx_client=httpx2.Client(follow_redirects=False, timeout=timeout_s),
        ),
    )


def _headers(exc: Any) -> Mapping[str, str]:
    headers = getattr(exc.response, "headers", None)
    return headers if isinstance(headers, Mapping) else {}


def _reply(response: "GenerateContentResponse", model: str) -> Reply:
    """The reply, read without trust: any part of it may be missing."""
    candidate = response.candidates[0] if response.candidates else None
    feedback, usage = response.prompt_feedback, response.usage_metadata
    finish = _name(candidate.finish_reason) if candidate else ""
    blocked = _name(feedback.block_reason) if feedback and feedback.block_reason else None
    text, starts = _text(candidate)
    told = usage is not None and usage.prompt_token_count is not None
    return Reply(
        text=text,
        finish=finish,
        blocked=blocked or (finish if finish in POLICY else None),
        model=(response.model_version or model)[:100],
        request_id=response.response_id,
        input_tokens=_sum(usage, "prompt_token_count", "tool_use_prompt_token_count") if told else None,
        output_tokens=_sum(usage, "candidates_token_count", "thoughts_token_count") if told else None,
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


def _sum(usage: object, *names: str) -> int:
    return sum(max(getattr(usage, name, None) or 0, 0) for name in names)


def _name(reason: object) -> str:
    return str(getattr(reason, "value", reason) or "")
