"""Every error Podmill raises on purpose.

    PodmillError                 exit 1
      InputError                 exit 2  the brief, batch file, script or option; names file, line, field
        TierRequiredError                the account's tier does not have what an episode asks for
      ConfigurationError         exit 2  settings, missing extras
        MissingExtraError
      TransientError             retryable
        BusyError                        a provider's own limit is reached: it made and charged nothing
        TimedOutError                    a step or a request took longer than it may
        WaitError                        nothing failed: a limit, a provider or room must be waited for
          LimitedError                   our own limiter
            LeftAloneError               because a provider asked for it
          ProviderDownError              the circuit of a provider is open
          DiskFullError
          MovedError                     the step goes on on another queue
      LeaseLostError                     another worker owns the step now: stop, write nothing
      StoppingError                      this worker is stopping: the step is handed back
      WorkersDiedError                   an episode that killed its workers again and again
      InDoubtError                       a paid request was sent and its outcome is not known
      WastedError                        a paid request was charged, and what came back is of no use
      HeldError                  review  a person must decide before the episode may go on
        QuoteExceededError               it would cost more than is held for the episode
        PolicyError                      a provider refuses what a text says; the message names the passage
      SourceError, ScriptError           a source cannot be read; no usable script can be made
      VoiceError, SpeechError            voice unknown, or does not speak the language; an engine failed for good
      QuotaError                         the credit that was bought of a provider is used up
      RefusedError                       a provider refuses a request as it is
        TooLongError, UnstitchedError    for its length, for its neighbours: in another form it may be taken
      TranscriberError, MasteringError, PublishError
      StoreError                         an artifact is missing or damaged
      BudgetExceededError        exit 2  a budget does not cover it
      RateLimitExceededError, PriceUnknownError  exit 2

An error says what happened and what to do next, and nothing secret. Only ``retryable`` errors are tried again;
an exception that is not in this tree is a bug and fails the step.
"""

from typing import Any, ClassVar


class PodmillError(Exception):
    """Something Podmill can explain. ``message`` says what, ``action`` says what to do."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, action: str = "") -> None:
        super().__init__(message)
        # Messages may end with what somebody else said.
        whole = not action or message.endswith((".", "!", "?", ":"))
        self.message = message if whole else f"{message}."
        self.action = action

    def __str__(self) -> str:
        return f"{self.message} {self.action}".strip()

    def __reduce__(self) -> tuple[Any, ...]:
        # Celery pickles exceptions between processes; the default would call __init__ without its keywords.
        return _revive, (type(self), self.args, self.__dict__)


def _revive(kind: type[PodmillError], args: tuple[Any, ...], state: dict[str, Any]) -> PodmillError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class InputError(PodmillError):
    """What was handed in cannot be used as it is."""

    code = "invalid_input"
    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        action: str = "",
        file: str | None = None,
        line: int | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message, action=action)
        self.file = file
        # Lines count from 1; what came from an option instead of a file has none.
        self.line = line or None
        self.field = field

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        if self.field:
            place = f"{place}: {self.field}" if place else self.field
        text = super().__str__()
        return f"{place}: {text}" if place else text


class TierRequiredError(InputError):
    """The account's tier does not have what an episode asks for."""

    code = "tier_required"


class ConfigurationError(PodmillError):
    """A setting is wrong or missing."""

    code = "configuration"
    exit_code = 2


class MissingExtraError(ConfigurationError):
    """An optional package is not installed."""

    code = "missing_extra"

    def __init__(self, what: str, *, extra: str) -> None:
        super().__init__(f"{what} is not installed.", action=f"Run: pip install 'podmill[{extra}]'")
        self.extra = extra


class TransientError(PodmillError):
    """May succeed when tried again; ``retry_after_s`` when the other side said when."""

    code = "transient"
    retryable = True

    def __init__(self, message: str, *, action: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, action=action)
        self.retry_after_s = retry_after_s


class BusyError(TransientError):
    """A provider's own limit is reached; it made and charged nothing. ``at_once_max``: when it said so."""

    code = "provider_busy"

    def __init__(
        self, message: str, *, action: str = "", retry_after_s: float | None = None, at_once_max: int | None = None
    ) -> None:
        super().__init__(message, action=action, retry_after_s=retry_after_s)
        self.at_once_max = at_once_max


class TimedOutError(TransientError):
    """A step or a request took longer than it may."""

    code = "timed_out"


class WaitError(TransientError):
    """Nothing failed: something must be waited for, ``retry_after_s`` from now. Waiting is no failed attempt."""

    code = "waiting"

    def __init__(self, message: str, *, action: str = "", retry_after_s: float) -> None:
        super().__init__(message, action=action, retry_after_s=retry_after_s)


class LimitedError(WaitError):
    """The limiter lets no request of this provider account through for now."""

    code = "limited"


class LeftAloneError(LimitedError):
    """The limiter lets nothing through because the provider asked to be left alone for a while."""


class ProviderDownError(WaitError):
    """A provider failed again and again: nobody asks it anything until it has had time to recover."""

    code = "provider_down"


class MovedError(WaitError):
    """The step goes on on another queue: it is parked, and sent there."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_after_s=0.0)


class LeaseLostError(PodmillError):
    """Another worker owns this step now; what was made here is not recorded."""

    code = "lease_lost"


class StoppingError(PodmillError):
    """This worker is stopping: what waits in it is handed back to the others."""

    code = "stopping"


class WorkersDiedError(PodmillError):
    """Too many workers died with this step in their hands."""

    code = "workers_died"


class InDoubtError(PodmillError):
    """A paid request was sent and its outcome is not known: it must never be repeated blindly."""

    code = "in_doubt"


class WastedError(PodmillError):
    """A provider charged for an answer that is of no use.

    Whoever paid writes down the ``receipt`` (of ``podmill.offer``), then raises ``then``: what it means for the step.
    Where it is a known fault that passes (``again``), the request is made anew before, a bounded number of times.
    """

    code = "wasted"

    def __init__(self, message: str, *, receipt: Any, then: PodmillError, again: bool = False) -> None:
        super().__init__(message, action=then.action)
        self.receipt = receipt
        self.then = then
        self.again = again


class HeldError(PodmillError):
    """A person must decide before the episode may go on."""

    code = "held"


class QuoteExceededError(HeldError):
    """Speaking lines again would cost more than is left of what the quote holds; nothing was asked."""

    code = "quote_exceeded"


class PolicyError(HeldError):
    """A provider refuses what a text says, by its policy. The message names it; ``lines``, from 0, hold it."""

    code = "policy"
    lines: tuple[int, ...] = ()


class SourceError(PodmillError):
    """A source document cannot be read, is too large, or is not allowed."""

    code = "source"


class ScriptError(PodmillError):
    """No usable script can be made from what was given."""

    code = "script"


class VoiceError(PodmillError):
    """A voice is unknown, not installed, or does not speak the language."""

    code = "voice"
    exit_code = 2


class SpeechError(PodmillError):
    """A speech engine failed and trying again will not help."""

    code = "speech"


class QuotaError(PodmillError):
    """The credit that was bought of a provider is used up; it made and charged nothing."""

    code = "quota"


class RefusedError(PodmillError):
    """A provider refuses a request as it is; it made and charged nothing, and the same request is refused again."""

    code = "refused"


class TooLongError(RefusedError):
    """A request is longer than its provider takes; two shorter ones may be taken."""

    code = "too_long"


class UnstitchedError(RefusedError):
    """A model takes no request that says what comes before and after it; planned anew, none says that."""

    code = "unstitched"


class TranscriberError(PodmillError):
    """The recording could not be transcribed."""

    code = "transcriber"


class MasteringError(PodmillError):
    """The recording could not be mastered or encoded."""

    code = "mastering"


class DiskFullError(WaitError):
    """There is not enough disk for the next step: it waits until there is, and looks every ``PODMILL_DISK_WAIT_S``."""

    code = "disk_full"

    def __init__(self, message: str, *, action: str = "", retry_after_s: float = 60.0) -> None:
        super().__init__(message, action=action, retry_after_s=retry_after_s)


class StoreError(PodmillError):
    """The store does not hold an artifact, or its bytes changed."""

    code = "store"


class BudgetExceededError(PodmillError):
    """A budget does not cover this. The episode is paused; ``retry_after_s`` when the turn of a period helps."""

    code = "budget_exceeded"
    exit_code = 2

    def __init__(
        self, message: str, *, action: str = "", retry_after_s: float | None = None, needed_microusd: int | None = None
    ) -> None:
        super().__init__(message, action=action)
        self.retry_after_s = retry_after_s
        self.needed_microusd = needed_microusd
        """What must be left of each of its budgets for it to go on."""


class RateLimitExceededError(PodmillError):
    """An account may not make so many episodes: unfinished at a time, or in a day."""

    code = "rate_limit_exceeded"
    exit_code = 2


class PriceUnknownError(PodmillError):
    """There is no price for something that must be paid; it is never taken as free."""

    code = "price_unknown"
    exit_code = 2


class PublishError(PodmillError):
    """A target refused the episode."""

    code = "publish"
