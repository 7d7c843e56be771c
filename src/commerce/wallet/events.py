"""What happens to stored value. Amounts are minor units of ``unit``; no event carries a code."""

from datetime import datetime

from attrs import frozen

from commerce.kernel import Event

__all__ = [
    "CodeReplaced",
    "CreditGranted",
    "GiftCardIssued",
    "ValueExpired",
    "ValueRedeemed",
    "ValueRefunded",
    "ValueReleased",
    "ValueReserved",
]


@frozen(kw_only=True)
class GiftCardIssued(Event):
    """A gift card was sold, or (``granted``) given away."""

    amount: int
    unit: str
    granted: bool
    expires_at: datetime | None


@frozen(kw_only=True)
class CodeReplaced(Event):
    """A gift card has a new code; the old one opens nothing any more."""


@frozen(kw_only=True)
class CreditGranted(Event):
    """A customer got store credit."""

    customer_id: str
    amount: int
    unit: str
    reason: str
    expires_at: datetime | None


@frozen(kw_only=True)
class ValueExpired(Event):
    """What was left of some lots ran out of time: the shop owes it no more."""

    kind: str
    amount: int
    unit: str


@frozen(kw_only=True)
class ValueReserved(Event):
    """Value is held for somebody who is about to order."""

    key: str
    amount: int
    unit: str


@frozen(kw_only=True)
class ValueRedeemed(Event):
    """Held value has paid for an order."""

    key: str
    amount: int
    unit: str


@frozen(kw_only=True)
class ValueReleased(Event):
    """Held value can be spent again: given up, or (``expired``) out of time."""

    key: str
    amount: int
    unit: str
    expired: bool = False


@frozen(kw_only=True)
class ValueRefunded(Event):
    """Redeemed value came back to where it was; ``refund`` is the key of the refund."""

    key: str
    refund: str
    amount: int
    unit: str
