"""Whose instrument is this, what is on it, and what does the shop owe: reads only."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hmac import compare_digest

from attrs import Attribute, define, field

from commerce.kernel import InvalidValue, Money, aware, currency
from commerce.wallet.codes import fingerprint, is_code
from commerce.wallet.engine import Standing, standing, statement
from commerce.wallet.errors import UnknownCode, WeakPepper
from commerce.wallet.ledger import StoredValue
from commerce.wallet.model import Account, AccountKind, Book, Hold, StatementLine
from commerce.wallet.ports import WalletUnit
from commerce.wallet.values import Balance, Liability, Tender

__all__ = ["Questions", "credit_of"]

#: As many bytes of a secret cannot be guessed.
_LEAST_PEPPER = 16


@define
class Questions(StoredValue):
    """What can be asked of the wallet."""

    pepper: bytes = field(repr=False)

    @pepper.validator
    def _strong(self, _: "Attribute[bytes]", pepper: bytes) -> None:
        if len(pepper) < _LEAST_PEPPER:
            raise WeakPepper(length=len(pepper), least=_LEAST_PEPPER)

    def recognise(self, code: str) -> Account:
        """The account of the gift card with this code. Raises `UnknownCode`."""
        with self.begin() as uow:
            return self._card_of(uow, Tender.of_code(code).instrument)

    def account(self, account_id: str) -> Account:
        """The account, or `AccountNotFound`."""
        with self.begin() as uow:
            return uow.accounts.get(account_id)

    def accounts_of(self, customer_id: str) -> Sequence[Account]:
        """The store credit accounts of a customer, one per currency."""
        with self.begin() as uow:
            return uow.accounts.of_owner(customer_id)

    def hold(self, key: str) -> Hold | None:
        """The hold with that key, or nothing."""
        with self.begin() as uow:
            return uow.holds.by_key(key)

    def balance(self, instrument: str, unit: str | None = None) -> Balance:
        """What is in an account, named as in a `Tender`. A customer has credit per currency: name it as ``unit``."""
        now = self.clock()
        with self.begin() as uow:
            account = self._found(uow, instrument, unit and currency(unit).code)
            ids = [] if account is None else [account.id]
            found = standing(uow.lots.of(ids), uow.holds.held(ids), now) if ids else Standing()
        code = account.unit if account is not None else str(unit)
        return Balance(
            account=account,
            available=Money.of_minor(found.available, code),
            pending=Money.of_minor(found.pending, code),
            held=Money.of_minor(found.held, code),
            expires_at=found.expires_at,
        )

    def statement(self, account_id: str) -> Sequence[StatementLine]:
        """What moved an account, oldest first, with what was in it after each. Raises `AccountNotFound`."""
        with self.begin() as uow:
            account = uow.accounts.get(account_id)
            return statement(account.id, uow.ledger.of(account_id))

    def liability_report(self, at: datetime | None = None) -> Sequence[Liability]:
        """What the shop owed at a moment (now, unless told), by kind of account and currency, and how that came."""
        with self.begin() as uow:
            sums = uow.ledger.sums(self.clock() if at is None else aware(at))
        return [_liability(kind, unit, sums) for kind, unit in sorted({(kind, unit) for kind, unit, _ in sums})]

    def _found(self, uow: WalletUnit, instrument: str, unit: str | None) -> Account | None:
        """The account of an instrument; nothing for a customer without credit in that unit."""
        kind, marked, name = instrument.partition(":")
        if marked and kind == "account":
            return uow.accounts.get(name)
        if marked and kind == "credit":
            if unit is None:
                raise InvalidValue(field="unit", reason="a customer has credit per currency: name one")
            return credit_of(uow, name, unit)
        return self._card_of(uow, instrument)

    def _card_of(self, uow: WalletUnit, code: str) -> Account:
        """By the keyed hash: what the index compares is nothing that a guesser could know or steer."""
        wanted = fingerprint(self.pepper, code)
        account = uow.accounts.by_fingerprint(wanted) if is_code(code) else None
        if account is None or not compare_digest(account.fingerprint or "", wanted):
            raise UnknownCode
        return account


def credit_of(uow: WalletUnit, customer_id: str, unit: str) -> Account | None:
    """The store credit account of a customer in a unit, or nothing."""
    own = uow.accounts.of_owner(customer_id)
    return next((a for a in own if (a.kind, a.unit) == (AccountKind.STORE_CREDIT, unit)), None)


def _liability(kind: str, unit: str, sums: Mapping[tuple[str, str, Book], int]) -> Liability:
    def book(which: Book, sign: int = 1) -> Money:
        return Money.of_minor(sign * sums.get((kind, unit, which), 0), unit)

    return Liability(
        kind=kind,
        currency=unit,
        available=book(Book.CUSTOMER),
        held=book(Book.HELD),
        sold=book(Book.CASH, -1),
        granted=book(Book.GRANTED, -1),
        redeemed=book(Book.REDEEMED),
        breakage=book(Book.BREAKAGE),
    )
