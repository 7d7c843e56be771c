"""The engine room: value comes in lots, is held, redeemed, let go, refunded, and expires. In units of anything."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from attrs import define, evolve, field

from commerce.kernel import Clock, CurrencyMismatch, InvalidValue, KeyReused, StaleVersion, aware, new_id
from commerce.runtime import Begin, retried
from commerce.wallet.engine import draw, spendable, sums_by_lot
from commerce.wallet.errors import HoldNotFound, InstrumentExpired, NotEnough, NothingLeft
from commerce.wallet.events import ValueExpired
from commerce.wallet.model import (
    Account,
    Book,
    Draw,
    Drift,
    Hold,
    Lot,
    Posting,
    Refund,
    Transaction,
    TransactionKind,
    Wish,
    said,
)
from commerce.wallet.ports import WalletUnit

__all__ = ["StoredValue"]

T = TypeVar("T")


@define
class StoredValue:
    """Double-entry books over lots. Every command has a key and happens once per key.

    ``grace`` is how long refunded value lives at least to be spent again, if its lot has expired meanwhile.
    """

    begin: Begin[WalletUnit]
    clock: Clock
    grace: timedelta = field(default=timedelta(days=30), kw_only=True)

    # What was held.

    def commit(self, key: str) -> None:
        """The held value has paid for an order. Raises `HoldEnded` if it is too late, and `HoldNotFound`."""

        def act(uow: WalletUnit) -> None:
            now = self.clock()
            hold = _known(uow, key)
            if hold.commit(now):
                uow.holds.save_all([hold])
                uow.ledger.book([_moved(hold, TransactionKind.REDEEM, now, Book.HELD, Book.REDEEMED)])

        self._retry(act)

    def release(self, key: str) -> None:
        """Let go of what is held. Unknown or ended already: nothing happens. Raises `AlreadyRedeemed`."""

        def act(uow: WalletUnit) -> None:
            hold = uow.holds.by_key(key)
            if hold is not None:
                self._end(uow, [hold], self.clock())

        self._retry(act)

    def expire(self, limit: int = 1000) -> int:
        """Sweep holds and lots whose time is over; what was left is booked as breakage. Returns how many.

        They are invalid anyway.
        """

        def sweep_holds(uow: WalletUnit) -> int:
            now = self.clock()
            holds = uow.holds.lapsed(now, limit)
            self._end(uow, holds, now)
            return len(holds)

        def sweep_lots(uow: WalletUnit) -> int:
            now = self.clock()
            lots = uow.lots.expired(now, limit)
            if lots:
                self._break(uow, lots, now)
            return len(lots)

        return self._retry(sweep_holds) + self._retry(sweep_lots)

    def reconcile(self) -> Sequence[Drift]:
        """Where lots and ledger disagree. Empty, or something is very wrong."""
        with self.begin() as uow:
            return uow.ledger.drift()

    # What the services over it use.

    def _credit(
        self, uow: WalletUnit, account: Account, lot: Lot, source: Book, transaction: Transaction
    ) -> Transaction:
        """Value comes in as a lot; ``transaction`` says under which key, and why."""
        amount = {"kind": account.kind, "unit": account.unit}
        owed = Posting(book=Book.CUSTOMER, amount=lot.amount, account_id=account.id, lot_id=lot.id, **amount)
        booked = evolve(transaction, postings=(owed, Posting(book=source, amount=-lot.amount, **amount)))
        uow.lots.add([lot])
        uow.ledger.book([booked])
        return booked

    def _hold(
        self, uow: WalletUnit, key: str, wishes: Sequence[Wish], *, limit: int, unit: str, expires_at: datetime | None
    ) -> Hold:
        """Hold at most ``limit`` units over these wishes; the same key again answers with the hold it made."""
        now = self.clock()
        known = uow.holds.by_key(key)
        if known is not None and known.live(now):
            known.require_same(limit, unit, wishes)
            return known
        if expires_at is not None and aware(expires_at, "expires_at") <= now:
            raise InvalidValue(field="expires_at", reason="a hold ends after it begins: pass a later time")
        ids = sorted({wish.account_id for wish in wishes})
        over = {hold.id: hold for hold in uow.holds.held(ids) if hold.lapsed(now)}
        if known is not None and known.lapsed(now):
            over[known.id] = known
        self._end(uow, [over[id] for id in sorted(over)], now)
        draws = self._drawn(uow, draw(wishes, uow.lots.locked(ids), limit, now), limit, unit)
        hold = known or Hold(id=new_id(), key=key, unit=unit)
        hold.take(limit, unit, wishes, draws, expires_at)
        if not uow.lots.take(sums_by_lot(draws), now):
            raise StaleVersion(entity="wallet_lot", id=draws[0].lot_id, version=0)
        if known is None:
            uow.holds.add(hold)
        else:
            uow.holds.save_all([hold])
        uow.ledger.book([_reserved(hold, now)])
        return hold

    def _drawn(self, uow: WalletUnit, answers: Sequence[tuple[Wish, list[Draw]]], limit: int, unit: str) -> list[Draw]:
        """What each wish gets; a wish that was needed and gets nothing, or less than it names, is refused."""
        draws: list[Draw] = []
        for wish, taken in answers:
            open = limit - sum(one.amount for one in draws)
            got = sum(one.amount for one in taken)
            if open and not got:
                raise _refusal(wish, uow.lots.of([wish.account_id]), self.clock())
            if wish.amount is not None and got < min(open, wish.amount):
                wanted, available = said(min(open, wish.amount), unit), said(got, unit)
                raise NotEnough(instrument=wish.label, wanted=wanted, available=available)
            draws += taken
        return draws

    def _refund(self, key: str, hold_key: str, units: int, unit: str, part: str | None) -> Refund:
        """Redeemed units come back to the lots they were taken from; of a lot that expired meanwhile, to a new one."""

        def act(uow: WalletUnit) -> Refund:
            now = self.clock()
            hold = _known(uow, hold_key)
            if unit != hold.unit:
                raise CurrencyMismatch(expected=hold.unit, actual=unit)
            booked = uow.ledger.find(_refund_key(key))
            if booked is not None and booked.reference != hold_key:
                raise KeyReused(key=key)
            planned = hold.refund(key, units, part)
            if planned in hold.refunds:
                return planned
            lots = uow.lots.these([line.lot_id for line in planned.lines])
            fresh = {lot.id: self._revived(lot, planned, now) for lot in lots if lot.expired(now)}
            lines = [
                evolve(line, lot_id=fresh[line.lot_id].id) if line.lot_id in fresh else line for line in planned.lines
            ]
            refund = evolve(planned, lines=tuple(lines))
            hold.settle(refund)
            uow.holds.save_all([hold])
            back = [evolve(hold.draws[line.draw], lot_id=line.lot_id, amount=line.amount) for line in lines]
            if fresh:
                uow.lots.add(list(fresh.values()))
            revived = {lot.id for lot in fresh.values()}
            uow.lots.give(sums_by_lot(one for one in back if one.lot_id not in revived))
            uow.ledger.book([_refunded(hold, refund, back, now)])
            return refund

        return self._retry(act)

    def _revived(self, lot: Lot, refund: Refund, now: datetime) -> Lot:
        units = sum(line.amount for line in refund.lines if line.lot_id == lot.id)
        return evolve(lot, id=new_id(), amount=units, left=units, active_from=now, expires_at=now + self.grace)

    def _end(self, uow: WalletUnit, holds: Sequence[Hold], now: datetime) -> None:
        """What holds have is free again. Holds are locked before lots, here as everywhere."""
        ended = [(hold, draws) for hold in holds if (draws := hold.end(now))]
        if ended:
            uow.holds.save_all([hold for hold, _ in ended])
            uow.lots.give(sums_by_lot(one for _, draws in ended for one in draws))
            uow.ledger.book([_released(hold, now) for hold, _ in ended])

    def _break(self, uow: WalletUnit, lots: Sequence[Lot], now: datetime) -> None:
        accounts = {account.id: account for account in uow.accounts.these(sorted({lot.account_id for lot in lots}))}
        if not uow.lots.clear(lots):
            raise StaleVersion(entity="wallet_lot", id=lots[0].id, version=0)
        lost: dict[str, int] = {}
        for lot in lots:
            lost[lot.account_id] = lost.get(lot.account_id, 0) + lot.left
        for id, units in lost.items():
            account = accounts[id]
            account.record(ValueExpired(aggregate_id=id, kind=account.kind, amount=units, unit=account.unit))
        uow.accounts.save_all(list(accounts.values()))
        uow.ledger.book([_broken(lot, accounts[lot.account_id].kind, now) for lot in lots])

    def _retry(self, act: Callable[[WalletUnit], T]) -> T:
        """Run in a transaction of its own; again if somebody else was quicker."""

        def attempt() -> T:
            with self.begin() as uow:
                return act(uow)

        return retried(attempt)


def _known(uow: WalletUnit, key: str) -> Hold:
    hold = uow.holds.by_key(key)
    if hold is None:
        raise HoldNotFound(key=key)
    return hold


def _refusal(wish: Wish, lots: Sequence[Lot], now: datetime) -> InstrumentExpired | NothingLeft:
    ends = [lot.expires_at for lot in lots if lot.expires_at is not None and lot.expired(now)]
    if lots and len(ends) == len(lots) and not spendable(lots, now):
        return InstrumentExpired(instrument=wish.label, expired_at=max(ends))
    return NothingLeft(instrument=wish.label)


def _customer(draws: Iterable[Draw], unit: str, sign: int) -> list[Posting]:
    return [
        Posting(
            book=Book.CUSTOMER,
            kind=one.kind,
            unit=unit,
            amount=sign * one.amount,
            account_id=one.account_id,
            lot_id=one.lot_id,
        )
        for one in draws
    ]


def _side(book: Book, draws: Iterable[Draw], unit: str, sign: int) -> list[Posting]:
    """The counterpart of draws in a book of the shop: one posting per kind of account."""
    units: dict[str, int] = {}
    for one in draws:
        units[one.kind] = units.get(one.kind, 0) + one.amount
    return [Posting(book=book, kind=kind, unit=unit, amount=sign * n) for kind, n in sorted(units.items())]


def _transaction(hold: Hold, kind: TransactionKind, now: datetime, postings: Sequence[Posting]) -> Transaction:
    """A transaction of a hold; its version makes the key its own."""
    key = f"{kind}/{hold.id}/{hold.version}"
    return Transaction(id=new_id(), key=key, kind=kind, at=now, reference=hold.key, postings=tuple(postings))


def _moved(hold: Hold, kind: TransactionKind, now: datetime, source: Book, target: Book) -> Transaction:
    sides = [*_side(source, hold.draws, hold.unit, -1), *_side(target, hold.draws, hold.unit, 1)]
    return _transaction(hold, kind, now, sides)


def _reserved(hold: Hold, now: datetime) -> Transaction:
    sides = [*_customer(hold.draws, hold.unit, -1), *_side(Book.HELD, hold.draws, hold.unit, 1)]
    return _transaction(hold, TransactionKind.RESERVE, now, sides)


def _released(hold: Hold, now: datetime) -> Transaction:
    sides = [*_customer(hold.draws, hold.unit, 1), *_side(Book.HELD, hold.draws, hold.unit, -1)]
    return _transaction(hold, TransactionKind.RELEASE, now, sides)


def _refunded(hold: Hold, refund: Refund, back: Sequence[Draw], now: datetime) -> Transaction:
    sides = [*_customer(back, hold.unit, 1), *_side(Book.REDEEMED, back, hold.unit, -1)]
    return evolve(_transaction(hold, TransactionKind.REFUND, now, sides), key=_refund_key(refund.key))


def _refund_key(key: str) -> str:
    return f"{TransactionKind.REFUND}/{key}"


def _broken(lot: Lot, kind: str, now: datetime) -> Transaction:
    id, lost = new_id(), Draw(account_id=lot.account_id, kind=kind, lot_id=lot.id, amount=lot.left)
    sides = [*_customer([lost], lot.unit, -1), *_side(Book.BREAKAGE, [lost], lot.unit, 1)]
    key = f"{TransactionKind.EXPIRE}/{id}"
    return Transaction(id=id, key=key, kind=TransactionKind.EXPIRE, at=now, postings=tuple(sides))
