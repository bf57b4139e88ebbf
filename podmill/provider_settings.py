"""Settings of outside providers: keys, addresses, models. They are part of ``podmill.settings.Settings``."""

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

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
    gemini_speech_model: str = Field(
        "gemini-3.8-flash-lite-tts", description="Speech model of Gemini, in standard quality."
    )
    gemini_speech_model_hd: str | None = Field(
        "gemini-3.8-flash-tts", description="The same in HD. Unset: that of standard quality."
    )
    gemini_speech_voices: tuple[str, ...] = Field(
        ("Kore", "Puck"),
        description="Voices of Gemini that `auto` casts first, comma separated. A name that Podmill does not know can "
        "be cast once it is listed here.",
    )
    gemini_speech_languages: tuple[str, ...] = Field(
        (
            *("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "uk", "ro", "tr", "ar", "hi", "bn", "mr", "ta"),
            *("te", "id", "vi", "th", "ja", "ko", "zh", "sv", "da", "nb", "fi", "cs", "el", "hu", "he"),
        ),
        description="Languages that its voices speak, comma separated.",
    )
    gemini_speech_style: str = Field(
        "", max_length=300, description="How its voices speak: `warm and curious`. Unset: as the model sees fit."
    )
    gemini_speech_characters: int = Field(
        3600,
        ge=200,
        le=8000,
        description="Characters that one request for speech of Gemini may have, a third of that in Chinese, Japanese "
        "and Korean. 3600 are some four minutes; its voices change in longer speech, and after eleven minutes it ends.",
    )
    gemini_speech_timeout_s: float = Field(
        300.0, gt=0, description="Longest wait for speech of Gemini; then its outcome is in doubt."
    )

    exa_api_key: SecretStr | None = Field(None, description="Key of Exa.")
    exa_url: str = Field("https://api.exa.ai", description="Address of Exa.")
    exa_results: int = Field(10, ge=1, le=100, description="Pages that one search of Exa gives.")
    exa_timeout_s: float = Field(
        60.0, gt=0, description="Longest wait for an answer of Exa; then its outcome is in doubt."
    )

    elevenlabs_api_key: SecretStr | None = Field(None, description="Key of ElevenLabs.")
    elevenlabs_url: str = Field("https://api.elevenlabs.io", description="Address of ElevenLabs or its regional twin.")
    elevenlabs_model: str = Field(
        "eleven_multilingual_v2",
        description="Speech model of ElevenLabs, in standard quality. `eleven_flash_v2_5` costs half.",
    )
    elevenlabs_model_hd: str | None = Field(
        "eleven_multilingual_v2", description="The same in HD. Unset: that of standard quality."
    )
    elevenlabs_voices: tuple[str, ...] = Field(
        ("JBFqnCBsd6RMkjVDRZzb=George", "21m00Tcm4TlvDq8ikWAM=Rachel"),
        description="Voices of ElevenLabs that are listed and cast by `auto`, best first: ids, each with `=` and its "
        "name, comma separated. Any other can be cast as `elevenlabs:ID`.",
    )
    elevenlabs_format: Literal["mp3_44100_128", "mp3_44100_192", "pcm_24000", "pcm_44100", "wav_24000", "wav_44100"] = (
        Field(
            "mp3_44100_128",
            description="Sound that ElevenLabs is asked for. `mp3_44100_192` needs its plan Creator or more, "
            "`pcm_44100` and `wav_44100` need Pro or more; the plan is checked before anything is spent.",
        )
    )
    elevenlabs_format_hd: (
        Literal["mp3_44100_128", "mp3_44100_192", "pcm_24000", "pcm_44100", "wav_24000", "wav_44100"] | None
    ) = Field(None, description="Sound that ElevenLabs is asked for in HD. Unset: that of standard quality.")
    elevenlabs_dialogue_models: tuple[str, ...] = Field(
        ("eleven_v3",),
        description="Models of ElevenLabs that speak several voices in one request, by how their names begin, comma "
        "separated.",
    )
    elevenlabs_timeout_s: float = Field(
        240.0, gt=0, description="Longest silence of ElevenLabs within a request; then its outcome is in doubt."
    )
    elevenlabs_record_s: float = Field(
        60.0, ge=0, description="Seconds after that by which a request is in the history of ElevenLabs, if it was made."
    )

    minimax_api_key: SecretStr | None = Field(None, description="Key of MiniMax.")
    minimax_url: str = Field("https://api.minimax.io", description="Address of MiniMax, or of one of its regions.")
    minimax_group_id: str | None = Field(None, description="Group of the key, which older keys of MiniMax need.")
    minimax_model: str = Field("speech-2.8-turbo", description="Speech model of MiniMax, in standard quality.")
    minimax_model_hd: str | None = Field(
        "speech-2.8-hd", description="The same in HD. Unset: that of standard quality."
    )
    minimax_voices: tuple[str, ...] = Field(
        ("English_expressive_narrator=Nora", "English_Graceful_Lady=Grace"),
        description="Voices of MiniMax that are listed and cast by `auto`, best first: ids, each with `=` and a name, "
        "comma separated. Any other can be cast as `minimax:ID`.",
    )
    minimax_timeout_s: float = Field(
        240.0, gt=0, description="Longest wait for an answer of MiniMax; then its outcome is in doubt."
    )

    azure_speech_key: SecretStr | None = Field(None, description="Key of an Azure Speech resource.")
    azure_speech_region: str = Field("westeurope", description="Region of that resource.")
    azure_speech_url: str | None = Field(None, description="Its address. Unset: that of the region.")
    azure_speech_voices: tuple[str, ...] = Field(
        ("en-US-AndrewMultilingualNeural=Andrew", "en-US-AvaMultilingualNeural=Ava"),
        description="Voices of Azure that are listed and cast by `auto`, best first: names, each with `=` and how "
        "people call it, comma separated. Any other can be cast as `azure:NAME`; HD voices, which cost more, only "
        "when one of them is listed.",
    )
    azure_speech_timeout_s: float = Field(
        180.0, gt=0, description="Longest wait for an answer of Azure; then its outcome is in doubt."
    )

    openai_api_key: SecretStr | None = Field(
        None, description="Key of an OpenAI-compatible server; local ones often need none."
    )
    openai_url: str = Field("https://api.openai.com/v1", description="Address of an OpenAI-compatible server.")
    openai_speech_url: str | None = Field(
        None, description="Address of an OpenAI-compatible server that speaks, when it is another one."
    )
    openai_speech_api_key: SecretStr | None = Field(
        None, description="Key of that server. Unset: PODMILL_OPENAI_API_KEY, if the address is the same."
    )
    openai_speech_own: bool | None = Field(
        None,
        description="Whether the server that speaks is your own: free, without limits of its own, on the queue "
        "synthesis.gpu. Unset: when PODMILL_OPENAI_OWN says so of the same address, or it is loopback, private or a "
        "name without a dot.",
    )
    openai_speech_model: str = Field("tts-1", description="Speech model of that server, in standard quality.")
    openai_speech_model_hd: str | None = Field(None, description="The same in HD. Unset: that of standard quality.")
    openai_speech_voices: tuple[str, ...] = Field(
        ("af_heart=Heart", "am_michael=Michael"),
        description="Voices of that server that are listed and cast by `auto` where it is the engine, best first: "
        "names, each with `=` and how people call it, comma separated. Any other can be cast as `openai:NAME`.",
    )
    openai_speech_languages: tuple[str, ...] = Field(("en",), description="Languages they speak, comma separated.")
    openai_speech_format: Literal["wav", "pcm", "flac", "mp3"] = Field(
        "wav", description="What that server is asked for. What it sends is looked at, not believed."
    )
    openai_speech_rate_hz: int = Field(
        24000, ge=8000, le=48000, description="Samples a second of its models, and of audio without a header (pcm)."
    )
    openai_speech_characters: int = Field(
        4000, ge=1, le=5000, description="Characters that one request to that server may have."
    )
    openai_speech_fields: tuple[str, ...] = Field(
        (), description="Further fields of its requests, comma separated: `lang_code=a,task_type=CustomVoice`."
    )
    openai_speech_timeout_s: float = Field(300.0, gt=0, description="Longest wait for speech of that server.")
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
        60_000,
        ge=12_000,
        description="Characters of one prompt that its language model takes, about three for a token of its context "
        "beside the reply.",
    )
    openai_chat_output_tokens: int = Field(8_192, ge=512, description="Tokens of one reply of its language model.")

    @field_validator(
        *(
            "elevenlabs_voices",
            "elevenlabs_dialogue_models",
            "minimax_voices",
            "azure_speech_voices",
            "gemini_speech_voices",
        ),
        "gemini_speech_languages",
        *("openai_speech_voices", "openai_speech_languages", "openai_speech_fields"),
        mode="before",
    )
    @classmethod
    def _entries(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
