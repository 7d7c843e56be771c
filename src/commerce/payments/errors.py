"""What can be wrong with a payment."""

from attrs import define

from commerce.kernel import Conflict, Denied, Invalid, Money, NotFound, OutcomeUnknown, ProviderUnavailable, Refused

__all__ = [
    "AttemptOpen",
    "CaptureTooMuch",
    "GatewayCannot",
    "NoticeRejected",
    "PaymentDeclined",
    "PaymentNotFound",
    "PaymentNotSent",
    "PaymentUnknown",
    "RefundTooMuch",
]


@define(kw_only=True, slots=False)
class PaymentNotFound(NotFound):
    """No payment has that id."""

    message = "there is no payment {payment_id}: authorize one first"
    payment_id: str


@define(kw_only=True, slots=False)
class PaymentDeclined(Refused):
    """The gateway said no. ``reason`` is a `DeclineCode`; ``text``, if any, may be shown to the shopper.

    ``may_retry``: another try, with another key, may succeed.
    """

    message = "{kind} of payment {payment_id} was declined ({reason}): use another key, and another means of payment"
    payment_id: str
    kind: str
    reason: str
    text: str = ""
    may_retry: bool = False


@define(kw_only=True, slots=False)
class PaymentNotSent(ProviderUnavailable):
    """The gateway never got it: nothing happened."""

    message = "{kind} of payment {payment_id} did not reach the gateway: repeat it with the same key"
    payment_id: str
    kind: str


@define(kw_only=True, slots=False)
class PaymentUnknown(OutcomeUnknown):
    """The gateway's answer was lost and it could not yet be asked what happened."""

    message = "{kind} of payment {payment_id} may have happened: repeat it with the same key, or settle the payment"
    payment_id: str
    kind: str


@define(kw_only=True, slots=False)
class AttemptOpen(Conflict):
    """One attempt at a time: another payment for the same order is under way or done."""

    message = "{order_ref} has an open payment {payment_id} ({status}): finish, void or settle it first"
    order_ref: str
    payment_id: str
    status: str


@define(kw_only=True, slots=False)
class CaptureTooMuch(Conflict):
    """More would be taken than is authorized and not taken yet."""

    message = "payment {payment_id}: cannot capture {amount}, at most {possible} now"
    payment_id: str
    amount: Money
    possible: Money


@define(kw_only=True, slots=False)
class RefundTooMuch(Conflict):
    """More would be given back than was taken and not given back yet."""

    message = "payment {payment_id}: cannot refund {amount}, at most {possible} now"
    payment_id: str
    amount: Money
    possible: Money


@define(kw_only=True, slots=False)
class GatewayCannot(Invalid):
    """The gateway is not able to do this; ``ability`` is what it lacks."""

    message = "gateway {gateway} cannot do this ({ability}): use what its abilities allow, or another gateway"
    gateway: str
    ability: str


@define(kw_only=True, slots=False)
class NoticeRejected(Denied):
    """A notification is not from the gateway, or not as it was sent."""

    message = "notification refused: {reason}"
    reason: str
