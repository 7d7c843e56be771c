"""What can be wrong with stored value or a wish to spend it."""

from datetime import datetime

from attrs import define

from commerce.kernel import Conflict, Invalid, Misconfigured, NotFound

__all__ = [
    "AccountNotFound",
    "AlreadyRedeemed",
    "HoldEnded",
    "HoldNotFound",
    "InstrumentExpired",
    "NotEnough",
    "NothingLeft",
    "OtherCurrency",
    "RefundTooLarge",
    "UnknownCode",
    "WeakPepper",
]


@define(kw_only=True, slots=False)
class UnknownCode(NotFound):
    """No gift card has that code; mistyped and never issued look the same, so guessing teaches nothing."""

    message = "this gift card code is not known: check it and type it again"


@define(kw_only=True, slots=False)
class AccountNotFound(NotFound):
    """No account has that id."""

    message = "there is no account {account_id}: issue a card or grant credit first"
    account_id: str


@define(kw_only=True, slots=False)
class InstrumentExpired(Conflict):
    """All that was on it has expired."""

    message = "{instrument} expired on {expired_at:%Y-%m-%d %H:%M} UTC: pay with something else"
    instrument: str
    expired_at: datetime


@define(kw_only=True, slots=False)
class NothingLeft(Conflict):
    """Nothing on it can be spent now: all is spent, held for another order, or not active yet."""

    message = "nothing on {instrument} can be spent now: pay with something else"
    instrument: str


@define(kw_only=True, slots=False)
class NotEnough(Conflict):
    """Less can be spent than the named amount."""

    message = "{available} can be spent of {instrument}, {wanted} wanted: name less, or no amount at all"
    instrument: str
    wanted: str
    available: str


@define(kw_only=True, slots=False)
class OtherCurrency(Invalid):
    """It holds another currency than what is to be paid."""

    message = "{instrument} holds {held}, but {wanted} is to be paid: pay with something else"
    instrument: str
    held: str
    wanted: str


@define(kw_only=True, slots=False)
class HoldNotFound(NotFound):
    """Nothing was ever reserved with that key."""

    message = "nothing was reserved with key {key}: reserve first"
    key: str


@define(kw_only=True, slots=False)
class HoldEnded(Conflict):
    """The hold is over, so its value may be spent elsewhere by now; or it has paid nothing yet."""

    message = "the hold with key {key} is {status}: {move}"
    key: str
    status: str
    move: str


@define(kw_only=True, slots=False)
class AlreadyRedeemed(Conflict):
    """The hold has paid for an order: it cannot be let go of."""

    message = "the hold with key {key} has paid for an order: refund it instead"
    key: str


@define(kw_only=True, slots=False)
class RefundTooLarge(Conflict):
    """More would come back than was redeemed and not yet refunded."""

    message = "{wanted} cannot come back to the hold with key {key}: {left} is left to refund"
    key: str
    wanted: str
    left: str


@define(kw_only=True, slots=False)
class WeakPepper(Misconfigured):
    """The secret that hides gift card codes is too short."""

    message = "the pepper has {length} bytes: pass at least {least} random ones, and keep them for good"
    length: int
    least: int
