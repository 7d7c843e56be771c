"""Accounts, lots, postings and holds: whole units of a currency, or of any other unit.

Signs are the shop's books: what the shop owes its customers and what it earned is positive,
what it received or spent is negative. So every transaction sums to zero.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from attrs import define, field, frozen

from commerce.kernel import Entity, InvalidValue, KeyReused, Money
from commerce.wallet.errors import AlreadyRedeemed, HoldEnded, RefundTooLarge
from commerce.wallet.events import ValueRedeemed, ValueRefunded, ValueReleased, ValueReserved

__all__ = [
    "Account",
    "AccountKind",
    "Book",
    "Draw",
    "Drift",
    "Hold",
    "HoldPart",
    "HoldStatus",
    "Lot",
    "Posting",
    "Refund",
    "RefundLine",
    "StatementLine",
    "Transaction",
    "TransactionKind",
    "Wish",
    "said",
]


class AccountKind(StrEnum):
    """Whose value it is: of whoever has the code, or of a customer."""

    GIFT_CARD = "gift_card"
    STORE_CREDIT = "store_credit"


class Book(StrEnum):
    """The sides of a posting.

    ``customer`` is owed to an account, ``held`` is owed too but promised to an order in the making, ``redeemed``
    has paid for orders, ``breakage`` expired; ``cash`` was paid in for it, ``granted`` is what the shop gave.
    """

    CUSTOMER = "customer"
    HELD = "held"
    REDEEMED = "redeemed"
    BREAKAGE = "breakage"
    CASH = "cash"
    GRANTED = "granted"


class TransactionKind(StrEnum):
    """What moved value."""

    ISSUE = "issue"
    GRANT = "grant"
    RESERVE = "reserve"
    REDEEM = "redeem"
    RELEASE = "release"
    REFUND = "refund"
    EXPIRE = "expire"


class HoldStatus(StrEnum):
    """Held until it is committed (has paid for an order), released, or out of time."""

    HELD = "held"
    COMMITTED = "committed"
    RELEASED = "released"
    EXPIRED = "expired"


@define(kw_only=True, eq=False)
class Account(Entity):
    """Where value of one unit is kept. Of a code only its fingerprint and its last four symbols are known."""

    kind: str
    unit: str
    opened_at: datetime
    owner_id: str | None = None
    fingerprint: str | None = field(default=None, repr=False)
    last4: str = ""

    @property
    def label(self) -> str:
        """What to call it in front of its owner: ``gift card …7QXK``."""
        return _label(self.kind, self.last4)


def said(units: int, unit: str) -> str:
    """Units for people: ``19.99 EUR``, or ``500 PTS`` of what is no currency."""
    try:
        return str(Money.of_minor(units, unit))
    except InvalidValue:
        return f"{units} {unit}"


def _label(kind: str, last4: str) -> str:
    name = kind.replace("_", " ")
    return f"{name} …{last4}" if last4 else name


@frozen(kw_only=True)
class Lot:
    """Value that came at once: spendable from ``active_from`` on, until ``expires_at`` (exclusive)."""

    id: str
    account_id: str
    unit: str
    amount: int
    left: int
    active_from: datetime
    expires_at: datetime | None = None

    def expired(self, at: datetime) -> bool:
        """Whether its time is over, swept or not."""
        return self.expires_at is not None and at >= self.expires_at

    def active(self, at: datetime) -> bool:
        """Whether it may be spent."""
        return self.active_from <= at and not self.expired(at)


@frozen(kw_only=True)
class Posting:
    """One side of a transaction. ``kind`` is the account's, in every book; ``account_id`` and lot for ``customer``."""

    book: Book
    kind: str
    unit: str
    amount: int
    account_id: str | None = None
    lot_id: str | None = None


@frozen(kw_only=True)
class Transaction:
    """Postings that belong together and sum to zero. ``body`` is what was asked, so that a key is not used twice."""

    id: str
    key: str
    kind: TransactionKind
    at: datetime
    postings: tuple[Posting, ...] = field()
    reference: str = ""
    reason: str = ""
    body: str = ""

    @postings.validator
    def _balanced(self, _: object, postings: tuple[Posting, ...]) -> None:
        sums: dict[str, int] = {}
        for posting in postings:
            sums[posting.unit] = sums.get(posting.unit, 0) + posting.amount
        for unit, amount in sums.items():
            if amount:
                raise InvalidValue(field="postings", reason=f"they sum to {amount} {unit}: each needs its counterpart")

    def require_same(self, key: str, body: str) -> None:
        """The key came back: with the same body, or it is a `commerce.kernel.KeyReused`."""
        if self.body != body:
            raise KeyReused(key=key)


@frozen(kw_only=True)
class StatementLine:
    """One movement of an account and what could be spent or was not active yet after it."""

    transaction_id: str
    kind: TransactionKind
    at: datetime
    amount: int
    balance: int
    unit: str
    reference: str
    reason: str


@frozen(kw_only=True)
class Drift:
    """A lot whose counter and postings disagree."""

    lot_id: str
    left: int
    by_ledger: int


@frozen(kw_only=True)
class Wish:
    """Take from this account: so many units, or (``None``) as many as are there."""

    account_id: str
    kind: str
    last4: str = ""
    amount: int | None = None

    @property
    def label(self) -> str:
        """What to call the account in front of its owner."""
        return _label(self.kind, self.last4)


@frozen(kw_only=True)
class Draw:
    """What was taken of one lot."""

    account_id: str
    kind: str
    lot_id: str
    amount: int


@frozen(kw_only=True)
class RefundLine:
    """What came back of one draw (by position), and to which lot."""

    draw: int
    lot_id: str
    amount: int


@frozen(kw_only=True)
class Refund:
    """What came back of a hold under one key; ``part`` is the account it was asked for, if it was."""

    key: str
    units: int
    unit: str
    part: str | None = None
    lines: tuple[RefundLine, ...] = ()

    @property
    def amount(self) -> Money:
        """How much came back."""
        return Money.of_minor(self.units, self.unit)


@frozen(kw_only=True)
class HoldPart:
    """What a hold has of one account, and what of it was refunded."""

    account_id: str
    kind: str
    last4: str
    amount: Money
    refunded: Money


@define(kw_only=True, eq=False)
class Hold(Entity):
    """Value taken for whoever has the key."""

    key: str
    unit: str
    limit: int = 0
    wishes: tuple[Wish, ...] = ()
    draws: tuple[Draw, ...] = ()
    status: HoldStatus = HoldStatus.HELD
    expires_at: datetime | None = None
    refunds: tuple[Refund, ...] = ()

    @property
    def units(self) -> int:
        """How many minor units it has, or had."""
        return sum(draw.amount for draw in self.draws)

    @property
    def amount(self) -> Money:
        """How much it has, or had."""
        return Money.of_minor(self.units, self.unit)

    @property
    def parts(self) -> tuple[HoldPart, ...]:
        """How much of each account, in the order in which they were named."""
        given = self._given()
        taken: dict[str, list[int]] = {}
        for draw, back in zip(self.draws, given, strict=True):
            sums = taken.setdefault(draw.account_id, [0, 0])
            sums[0] += draw.amount
            sums[1] += back
        known = {wish.account_id: wish for wish in self.wishes}
        return tuple(
            HoldPart(
                account_id=account_id,
                kind=known[account_id].kind,
                last4=known[account_id].last4,
                amount=Money.of_minor(amount, self.unit),
                refunded=Money.of_minor(back, self.unit),
            )
            for account_id, (amount, back) in taken.items()
        )

    def lapsed(self, at: datetime) -> bool:
        """Whether it is a hold whose time is over: invalid from that moment on, swept or not."""
        return self.status is HoldStatus.HELD and self.expires_at is not None and at >= self.expires_at

    def live(self, at: datetime) -> bool:
        """Whether it holds value, or has paid with it."""
        return self.status in (HoldStatus.HELD, HoldStatus.COMMITTED) and not self.lapsed(at)

    def require_same(self, limit: int, unit: str, wishes: Sequence[Wish]) -> None:
        """The key came back: with the same wish, or it is a `commerce.kernel.KeyReused`."""
        if (self.limit, self.unit, self.wishes) != (limit, unit, tuple(wishes)):
            raise KeyReused(key=self.key)

    def take(
        self, limit: int, unit: str, wishes: Sequence[Wish], draws: Sequence[Draw], expires_at: datetime | None
    ) -> None:
        """Begin to hold these draws."""
        self.limit, self.unit, self.wishes, self.draws = limit, unit, tuple(wishes), tuple(draws)
        self.status, self.expires_at = HoldStatus.HELD, expires_at
        self.record(ValueReserved(aggregate_id=self.id, key=self.key, amount=self.units, unit=self.unit))

    def commit(self, at: datetime) -> bool:
        """It has paid for an order: no more expiry. Tells whether that is new."""
        if self.status is HoldStatus.COMMITTED:
            return False
        if not self.live(at):
            status = HoldStatus.EXPIRED if self.lapsed(at) else self.status
            raise HoldEnded(key=self.key, status=status.value, move="reserve again")
        self.status, self.expires_at = HoldStatus.COMMITTED, None
        self.record(ValueRedeemed(aggregate_id=self.id, key=self.key, amount=self.units, unit=self.unit))
        return True

    def end(self, at: datetime) -> tuple[Draw, ...]:
        """Let go of all draws; of none, if it has ended before."""
        if self.status is HoldStatus.COMMITTED:
            raise AlreadyRedeemed(key=self.key)
        if self.status is not HoldStatus.HELD:
            return ()
        expired = self.lapsed(at)
        self.status = HoldStatus.EXPIRED if expired else HoldStatus.RELEASED
        self.record(
            ValueReleased(aggregate_id=self.id, key=self.key, amount=self.units, unit=self.unit, expired=expired)
        )
        return self.draws

    def refundable(self, part: str | None = None) -> int:
        """How many units can still come back, in all or to one account."""
        return sum(self._open(part).values()) if self.status is HoldStatus.COMMITTED else 0

    def refund(self, key: str, units: int, part: str | None) -> Refund:
        """Plan what comes back, last taken first: that is what expires last. Counts once `settle` knows the lots.

        A key that was used already answers with its refund.
        """
        known = next((refund for refund in self.refunds if refund.key == key), None)
        if known is not None:
            if (known.units, known.part) != (units, part):
                raise KeyReused(key=key)
            return known
        if self.status is not HoldStatus.COMMITTED:
            raise HoldEnded(key=self.key, status=self.status.value, move="only what has paid can be refunded")
        left = self.refundable(part)
        if units > left:
            raise RefundTooLarge(key=self.key, wanted=said(units, self.unit), left=said(left, self.unit))
        lines, rest = [], units
        for position, open in reversed(self._open(part).items()):
            back = min(open, rest)
            if back:
                lines.append(RefundLine(draw=position, lot_id=self.draws[position].lot_id, amount=back))
                rest -= back
        return Refund(key=key, units=units, unit=self.unit, part=part, lines=tuple(lines))

    def settle(self, refund: Refund) -> None:
        """Remember a refund with the lots that it went to."""
        self.refunds = (*self.refunds, refund)
        self.record(
            ValueRefunded(aggregate_id=self.id, key=self.key, refund=refund.key, amount=refund.units, unit=self.unit)
        )

    def _given(self) -> list[int]:
        given = [0] * len(self.draws)
        for refund in self.refunds:
            for line in refund.lines:
                given[line.draw] += line.amount
        return given

    def _open(self, part: str | None) -> dict[int, int]:
        """Units not refunded yet, by position of the draw."""
        return {
            position: draw.amount - given
            for position, (draw, given) in enumerate(zip(self.draws, self._given(), strict=True))
            if part in (None, draw.account_id)
        }
