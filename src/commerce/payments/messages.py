"""What is said to a payment gateway, and what it says: requests, answers, its state, its notices."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from commerce.kernel import Money
from commerce.payments.values import Action, DeclineCode, Operation, OperationKind

__all__ = [
    "ActionRequired",
    "AuthorizeRequest",
    "Declined",
    "FetchRequest",
    "GatewayAbilities",
    "GatewayAnswer",
    "GatewayState",
    "Notice",
    "NoticeOutcome",
    "NoticeReply",
    "OperationRequest",
    "Pending",
    "RawNotice",
    "Succeeded",
]


@frozen(kw_only=True)
class GatewayAbilities:
    """What a gateway can do. What it cannot is refused before anything is sent.

    * ``separate_capture``: authorizing and capturing are two acts; without it every payment is captured at once.
    * ``partial_capture``: less than the authorized amount; the rest is freed unless ``multi_capture``.
    * ``multi_capture``: several captures of one authorization.
    * ``increment``: the authorized amount can be raised.
    * ``void``: what is authorized and not captured can be freed.
    * ``cancel``: an attempt that still waits for the customer can be called off.
    * ``partial_refund``, ``multi_refund``: less than was captured; more than once.
    * ``redirects``: the customer leaves for the gateway's page, so a return URL is needed.
    * ``by_hand``: money moves outside, and a person says that it did.
    * ``currencies``: ISO 4217 codes; ``None`` is any.
    """

    separate_capture: bool = True
    partial_capture: bool = True
    multi_capture: bool = False
    increment: bool = False
    void: bool = True
    cancel: bool = True
    partial_refund: bool = True
    multi_refund: bool = True
    redirects: bool = False
    by_hand: bool = False
    currencies: frozenset[str] | None = None


@frozen(kw_only=True)
class AuthorizeRequest:
    """Ask for money; with ``capture`` take it at once.

    ``key`` is 32 hexadecimal digits; ``payment_id`` (a UUID) is our reference, for the gateway to keep and
    to repeat in its notices; ``at`` is when it was first asked, the same in every repetition.
    Once the customer approved (see `GatewayState`) it is sent again, with the ``reference`` that the gateway
    gave, and without what the gateway has by then: token, texts, addresses.
    """

    key: str
    payment_id: str
    order_ref: str
    amount: Money
    capture: bool
    at: datetime
    token: str = field(default="", repr=False)
    customer_ref: str = field(default="", repr=False)
    customer_ip: str = field(default="", repr=False)
    return_url: str = field(default="", repr=False)
    locale: str = "en"
    description: str = field(default="", repr=False)
    metadata: Mapping[str, str] = field(factory=dict, repr=False)
    reference: str = ""


@frozen(kw_only=True)
class OperationRequest:
    """Capture, void, refund or increment.

    ``reference`` is the gateway's id of the payment, ``ledger`` every other operation so far with its reference
    (that of the capture to refund, say). A void frees ``amount``, all that is held and not captured; zero
    calls off an attempt that waits for the customer. A ``final`` capture frees the rest.
    """

    kind: OperationKind
    key: str
    payment_id: str
    order_ref: str
    amount: Money
    at: datetime
    reference: str
    ledger: tuple[Operation, ...]
    final: bool = False


@frozen(kw_only=True)
class FetchRequest:
    """Ask for the truth of one payment. ``ledger`` is what we know or wait for, with the keys to look for."""

    payment_id: str
    reference: str
    amount: Money
    at: datetime
    ledger: tuple[Operation, ...]


@frozen(kw_only=True)
class Succeeded:
    """It is done. ``amount`` if it is not the one asked; ``suspected`` if the gateway wants a person to look."""

    reference: str = ""
    amount: Money | None = None
    suspected: bool = False


@frozen(kw_only=True)
class Pending:
    """The gateway took it and will know later: a notice or `fetch` tells."""

    reference: str = ""


@frozen(kw_only=True)
class ActionRequired:
    """The customer has to act first. Only to an authorization."""

    action: Action
    reference: str = ""


@frozen(kw_only=True)
class Declined:
    """No. ``message`` may be shown to the shopper; ``may_retry``: another try with another key may succeed."""

    code: DeclineCode
    message: str = ""
    may_retry: bool = False
    vendor_code: str = ""
    reference: str = ""


GatewayAnswer = Succeeded | Pending | ActionRequired | Declined


@frozen(kw_only=True)
class GatewayState:
    """The whole truth about one payment, as the gateway sees it.

    Every operation with its key, or at least its reference; an authorization that was captured at once is
    two operations, one of each kind. Nothing known is no operations. An authorization that is
    ``approved`` waits to be sent again. ``complete`` is whether what is not listed did certainly not happen.
    """

    operations: tuple[Operation, ...] = ()
    reference: str = ""
    action: Action | None = None
    suspected: bool = False
    complete: bool = True


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@frozen(kw_only=True)
class RawNotice:
    """An inbound notification as it came in: signatures are over bytes. Header names in lower case."""

    method: str = "POST"
    headers: Mapping[str, str] = field(factory=dict, repr=False, converter=_lower)
    query: str = field(default="", repr=False)
    body: bytes = field(default=b"", repr=False)


@frozen(kw_only=True)
class Notice:
    """A verified notification: something may have happened to a payment.

    ``id`` (up to 255 characters) is the same when the gateway repeats itself. The payment is named by our
    id, or else by the gateway's ``reference``. ``amount``, if told, is that of the payment.
    """

    id: str
    payment_id: str = ""
    reference: str = ""
    amount: Money | None = None


class NoticeOutcome(StrEnum):
    """What became of a notification, for the gateway's own way of being answered."""

    RECORDED = "recorded"
    REPEATED = "repeated"
    PARKED = "parked"
    IGNORED = "ignored"
    WRONG_AMOUNT = "wrong_amount"
    REJECTED = "rejected"
    FAILED = "failed"


@frozen(kw_only=True)
class NoticeReply:
    """What to answer a gateway that sent a notification."""

    status: int
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = b""
