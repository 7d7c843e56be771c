"""Use cases of the wallet: gift cards and store credit, in money."""

from collections.abc import Sequence
from datetime import UTC, datetime

from attrs import Attribute, define, field, frozen

from commerce.kernel import InvalidValue, Money, aware, new_id, require_storable, storable_text
from commerce.kernel.cards import refuse_card_numbers
from commerce.wallet.codes import fingerprint, new_code, normal_code
from commerce.wallet.errors import OtherCurrency
from commerce.wallet.events import CodeReplaced, CreditGranted, GiftCardIssued
from commerce.wallet.model import Account, AccountKind, Book, Hold, Lot, Refund, Transaction, TransactionKind, Wish
from commerce.wallet.ports import WalletUnit
from commerce.wallet.questions import Questions, credit_of
from commerce.wallet.values import IssuedCard, Tender

__all__ = ["WalletService"]

#: The longest key of a command, the longest customer id, and the largest amount of a 64-bit column.
_LONGEST_KEY, _LONGEST_ID, _MOST = 200, 36, 2**63 - 1


@define
class WalletService(Questions):
    """Issue, spend and account for gift cards and store credit. Never spends a minor unit twice.

    ``pepper`` is a secret of at least 16 random bytes, the same for good: codes are recognised by their keyed hash
    under it. Keep it apart from the storage; without it no code that is out opens anything.
    """

    def issue_gift_card(
        self,
        key: str,
        amount: Money,
        *,
        expires_at: datetime | None = None,
        active_from: datetime | None = None,
        granted: bool = False,
        reason: str = "",
    ) -> IssuedCard:
        """A new gift card, sold (or ``granted``: given away), spendable from ``active_from`` until ``expires_at``.

        The code is in the answer once and is kept nowhere. The same key again answers with the same account and no
        code: if the first answer got lost, `replace_code` makes another one.
        """
        terms = _Terms(
            key=key,
            kind=TransactionKind.ISSUE,
            source=Book.GRANTED if granted else Book.CASH,
            amount=amount,
            active_from=active_from,
            expires_at=expires_at,
            reason=reason,
        )
        code = new_code()

        def act(uow: WalletUnit) -> IssuedCard:
            known = self._known(uow, terms)
            if known is not None:
                return IssuedCard(account=known, code=None)
            account = Account(
                id=new_id(),
                kind=AccountKind.GIFT_CARD.value,
                unit=terms.unit,
                opened_at=self.clock(),
                fingerprint=fingerprint(self.pepper, code),
                last4=normal_code(code)[-4:],
            )
            account.record(
                GiftCardIssued(
                    aggregate_id=account.id,
                    amount=amount.minor,
                    unit=terms.unit,
                    granted=granted,
                    expires_at=terms.expires_at,
                )
            )
            self._check_time(terms)
            uow.accounts.add(account)
            self._come_in(uow, account, terms)
            return IssuedCard(account=account, code=code)

        return self._retry(act)

    def replace_code(self, account_id: str) -> IssuedCard:
        """A new code for a gift card: lost, stolen, or never arrived. The old one opens nothing any more."""
        code = new_code()

        def act(uow: WalletUnit) -> IssuedCard:
            account = uow.accounts.get(account_id)
            if account.fingerprint is None:
                raise InvalidValue(field="account_id", reason="only gift cards have codes: name the account of one")
            account.fingerprint, account.last4 = fingerprint(self.pepper, code), normal_code(code)[-4:]
            account.record(CodeReplaced(aggregate_id=account.id))
            uow.accounts.save_all([account])
            return IssuedCard(account=account, code=code)

        return self._retry(act)

    def grant_credit(
        self,
        key: str,
        customer_id: str,
        amount: Money,
        *,
        reason: str,
        expires_at: datetime | None = None,
        active_from: datetime | None = None,
    ) -> Account:
        """Store credit for a customer, in an account per currency."""
        terms = _Terms(
            key=key,
            kind=TransactionKind.GRANT,
            source=Book.GRANTED,
            amount=amount,
            owner_id=customer_id,
            active_from=active_from,
            expires_at=expires_at,
            reason=reason,
        )

        def act(uow: WalletUnit) -> Account:
            known = self._known(uow, terms)
            if known is not None:
                return known
            found = credit_of(uow, customer_id, terms.unit)
            account = found or Account(
                id=new_id(),
                kind=AccountKind.STORE_CREDIT.value,
                unit=terms.unit,
                opened_at=self.clock(),
                owner_id=customer_id,
            )
            account.record(
                CreditGranted(
                    aggregate_id=account.id,
                    customer_id=customer_id,
                    amount=amount.minor,
                    unit=terms.unit,
                    reason=reason,
                    expires_at=terms.expires_at,
                )
            )
            self._check_time(terms)
            if found is None:
                uow.accounts.add(account)
            else:
                uow.accounts.save_all([account])
            self._come_in(uow, account, terms)
            return account

        return self._retry(act)

    def _known(self, uow: WalletUnit, terms: "_Terms") -> Account | None:
        """The account that this command made or filled before."""
        booked = uow.ledger.find(terms.transaction_key)
        if booked is None:
            return None
        booked.require_same(terms.key, terms.body)
        return uow.accounts.get(next(p.account_id for p in booked.postings if p.account_id))

    def _check_time(self, terms: "_Terms") -> None:
        begins = max(terms.active_from or self.clock(), self.clock())
        if terms.expires_at is not None and terms.expires_at <= begins:
            raise InvalidValue(field="expires_at", reason="it could never be spent: pass a later time")

    def _come_in(self, uow: WalletUnit, account: Account, terms: "_Terms") -> None:
        now, minor = self.clock(), terms.amount.minor
        lot = Lot(
            id=new_id(),
            account_id=account.id,
            unit=account.unit,
            amount=minor,
            left=minor,
            active_from=terms.active_from or now,
            expires_at=terms.expires_at,
        )
        booked = Transaction(
            id=new_id(),
            key=terms.transaction_key,
            kind=terms.kind,
            at=now,
            postings=(),
            reference=terms.key,
            reason=terms.reason,
            body=terms.body,
        )
        self._credit(uow, account, lot, terms.source, booked)

    def reserve(self, key: str, tenders: Sequence[Tender], *, limit: Money, expires_at: datetime | None = None) -> Hold:
        """Hold at most ``limit`` (what is due) over the tenders, in order; each gives what is there, or its amount.

        The same key again answers with the hold it made; a released or lapsed one may be reserved anew. The
        hold may be of less than the limit: the rest is to be paid otherwise. Without ``expires_at`` the holder must
        commit or release. What expires first is spent first, and the check is in the statement that takes it.
        Raises `UnknownCode`, `InstrumentExpired`, `NothingLeft`, `NotEnough` and `OtherCurrency`.
        """
        _check_key(key)
        if not 0 < limit.minor <= _MOST:
            raise InvalidValue(field="limit", reason="name what is due: more than zero, and what a database can count")
        if not tenders:
            raise InvalidValue(field="tenders", reason="nothing to pay with: name at least one")
        if any(tender.amount is not None and tender.amount <= limit * 0 for tender in tenders):
            raise InvalidValue(field="tenders", reason="an amount is more than zero, or left out")
        unit = limit.currency.code

        def act(uow: WalletUnit) -> Hold:
            wishes = [self._wish(uow, tender, unit) for tender in tenders]
            return self._hold(uow, key, wishes, limit=limit.minor, unit=unit, expires_at=expires_at)

        return self._retry(act)

    def _wish(self, uow: WalletUnit, tender: Tender, unit: str) -> Wish:
        amount = None if tender.amount is None else tender.amount.minor
        account = self._found(uow, tender.instrument, unit)
        if account is None:  # as an account with nothing on it
            return Wish(account_id="", kind=AccountKind.STORE_CREDIT.value, amount=amount)
        if account.unit != unit:
            raise OtherCurrency(instrument=account.label, held=account.unit, wanted=unit)
        return Wish(account_id=account.id, kind=account.kind, last4=account.last4, amount=amount)

    def refund(self, key: str, hold_key: str, amount: Money, *, part: str | None = None) -> Refund:
        """Redeemed value comes back to the accounts and lots it was taken from, last taken first, once per key.

        With ``part`` (the account id of a `HoldPart`) only to that account. What was taken of a lot that has expired
        meanwhile comes back as a new one that lives for ``grace``.
        Raises `RefundTooLarge`, `HoldEnded` and `HoldNotFound`.
        """
        _check_key(key)
        if amount.minor <= 0:
            raise InvalidValue(field="amount", reason="nothing comes back: pass more than zero")
        return self._refund(key, hold_key, amount.minor, amount.currency.code, part)


def _check_key(key: str) -> None:
    require_storable("key", key, least=1, most=_LONGEST_KEY)


@frozen(kw_only=True)
class _Terms:
    """Under which terms value comes in."""

    key: str = field(validator=storable_text(_LONGEST_KEY, least=1))
    kind: TransactionKind
    source: Book
    amount: Money = field()
    owner_id: str | None = field(default=None)
    active_from: datetime | None = field(default=None)
    expires_at: datetime | None = field(default=None)
    reason: str = field()

    @amount.validator
    def _positive(self, _: object, amount: Money) -> None:
        if not 0 < amount.minor <= _MOST:
            raise InvalidValue(field="amount", reason="pass more than zero, and what a database can count")

    @owner_id.validator
    def _somebody(self, _: object, owner_id: str | None) -> None:
        if owner_id is not None:
            require_storable("customer_id", owner_id, least=1, most=_LONGEST_ID)

    @active_from.validator
    @expires_at.validator
    def _aware(self, of: "Attribute[datetime | None]", moment: datetime | None) -> None:
        if moment is not None:
            aware(moment, of.name)

    @reason.validator
    def _clean(self, _: object, reason: str) -> None:
        require_storable("reason", reason)
        refuse_card_numbers(reason, "reason")

    @property
    def unit(self) -> str:
        return self.amount.currency.code

    @property
    def transaction_key(self) -> str:
        return f"{self.kind}/{self.key}"

    @property
    def body(self) -> str:
        """What was asked, for comparing."""
        moments = (m and m.astimezone(UTC) for m in (self.active_from, self.expires_at))
        asked = (self.source, self.owner_id or "", self.amount, *moments, self.reason)
        return "|".join(map(str, asked))
