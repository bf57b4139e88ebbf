"""Any OpenAI-compatible chat server as a language model of the writers: hosted ones, and local ones such as Ollama,
llama.cpp, LM Studio, vLLM.

Plain HTTP and no SDK: one address and one shape are all they have in common, and a local model then needs no extra.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import httpx2

from podmill.errors import ConfigurationError, InDoubtError, PodmillError, RefusedError, StoreError, TransientError
from podmill.offer import Purchases
from podmill.providers.replies import usable_key
from podmill.scripting.by_model import openai_refusals
from podmill.scripting.by_model.language_model import Ask, Reply
from podmill.settings import Settings

HOSTED: Final = "api.openai.com"
OWN: Final = "openai-own"
"""What the price list calls a server of one's own."""
FORMATS: Final = ("schema", "object", "text")
ANSWER_BYTES_MAX: Final = 8_000_000
BYTES_PER_TOKEN: Final = 3
NEVER_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
CONNECT_S: Final = 10.0
FORM_CHARS: Final = 1_500
"""The form of a reply, where it is told in words."""


def is_own(settings: Settings) -> bool:
    """Whether the server is our own: its answers cost nothing."""
    return settings.openai_own and HOSTED not in settings.openai_url


def payee(settings: Settings) -> str:
    """Who is paid for its replies, as the price list names it."""
    return OWN if is_own(settings) else f"openai:{settings.openai_chat_model}"


class OpenAIModel:
    provider = "openai"
    setting = openai_refusals.MODEL

    def __init__(self, settings: Settings) -> None:
        """
        Raises:
            ConfigurationError: no model is named.
        """
        if not settings.openai_chat_model:
            raise ConfigurationError("No language model is named.", action=f"Set {openai_refusals.MODEL}.")
        self.model = settings.openai_chat_model
        self.output_tokens_max = settings.openai_chat_output_tokens
        self.prompt_chars_max = settings.openai_chat_prompt_chars - FORM_CHARS
        self._settings = settings
        # OpenAI's own newer models refuse the name that all others know.
        self._limit = openai_refusals.LIMIT if HOSTED in settings.openai_url else "max_tokens"
        self._formats = list(FORMATS[FORMATS.index(settings.openai_chat_format) :])

    def complete(self, ask: Ask, purchases: Purchases, part: int) -> Reply:
        while True:
            request = _Request(ask, self.model, self._formats[0], self._limit, self._settings)
            try:
                return purchases.buy(
                    request,
                    provider=payee(self._settings),
                    quantities=request.quantities,
                    content=request.content,
                    part=part,
                    own=request.own,
                )
            except openai_refusals.FormRefusedError:
                # It refuses this form of every task: what is asked for next is told another way from the start.
                if len(self._formats) == 1:
                    raise
                del self._formats[0]
            except openai_refusals.LimitRefusedError:
                if self._limit == openai_refusals.LIMIT:
                    raise
                self._limit = openai_refusals.LIMIT


@dataclass(frozen=True, slots=True)
class _Receipt:
    request_id: str | None
    billed: Mapping[str, float] | None
    at_once: int | None = None
    at_once_max: int | None = None


class _Request:
    """A task as ``Purchases.buy`` makes it."""

    record_after_s: float | None = None

    def __init__(self, ask: Ask, model: str, form: str, limit: str, settings: Settings) -> None:
        self.task = ask
        self.form = form
        self.limit = limit
        self.model = model
        self.settings = settings
        self.own = is_own(settings)
        self.body = self._body()

    @property
    def content(self) -> str:
        return hashlib.sha256(json.dumps(self.body, sort_keys=True).encode()).hexdigest()

    @property
    def quantities(self) -> dict[str, float]:
        size_bytes = len(json.dumps(self.body["messages"], ensure_ascii=False).encode())
        return {
            "input token": math.ceil(size_bytes / BYTES_PER_TOKEN) + 500,
            "output token": self.task.output_tokens_max,
        }

    def ask(self) -> Reply:
        secret = self._key()
        client = _open(self.settings.openai_chat_timeout_s)
        url = f"{self.settings.openai_url.rstrip('/')}/chat/completions"
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        try:
            with client.stream("POST", url, json=self.body, headers=headers) as response:
                data = _bounded(response)
        except NEVER_SENT as exc:
            raise TransientError(
                f"The language model server cannot be reached ({type(exc).__name__}).",
                action=f"Check {openai_refusals.URL}, and that the server runs.",
            ) from exc
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL, httpx2.LocalProtocolError) as exc:
            raise RefusedError(
                f"The request cannot be sent ({type(exc).__name__}).", action=f"Check {openai_refusals.URL}."
            ) from exc
        except httpx2.HTTPError as exc:
            raise self._unknown(type(exc).__name__) from exc
        try:
            body: object = json.loads(data)
        except (ValueError, RecursionError):
            body = data.decode(errors="replace")
        if response.status_code != 200:
            names = {name.lower(): value for name, value in response.headers.items()}
            error = openai_refusals.error(
                response.status_code, body, names, about=self.task.about, model=self.model, secret=secret
            )
            if self.own and isinstance(error, InDoubtError):
                raise TransientError(error.message)
            raise error
        reply = _read(body, self.model)
        if reply is None:
            raise self._unknown("not a completion")
        return reply

    def receipt(self, answer: Reply) -> _Receipt:
        if not answer.input_tokens and not answer.output_tokens:
            return _Receipt(None, None)
        return _Receipt(None, {"input token": float(answer.input_tokens), "output token": float(answer.output_tokens)})

    def keep(self, answer: Reply) -> dict[str, Any]:
        return {name: getattr(answer, name) for name in Reply.__slots__}

    def restore(self, reply: dict[str, Any]) -> Reply:
        try:
            return Reply(**reply)
        except TypeError as exc:
            raise StoreError("The reply of the language model was kept by another version of Podmill.") from exc

    def find(self, since: float, taken: Callable[[str], bool]) -> Reply | None:  # noqa: ARG002 - as every offer
        """No chat server keeps a record of replies."""
        return None

    def _key(self) -> str:
        if self.settings.openai_api_key is None and HOSTED not in self.settings.openai_url:
            return ""
        return usable_key(
            self.settings.openai_api_key, provider="the language model server", setting=openai_refusals.KEY
        )

    def _unknown(self, why: str) -> PodmillError:
        if self.own:
            return TransientError(f"The language model server gave no whole answer ({why}).")
        return InDoubtError(
            f"The language model server was asked and gave no whole answer ({why}); whether it charged is not known."
        )

    def _body(self) -> dict[str, Any]:
        ask, schema = self.task, schema_of(self.task.shape.model_json_schema())
        text = ask.text
        if self.form != "schema":
            text = f"{text}\n\nThe form of your reply, as JSON Schema:\n{json.dumps(schema)}"
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": "system", "content": ask.system}, {"role": "user", "content": text}],
            self.limit: ask.output_tokens_max,
            "stream": False,
        }
        if self.form == "schema":
            named = {"name": ask.shape.__name__, "schema": schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        elif self.form == "object":
            body["response_format"] = {"type": "json_object"}
        return body


def schema_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema as strict servers take it: no references, no titles, nothing beside what is asked for."""
    definitions = schema.get("$defs", {})

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return plain(definitions[str(value["$ref"]).rpartition("/")[2]])
        found = {
            name: {key: plain(each) for key, each in part.items()} if name == "properties" else plain(part)
            for name, part in value.items()
            if name not in ("$defs", "title", "description")
        }
        return found | ({"additionalProperties": False} if found.get("type") == "object" else {})

    result: dict[str, Any] = plain(dict(schema))
    return result


@cache  # never forgotten: a client that is dropped leaves its connections open
def _open(timeout_s: float) -> httpx2.Client:
    """The client of this process. No redirects: the key would go along."""
    return httpx2.Client(follow_redirects=False, timeout=httpx2.Timeout(timeout_s, connect=CONNECT_S))


def _bounded(response: httpx2.Response) -> bytes:
    data = bytearray()
    for piece in response.iter_bytes():
        data += piece
        if len(data) > ANSWER_BYTES_MAX:
            raise httpx2.DecodingError("The answer is too large.", request=response.request)
    return bytes(data)


def _read(body: object, model: str) -> Reply | None:
    """A completion, read without trust; None: it is none."""
    choices = body.get("choices") if isinstance(body, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(body, dict) or not isinstance(first, dict) or not isinstance(message, dict):
        return None
    text, finish, refusal = _text(message.get("content")), first.get("finish_reason"), message.get("refusal")
    given = body.get("usage")
    usage: dict[str, Any] = given if isinstance(given, dict) else {}
    blocked = "content_filter" if finish == "content_filter" else str(refusal)[:200] if refusal else None
    answered_by = body.get("model")
    return Reply(
        text=text,
        cut=finish == "length",
        blocked=blocked,
        problem=None if text.strip() else "It was empty.",
        model=answered_by[:100] if isinstance(answered_by, str) and answered_by else model,
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
    )


def _text(content: object) -> str:
    """A text, or the texts of its parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
