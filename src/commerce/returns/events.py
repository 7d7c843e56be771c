"""What happens to returns. No names and no free text: events are public and kept."""

from attrs import frozen

from commerce.kernel import Event, Money

__all__ = [
    "InspectedUnits",
    "ReturnApproved",
    "ReturnInspected",
    "ReturnReceived",
    "ReturnRefundDue",
    "ReturnRefundFailed",
    "ReturnRefunded",
    "ReturnRejected",
    "ReturnRequested",
    "ReturnUnits",
]


@frozen(kw_only=True)
class ReturnUnits:
    """Some units of one order line, and why they come back."""

    line_id: str
    sku: str
    quantity: int
    reason: str


@frozen(kw_only=True)
class InspectedUnits:
    """What was decided on the units of one order line; only refused units are not paid back."""

    line_id: str
    sku: str
    restock: int
    scrap: int
    refused: int


@frozen(kw_only=True)
class ReturnRequested(Event):
    """A buyer wants to give units back."""

    order_id: str
    lines: tuple[ReturnUnits, ...]


@frozen(kw_only=True)
class ReturnApproved(Event):
    """The units may be sent back."""

    order_id: str
    lines: tuple[ReturnUnits, ...]


@frozen(kw_only=True)
class ReturnRejected(Event):
    """The units may not be sent back, or never arrived."""

    order_id: str
    lines: tuple[ReturnUnits, ...]


@frozen(kw_only=True)
class ReturnReceived(Event):
    """The units arrived and wait for inspection."""

    order_id: str
    lines: tuple[ReturnUnits, ...]


@frozen(kw_only=True)
class ReturnInspected(Event):
    """Units were looked at; ``complete`` when no unit of the return waits for anything."""

    order_id: str
    lines: tuple[InspectedUnits, ...]
    complete: bool


@frozen(kw_only=True)
class ReturnRefundDue(Event):
    """So much is to be paid back, after ``fee``."""

    order_id: str
    amount: Money
    fee: Money


@frozen(kw_only=True)
class ReturnRefunded(Event):
    """All that was due is paid back."""

    order_id: str
    amount: Money


@frozen(kw_only=True)
class ReturnRefundFailed(Event):
    """A refund did not arrive: the debt is open again."""

    order_id: str
