"""The wallet in memory."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import evolve

from commerce.adapters.memory.storage import MemoryRepository, MemorySession
from commerce.kernel import NotFound, StaleVersion
from commerce.wallet import Account, AccountNotFound, Book, Drift, Hold, HoldStatus, Lot, Transaction

__all__ = ["Unit"]


class MemoryAccounts(MemoryRepository[Account]):
    """The accounts, one per code, and per kind, owner and unit."""

    def add(self, entity: Account) -> None:
        """Store a new account."""
        self._require_own(entity)
        super().add(entity)

    def save_all(self, accounts: Sequence[Account]) -> None:
        """Store changed accounts."""
        for account in accounts:
            self._require_own(account)
            self.save(account)

    def _require_own(self, entity: Account) -> None:
        for known in self.rows.values():
            if known.id != entity.id and _names(known) & _names(entity):
                raise StaleVersion(entity="wallet_account", id=entity.id, version=entity.version)

    def these(self, ids: Sequence[str]) -> Sequence[Account]:
        """The accounts with these ids, by id."""
        found = (self.find(id) for id in sorted(set(ids)))
        return [account for account in found if account is not None]

    def by_fingerprint(self, fingerprint: str) -> Account | None:
        """The gift card whose code has that fingerprint."""
        return next(iter(self.where(lambda account: account.fingerprint == fingerprint)), None)

    def of_owner(self, owner_id: str) -> Sequence[Account]:
        """The accounts of a customer, oldest first."""
        return self.where(lambda account: account.owner_id == owner_id)


def _names(account: Account) -> set[object]:
    """What no other account may have."""
    owned = {(account.kind, account.owner_id, account.unit)} if account.owner_id is not None else set()
    return {*owned, *({account.fingerprint} if account.fingerprint is not None else ())}


class MemoryLots:
    """Lots by id."""

    def __init__(self, session: MemorySession) -> None:
        self._rows = session.table("wallet_lot")

    def add(self, lots: Sequence[Lot]) -> None:
        """Store new lots."""
        for lot in lots:
            self._rows[lot.id] = lot

    def of(self, account_ids: Sequence[str]) -> Sequence[Lot]:
        """All lots of these accounts, by id."""
        return sorted((lot for lot in self._rows.values() if lot.account_id in account_ids), key=lambda lot: lot.id)

    def locked(self, account_ids: Sequence[str]) -> Sequence[Lot]:
        """The lots of these accounts that are not empty; transactions are alone here anyway."""
        return [lot for lot in self.of(account_ids) if lot.left]

    def these(self, ids: Sequence[str]) -> Sequence[Lot]:
        """The lots with these ids."""
        found = (self._rows.get(id) for id in sorted(set(ids)))
        return [lot for lot in found if lot is not None]

    def take(self, units: Mapping[str, int], at: datetime) -> bool:
        """Take units of lots, if all of them have them."""
        for id, taken in units.items():
            lot = self._rows.get(id)
            if lot is None or lot.left < taken or not lot.active(at):
                return False
            self._rows[id] = evolve(lot, left=lot.left - taken)
        return True

    def give(self, units: Mapping[str, int]) -> None:
        """Put units back into lots."""
        for lot in self.these(list(units)):
            self._rows[lot.id] = evolve(lot, left=lot.left + units[lot.id])

    def expired(self, at: datetime, limit: int) -> Sequence[Lot]:
        """Lots with something left whose time is over, longest first."""
        over = [(lot.expires_at, lot.id, lot) for lot in self._rows.values() if lot.left and lot.expired(at)]
        return [lot for _, _, lot in sorted(over, key=lambda found: found[:2])[:limit]]

    def clear(self, lots: Sequence[Lot]) -> bool:
        """Empty lots that still have left what they had when read."""
        for lot in lots:
            if self._rows.get(lot.id) != lot:
                return False
            self._rows[lot.id] = evolve(lot, left=0)
        return True


class MemoryLedger:
    """Transactions by key, in the order booked."""

    def __init__(self, session: MemorySession) -> None:
        self._rows = session.table("wallet_transaction")
        self._lots = session.table("wallet_lot")

    def book(self, transactions: Sequence[Transaction]) -> None:
        """Append."""
        for transaction in transactions:
            if transaction.key in self._rows:
                raise StaleVersion(entity="wallet_transaction", id=transaction.id, version=0)
            self._rows[transaction.key] = transaction

    def find(self, key: str) -> Transaction | None:
        """The transaction with that key."""
        return self._rows.get(key)

    def of(self, account_id: str) -> Sequence[Transaction]:
        """The transactions that moved one account, oldest first."""
        return [one for one in self._rows.values() if any(p.account_id == account_id for p in one.postings)]

    def sums(self, at: datetime) -> Mapping[tuple[str, str, Book], int]:
        """Units by kind, unit and book, of all that was booked up to a moment."""
        sums: dict[tuple[str, str, Book], int] = defaultdict(int)
        for one in self._rows.values():
            for posting in one.postings if one.at <= at else ():
                sums[posting.kind, posting.unit, posting.book] += posting.amount
        return sums

    def drift(self) -> Sequence[Drift]:
        """Where lots and ledger disagree."""
        sums: dict[str | None, int] = defaultdict(int)
        for one in self._rows.values():
            for posting in one.postings:
                sums[posting.lot_id] += posting.amount
        return [
            Drift(lot_id=lot.id, left=lot.left, by_ledger=sums[lot.id])
            for lot in sorted(self._lots.values(), key=lambda lot: lot.id)
            if lot.left != sums[lot.id]
        ]


class MemoryHolds(MemoryRepository[Hold]):
    """The holds, found by key too."""

    def by_key(self, key: str) -> Hold | None:
        """The hold with that key, or nothing."""
        id = self.session.table("wallet_hold_key").get(key)
        return None if id is None else self.find(id)

    def add(self, entity: Hold) -> None:
        """Store a new hold."""
        keys = self.session.table("wallet_hold_key")
        if entity.key in keys:
            raise StaleVersion(entity="wallet_hold", id=entity.id, version=0)
        super().add(entity)
        keys[entity.key] = entity.id

    def save_all(self, holds: Sequence[Hold]) -> None:
        """Store changed holds."""
        for hold in holds:
            self.save(hold)

    def held(self, account_ids: Sequence[str]) -> Sequence[Hold]:
        """The holds on these accounts that nobody ended, by id."""
        found = self.where(
            lambda hold: hold.status is HoldStatus.HELD and any(draw.account_id in account_ids for draw in hold.draws)
        )
        return sorted(found, key=lambda hold: hold.id)

    def lapsed(self, at: datetime, limit: int) -> Sequence[Hold]:
        """Holds whose time is over, longest first."""
        over = [(h.expires_at, h.id, h) for h in self.where(lambda hold: hold.lapsed(at)) if h.expires_at is not None]
        return [hold for _, _, hold in sorted(over, key=lambda found: found[:2])[:limit]]


class Unit:
    """One transaction of the wallet module."""

    def __init__(self, session: MemorySession) -> None:
        self.accounts = MemoryAccounts(session, "wallet_account", lambda id: AccountNotFound(account_id=id))
        self.lots = MemoryLots(session)
        self.ledger = MemoryLedger(session)
        self.holds = MemoryHolds(session, "wallet_hold", lambda _: NotFound())
