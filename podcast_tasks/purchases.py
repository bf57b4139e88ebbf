"""Buying takes: what one part of a synthesis step asks an engine for, and who pays."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any, cast

from models.steps import Step
from models.take import Take
from podcast_tasks.running import Work, journal
from podmill import nodefile, speech
from podmill.context import ArtifactStore
from podmill.errors import SpeechError
from podmill.limits.limiter import Caller, Limiter, Slot, connect
from podmill.money import purchase
from podmill.money.charge import Purchase
from podmill.money.fence import Fence
from podmill.money.ledger import Ledger
from podmill.money.prices import PriceList
from podmill.settings import current
from podmill.speech.engine import Engine, RecordedEngine, make


class Spoken:
    """A speech request as ``purchase.buy`` makes it."""

    def __init__(self, request: speech.SpeechRequest, engine: Engine, store: ArtifactStore) -> None:
        self.request = request
        self.engine = engine
        self.store = store
        self.record_after_s = engine.capabilities.record_after_s

    def ask(self) -> speech.RawSpeech:
        return self.engine.speak(self.request)

    def receipt(self, answer: speech.RawSpeech) -> purchase.Receipt | None:
        return answer.receipt

    def keep(self, answer: speech.RawSpeech) -> dict[str, Any]:
        return speech.reply_of(answer, self.store)

    def restore(self, reply: dict[str, Any]) -> speech.RawSpeech:
        return speech.restore(self.request, reply, self.store)

    def find(self, since: float, taken: Callable[[str], bool]) -> speech.RawSpeech | None:
        return cast(RecordedEngine, self.engine).find(self.request, since, taken)


class Buyer:
    """Gets the takes of one step run."""

    def __init__(self, work: Work, price_list: PriceList) -> None:
        self.work = work
        self.price_list = price_list
        self.ledger = Ledger(work.journal.engine)
        claim, settings = work.claim, work.context.settings
        self.fence = Fence(claim.episode_id, claim.step, claim.token, settings.lease_s)

    def take(self, request: speech.SpeechRequest, part: int) -> Take:
        """The take of a request that is not in the cache of takes; it is there when this returns.

        Raises:
            PodmillError: as ``purchase.buy`` and the engine raise it.
        """
        context = self.work.context
        engine = make(request.engine, context.settings)
        capabilities = engine.capabilities
        wanted = Purchase(
            account=self.work.account,
            episode_id=self.work.claim.episode_id,
            step=Step.SYNTHESIS,
            part=part,
            content=request.key,
            provider=capabilities.account or request.engine,
            price=self.price_list.find(request.engine, capabilities.price_unit),
            quantity=request.characters,
            own=capabilities.account is None,
        )
        if wanted.own and wanted.amount_microusd == 0:
            return speech.speak(request, context)
        slot = self._slot(capabilities.account, part)
        counter = purchase.Counter(self.ledger, self.fence, slot, context.settings.in_doubt)
        raw, charge = purchase.buy(wanted, Spoken(request, engine, context.store), counter)
        try:
            return speech.keep(request, raw, context)
        except SpeechError as exc:
            raise purchase.useless(charge, exc) from exc

    def _slot(self, account: str | None, part: int) -> Callable[[], AbstractContextManager[Slot | None]]:
        if account is None:
            return nullcontext
        claim = self.work.claim
        caller = Caller(
            id=f"{claim.episode_id}/{part}", group=claim.batch_id or claim.episode_id, interactive=claim.interactive
        )
        patience_s = self.work.context.settings.wait_in_worker_s
        return lambda: limiter().slot(account, caller, patience_s=patience_s, check=self.work.check)


@lru_cache(maxsize=1)
def limiter() -> Limiter:
    """The limiter of this process."""
    settings = current()
    return Limiter(connect(nodefile.broker_url(settings)), settings, recent=Ledger(journal().engine).recent)
