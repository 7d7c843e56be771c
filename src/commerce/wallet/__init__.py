"""Gift cards and store credit: stored value on a double-entry ledger, never spent twice.

The rules work without a shop::

    >>> from datetime import UTC, datetime
    >>> from commerce.wallet import Lot, Wish, draw
    >>> now = datetime(2026, 3, 1, tzinfo=UTC)
    >>> lot = Lot(id="l", account_id="card", unit="EUR", amount=5000, left=5000, active_from=now)
    >>> ((_, draws),) = draw([Wish(account_id="card", kind="gift_card")], [lot], 1999, now)
    >>> [one.amount for one in draws]
    [1999]
"""

from commerce.wallet.codes import is_code
from commerce.wallet.engine import draw
from commerce.wallet.errors import (
    AccountNotFound,
    AlreadyRedeemed,
    HoldEnded,
    HoldNotFound,
    InstrumentExpired,
    NotEnough,
    NothingLeft,
    OtherCurrency,
    RefundTooLarge,
    UnknownCode,
    WeakPepper,
)
from commerce.wallet.events import (
    CodeReplaced,
    CreditGranted,
    GiftCardIssued,
    ValueExpired,
    ValueRedeemed,
    ValueRefunded,
    ValueReleased,
    ValueReserved,
)
from commerce.wallet.ledger import StoredValue
from commerce.wallet.model import (
    Account,
    AccountKind,
    Book,
    Draw,
    Drift,
    Hold,
    HoldPart,
    HoldStatus,
    Lot,
    Posting,
    Refund,
    RefundLine,
    StatementLine,
    Transaction,
    TransactionKind,
    Wish,
)
from commerce.wallet.ports import Accounts, Holds, Ledger, Lots, WalletUnit
from commerce.wallet.service import WalletService
from commerce.wallet.values import Balance, IssuedCard, Liability, Tender

__all__ = [
    "Account",
    "AccountKind",
    "AccountNotFound",
    "Accounts",
    "AlreadyRedeemed",
    "Balance",
    "Book",
    "CodeReplaced",
    "CreditGranted",
    "Draw",
    "Drift",
    "GiftCardIssued",
    "Hold",
    "HoldEnded",
    "HoldNotFound",
    "HoldPart",
    "HoldStatus",
    "Holds",
    "InstrumentExpired",
    "IssuedCard",
    "Ledger",
    "Liability",
    "Lot",
    "Lots",
    "NotEnough",
    "NothingLeft",
    "OtherCurrency",
    "Posting",
    "Refund",
    "RefundLine",
    "RefundTooLarge",
    "StatementLine",
    "StoredValue",
    "Tender",
    "Transaction",
    "TransactionKind",
    "UnknownCode",
    "ValueExpired",
    "ValueRedeemed",
    "ValueRefunded",
    "ValueReleased",
    "ValueReserved",
    "WalletService",
    "WalletUnit",
    "WeakPepper",
    "Wish",
    "draw",
    "is_code",
]
