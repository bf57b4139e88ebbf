"""Buying: what any step may ask of a paid provider, and the takes that a synthesis step asks of an engine."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import Engine as Database

from models.tables import Charge
from models.take import Take
from podcast_tasks.journal import Claim
from podmill import nodefile, speech
from podmill.context import ArtifactStore
from podmill.errors import PolicyError, SpeechError, TooLongError
from podmill.limits.limiter import Caller, Limiter, Slot, connect
from podmill.money import accounts, prices, purchase, tiers, usage
from podmill.money.charge import Item, Purchase
from podmill.money.fence import Fence
from podmill.money.ledger import Ledger
from podmill.offer import Answer, Offer, Receipt
from podmill.settings import Settings, current
from podmill.speech.engine import Engine, RecordedEngine, make, priced
from podmill.store.database import reading

if TYPE_CHECKING:
    from podcast_tasks.running import Work


LONG_CHARACTERS: Final = 5_000
"""A longer request that a provider was asked for and never made took it too long: it is not asked for whole again."""


class StepPurchases:
    """What one step run buys, under its lease. See ``podmill.offer.Purchases``.

    Args:
        next_patience_s: how long it blocks its worker when it gets one of the next slots of a provider.
        within_quote: whether all of it is paid from what the quote holds.
    """

    def __init__(
        self,
        database: Database,
        claim: Claim,
        settings: Settings,
        check: Callable[[], None],
        *,
        next_patience_s: float = 0.0,
        within_quote: bool = False,
    ) -> None:
        self._database = database
        self._within_quote = within_quote
        self._next_patience_s = next_patience_s
        self._claim = claim
        self._settings = settings
        self._check = check
        self._ledger = Ledger(database)
        self._fence = Fence(claim.episode_id, claim.step, claim.token, settings.lease_s)

    @cached_property
    def _prices(self) -> prices.PriceList:
        return prices.load(self._settings.prices_file)

    @cached_property
    def _tier(self) -> tiers.Tier:
        with reading(self._database) as connection:
            return accounts.tier_of(connection, self._claim.account, tiers.load(self._settings))

    def _item(self, provider: str, unit: str, quantity: float) -> Item:
        price = self._prices.find(provider, unit)
        return Item(price, quantity, usage.this_month(self._database, price))

    def buy(
        self,
        offer: Offer[Answer],
        *,
        provider: str,
        quantities: Mapping[str, float],
        content: str,
        part: int,
        own: bool = False,
    ) -> Answer:
        account = None if own else provider.partition(":")[0]
        return self.bought(offer, provider, quantities, content=content, part=part, account=account)[0]

    def bought(
        self,
        offer: Offer[Answer],
        provider: str,
        quantities: Mapping[str, float],
        *,
        content: str,
        part: int,
        account: str | None,
    ) -> tuple[Answer, Charge | None]:
        """As ``buy``, with the charge that paid for it.

        Args:
            account: whose limits the request counts for. None: it is answered by an engine of our own, and where that
                is free there is no charge.
        """
        wanted = Purchase(
            account=self._claim.account,
            episode_id=self._claim.episode_id,
            step=self._claim.step,
            part=part,
            content=content,
            provider=account or provider,
            items=tuple(self._item(provider, unit, quantity) for unit, quantity in quantities.items()),
            own=account is None,
            discount_percent=self._tier.discount_percent,
            within_quote=self._within_quote,
        )
        if wanted.own and wanted.amount_microusd == 0:
            return offer.ask(), None
        counter = purchase.Counter(self._ledger, self._fence, self._slot(account, part), self._settings.in_doubt)
        return purchase.buy(wanted, offer, counter)

    def _slot(self, account: str | None, part: int) -> Callable[[], AbstractContextManager[Slot | None]]:
        if account is None:
            return nullcontext
        claim = self._claim
        caller = Caller(
            id=f"{claim.episode_id}/{part}", group=claim.batch_id or claim.episode_id, interactive=claim.interactive
        )
        return lambda: limiter(self._database).slot(
            account,
            caller,
            patience_s=self._settings.wait_in_worker_s,
            next_patience_s=self._next_patience_s,
            check=self._check,
        )


class Spoken:
    """A speech request as ``purchase.buy`` makes it."""

    def __init__(self, request: speech.SpeechRequest, engine: Engine, store: ArtifactStore) -> None:
        self.request = request
        self.engine = engine
        self.store = store
        self.record_after_s = engine.capabilities.record_after_s
        self._never_made = False

    def ask(self) -> speech.RawSpeech:
        if self._never_made and self.request.characters > LONG_CHARACTERS:
            raise TooLongError(
                f"{self.request.engine} never made {self.request.characters:,} characters: they are asked for in two."
            )
        return self.engine.speak(self.request)

    def receipt(self, answer: speech.RawSpeech) -> Receipt | None:
        return answer.receipt

    def keep(self, answer: speech.RawSpeech) -> dict[str, Any]:
        return speech.reply_of(answer, self.store)

    def restore(self, reply: dict[str, Any]) -> speech.RawSpeech:
        return speech.restore(self.request, reply, self.store)

    def find(self, since: float, taken: Callable[[str], bool]) -> speech.RawSpeech | None:
        found = cast(RecordedEngine, self.engine).find(self.request, since, taken)
        self._never_made = found is None
        return found


class Buyer:
    """Gets the takes of one step run.

    Args:
        within_quote: whether all of them are paid from what the quote holds.
    """

    def __init__(self, work: "Work", *, within_quote: bool) -> None:
        self._context = work.context
        settings = work.context.settings
        self._purchases = StepPurchases(
            *(work.journal.engine, work.claim, settings, work.check),
            next_patience_s=settings.next_in_worker_s,
            within_quote=within_quote,
        )

    def take(self, request: speech.SpeechRequest, part: int) -> Take:
        """The take of a request that is not in the cache of takes; it is there when this returns.

        Raises:
            PodmillError: as ``purchase.buy`` and the engine raise it.
        """
        context = self._context
        engine = make(request.engine, context.settings)
        try:
            raw, charge = self._purchases.bought(
                Spoken(request, engine, context.store),
                *priced(engine, request),
                content=request.key,
                part=part,
                account=engine.capabilities.account,
            )
        except PolicyError as exc:
            exc.lines = tuple(line.index for line in request.lines)
            raise
        try:
            return speech.keep(request, raw, context)
        except SpeechError as exc:
            if charge is None:
                raise
            raise purchase.useless(charge, exc) from exc


@lru_cache(maxsize=1)
def limiter(database: Database) -> Limiter:
    """The limiter of this process."""
    settings = current()
    return Limiter(connect(nodefile.broker_url(settings)), settings, recent=Ledger(database).recent)
