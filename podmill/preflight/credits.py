"""The credit of a provider: what was bought, less what episodes under way will use."""

import logging
from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection, Engine, func, select

from models.quote import Quote
from models.steps import ChargeState, Step
from models.tables import Charge, Reservation, StepDocument, table
from podmill.errors import PodmillError, QuotaError
from podmill.settings import Settings
from podmill.speech.engine import SpeechRequest, make, usual
from podmill.speech.standing import Credit, CreditEngine
from podmill.store import takes
from podmill.store.database import reading

log = logging.getLogger(__name__)
CHARGE, DOCUMENT, RESERVATION = table(Charge), table(StepDocument), table(Reservation)


def promised(connection: Connection, provider: str, *, share: float = 1.0, but: str = "") -> float:
    """Credit that episodes whose money is held are still likely to use of a provider.

    Args:
        share: of what their quotes count, which is the most they may use.
        but: id of an episode that does not count.
    """
    rows = connection.execute(
        select(DOCUMENT.c.episode_id, DOCUMENT.c.body)
        .join(RESERVATION, RESERVATION.c.episode_id == DOCUMENT.c.episode_id)
        .where(RESERVATION.c.open, DOCUMENT.c.step == Step.COST_CHECK, DOCUMENT.c.episode_id != but)
    )
    quoted = {row.episode_id: _speech(Quote.model_validate_json(row.body), provider) * share for row in rows}
    used: dict[str, float] = defaultdict(float)
    settled = (
        select(CHARGE.c.episode_id, func.sum(CHARGE.c.quantity))
        .join(RESERVATION, RESERVATION.c.episode_id == CHARGE.c.episode_id)
        .where(RESERVATION.c.open, CHARGE.c.provider == provider, CHARGE.c.state == ChargeState.SETTLED)
        .where(CHARGE.c.step == Step.SYNTHESIS)
        .group_by(CHARGE.c.episode_id)
    )
    for episode_id, quantity in connection.execute(settled):
        used[episode_id] = float(quantity)
    return sum(max(units - used[episode_id], 0.0) for episode_id, units in quoted.items())


class Credits:
    """The credit of every provider that tells it, each asked once; what is taken of it here is gone.

    Args:
        but: id of an episode that is not among those under way.
    """

    def __init__(self, settings: Settings, database: Engine, *, but: str = "") -> None:
        self._settings = settings
        self._database = database
        self._but = but
        self._left: dict[str, tuple[Credit, float] | None] = {}

    def take(self, provider: str, units: float) -> QuotaError | None:
        """Take credit for an episode; why not, where there is not as much. A provider that does not tell has enough."""
        known = self._known(provider)
        if known is None or units <= 0:
            return None
        credit, left = known
        if units <= left:
            self._left[provider] = (credit, left - units)
            return None
        renewed = f" It is renewed on {credit.until}." if credit.until else ""
        held = credit.left - left
        return QuotaError(
            f"{provider} has {credit.left:,.0f} credits left"
            + (f", of which others need {held:,.0f}" if held >= 1 else "")
            + f"; {units:,.0f} are needed.{renewed}",
            action="Buy credit, wait until it is renewed, or cast another engine's voices.",
        )

    def hold(self, provider: str, units: float) -> None:
        """Take credit for what is under way, be there enough or not."""
        known = self._known(provider)
        if known is not None:
            self._left[provider] = (known[0], known[1] - units)

    def _known(self, provider: str) -> tuple[Credit, float] | None:
        if provider not in self._left:
            credit = _asked(provider, self._settings)
            if credit is None:
                self._left[provider] = None
            else:
                with reading(self._database) as connection:
                    held = promised(connection, provider, share=credit.share, but=self._but)
                self._left[provider] = (credit, credit.left - held)
        return self._left[provider]


def lacking(
    requests: Iterable[SpeechRequest], settings: Settings, database: Engine, *, but: str = ""
) -> QuotaError | None:
    """Why the requests of an episode cannot all be paid with what was bought of their providers, if they cannot. It is
    read and not held: whoever asks a provider first has it, and the others are refused without charge.

    Args:
        but: the episode's id.
    """
    by_engine: dict[str, list[SpeechRequest]] = defaultdict(list)
    for request in requests:
        by_engine[request.engine].append(request)
    left = Credits(settings, database, but=but)
    for name, mine in by_engine.items():
        engine = make(name, settings)
        if not isinstance(engine, CreditEngine):
            continue
        there = takes.known(database, [request.key for request in mine])
        units = sum(sum(usual(engine, request).values()) for request in mine if request.key not in there)
        if error := left.take(name, units):
            return error
    return None


def _asked(provider: str, settings: Settings) -> Credit | None:
    """What a provider tells; one that cannot be asked is found out about by whoever checks its key."""
    try:
        engine = make(provider, settings)
        return engine.credit() if isinstance(engine, CreditEngine) else None
    except PodmillError as exc:
        log.info("the credit of %s is not known: %s", provider, exc)
        return None


def _speech(quote: Quote, provider: str) -> float:
    return sum(item.quantity for item in quote.items if item.step == Step.SYNTHESIS and item.provider == provider)
