"""What can be wrong with a return or a wish for one."""

from enum import StrEnum

from attrs import define, frozen

from commerce.kernel import Conflict, Money, NotFound

__all__ = [
    "Ineligible",
    "IneligibleReason",
    "InspectionMismatch",
    "NotInspected",
    "RefundAlreadyDue",
    "RefundTooMuch",
    "ReturnIneligible",
    "ReturnLineNotFound",
    "ReturnNotFound",
]


class IneligibleReason(StrEnum):
    """Why units are not taken back."""

    UNKNOWN_LINE = "unknown_line"
    NOT_DELIVERED = "not_delivered"
    TOO_MANY = "too_many"
    WINDOW_CLOSED = "window_closed"
    FINAL_SALE = "final_sale"
    BREAKS_PROMOTION = "breaks_promotion"


@frozen(kw_only=True)
class Ineligible:
    """One line that is not taken back; ``possible`` is how many units would be."""

    line_id: str
    reason: IneligibleReason
    possible: int = 0

    def __str__(self) -> str:
        """For people."""
        return f"{self.line_id} {self.reason.value}" + (f" (at most {self.possible})" if self.possible else "")

    __repr__ = __str__


@define(kw_only=True, slots=False)
class ReturnNotFound(NotFound):
    """No return has that id."""

    message = "there is no return {return_id}: request one first"
    return_id: str


@define(kw_only=True, slots=False)
class ReturnLineNotFound(NotFound):
    """The return has no units of that order line."""

    message = "return {return_id} has nothing of order line {line_id}: read the return again"
    return_id: str
    line_id: str


@define(kw_only=True, slots=False)
class ReturnIneligible(Conflict):
    """The policy does not take these units back; ``reasons`` says of which line and why."""

    message = "order {order_id}: these units cannot be returned: {reasons}"
    order_id: str
    reasons: tuple[Ineligible, ...]


@define(kw_only=True, slots=False)
class InspectionMismatch(Conflict):
    """The units restocked, scrapped and refused are not the units that came back, or were decided otherwise before."""

    message = "return {return_id}, line {line_id}: {found} units decided on, {expected} came back: decide on each once"
    return_id: str
    line_id: str
    expected: int
    found: int


@define(kw_only=True, slots=False)
class NotInspected(Conflict):
    """What is to be refunded is known only after every unit was looked at."""

    message = "return {return_id} still has units to receive or inspect: do that before refunding"
    return_id: str


@define(kw_only=True, slots=False)
class RefundTooMuch(Conflict):
    """More would be paid back than is due."""

    code = "return_refund_too_much"
    message = "return {return_id}: {amount} is more than the {open} still due"
    return_id: str
    amount: Money
    open: Money


@define(kw_only=True, slots=False)
class RefundAlreadyDue(Conflict):
    """What is to be paid back was set before, to another amount."""

    message = "return {return_id} already owes {due} after a fee of {fee}: refund that"
    return_id: str
    due: Money
    fee: Money
