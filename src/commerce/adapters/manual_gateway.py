"""Money that moves outside: cash, bank transfer, invoice."""

from attrs import evolve, frozen

from commerce.kernel import Money
from commerce.payments import (
    AuthorizeRequest,
    DeclineCode,
    Declined,
    FetchRequest,
    GatewayAbilities,
    GatewayAnswer,
    GatewayState,
    Notice,
    NoticeOutcome,
    NoticeRejected,
    NoticeReply,
    Operation,
    OperationKind,
    OperationRequest,
    OperationStatus,
    Pending,
    RawNotice,
    Succeeded,
    sum_of,
)

__all__ = ["ManualGateway"]

_DONE = (OperationStatus.SUCCEEDED,)


@frozen(kw_only=True)
class ManualGateway:
    """A gateway that a person keeps: nothing is called, the ledger of the payment is all there is.

    It says yes to everything that the ledger has room for. With ``awaits_funds`` (bank transfer in
    advance) an authorization is pending until `commerce.payments.PaymentService.confirm`; without
    (cash on delivery, invoice) it succeeds at once.

    It has no state to lose. Every request carries the ledger, and what was asked of this gateway was
    granted, so `fetch` derives the truth from it: whatever is written down and not refused has happened,
    except what still awaits funds.
    """

    awaits_funds: bool = False

    @property
    def abilities(self) -> GatewayAbilities:
        """Everything, since a person can."""
        return GatewayAbilities(multi_capture=True, increment=True, by_hand=True)

    def authorize(self, request: AuthorizeRequest) -> GatewayAnswer:
        """Promised at once, or pending until somebody saw the money."""
        if self.awaits_funds:
            return Pending(reference=request.payment_id)
        return Succeeded(reference=request.payment_id)

    def increment(self, request: OperationRequest) -> GatewayAnswer:
        """More is promised."""
        return Succeeded(reference=request.key)

    def capture(self, request: OperationRequest) -> GatewayAnswer:
        """The money came; at most what was promised."""
        return self._within(request, self._left(request))

    def void(self, request: OperationRequest) -> GatewayAnswer:
        """Nobody waits for the money any more."""
        return self._within(request, self._left(request))

    def refund(self, request: OperationRequest) -> GatewayAnswer:
        """The money went back; at most what came."""
        return self._within(
            request, self._sum(request, OperationKind.CAPTURE) - self._sum(request, OperationKind.REFUND)
        )

    def fetch(self, request: FetchRequest) -> GatewayState:
        """What the ledger says was asked, and so was done."""
        paid = not self.awaits_funds or any(
            o.kind is OperationKind.AUTHORIZE and o.status in _DONE for o in request.ledger
        )
        return GatewayState(
            operations=tuple(_done(operation, paid=paid) for operation in request.ledger),
            reference=request.payment_id,
        )

    def parse_notice(self, raw: RawNotice) -> Notice | None:
        """Refused: nobody sends any."""
        raise NoticeRejected(reason="payments by hand have no notifications; use confirm")

    def reply(self, outcome: NoticeOutcome) -> NoticeReply:
        """There is nobody to answer."""
        return NoticeReply(status=404)

    def _left(self, request: OperationRequest) -> Money:
        """What is promised and neither came nor was set free."""
        promised = self._sum(request, OperationKind.AUTHORIZE) + self._sum(request, OperationKind.INCREMENT)
        return promised - self._sum(request, OperationKind.CAPTURE) - self._sum(request, OperationKind.VOID)

    def _sum(self, request: OperationRequest, kind: OperationKind) -> Money:
        return sum_of(request.ledger, request.amount.currency.code, kind, _DONE)

    def _within(self, request: OperationRequest, possible: Money) -> GatewayAnswer:
        if request.amount > possible:
            return Declined(code=DeclineCode.NOT_ALLOWED)
        return Succeeded(reference=request.key)


def _done(operation: Operation, *, paid: bool) -> Operation:
    if operation.status is OperationStatus.FAILED:
        return operation
    if not paid and operation.kind is not OperationKind.VOID:
        return evolve(operation, status=OperationStatus.PENDING)
    return evolve(operation, status=OperationStatus.SUCCEEDED)
