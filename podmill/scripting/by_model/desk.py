"""Where a writer asks its language model: every task is bought, and tried a bounded number of times."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from podmill.context import StepContext
from podmill.errors import PolicyError, ScriptError
from podmill.scripting.by_model.language_model import Ask, LanguageModel, Reply
from podmill.scripting.by_model.shapes import AnyShape, NotAsAgreedError, read
from podmill.scripting.prompts import prompt

REPAIRS_MAX: Final = 2
"""Times a task is given again because its reply was cut or not as agreed."""
PASSAGE_CHARS_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class Task:
    text: str
    about: str
    """For a person: ``chapter 2, "High tide"``."""
    passage: str
    """What it is to tell, for a person who must decide about a refusal."""
    output_tokens: int
    """Expected at most."""


@dataclass
class Desk:
    """Counts what was asked; the numbers of requests go on from task to task."""

    model: LanguageModel
    context: StepContext
    system: str
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    repaired: int = 0
    answered_by: str = ""
    prompts: set[str] = field(default_factory=set)

    def ask(
        self, task: Task, shape: type[AnyShape], check: Callable[[AnyShape], str | None] = lambda _: None
    ) -> AnyShape:
        """The reply to a task, in its form.

        Args:
            check: what is wrong with a reply that has the form, in words a model can follow.

        Raises:
            PolicyError: the provider's policy blocks it.
            ScriptError: no try gave a usable reply.
            PodmillError: as ``LanguageModel.complete``.
        """
        text, tokens, problem = task.text, task.output_tokens, ""
        for attempt in range(1, REPAIRS_MAX + 2):
            tokens = min(tokens, self.model.output_tokens_max)
            reply = self._complete(Ask(self.system, text, shape, tokens, _called(task)))
            if reply.blocked:
                raise self._held(task, reply.blocked)
            if reply.cut:
                problem = "It was cut, because it was too long: be briefer."
                tokens *= 2
            elif reply.problem:
                problem = reply.problem
            else:
                try:
                    found = read(reply.text, shape)
                    problem = check(found) or ""
                except NotAsAgreedError as exc:
                    problem = str(exc)
                else:
                    if not problem:
                        return found
            self.repaired += 1
            repair = prompt("repair")
            self.prompts.add(repair.label)
            text = f"{task.text}\n\n{repair.fill(attempt=attempt + 1, problem=problem)}"
        raise ScriptError(
            f"{self.model.provider} {self.model.model} did not write {task.about} as agreed, in {REPAIRS_MAX + 1} "
            f"tries. {problem}",
            action=f"Name another model in {self.model.setting}, then run: podmill retry",
        )

    def _complete(self, ask: Ask) -> Reply:
        if len(ask.text) + len(ask.system) > self.model.prompt_chars_max:
            raise ScriptError(
                f"A task of {len(ask.text):,} characters is too long for {self.model.model}.",
                action="Raise what it is said to take (PODMILL_OPENAI_CHAT_PROMPT_CHARS), or name another model in "
                f"{self.model.setting}.",
            )
        reply = self.model.complete(ask, self.context.purchases, self.calls)
        self.calls += 1
        self.input_tokens += reply.input_tokens
        self.output_tokens += reply.output_tokens
        self.answered_by = reply.model or self.answered_by
        return reply

    def _held(self, task: Task, reason: str) -> PolicyError:
        return PolicyError(
            f"{self.model.provider} {self.model.model} refuses to write {_called(task)} ({reason}).",
            action=f"Name another model in {self.model.setting}, then run: podmill retry. Or leave that source out, or "
            "choose another writer, and submit the episode again.",
        )


def _called(task: Task) -> str:
    """What a task is, for a person: its place, and what it was to tell."""
    passage = task.passage if len(task.passage) <= PASSAGE_CHARS_MAX else f"{task.passage[:PASSAGE_CHARS_MAX]}..."
    return f"{task.about}, {passage!r}"
