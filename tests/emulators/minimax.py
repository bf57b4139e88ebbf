"""MiniMax on this machine: text to audio (v2) with subtitles, its voices, and its errors, see ``speaking``."""

import json
import re
from typing import Any, Final

from tests.emulators.account import Entry
from tests.emulators.http import RefusedError
from tests.emulators.sound import PIECE, Sound
from tests.emulators.speaking import Refusal, Reply, Speaking, Wanted, main

MODELS: Final = {f"speech-{version}-{kind}" for version in ("2.8", "2.6", "02", "01") for kind in ("hd", "turbo")}
VOICE: Final = re.compile(r"[A-Z][a-z]+( \([A-Za-z]+\))?_[\w -]+")
VOICES: Final = ("English_expressive_narrator", "English_Graceful_Lady", "German_SweetLady")
CHARACTERS_MAX: Final = 9_999
AUDIO: Final = {
    "sample_rate": {8000, 16000, 22050, 24000, 32000, 44100},
    "bitrate": {32000, 64000, 128000, 256000},
    "format": {"mp3", "pcm", "flac", "wav"},
    "channel": {1, 2},
}


def stated(code: int, message: str) -> Refusal:
    """An error as it states nearly all of them: under the status of success."""
    return Refusal(200, {"data": None, "trace_id": "0" * 32, "base_resp": {"status_code": code, "status_msg": message}})


CODES: Final = {
    1000: "unknown error",
    1001: "request timeout",
    1002: "rate limit exceeded(RPM)",
    1004: "login fail: Please carry the API secret key in the 'Authorization' field",
    1008: "insufficient balance",
    1024: "internal error",
    1026: "input new_sensitive",
    1027: "output new_sensitive",
    1033: "system error",
    1039: "rate limit exceeded(TPM)",
    1041: "conn limit",
    1042: "invisible character ratio limit",
    2013: "invalid params",
    2037: "voice duration too short or too long",
    2049: "invalid api key",
    20132: "invalid samples or voice_id",
    9999: "a code that nobody has seen",
}


class MiniMax(Speaking):
    routes = {  # noqa: RUF012 - a class variable by its declaration in the base class
        "POST /v1/t2a_v2": "speak",
        "POST /v1/get_voice": "voices",
        r"GET /subtitles/(\w+)\.json": "subtitles",
        **Speaking.steering,
    }
    refusals = {  # noqa: RUF012 - as above
        **{str(code): stated(code, message) for code, message in CODES.items()},
        "busy": stated(1041, CODES[1041]),
        "rate": stated(1002, CODES[1002]),
        "quota": stated(1008, CODES[1008]),
        "302": Refusal(302, "", {"Location": "https://example.com/"}),
        "400": Refusal(400, "Bad Request"),
        "401": Refusal(401, {"message": "Unauthorized"}),
        "403": Refusal(403, "<html>Forbidden</html>"),
        "404": Refusal(404, "not found"),
        "429": Refusal(429, "slow down", {"Retry-After": "7"}),
        "500": Refusal(500, "oops"),
        "502": Refusal(502, "<html>Bad Gateway</html>"),
        "503": Refusal(503, "", {"Retry-After": "3"}),
        "2013_model": stated(2013, "invalid params, model speech-2.8-turbo is not supported"),
        "echo": stated(1000, "the header was Bearer emulated-key"),
    }
    own_faults = ("subtitles_missing", "subtitles_other", "unbilled")

    def speak(self) -> None:
        body = self._body()
        voice, audio = body.get("voice_setting"), body.get("audio_setting")
        if body.get("model") not in MODELS or not isinstance(voice, dict) or not isinstance(audio, dict):
            raise self._invalid("model, voice_setting and audio_setting")
        text, speed = body.get("text"), voice.get("speed", 1)
        if not isinstance(text, str) or not text.strip() or len(text) > CHARACTERS_MAX:
            raise self._invalid("text")
        if not isinstance(speed, int | float) or not 0.5 <= speed <= 2:
            raise self._invalid("speed")
        if body.get("stream") or body.get("output_format", "hex") != "hex":
            raise self._invalid("stream and output_format, as far as this emulator goes")
        if any(value not in AUDIO.get(name, ()) for name, value in audio.items()):
            raise self._invalid("audio_setting")
        if not VOICE.fullmatch(str(voice.get("voice_id"))):
            raise self.refuse("20132")
        if sum(not each.isprintable() and each != "\n" for each in text) > len(text) / 10:
            raise self.refuse("1042")
        seed = round((1 - speed) / 0.04)
        self.hear(Wanted(text, voice["voice_id"], seed, len(text), body, model=body["model"]))

    def reply(self, wanted: Wanted, entry: Entry, sound: Sound, outcome: str) -> Reply:
        data: dict[str, Any] = {"audio": sound.mp3.hex(), "status": 2}
        if isinstance(wanted.sent, dict) and wanted.sent.get("subtitle_enable"):
            host = f"http://127.0.0.1:{self.server.server_address[1]}"
            name = {"subtitles_missing": "missing", "subtitles_other": "other"}.get(outcome, entry.request_id)
            data["subtitle_file"] = f"{host}/subtitles/{name}.json"
            self.server.till.record(entry)
        extra = {"audio_length": round(sound.ends_s[-1] * 1000), "usage_characters": entry.billed, "audio_channel": 1}
        content = {
            "data": data,
            "extra_info": None if outcome == "unbilled" else extra,
            "trace_id": entry.request_id,
            "base_resp": {"status_code": 0, "status_msg": "success"},
        }
        return Reply(json.dumps(content).encode(), "application/json; charset=utf-8")

    def voices(self) -> None:
        self._body()
        listed = [{"voice_id": name, "voice_name": name, "description": []} for name in VOICES]
        done = {"status_code": 0, "status_msg": "success"}
        self.send({"system_voice": listed, "voice_cloning": [], "voice_generation": None, "base_resp": done})

    def subtitles(self, name: str) -> None:
        """Sentences with their times; without a key, as where MiniMax keeps its files."""
        if self.headers.get("Authorization"):
            raise RefusedError(400, "Only one auth mechanism allowed")
        if name == "other":
            self.send([{"text": "Something else.", "time_begin": 0, "time_end": 900.5}])
            return
        entry = next((each for each in self.server.till.history() if each.request_id == name), None)
        if entry is None:
            raise RefusedError(404, "NoSuchKey")
        sound = self.server.speaker.speak(entry.text, entry.voice, entry.seed)
        listed, at = [], 0
        for piece in PIECE.findall(entry.text):
            times = {"time_begin": sound.starts_s[at] * 1000, "time_end": sound.ends_s[at + len(piece) - 1] * 1000}
            listed.append({"text": piece.strip(), "text_begin": at, "text_end": at + len(piece), **times})
            at += len(piece)
        self.send(listed)

    def _body(self) -> dict[str, Any]:
        if self.headers.get("Authorization") != f"Bearer {self.server.till.terms.key}":
            raise self.refuse("1004")
        try:
            body = json.loads(self.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise self._invalid("a JSON object")
        return body

    def _invalid(self, what: str) -> RefusedError:
        return RefusedError(200, stated(2013, f"invalid params, {what}").body)


if __name__ == "__main__":
    main(MiniMax)
