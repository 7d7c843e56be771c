"""What the wallet needs from outside."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from commerce.wallet.model import Account, Book, Drift, Hold, Lot, Transaction

__all__ = ["Accounts", "Holds", "Ledger", "Lots", "WalletUnit"]


class Accounts(Protocol):
    """Stored accounts."""

    def get(self, id: str) -> Account:
        """The account, or `AccountNotFound`."""

    def add(self, entity: Account) -> None:
        """Store a new account, or raise `commerce.kernel.StaleVersion` if its code or its owner has one by now."""

    def save_all(self, accounts: Sequence[Account]) -> None:
        """Store changed accounts, or raise `commerce.kernel.StaleVersion`."""

    def these(self, ids: Sequence[str]) -> Sequence[Account]:
        """The accounts with these ids, by id."""

    def by_fingerprint(self, fingerprint: str) -> Account | None:
        """The gift card whose code has that fingerprint, or nothing."""

    def of_owner(self, owner_id: str) -> Sequence[Account]:
        """The accounts of a customer, oldest first."""


class Lots(Protocol):
    """Stored lots, whose counters guard themselves."""

    def add(self, lots: Sequence[Lot]) -> None:
        """Store new lots."""

    def of(self, account_ids: Sequence[str]) -> Sequence[Lot]:
        """All lots of these accounts, by id."""

    def locked(self, account_ids: Sequence[str]) -> Sequence[Lot]:
        """The lots of these accounts that are not empty, by id; nobody else changes them until this ends."""

    def these(self, ids: Sequence[str]) -> Sequence[Lot]:
        """The lots with these ids."""

    def take(self, units: Mapping[str, int], at: datetime) -> bool:
        """Take units of lots, in their order; what is left and the time of a lot are checked in the statement itself.

        If it is false, the transaction must be rolled back.
        """

    def give(self, units: Mapping[str, int]) -> None:
        """Put units back into lots, in their order."""

    def expired(self, at: datetime, limit: int) -> Sequence[Lot]:
        """Lots with something left whose time is over, longest first."""

    def clear(self, lots: Sequence[Lot]) -> bool:
        """Empty lots that still have left what they had when read; false if one has not: then roll back."""


class Ledger(Protocol):
    """The append-only ledger."""

    def book(self, transactions: Sequence[Transaction]) -> None:
        """Append, or raise `commerce.kernel.StaleVersion` if a key was taken meanwhile."""

    def find(self, key: str) -> Transaction | None:
        """The transaction with that key, or nothing."""

    def of(self, account_id: str) -> Sequence[Transaction]:
        """The transactions that moved one account, oldest first, whole."""

    def sums(self, at: datetime) -> Mapping[tuple[str, str, Book], int]:
        """Units by kind, unit and book, of all that was booked up to a moment."""

    def drift(self) -> Sequence[Drift]:
        """Where lots and ledger disagree."""


class Holds(Protocol):
    """Stored holds."""

    def by_key(self, key: str) -> Hold | None:
        """The hold with that key, or nothing."""

    def add(self, entity: Hold) -> None:
        """Store a new hold, or raise `commerce.kernel.StaleVersion` if its key was taken meanwhile."""

    def save_all(self, holds: Sequence[Hold]) -> None:
        """Store changed holds, or raise `commerce.kernel.StaleVersion`."""

    def held(self, account_ids: Sequence[str]) -> Sequence[Hold]:
        """The holds on these accounts that nobody ended, lapsed or not, by id."""

    def lapsed(self, at: datetime, limit: int) -> Sequence[Hold]:
        """Holds whose time is over, longest first."""


class WalletUnit(Protocol):
    """One transaction of the wallet module."""

    @property
    def accounts(self) -> Accounts:
        """The accounts in this transaction."""

    @property
    def lots(self) -> Lots:
        """The lots in this transaction."""

    @property
    def ledger(self) -> Ledger:
        """The ledger in this transaction."""

    @property
    def holds(self) -> Holds:
        """The holds in this transaction."""
