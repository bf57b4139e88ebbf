"""Whether keys, models and voices that briefs need work, asked at no cost and once however many briefs need them."""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Final

from models.brief import Brief
from podmill import speech
from podmill.errors import ConfigurationError, InDoubtError, PodmillError, TransientError
from podmill.provider_settings import ProviderSettings
from podmill.registry import load
from podmill.research import DOCUMENTS, RESEARCHERS, researchers_of
from podmill.research.web import SERVICES
from podmill.scripting import suited
from podmill.settings import Settings
from podmill.speech import Choice
from podmill.speech.quality import under

ANSWER_S: Final = 10.0
"""A provider that is silent for longer counts as away."""
AWAY: Final = (TransientError, InDoubtError)
"""Not a fault of what was asked for: it may be back when it is needed."""


@dataclass(frozen=True, slots=True)
class Problem:
    error: PodmillError
    stops: bool


@dataclass(frozen=True, slots=True)
class Speakers:
    """Who may speak a brief."""

    choices: tuple[Choice, ...]
    """Those that can, the one that will first, and those after it unasked; none: nobody can."""
    problems: tuple[Problem, ...] = ()


def impatient(settings: Settings) -> Settings:
    """The same, with short waits for every provider."""
    names = (name for name in ProviderSettings.model_fields if name.endswith("_timeout_s"))
    waits = {name: min(getattr(settings, name), ANSWER_S) for name in names}
    return settings.model_copy(update=waits)


class Providers:
    """Checks for briefs; what was asked once is not asked again."""

    def __init__(self, settings: Settings) -> None:
        self.settings = impatient(settings)
        self._speakers: dict[object, Speakers] = {}
        self._services: dict[str, PodmillError | None] = {}
        self._checks: dict[str, Callable[[], None]] = {
            "google": self._gemini,
            "gemini": self._gemini,
            "exa": self._exa,
            "openai": self._chat,
        }

    def problems(self, brief: Brief) -> Iterator[Problem]:
        """Of whoever researches and writes it."""
        if brief.script:
            return
        try:
            suited(brief)
        except PodmillError as exc:
            yield Problem(exc, stops=True)
        first, *others = researchers_of(brief, self.settings)
        yield from self._of_researcher(first, stops=True)
        for name in others:
            # Research goes on without those that only add to the first.
            yield from self._of_researcher(name, stops=name not in RESEARCHERS)
        if error := self._asked(brief.writer):
            yield Problem(error, stops=not isinstance(error, AWAY))

    def speakers(self, brief: Brief) -> Speakers:
        """Who can speak it, and what is wrong with those who come before them."""
        key = (brief.cast, brief.fallback, brief.language, brief.quality)
        if key not in self._speakers:
            self._speakers[key] = self._found(brief)
        return self._speakers[key]

    def _found(self, brief: Brief) -> Speakers:
        settings = under(self.settings, brief.quality)
        try:
            choices = speech.choices(brief.cast, brief.fallback, brief.language, settings)
        except PodmillError as exc:
            return Speakers((), (Problem(exc, stops=True),))
        first: list[PodmillError] = []
        for number, choice in enumerate(choices):
            errors = self._of_cast(choice, brief.language, settings)
            hard = [error for error in errors if not isinstance(error, AWAY)]
            first = first or hard
            if not hard:
                told = [*(_instead(error, choice) for error in first), *errors]
                return Speakers(choices[number:], tuple(Problem(error, stops=False) for error in told))
        return Speakers((), tuple(Problem(error, stops=True) for error in first))

    def _of_cast(self, choice: Choice, language: str, settings: Settings) -> list[PodmillError]:
        """Of every member, each problem once."""
        found: dict[str, PodmillError] = {}
        for member in choice.cast:
            try:
                speech.check(Choice((member,)), language, settings)
            except PodmillError as exc:
                found[str(exc)] = exc
        return list(found.values())

    def _of_researcher(self, name: str, *, stops: bool) -> Iterator[Problem]:
        if name == DOCUMENTS:
            return
        try:
            load(RESEARCHERS, name, kind="researcher")
        except PodmillError as exc:
            yield Problem(exc, stops=True)
            return
        # The web is all services with a key: one that works is enough.
        names = [each for each in SERVICES if name in (each, "web")]
        asked = [each for each in names if name != "web" or SERVICES[each].configured(self.settings)]
        if not asked:
            keys = " or ".join(SERVICES[each].key_setting for each in names)
            yield Problem(ConfigurationError("Research on the web needs a key.", action=f"Set {keys}."), stops=stops)
        errors = [self._asked(each) for each in asked]
        none_works = all(error is not None and not isinstance(error, AWAY) for error in errors)
        for error in filter(None, errors):
            yield Problem(error, stops=stops and none_works)

    def _asked(self, name: str) -> PodmillError | None:
        """What keeps a service from being used."""
        if name not in self._services:
            self._services[name] = None
            try:
                self._checks.get(name, lambda: None)()
            except PodmillError as exc:
                self._services[name] = exc
        return self._services[name]

    def _gemini(self) -> None:
        from podmill.providers import gemini_client

        gemini_client.look_up(self.settings, self.settings.gemini_model, self.settings.gemini_timeout_s)

    def _exa(self) -> None:
        from podmill.research.exa_check import proves_key

        proves_key(self.settings)

    def _chat(self) -> None:
        if self.settings.openai_chat_model is None:
            raise ConfigurationError(
                "The writer 'openai' needs a model.", action="Set PODMILL_OPENAI_CHAT_MODEL, or name another writer."
            )
        from podmill.scripting.by_model.chat_check import has_model

        has_model(self.settings)


def _instead(error: PodmillError, choice: Choice) -> PodmillError:
    """A problem of those who do not speak then."""
    who = "nobody speaks, and it is text only" if choice.text_only else f"voices of {choice.who} speak"
    told = copy(error)
    told.message = f"{error.message} Instead, {who}."
    return told
