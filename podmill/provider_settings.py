"""Settings of outside providers: keys, addresses, models. They are part of ``podmill.settings.Settings``."""

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

USUAL: Final[Mapping[str, str]] = {
    "ELEVENLABS_API_KEY": "elevenlabs_api_key",
    "ELEVENLABS_BASE_URL": "elevenlabs_url",
    "GEMINI_API_KEY": "gemini_api_key",
    "GOOGLE_API_KEY": "gemini_api_key",
    "GOOGLE_GEMINI_BASE_URL": "gemini_url",
    "EXA_API_KEY": "exa_api_key",
    "EXA_BASE_URL": "exa_url",
    "MINIMAX_API_KEY": "minimax_api_key",
    "MINIMAX_BASE_URL": "minimax_url",
    "AZURE_SPEECH_KEY": "azure_speech_key",
    "AZURE_SPEECH_REGION": "azure_speech_region",
    "AZURE_SPEECH_BASE_URL": "azure_speech_url",
    "OPENAI_API_KEY": "openai_api_key",
    "OPENAI_BASE_URL": "openai_url",
}
"""Variables that the providers' own tools read, and the setting each stands for; ``PODMILL_...`` goes before them."""


class ProviderSettings(BaseModel):
    """Keys, addresses and models of outside providers."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    gemini_api_key: SecretStr | None = Field(None, description="Key of the Gemini API.")
    gemini_url: str = Field("https://generativelanguage.googleapis.com", description="Address of the Gemini API.")
    gemini_api_version: str = Field("v1", description="Version in its addresses: `v1`, or `v1beta` for previews.")
    gemini_model: str = Field("gemini-3.8-flash", description="Model of Gemini, where a step names no other.")
    gemini_timeout_s: float = Field(
        180.0, gt=0, description="Longest wait for an answer of Gemini; then its outcome is in doubt."
    )

    exa_api_key: SecretStr | None = Field(None, description="Key of Exa.")
    exa_url: str = Field("https://api.exa.ai", description="Address of Exa.")
    exa_results: int = Field(10, ge=1, le=100, description="Pages that one search of Exa gives.")
    exa_timeout_s: float = Field(
        60.0, gt=0, description="Longest wait for an answer of Exa; then its outcome is in doubt."
    )

    minimax_api_key: SecretStr | None = Field(None, description="Key of MiniMax.")
    minimax_url: str = Field("https://api.minimax.io", description="Address of MiniMax.")

    azure_speech_key: SecretStr | None = Field(None, description="Key of an Azure Speech resource.")
    azure_speech_region: str = Field("westeurope", description="Region of that resource.")
    azure_speech_url: str | None = Field(None, description="Its address. Unset: that of the region.")

    openai_api_key: SecretStr | None = Field(
        None, description="Key of an OpenAI-compatible server; local ones often need none."
    )
    openai_url: str = Field("https://api.openai.com/v1", description="Address of an OpenAI-compatible server.")
    openai_own: bool = Field(
        False, description="That server is your own: its answers cost nothing, and no limit of a provider applies."
    )
    openai_chat_model: str | None = Field(None, description="Language model of that server, for the writer `openai`.")
    openai_chat_format: Literal["schema", "object", "text"] = Field(
        "schema",
        description="How it is told the form of a reply: by JSON Schema, as any JSON object, or in words. Where a "
        "server does not know one, the next is tried.",
    )
    openai_chat_timeout_s: float = Field(
        600.0, gt=0, description="Longest silence of that server within a request; then its outcome is in doubt."
    )
    openai_chat_prompt_chars: int = Field(
        60_000, ge=4_000, description="Characters of one prompt that its language model takes, about three for a token."
    )
    openai_chat_output_tokens: int = Field(8_192, ge=512, description="Tokens of one reply of its language model.")
