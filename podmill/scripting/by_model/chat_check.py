"""Whether an OpenAI-compatible chat server answers and has its model, found out for nothing."""

import json
from typing import Final

import httpx2

from podmill.errors import ConfigurationError, TransientError
from podmill.providers.replies import usable_key
from podmill.scripting.by_model import openai_refusals
from podmill.scripting.by_model.openai_chat import HOSTED
from podmill.settings import Settings

BODY_MAX_BYTES: Final = 4_000_000


def has_model(settings: Settings) -> bool:
    """Whether the server says that it has the model. False: it answers, and lists no models.

    Raises:
        ConfigurationError: the key is refused, the address is wrong, or it has other models.
        PodmillError: as ``openai_refusals.error``.
        TransientError: it does not answer now.
    """
    hosted = HOSTED in settings.openai_url
    secret = settings.openai_api_key
    key = usable_key(secret, provider="the chat server", setting=openai_refusals.KEY) if secret or hosted else ""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    model = settings.openai_chat_model or ""
    data = bytearray()
    try:
        with (
            httpx2.Client(timeout=settings.openai_chat_timeout_s, follow_redirects=False) as client,
            client.stream("GET", f"{settings.openai_url.rstrip('/')}/models", headers=headers) as response,
        ):
            for piece in response.iter_bytes():
                data += piece
                if len(data) > BODY_MAX_BYTES:
                    raise TransientError("The list of models of the chat server has no end.")
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError):
        raise ConfigurationError(
            "No request to the chat server can be made of the settings.", action=f"Check {openai_refusals.URL}."
        ) from None
    except httpx2.HTTPError as exc:
        raise TransientError(
            f"The chat server does not answer ({type(exc).__name__}).",
            action=f"Check {openai_refusals.URL}, and that the server runs.",
        ) from None
    try:
        body: object = json.loads(data)
    except (ValueError, RecursionError):
        body = bytes(data[:1000]).decode(errors="replace")
    if response.status_code == 404 and not hosted:
        return False
    if response.status_code != 200:
        names = {name.lower(): value for name, value in response.headers.items()}
        raise openai_refusals.error(response.status_code, body, names, about="nothing", model=model, secret=key)
    models = _names(body)
    # Ollama lists a model under its tag.
    if models and not {model, f"{model}:latest"} & set(models):
        raise ConfigurationError(
            f"The chat server has no model {model!r}; it has {', '.join(models[:8])}.",
            action=f"Correct {openai_refusals.MODEL}, or load the model.",
        )
    return bool(models)


def _names(body: object) -> list[str]:
    listed = body.get("data") if isinstance(body, dict) else None
    found = [each.get("id") for each in (listed if isinstance(listed, list) else []) if isinstance(each, dict)]
    return [name[:100] for name in found if isinstance(name, str)]
