"""Episodes as they are made and billed, without sound: real writers, researchers and planners, on the emulators.

For tests of estimates. Speech is billed as the emulators bill it: ElevenLabs, MiniMax and OpenAI by the characters of
the text, Azure as its engine counts, Gemini by four bytes a token and the length of its tones.
"""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from models.brief import Brief, CastMember, Source
from models.dossier import Dossier, SourceRecord
from models.script import Script
from podmill import speech
from podmill.context import StepContext
from podmill.money import prices
from podmill.research.facts import find_facts
from podmill.research.readers.text import TextReader
from podmill.settings import Settings
from podmill.speech import engine as engines
from podmill.speech.engine import SpeechRequest
from podmill.store.local import LocalStore
from tests.dossiers import NoTakes
from tests.emulators.account import Account
from tests.emulators.gemini import tokens
from tests.emulators.sound import CHARACTERS_A_SECOND, TONE_STEP_S
from tests.purchases import CashPurchases

VOICES: Final = {
    "elevenlabs": ("elevenlabs:JBFqnCBsd6RMkjVDRZzb", "elevenlabs:21m00Tcm4TlvDq8ikWAM"),
    "minimax": ("minimax:English_expressive_narrator", "minimax:English_Graceful_Lady"),
    "azure": ("azure:en-US-AndrewMultilingualNeural", "azure:en-US-AvaMultilingualNeural"),
    "gemini": ("gemini:Kore", "gemini:Puck"),
    "openai": ("openai:af_heart", "openai:am_michael"),
    "piper": ("piper:joe", "piper:joe@1.19"),
}
WEB_TOPIC: Final = "Tide mills"
PAUSE_S: Final = 0.4
"""Between two lines of emulated Gemini, on average."""

PLACES: Final = {
    "en": [
        "Aldmouth",
        "Benholm",
        "Corran",
        "Dunvik",
        "Eastray",
        "Fenwick",
        "Garvel",
        "Helmsay",
        "Inverlea",
        "Jarrow",
        "Kelsay",
        "Lomond",
    ],
    "de": [
        "Altenau",
        "Bernsee",
        "Cuxfeld",
        "Dornum",
        "Elbstadt",
        "Friedau",
        "Goslar",
        "Husum",
        "Itzehoe",
        "Juist",
        "Kiel",
        "Lindau",
    ],
    "es": [
        "Almeria",
        "Burgos",
        "Cuenca",
        "Denia",
        "Elche",
        "Figueras",
        "Gijon",
        "Huelva",
        "Ibiza",
        "Jerez",
        "Lugo",
        "Murcia",
    ],
    "ja": ["青森", "別府", "千葉", "出雲", "江戸", "福島", "岐阜", "函館", "飯田", "神戸", "熊本", "松本"],
}
TOLD: Final = {
    "en": (
        "The lighthouse at {place} was built in {year} from granite that boats carried across the bay",
        "The harbour of {place} received about {number} ships a year before the railway reached the coast",
        "The keepers at {place} climbed {number} steps every night to trim the lamp and wind the clockwork",
        "A storm in {year} destroyed the wooden pier of {place} and drowned the market square in salt water",
        "The lens made for {place} could be seen from {number} kilometres away on a clear winter night",
        "Engineers from {place} replaced the oil burner with electric light in {year} after long trials",
    ),
    "de": (
        "Der Leuchtturm von {place} wurde {year} aus Granit gebaut, den Boote durch die Bucht brachten",
        "Im Hafen von {place} legten jedes Jahr etwa {number} Schiffe an, bevor die Eisenbahn die Küste erreichte",
        "Die Wärter von {place} stiegen jede Nacht {number} Stufen hinauf, um die Lampe zu pflegen",
        "Ein Sturm zerstörte {year} die hölzerne Mole von {place} und überflutete den Marktplatz",
        "Das Licht von {place} war in klaren Winternächten noch aus {number} Kilometern Entfernung zu sehen",
        "Ingenieure aus {place} ersetzten {year} den Ölbrenner nach langen Versuchen durch elektrisches Licht",
    ),
    "es": (
        "El faro de {place} fue construido en {year} con granito que los barcos trajeron por la bahía",
        "El puerto de {place} recibía unos {number} barcos al año antes de que el tren llegara a la costa",
        "Los fareros de {place} subían {number} escalones cada noche para cuidar la lámpara del faro",
        "Una tormenta destruyó en {year} el muelle de madera de {place} y llenó de agua la plaza mayor",
        "La luz de {place} se veía desde {number} kilómetros de distancia en las noches claras de invierno",
        "Los ingenieros de {place} cambiaron en {year} el quemador de aceite por una luz eléctrica",
    ),
    "ja": (
        "{place}の灯台は{year}年に湾を渡って船で運ばれた花崗岩で建てられました",
        "{place}の港には鉄道が海岸に届くまで毎年およそ{number}隻の船が入港していました",
        "{place}の灯台守は毎晩{number}段の階段を登ってランプの手入れをしていました",
        "{year}年の嵐は{place}の木造の桟橋を壊して市場の広場を海水で満たしました",
        "{place}の灯りは晴れた冬の夜には{number}キロメートル離れた場所からも見えました",
        "{place}の技術者は{year}年に長い試験の末に油の灯りを電灯に替えました",
    ),
}


def document(minutes: float, language: str, seed: int = 0) -> str:
    """A text that carries so many minutes in a language: each sentence has a place, and a year or a number."""
    stop = "。" if language == "ja" else ". "
    wide = 2.2 if language == "ja" else 1.0
    count = round(minutes * 12 * wide)
    paragraphs = []
    for start in range(0, count, 6):
        said = []
        for at in range(start, min(start + 6, count)):
            number = at + seed
            places, forms = PLACES[language], TOLD[language]
            place = places[number % len(places)]
            said.append(
                forms[(number * 5 + number // 12) % len(forms)].format(
                    place=place, year=1600 + (number * 37) % 390, number=12 + (number * 53) % 880
                )
            )
        paragraphs.append(stop.join(said) + stop.strip())
    return "\n\n".join(paragraphs) + "\n"


def script_text(minutes: float, speakers: int, seed: int = 0) -> str:
    """A ready-made script of about so many minutes."""
    sentences = document(minutes * 0.9, "en", seed).replace("\n", " ").split(". ")
    return "\n".join(
        f"S{1 + at % speakers}: {each.strip().rstrip('.')}." for at, each in enumerate(sentences) if each.strip()
    )


@dataclass(frozen=True)
class Wanted:
    """An episode of a batch."""

    engine: str
    writer: str
    web: bool
    minutes: float
    language: str = "en"
    speakers: int = 2
    seed: int = 0

    def brief(self, store: LocalStore) -> Brief:
        cast = tuple(
            CastMember(speaker=f"S{n + 1}", name=name, voice=VOICES[self.engine][n])
            for n, name in zip(range(self.speakers), ("Joe", "Kit"), strict=False)
        )
        made: dict[str, Any] = {"show": "harbour", "cast": cast, "minutes": self.minutes, "language": self.language}
        if self.writer == "ready-made":
            text = script_text(self.minutes, self.speakers, self.seed)
            artifact = store.put_bytes(text.encode(), suffix=".txt", media_type="text/plain")
            source = Source(name="script.txt", artifact=artifact, media_type="text/plain")
            return Brief(**made, topic="Lighthouses", script=source)
        # Somewhat more than it needs: people hand in whole articles.
        carried = document(self.minutes * (1.0 + 0.1 * (self.seed % 8)), self.language, self.seed)
        artifact = store.put_bytes(carried.encode(), suffix=".txt", media_type="text/plain")
        sources = (Source(name="harbours.txt", artifact=artifact, media_type="text/plain"),)
        topic = WEB_TOPIC if self.web else None
        researchers = ("web",) if self.web else ()
        return Brief(
            **made, topic=topic, title="Harbours", sources=sources, writer=self.writer, researchers=researchers
        )


@dataclass
class Made:
    """What an episode was billed, in micro-dollars by step and provider."""

    charged: dict[tuple[str, str], int] = field(default_factory=dict)
    script: Script | None = None
    requests: int = 0

    def add(self, step: str, provider: str, cost_microusd: int) -> None:
        key = step, provider.partition(":")[0]
        self.charged[key] = self.charged.get(key, 0) + cost_microusd
        self.requests += 1

    @property
    def cost_microusd(self) -> int:
        return sum(self.charged.values())


def make(brief: Brief, settings: Settings, folder: Path) -> Made:
    """Research, write and plan an episode, and bill what that asks for."""
    from podmill.research import research
    from podmill.research.joining import join
    from podmill.scripting import write

    store = LocalStore(settings.store_dir)
    made, found = Made(), CashPurchases()
    step = StepContext(settings, store, NoTakes(), folder, lambda *_: None, found)
    dossier: Dossier | None = None
    if not brief.script:
        dossier = read(brief, store)
        if brief.researchers:
            dossier = join(dossier, research(brief.model_copy(update={"sources": ()}), step))
        for each in found.bought:
            made.add("research", each.provider, each.bill.cost_microusd)
    paid = CashPurchases()
    made.script = write(brief, dossier, dataclasses.replace(step, purchases=paid))
    for each in paid.bought:
        made.add("scripting", each.provider, each.bill.cost_microusd)
    listed = prices.load(settings.prices_file)
    for request in speech.plan(made.script, brief.cast, settings, variants={}):
        provider, units = billed(request, settings)
        made.add("synthesis", provider, sum(listed.find(provider, u).cost_microusd(n) for u, n in units.items()))
    return made


def read(brief: Brief, store: LocalStore) -> Dossier:
    """The dossier of the documents of a brief, read in this process."""
    records, readings = [], []
    for number, source in enumerate(brief.sources, start=1):
        assert source.artifact
        reading = TextReader().read(store.path(source.artifact))
        records.append(
            SourceRecord(
                id=f"s{number}",
                title="Harbours",
                name=source.name,
                media_type="text/plain",
                sha256=source.artifact.sha256,
            )
        )
        readings.append((f"s{number}", reading))
    facts = find_facts(readings, None, brief.language)
    return Dossier(topic=brief.subject, language=brief.language, sources=tuple(records), facts=facts.facts)


def billed(request: SpeechRequest, settings: Settings) -> tuple[str, dict[str, float]]:
    """What the emulator of its engine bills for a request."""
    made = engines.make(request.engine, settings)
    provider, promised = engines.priced(made, request)
    if request.engine == "elevenlabs":
        return provider, {made.capabilities.price_unit: float(Account.cost(request.text, settings.elevenlabs_model))}
    if request.engine == "gemini":
        tones = [max(1, round(len(line.text) / CHARACTERS_A_SECOND / TONE_STEP_S)) for line in request.lines]
        seconds = sum(tones) * TONE_STEP_S + PAUSE_S * (len(tones) - 1)
        style = sum(tokens(line.text) for line in request.lines)
        return provider, {"input token": float(style), "output token": float(round(seconds * 25))}
    return provider, dict(promised)
