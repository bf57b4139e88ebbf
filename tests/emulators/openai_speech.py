"""``/v1/audio/speech`` on this machine, see ``speaking``: as OpenAI has it, and as local servers do.

Under ``/v1`` with a key, limits, prices and errors in JSON. Under ``/local/v1`` without any of them: it streams unless
told not to, knows raw samples, and says in plain text or FastAPI's ``detail`` what is wrong.
"""

import json
import re
from typing import Any, Final

from podmill.speech import files
from tests.emulators.account import Entry
from tests.emulators.http import RefusedError
from tests.emulators.sound import Sound
from tests.emulators.speaking import Refusal, Reply, Speaking, Wanted, main, wav_of

RATE_HZ: Final = 24000
OFFICIAL: Final = {
    "models": {"tts-1", "tts-1-hd"},
    "voices": {"alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer"},
    "formats": {"mp3", "opus", "aac", "flac", "wav", "pcm"},
}
FIELDS: Final = {"input", "model", "voice", "instructions", "response_format", "speed", "stream_format"}
CHARACTERS_MAX: Final = 4096
LOCAL_VOICES: Final = ("af_heart", "am_michael", "bf_emma")
LOCAL_VOICE: Final = re.compile(r"[ab][fm]_[a-z]+(\(\d\))?(\+[ab][fm]_[a-z]+(\(\d\))?)*")
STREAMED_SIZE: Final = (0xFFFFFFFF).to_bytes(4, "little")


def error(status: int, kind: str, code: str | None, message: str, param: str | None = None, **headers: str) -> Refusal:
    said = {"message": message, "type": kind, "code": code, "param": param}
    return Refusal(status, {"error": said}, {name.replace("_", "-"): value for name, value in headers.items()})


def detail(kind: str, message: str) -> dict[str, object]:
    """As Kokoro-FastAPI says what is wrong."""
    return {"detail": {"error": kind, "message": message, "type": "invalid_request_error"}}


class OpenAISpeech(Speaking):
    routes = {  # noqa: RUF012 - a class variable by its declaration in the base class
        "POST /v1/audio/speech": "speak",
        "GET /v1/models": "models",
        "POST /local/v1/audio/speech": "speak_local",
        "GET /local/v1/models": "models_local",
        "GET /local/v1/audio/voices": "voices_local",
        **Speaking.steering,
    }
    refusals = {  # noqa: RUF012 - as above
        "bad_request": error(400, "invalid_request_error", None, "We could not parse the JSON body of your request."),
        "policy": error(400, "invalid_request_error", "content_policy_violation", "Your input was rejected."),
        "key": error(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: emul***-key."),
        "payment": error(402, "billing_error", "payment_required", "Payment required."),
        "region": error(403, "request_forbidden", "unsupported_country_region_territory", "Country not supported."),
        "model": error(404, "invalid_request_error", "model_not_found", "The model `tts-1` does not exist.", "model"),
        "retired": error(400, "invalid_request_error", None, "The model `tts-1` has been deprecated.", "model"),
        "voice": error(400, "invalid_request_error", None, "Input should be 'alloy' or 'ash'", "voice"),
        "conflict": error(409, "conflict_error", None, "The resource was updated by another request."),
        "too_late": error(408, "timeout_error", None, "Request timed out."),
        "unprocessable": error(422, "invalid_request_error", None, "Unprocessable entity."),
        "rate": error(429, "requests", "rate_limit_exceeded", "Rate limit reached for requests.", Retry_After="20"),
        "insufficient": error(429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota."),
        "error": error(500, "server_error", None, "The server had an error while processing your request."),
        "bad_gateway": Refusal(502, "<html>Bad gateway</html>"),
        "overloaded": error(503, "service_unavailable", None, "The engine is overloaded.", Retry_After="5"),
        "redirect": Refusal(308, "", {"Location": "https://example.com/"}),
        "echo": error(400, "invalid_request_error", None, "the key was emulated-key"),
        "busy": error(429, "requests", "rate_limit_exceeded", "Too many requests at once."),
        "quota": error(429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota."),
        "text_400": Refusal(400, "Invalid voice"),
        "text_404": Refusal(404, "model is not downloaded"),
        "text_500": Refusal(500, "CUDA out of memory"),
        "text_503": Refusal(503, "loading model"),
        "detail_text": Refusal(404, {"detail": "Model 'tts-1' is not installed locally."}),
        "detail_object": Refusal(400, {"detail": {"error": "invalid_model", "message": "Unsupported model: tts-9"}}),
        "detail_fields": Refusal(
            422, {"detail": [{"type": "missing", "loc": ["body", "voice"], "msg": "Field required"}]}
        ),
        "vllm": Refusal(
            400, {"error": {"message": "Unknown voice", "type": "BadRequestError", "param": None, "code": 400}}
        ),
        "vllm_404": error(404, "NotFoundError", None, "The model `tts-9` does not exist.", "model"),
        "vllm_500": Refusal(500, {"error": {"message": "EngineCore died", "type": "InternalServerError", "code": 500}}),
        "kokoro_400": Refusal(400, detail("validation_error", "Voice 'nobody' not found. Available: af_heart")),
        "kokoro_403": Refusal(403, detail("permission_denied", "Local voice saving is disabled")),
        "kokoro_500": Refusal(500, detail("processing_error", "Failed to generate audio")),
        "localai": Refusal(500, {"error": {"code": 500, "message": "could not load model", "type": ""}}),
    }
    own_faults = ("words", "empty_header")

    # OpenAI's

    def speak(self) -> None:
        self._authorize()
        body = self._body()
        if unknown := set(body) - FIELDS:
            raise self._invalid(f"Unrecognized request argument supplied: {min(unknown)}")
        if body.get("model") not in OFFICIAL["models"]:
            raise self.refuse("model")
        if body.get("voice") not in OFFICIAL["voices"]:
            raise self.refuse("voice")
        if body.get("response_format", "mp3") not in OFFICIAL["formats"]:
            raise self._invalid("response_format")
        if not isinstance(body.get("input"), str) or not 0 < len(body["input"]) <= CHARACTERS_MAX:
            raise self._invalid("input: String should have at most 4096 characters")
        self.hear(self._wanted(body, len(body["input"]), limited=True))

    def models(self) -> None:
        self._authorize()
        self.send({"object": "list", "data": [{"id": name, "object": "model"} for name in sorted(OFFICIAL["models"])]})

    # A local server's

    def speak_local(self) -> None:
        body = self._body()
        if not isinstance(body.get("input"), str):
            raise self.refuse("detail_fields")
        if not LOCAL_VOICE.fullmatch(str(body.get("voice"))):
            raise RefusedError(400, f"Invalid voice: {body.get('voice')}")
        self.hear(self._wanted(body, 0, limited=False))

    def models_local(self) -> None:
        self.send({"object": "list", "data": [{"id": "tts-1", "object": "model"}]})

    def voices_local(self) -> None:
        self.send({"voices": list(LOCAL_VOICES)})

    # Both

    def reply(self, wanted: Wanted, entry: Entry, sound: Sound, outcome: str) -> Reply:
        assert isinstance(wanted.sent, dict)
        asked, streams = wanted.sent.get("response_format", "mp3"), wanted.sent.get("stream", True)
        if outcome == "words":
            return Reply(b"Something went wrong, but never mind.", "text/plain")
        wav = wav_of(sound, RATE_HZ)
        if outcome == "empty_header" or (asked == "wav" and streams):
            wav = wav[:4] + STREAMED_SIZE + wav[8:40] + STREAMED_SIZE + wav[44:]
        samples, rate_hz = files.decoded(wav_of(sound, RATE_HZ))
        contents = {
            "wav": (wav, "audio/wav"),
            "pcm": (files.wav(samples, rate_hz)[44:], "audio/pcm"),
            "mp3": (sound.mp3, "audio/mpeg"),
        }
        content, media_type = contents[asked]
        headers = {"x-request-id": entry.request_id} if wanted.limited else {}
        return Reply(content, media_type, headers, chunked=not wanted.limited)

    def _wanted(self, body: dict[str, Any], characters: int, *, limited: bool) -> Wanted:
        seed = round((1 - body.get("speed", 1)) / 0.04)
        return Wanted(
            *(body["input"], body["voice"], seed, characters, body), limited=limited, model=str(body.get("model"))
        )

    def _body(self) -> dict[str, Any]:
        try:
            body = json.loads(self.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise self.refuse("bad_request")
        return body

    def _authorize(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {self.server.till.terms.key}":
            raise self.refuse("key")

    def _invalid(self, message: str) -> RefusedError:
        refusal = error(400, "invalid_request_error", None, message)
        return RefusedError(refusal.status, refusal.body)


if __name__ == "__main__":
    main(OpenAISpeech)
