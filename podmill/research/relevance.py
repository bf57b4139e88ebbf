"""How much each paragraph and sentence of the sources has to do with the topic.

By words alone, so it runs offline and the same everywhere: how much of the topic a text names (coverage), and how near
it is to what the sources are about (cosine of tf-idf vectors to the core, the text itself left out). A paragraph of a
source on topic need not name the topic; it only must not stand apart.
"""

# ruff: noqa: SIM905 - word lists read better as text

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from podmill.research.readers import Paragraph, Reading
from podmill.research.terms import STOP_WORDS, stem, words

SOURCE_MIN: Final = 0.2
"""Share of the topic a source must carry."""
SOURCE_OF_BEST_MIN: Final = 0.4
"""Share of what the best source carries."""
APART_MAX: Final = 0.02
"""Cosine to the core at or under which a paragraph stands apart."""
_NAMED_MIN: Final = 0.2
_DENSITY_FULL: Final = 0.25
"""Share of paragraphs that name the topic from which on a source counts as being about it."""
_UNNAMED_SHARE: Final = 0.3
"""What a paragraph that does not name the topic adds to the core, against one that does."""
_CORE_PARAGRAPHS_MIN: Final = 5
"""With fewer there is no core to stand apart from."""
_GENERIC_WEIGHT: Final = 0.25
_GENERIC: Final = frozenset(
    "history story guide introduction overview basics future past secret secrets life world way ways work works facts "
    "today new short brief beginner beginners everything explained understanding science art".split()
)
"""Words of titles that tell little of what a text is about."""

Vector = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Scored:
    """A source with the relevance of its paragraphs."""

    on_topic: bool
    paragraphs: tuple[float, ...]
    """0 to 1; 0 for a paragraph that is off topic."""


class Relevance:
    """Scores the texts of some sources against a topic, or against what they share when there is none."""

    def __init__(self, readings: Sequence[Reading], topic: str | None, language: str) -> None:
        self._english = language.startswith("en")
        self._weights = self._topic_weights(topic) if topic else {}
        self._bags = [[self._bag(paragraph.text) for paragraph in reading.paragraphs] for reading in readings]
        appearances = Counter(root for bags in self._bags for bag in bags for root in bag)
        total = sum(map(len, self._bags))
        self._idf = {root: math.log(1 + total / count) for root, count in appearances.items()}
        self._sources = [self._of_source(reading, bags) for reading, bags in zip(readings, self._bags, strict=True)]
        self._about = self._on_topic()
        self._core, self._core_size = self._make_core(readings)
        cosines = sorted(
            self._cosine(bag, own=self._share(paragraph, bag))
            for about, reading, bags in zip(self._about, readings, self._bags, strict=True)
            if about
            for paragraph, bag in zip(reading.paragraphs, bags, strict=True)
        )
        self._typical = cosines[len(cosines) * 3 // 4] if cosines else 0.0
        self.sources = [self._scored(index, reading) for index, reading in enumerate(readings)]

    def of_sentence(self, sentence: str, paragraph_score: float) -> float:
        """Relevance of a sentence, 0 to 1: half its own, half that of its paragraph."""
        bag = self._bag(sentence)
        return round((self._blend(self._coverage(bag), self._cosine(bag)) + paragraph_score) / 2, 3)

    def _scored(self, index: int, reading: Reading) -> Scored:
        if not self._about[index]:
            return Scored(on_topic=False, paragraphs=(0.0,) * len(reading.paragraphs))
        scores = tuple(
            self._of_paragraph(paragraph, bag)
            for paragraph, bag in zip(reading.paragraphs, self._bags[index], strict=True)
        )
        return Scored(on_topic=True, paragraphs=scores)

    def _of_paragraph(self, paragraph: Paragraph, bag: Counter[str]) -> float:
        coverage = self._named(paragraph, bag)
        cosine = self._cosine(bag, own=self._share(paragraph, bag))
        if not coverage and cosine <= APART_MAX and self._core_size >= _CORE_PARAGRAPHS_MIN:
            return 0.0
        # Never quite 0, which says off topic.
        return max(self._blend(coverage, cosine), 0.01)

    def _blend(self, coverage: float, cosine: float) -> float:
        nearness = min(1.0, cosine / self._typical) if self._typical else 1.0
        return (coverage + nearness) / 2 if self._weights else nearness

    def _roots(self, text: str) -> list[str]:
        found = [word for word in words(text) if word not in STOP_WORDS and not word[0].isdigit()]
        # Cutting words to five letters serves most languages that inflect about as well as a stemmer.
        return [stem(word) if self._english else stem(word[:5]) for word in found]

    def _bag(self, text: str) -> Counter[str]:
        return Counter(self._roots(text))

    def _topic_weights(self, topic: str) -> dict[str, float]:
        generic = {stem(word) for word in _GENERIC} if self._english else set()
        return {root: _GENERIC_WEIGHT if root in generic else 1.0 for root in self._roots(topic)}

    def _coverage(self, bag: Mapping[str, object]) -> float:
        """Share of the topic that is named, 0 to 1."""
        named = sum(weight for root, weight in self._weights.items() if root in bag)
        return named / sum(self._weights.values()) if self._weights else 0.0

    def _named(self, paragraph: Paragraph, bag: Counter[str]) -> float:
        heading = self._coverage(self._bag(paragraph.heading)) if paragraph.heading else 0.0
        return max(self._coverage(bag), 0.7 * heading)

    def _of_source(self, reading: Reading, bags: list[Counter[str]]) -> float:
        """How much of the topic a source carries: what its title names, or what it names again and again."""
        if not self._weights:
            return 1.0
        together: Counter[str] = Counter()
        for bag in bags:
            together.update(bag.keys())
        often = {root: count for root, count in together.items() if count > 1 or len(bags) <= _CORE_PARAGRAPHS_MIN}
        named = [self._named(*pair) >= _NAMED_MIN for pair in zip(reading.paragraphs, bags, strict=True)]
        density = sum(named) / max(len(named), 1)
        carried = self._coverage(often) * min(1.0, density / _DENSITY_FULL)
        return max(carried, self._coverage(self._bag(reading.title or "")) if any(named) else 0.0)

    def _on_topic(self) -> list[bool]:
        best = max(self._sources, default=0.0)
        return [carried >= max(SOURCE_MIN, best * SOURCE_OF_BEST_MIN) for carried in self._sources]

    def _make_core(self, readings: Sequence[Reading]) -> tuple[dict[str, float], int]:
        """The sum of the vectors of all paragraphs on topic, and how many there are."""
        core: dict[str, float] = {}
        size = 0
        for about, reading, bags in zip(self._about, readings, self._bags, strict=True):
            for paragraph, bag in zip(reading.paragraphs, bags, strict=True):
                if about:
                    size += 1
                    share = self._share(paragraph, bag)
                    for root, value in self._vector(bag).items():
                        core[root] = core.get(root, 0.0) + value * share
        return core, size

    def _share(self, paragraph: Paragraph, bag: Counter[str]) -> float:
        """How much a paragraph adds to the core."""
        return 1.0 if not self._weights or self._named(paragraph, bag) >= _NAMED_MIN else _UNNAMED_SHARE

    def _vector(self, bag: Counter[str]) -> dict[str, float]:
        raw = {root: (1 + math.log(count)) * self._idf.get(root, 0.0) for root, count in sorted(bag.items())}
        length = math.sqrt(sum(value * value for value in raw.values()))
        return {root: value / length for root, value in raw.items()} if length else {}

    def _cosine(self, bag: Counter[str], *, own: float = 0.0) -> float:
        """Nearness to the core; ``own`` is what the text added to it, as it must not be near because of itself."""
        vector = self._vector(bag)
        if not self._core or not vector:
            return 0.0
        dot = sum(value * (self._core.get(root, 0.0) - value * own) for root, value in vector.items())
        return max(dot, 0.0) / math.sqrt(sum(value * value for value in self._core.values()))
