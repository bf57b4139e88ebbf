"""Azure Speech on this machine: SSML to WAV, its list of voices, and its statuses, see ``speaking``."""

import re
import xml.etree.ElementTree as ET
from typing import Final

from tests.emulators.account import Entry
from tests.emulators.http import RefusedError
from tests.emulators.sound import Sound
from tests.emulators.speaking import Refusal, Reply, Speaking, Wanted, main, wav_of

NAMESPACE: Final = "{http://www.w3.org/2001/10/synthesis}"
LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
VOICES: Final = ("en-US-AndrewMultilingualNeural", "en-US-AvaMultilingualNeural", "en-US-Ava:DragonHDLatestNeural")
FORMATS: Final = {"riff-24khz-16bit-mono-pcm": 24000, "riff-48khz-16bit-mono-pcm": 48000}
INNER: Final = re.compile(r"<voice[^>]*>(.*)</voice>", re.DOTALL)


class Azure(Speaking):
    routes = {  # noqa: RUF012 - a class variable by its declaration in the base class
        "POST /cognitiveservices/v1": "speak",
        "GET /cognitiveservices/voices/list": "voices",
        **Speaking.steering,
    }
    refusals = {  # noqa: RUF012 - as above
        "302": Refusal(302, "", {"Location": "https://example.com/"}),
        "400": Refusal(400, "Unsupported voice."),
        "401": Refusal(401),
        "403": Refusal(403, {"error": {"code": "403", "message": "Out of call volume quota."}}),
        "403_role": Refusal(403, "<html>Forbidden</html>"),
        "404": Refusal(404, "Resource not found"),
        "408": Refusal(408),
        "415": Refusal(415),
        "429": Refusal(429, "", {"Retry-After": "36"}),
        "429_bare": Refusal(429),
        "429_month": Refusal(429, "Quota exceeded", {"Retry-After": "1036800"}),
        "499": Refusal(499),
        "500": Refusal(500),
        "502": Refusal(502, "<html><head><title>502 Bad Gateway</title></head></html>"),
        "503": Refusal(503, "", {"Retry-After": "3"}),
        "504": Refusal(504, "<html>Gateway Time-out</html>"),
        "busy": Refusal(429),
        "rate": Refusal(429),
        "quota": Refusal(403, "Out of call volume quota."),
        "echo": Refusal(400, "the key was emulated-key"),
    }
    own_faults = ("cut",)

    def speak(self) -> None:
        self._authorize()
        if self.headers.get("Content-Type") != "application/ssml+xml":
            raise self.refuse("415")
        if self.headers.get("X-Microsoft-OutputFormat") not in FORMATS or not self.headers.get("User-Agent"):
            raise RefusedError(400, "X-Microsoft-OutputFormat and User-Agent are required.")
        ssml = self.body.decode()
        try:
            speak = ET.fromstring(ssml)  # noqa: S314 - our own client's
        except ET.ParseError as exc:
            raise RefusedError(400, f"SSML parsing error: {exc}") from None
        voices = speak.findall(f"{NAMESPACE}voice")
        if speak.tag != f"{NAMESPACE}speak" or not speak.get(LANGUAGE) or len(voices) != 1:
            raise RefusedError(400, "SSML parsing error: speak with xml:lang and voice are required.")
        (voice,) = voices
        name = voice.get("name", "")
        if name not in VOICES:
            raise RefusedError(400, f"Unsupported voice {name}.")
        prosody = voice.find(f"{NAMESPACE}prosody")
        manner = f"{voice.get('parameters', '')}{prosody.get('rate', '') if prosody is not None else ''}"
        seed = sum(map(ord, manner)) % 1000
        inner = INNER.search(ssml)
        characters = sum(2 if "\u4e00" <= each <= "\u9fff" else 1 for each in inner[1]) if inner else 0
        self.hear(Wanted("".join(voice.itertext()), name, seed, characters, ssml))

    def reply(self, wanted: Wanted, entry: Entry, sound: Sound, outcome: str) -> Reply:  # noqa: ARG002
        wav = wav_of(sound, FORMATS[self.headers["X-Microsoft-OutputFormat"]])
        if outcome == "cut":
            # Ten minutes to the sample, which is all that one gets.
            samples = wav[44:] * (600 * 48000 // len(wav[44:]) + 1)
            wav = wav[:4] + (36 + 28_800_000).to_bytes(4, "little") + wav[8:40]
            wav += (28_800_000).to_bytes(4, "little") + samples[:28_800_000]
        return Reply(wav, "audio/x-wav", {"X-RequestId": entry.request_id})

    def voices(self) -> None:
        self._authorize()
        self.send([{"ShortName": name, "Locale": name[:5], "VoiceType": "Neural"} for name in VOICES])

    def _authorize(self) -> None:
        if self.headers.get("Ocp-Apim-Subscription-Key") != self.server.till.terms.key:
            raise self.refuse("401")


if __name__ == "__main__":
    main(Azure)
