"""Inbound notifications: verified, kept once, and nothing but a reason to ask the gateway."""

import logging
from collections.abc import Callable
from datetime import timedelta

from attrs import define, evolve

from commerce.kernel import Clock, ProviderError
from commerce.payments.errors import NoticeRejected, PaymentDeclined
from commerce.payments.messages import NoticeOutcome, NoticeReply, RawNotice
from commerce.payments.model import Payment
from commerce.payments.ports import PaymentGateway, PaymentUnit, StoredNotice
from commerce.runtime import Begin, Providers

__all__ = ["NoticeDesk"]

log = logging.getLogger("commerce.payments")


@define
class NoticeDesk:
    """Takes notices of all gateways; ``settle`` is what to do about a payment."""

    begin: Begin[PaymentUnit]
    clock: Clock
    gateways: Providers[PaymentGateway]
    settle: Callable[[str], object]

    def receive(self, gateway: str, raw: RawNotice) -> NoticeReply:
        """Verify first, keep once, then settle."""
        provider = self.gateways[gateway]
        try:
            notice = provider.parse_notice(raw)
        except NoticeRejected:
            return provider.reply(NoticeOutcome.REJECTED)
        except ProviderError:  # a gateway that verifies by asking could not be asked: it shall send it again
            return provider.reply(NoticeOutcome.FAILED)
        if notice is None:
            return provider.reply(NoticeOutcome.IGNORED)
        now = self.clock()
        asked = StoredNotice(
            gateway=gateway,
            id=notice.id,
            payment_id=notice.payment_id,
            reference=notice.reference,
            received_at=now,
            checked_at=now,
        )
        with self.begin() as uow:
            payment = _payment_of(uow, asked)
            if payment is not None and notice.amount is not None and notice.amount != payment.amount:
                return provider.reply(NoticeOutcome.WRONG_AMOUNT)
            stored = uow.notices.take(asked)
        return provider.reply(NoticeOutcome.REPEATED if stored.done else self._heed(stored))

    def replay(self, limit: int = 100) -> int:
        """Try notices again that were not heeded."""
        with self.begin() as uow:
            parked = uow.notices.parked(limit)
        return sum(self._replay(notice) for notice in parked)

    def _replay(self, notice: StoredNotice) -> bool:
        try:
            return self._heed(notice) is NoticeOutcome.RECORDED
        except Exception as error:  # noqa: BLE001 - whatever it was, the others are tried, and this one after them
            log.info("notice of %s: %s", notice.gateway, type(error).__name__)
            with self.begin() as uow:
                uow.notices.save(evolve(notice, checked_at=self.clock()))
            return False

    def forget(self, older_than: timedelta) -> int:
        """Drop old notices."""
        with self.begin() as uow:
            return uow.notices.forget(self.clock() - older_than)

    def _heed(self, notice: StoredNotice) -> NoticeOutcome:
        with self.begin() as uow:
            payment = _payment_of(uow, notice)
        outcome = NoticeOutcome.PARKED
        if payment is not None:
            try:
                self.settle(payment.id)
                outcome = NoticeOutcome.RECORDED
            except PaymentDeclined:
                outcome = NoticeOutcome.RECORDED
            except ProviderError:
                outcome = NoticeOutcome.FAILED
        with self.begin() as uow:
            uow.notices.save(evolve(notice, checked_at=self.clock(), done=outcome is NoticeOutcome.RECORDED))
        return outcome


def _payment_of(uow: PaymentUnit, notice: StoredNotice) -> Payment | None:
    """The payment a notice is about, by our id or the gateway's; never one of another gateway."""
    payment = uow.payments.find(notice.payment_id) if notice.payment_id else None
    if payment is None and notice.reference:
        payment = uow.payments.by_reference(notice.gateway, notice.reference)
    return payment if payment is not None and payment.gateway == notice.gateway else None
