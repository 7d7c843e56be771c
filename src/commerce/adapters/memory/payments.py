"""Payments in memory."""

from collections.abc import Sequence
from datetime import datetime

from commerce.adapters.memory.storage import MemoryRepository, MemorySession, Overlay
from commerce.payments import AttemptOpen, Entry, OperationStatus, Payment, PaymentNotFound, StoredNotice

__all__ = ["Unit"]


class MemoryPayments(MemoryRepository[Payment]):
    """The payments, found by id, key, order and the gateway's reference."""

    def __init__(self, session: MemorySession) -> None:
        super().__init__(session, "payment", lambda id: PaymentNotFound(payment_id=id))
        self._keys = session.table("payment_key")
        self._live = session.table("payment_live")
        self._orders = session.table("payment_order")
        self._checked: Overlay[datetime] = session.table("payment_checked")

    def claim(self, payment_id: str) -> Payment:
        """As `get`: one transaction at a time."""
        return self.get(payment_id)

    def by_key(self, key: str) -> Payment | None:
        """The payment that was authorized with that key, or nothing."""
        id = self._keys.get(key)
        return None if id is None else self.find(id)

    def by_reference(self, gateway: str, reference: str) -> Payment | None:
        """The payment that a gateway knows by that reference, or nothing."""
        return next(iter(self.where(lambda p: p.gateway == gateway and p.reference == reference)), None)

    def of_order(self, order_ref: str) -> Sequence[Payment]:
        """All attempts for an order, oldest first."""
        return [self.get(id) for id in self._orders.get(order_ref) or ()]

    def entries(self, gateway: str, since: datetime, until: datetime) -> Sequence[tuple[str, Entry]]:
        """Entries of one gateway that succeeded and were first asked in that time, oldest first."""
        found = [
            (payment.id, entry)
            for payment in self.rows.values()
            for entry in payment.ledger
            if payment.gateway == gateway and entry.status is OperationStatus.SUCCEEDED and since <= entry.at < until
        ]
        return sorted(found, key=lambda row: (row[1].at, row[0]))

    def start(self, payment: Payment) -> bool:
        """Store a new payment, unless its key is taken or its order has a live one."""
        if payment.key in self._keys or payment.order_ref in self._live:
            return False
        self._keys[payment.key] = payment.id
        self._live[payment.order_ref] = payment.id
        self._orders[payment.order_ref] = (*(self._orders.get(payment.order_ref) or ()), payment.id)
        self._checked[payment.id] = payment.created_at
        self.add(payment)
        return True

    def save(self, entity: Payment) -> None:
        """Store over the version that was read; of one order at most one is live."""
        holder = self._live.get(entity.order_ref)
        if entity.live and holder not in (None, entity.id):
            raise AttemptOpen(order_ref=entity.order_ref, payment_id=str(holder), status="live")
        super().save(entity)
        if entity.live:
            self._live[entity.order_ref] = entity.id
        elif holder == entity.id:
            del self._live[entity.order_ref]

    def open(self, checked_before: datetime, limit: int) -> Sequence[str]:
        """Ids of payments that wait for news, longest unchecked first."""
        waiting = {p.id for p in self.rows.values() if p.open}
        due = sorted((at, id) for id, at in self._checked.items() if id in waiting and at <= checked_before)
        return [id for _, id in due[:limit]]

    def checked(self, payment_id: str, at: datetime) -> None:
        """Note when the gateway was last asked about it."""
        self._checked[payment_id] = at


class MemoryNotices:
    """The notices, one per gateway and id."""

    def __init__(self, session: MemorySession) -> None:
        self._rows: Overlay[StoredNotice] = session.table("payment_notice")

    def take(self, notice: StoredNotice) -> StoredNotice:
        """Store a notice, or answer with the one of this gateway and id."""
        place = (notice.gateway, notice.id)
        if place not in self._rows:
            self._rows[place] = notice
        return self._rows.get(place) or notice

    def save(self, notice: StoredNotice) -> None:
        """Store what changed."""
        self._rows[notice.gateway, notice.id] = notice

    def parked(self, limit: int) -> Sequence[StoredNotice]:
        """Notices that are not done, longest unchecked first."""
        rows = [notice for notice in self._rows.values() if not notice.done]
        return sorted(rows, key=lambda n: (n.checked_at, n.id))[:limit]

    def forget(self, before: datetime) -> int:
        """Drop what was received before a moment."""
        old = [place for place, notice in self._rows.items() if notice.received_at < before]
        for place in old:
            del self._rows[place]
        return len(old)


class Unit:
    """One transaction of the payments module."""

    def __init__(self, session: MemorySession) -> None:
        self.payments = MemoryPayments(session)
        self.notices = MemoryNotices(session)
