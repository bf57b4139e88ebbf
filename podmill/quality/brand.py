"""Whether a script sounds like its show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.gates import Brand, Gates
from models.score import Score
from models.script import Line, Script
from podmill.quality.gates import score
from podmill.text.punctuation import CLOSERS
from podmill.text.said import said_in, words_in
from podmill.text.sentences import split

OPENING_LINES: Final = 2
EXCLAMATIONS: Final = ("!", "\uff01", "\u203c")


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a script does not keep."""

    said: str
    lines: tuple[int, ...] = ()
    fails: bool = False
    """By itself, whatever else is kept."""


def alignment(script: Script, brand: Brand, gates: Gates) -> Score:
    """The share of a brand's rules that a script keeps: each word, the opening, and each measure of a calm tone is one.
    To say a word that the show avoids fails by itself. A tone in words is for the writer, and is not measured."""
    unmeasured = " Its tone is not measured." if brand.tone else ""
    checks = _checks(script, brand)
    if not checks:
        return Score(name="brand", value=None, said=f"There is no rule to hold it against.{unmeasured}")
    broken = [check for check in checks if check is not None]
    said = (" ".join(each.said for each in broken) or "It keeps to every rule.") + unmeasured
    lines = sorted({line for each in broken for line in each.lines})
    measured = score("brand", 1 - len(broken) / len(checks), gates, said, lines=tuple(lines))
    return measured.model_copy(update={"passed": False}) if any(each.fails for each in broken) else measured


def _checks(script: Script, brand: Brand) -> list[Broken | None]:
    whole = "\n".join(line.text for line in script.lines)
    checks = [None if said_in(words, whole) else Broken(f"{words!r} is never said.") for words in brand.use]
    checks += [_avoided(words, script.lines) for words in brand.avoid]
    if brand.openings:
        opening = "\n".join(line.text for line in script.lines[:OPENING_LINES])
        opened = any(said_in(words, opening) for words in brand.openings)
        checks.append(None if opened else Broken("It does not open as the show does.", (0,) if script.lines else ()))
    if brand.sentence_words_max is not None:
        checks.append(_long(script.lines, brand.sentence_words_max))
    if brand.exclamations_max is not None:
        checks.append(_loud(script.lines, brand.exclamations_max))
    return checks


def _avoided(words: str, lines: Sequence[Line]) -> Broken | None:
    found = tuple(line.index for line in lines if said_in(words, line.text))
    return Broken(f"{words!r} is said in line {found[0] + 1}.", found, fails=True) if found else None


def _long(lines: Sequence[Line], words_max: int) -> Broken | None:
    found = tuple(line.index for line in lines if any(words_in(each) > words_max for each in _sentences(line)))
    return (
        Broken(f"Sentences are longer than {words_max} words, first in line {found[0] + 1}.", found) if found else None
    )


def _loud(lines: Sequence[Line], share_max: float) -> Broken | None:
    sentences = [(line.index, each) for line in lines for each in _sentences(line)]
    loud = tuple(index for index, each in sentences if each.rstrip(CLOSERS).endswith(EXCLAMATIONS))
    if len(loud) <= share_max * len(sentences):
        return None
    return Broken(f"{len(loud)} of {len(sentences)} sentences are exclamations.", tuple(dict.fromkeys(loud)))


def _sentences(line: Line) -> list[str]:
    return [line.text[begin:end] for begin, end in split(line.text)]
