"""The proof that a script says nothing its sources do not."""

from collections.abc import Sequence

from models.dossier import Dossier, Fact
from models.script import Line, Script
from podmill.errors import ScriptError
from podmill.scripting.phrases import PhraseBank, words_of


def _contains(words: Sequence[str], run: Sequence[str]) -> bool:
    """Whether a run of words occurs as it is."""
    return any(list(words[at : at + len(run)]) == list(run) for at in range(len(words) - len(run) + 1))


def _broken(line: Line, why: str) -> ScriptError:
    return ScriptError(
        f"Line {line.index + 1} of the script {why}: {line.text!r}.",
        action="This is a fault of the writer: please report it with the sources.",
    )


def _check_statement(line: Line, facts: Sequence[Fact], titles: Sequence[str], bank: PhraseBank) -> None:
    """A line with facts is a run of their words, after the name of the source at most."""
    stated = [word for fact in facts for word in words_of(fact.text)]
    said = words_of(line.text)
    for title in titles:
        lead = words_of(bank.one("fact", "attribution").format(title=title))
        if said[: len(lead)] == lead and len(said) > len(lead) and _contains(stated, said[len(lead) :]):
            return
    if not said or not _contains(stated, said):
        raise _broken(line, "says what its facts do not")


def _check_glue(line: Line, known: frozenset[str]) -> None:
    strange = [word for word in words_of(line.text) if word not in known]
    if strange:
        raise _broken(line, f"cites nothing and yet says {strange[0]!r}")


def check_facts(script: Script, dossier: Dossier, bank: PhraseBank, topic: str) -> None:
    """Every line that cites is a run of its facts' words; every other one is made of phrases, headings and names.

    Raises:
        ScriptError: a line breaks this, cites what is not there, or a phrase is said twice.
    """
    facts = {fact.id: fact for fact in dossier.facts}
    titles = {source.id: source.title for source in dossier.sources}
    named = [script.title, topic, *titles.values(), *script.speakers.values()]
    named += [chapter.title for chapter in script.chapters]
    known = bank.words | frozenset(word for name in named for word in words_of(name))
    phrases: set[str] = set()
    for line in script.lines:
        if line.facts:
            if any(fact not in facts for fact in line.facts):
                raise _broken(line, "cites a fact that research did not find")
            cited = [facts[fact] for fact in line.facts]
            if {fact.source_id for fact in cited} != set(line.sources):
                raise _broken(line, "names other sources than its facts have")
            _check_statement(line, cited, [titles[source] for source in line.sources], bank)
        else:
            _check_glue(line, known)
            if line.text in phrases:
                raise _broken(line, "is said twice")
            phrases.add(line.text)
