"""What happens to payments. No tokens, links or texts: events are public and kept."""

from attrs import frozen

from commerce.kernel import Event, Money

__all__ = [
    "PaymentActionRequired",
    "PaymentAuthorized",
    "PaymentCaptured",
    "PaymentChanged",
    "PaymentChargebackReversed",
    "PaymentChargedBack",
    "PaymentFailed",
    "PaymentRefundFailed",
    "PaymentRefunded",
    "PaymentSurplus",
    "PaymentVoided",
]


@frozen(kw_only=True)
class PaymentChanged(Event):
    """Status or totals changed: all totals, as of a ``version`` of the payment.

    ``authorized`` is all that was ever authorized less what was voided. ``failed``: this payment will bring no money;
    ``surplus``: what it brought is to be given back.
    """

    order_ref: str
    gateway: str
    version: int
    status: str
    authorized: Money
    captured: Money
    refunded: Money
    charged_back: Money
    failed: bool
    surplus: bool


@frozen(kw_only=True)
class PaymentActionRequired(Event):
    """The customer has to act; ``kind`` is redirect or client."""

    order_ref: str
    kind: str


@frozen(kw_only=True)
class PaymentAuthorized(Event):
    """Money is promised: so much more than before."""

    order_ref: str
    amount: Money


@frozen(kw_only=True)
class PaymentCaptured(Event):
    """Money was taken. ``key`` is that of the command."""

    order_ref: str
    key: str
    amount: Money


@frozen(kw_only=True)
class PaymentVoided(Event):
    """Promised money was set free."""

    order_ref: str
    key: str
    amount: Money


@frozen(kw_only=True)
class PaymentRefunded(Event):
    """Money was given back. ``key`` is that of the command."""

    order_ref: str
    key: str
    amount: Money


@frozen(kw_only=True)
class PaymentRefundFailed(Event):
    """A refund did not arrive; the money is here again."""

    order_ref: str
    key: str
    amount: Money
    reason: str


@frozen(kw_only=True)
class PaymentFailed(Event):
    """The attempt brought no money; ``reason`` is a `DeclineCode`."""

    order_ref: str
    reason: str


@frozen(kw_only=True)
class PaymentChargedBack(Event):
    """The bank took money back from the seller."""

    order_ref: str
    amount: Money


@frozen(kw_only=True)
class PaymentChargebackReversed(Event):
    """The bank gave back what it had charged back."""

    order_ref: str
    amount: Money


@frozen(kw_only=True)
class PaymentSurplus(Event):
    """Money came for an attempt that was given up: it belongs to the customer and is to be given back."""

    order_ref: str
    amount: Money
