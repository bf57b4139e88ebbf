"""Research by Exa: pages about a topic with their most telling passages, in one paid request."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, Final

import httpx2
from pydantic import ValidationError

from models.brief import Brief
from models.documents import Document
from podmill.context import StepContext
from podmill.errors import InDoubtError, RefusedError, SourceError, StoreError, TransientError
from podmill.offer import StatedCost
from podmill.providers.replies import usable_key
from podmill.research import exa_refusals
from podmill.research.search import Claim, Found, Lead
from podmill.research.statements import statements
from podmill.settings import Settings

PART: Final = 1
INCLUDED: Final = 10
"""Results that are part of the price of a search."""
HIGHLIGHT_MAX_CHARS: Final = 1500
"""Of the passages of one page together."""
BODY_MAX_BYTES: Final = 8_000_000
NEVER_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class _Result(Document):
    url: str
    title: str = ""
    author: str | None = None
    date: str | None = None
    highlights: tuple[str, ...] = ()


class Results(Document):
    """What Exa answered."""

    request_id: str | None = None
    results: tuple[_Result, ...]
    cost_usd: Decimal | None = None
    """As Exa states it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    request_id: str | None
    billed: StatedCost | None
    at_once: int | None = None
    at_once_max: int | None = None


class Query:
    """One search as ``Purchases.buy`` makes it."""

    record_after_s: float | None = None

    def __init__(self, topic: str, settings: Settings) -> None:
        self.settings = settings
        self.body: dict[str, Any] = {
            "query": topic,
            "numResults": settings.exa_results,
            "type": "auto",
            "contents": {"highlights": {"maxCharacters": HIGHLIGHT_MAX_CHARS, "query": topic}},
        }

    @property
    def content(self) -> str:
        return hashlib.sha256(json.dumps(self.body, sort_keys=True).encode()).hexdigest()

    def ask(self) -> Results:
        settings, secret = self.settings, _key(self.settings)
        try:
            with _client(settings.exa_timeout_s).stream(
                "POST", f"{settings.exa_url.rstrip('/')}/search", json=self.body, headers={"x-api-key": secret}
            ) as response:
                data = _bounded(response)
        except NEVER_SENT as exc:
            raise TransientError(f"Exa cannot be reached ({type(exc).__name__}).") from exc
        except (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol, httpx2.InvalidURL) as exc:
            raise RefusedError(
                f"The request to Exa cannot be sent ({type(exc).__name__}).", action="Check PODMILL_EXA_URL."
            ) from exc
        except httpx2.HTTPError as exc:
            raise _in_doubt(type(exc).__name__) from exc
        try:
            body = json.loads(data)
        except (ValueError, RecursionError):
            body = data.decode(errors="replace")[:1000]
        if response.status_code != 200:
            headers = {name.lower(): value for name, value in response.headers.items()}
            raise exa_refusals.error(response.status_code, body, headers, topic=self.body["query"], secret=secret)
        return _results(body)

    def receipt(self, answer: Results) -> Receipt:
        billed = None if answer.cost_usd is None else StatedCost(answer.cost_usd)
        return Receipt(answer.request_id, billed)

    def keep(self, answer: Results) -> dict[str, Any]:
        return answer.model_dump(mode="json")

    def restore(self, reply: dict[str, Any]) -> Results:
        try:
            return Results.model_validate(reply)
        except ValidationError as exc:
            raise StoreError("The reply of Exa was kept by another version of Podmill.") from exc

    def find(self, since: float, taken: Callable[[str], bool]) -> Results | None:  # noqa: ARG002 - as every offer
        """Exa keeps no record of answers."""
        return None


class ExaSearch:
    name: ClassVar[str] = "exa"
    key_setting: ClassVar[str] = exa_refusals.KEY

    def configured(self, settings: Settings) -> bool:
        return settings.exa_api_key is not None

    def search(self, topic: str, brief: Brief, context: StepContext) -> Found:
        settings = context.settings
        _key(settings)
        query = Query(topic, settings)
        answer = context.purchases.buy(
            query,
            provider=self.name,
            quantities=quantities(settings),
            content=query.content,
            part=PART,
        )
        if not answer.results:
            raise SourceError(f"Exa finds no page about {topic[:80]!r}.", action="Word the topic differently.")
        leads = tuple(Lead(each.url, each.title, each.author, each.date) for each in answer.results)
        claims = tuple(
            Claim(passage[begin:end], (place,))
            for place, each in enumerate(answer.results)
            for passage in (" ".join(highlight.split()) for highlight in each.highlights)
            for begin, end in statements(passage, brief.language)
        )
        return Found(self.name, self.name, leads, claims, (topic,))


def quantities(settings: Settings) -> dict[str, float]:
    """What one search is billed for."""
    further = max(settings.exa_results - INCLUDED, 0)
    found: dict[str, float] = {"search": 1}
    return found | ({"further result": further} if further else {})


def _key(settings: Settings) -> str:
    return usable_key(settings.exa_api_key, provider="Exa", setting=exa_refusals.KEY)


@cache  # never forgotten: a client that is dropped leaves its connections open
def _client(timeout_s: float) -> httpx2.Client:
    """The connections of this process. No redirects: the key would go along."""
    return httpx2.Client(timeout=timeout_s, follow_redirects=False)


def _bounded(response: httpx2.Response) -> bytes:
    data = bytearray()
    for chunk in response.iter_bytes():
        data += chunk
        if len(data) > BODY_MAX_BYTES:
            raise _in_doubt(f"more than {BODY_MAX_BYTES} bytes")
    return bytes(data)


def _in_doubt(why: str) -> InDoubtError:
    return InDoubtError(f"Exa was asked and gave no whole answer ({why}); whether it charged is not known.")


def _results(body: object) -> Results:
    """The answer, read without trust.

    Raises:
        InDoubtError: it has no results, not even none.
    """
    found = body.get("results") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(found, list):
        raise _in_doubt("no results in it")
    request_id = body.get("requestId")
    return Results(
        request_id=request_id[:100] if isinstance(request_id, str) else None,
        results=tuple(_result(each) for each in found if isinstance(each, dict) and isinstance(each.get("url"), str)),
        cost_usd=_cost(body.get("costDollars")),
    )


def _result(each: Mapping[str, Any]) -> _Result:
    highlights = each.get("highlights")
    return _Result(
        url=each["url"][:4096],
        title=_text(each.get("title")) or "",
        author=_text(each.get("author")),
        date=date[0] if (date := _DATE.match(str(each.get("publishedDate")))) else None,
        highlights=tuple(
            text[: 2 * HIGHLIGHT_MAX_CHARS]
            for text in (highlights[:20] if isinstance(highlights, list) else [])
            if isinstance(text, str)
        ),
    )


def _text(value: object) -> str | None:
    return " ".join(value.split())[:300] or None if isinstance(value, str) else None


def _cost(stated: object) -> Decimal | None:
    total = stated.get("total") if isinstance(stated, dict) else None
    if isinstance(total, bool) or not isinstance(total, int | float) or not math.isfinite(total) or total < 0:
        return None
    return Decimal(str(total))
