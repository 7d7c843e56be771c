"""Reading Stripe's objects: what an intent, its charge, refunds and disputes say about a payment. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from commerce.kernel import Money
from commerce.payments import (
    Action,
    ActionKind,
    ActionRequired,
    DeclineCode,
    Declined,
    GatewayAnswer,
    GatewayState,
    Operation,
    OperationKind,
    OperationStatus,
    Pending,
    Succeeded,
)
from commerce_stripe.amounts import of_stripe
from commerce_stripe.declines import refusal
from commerce_stripe.errors import StripeUnknown

__all__ = [
    "CAPTURE",
    "FLOW",
    "INCREMENT",
    "IN_PAGE",
    "KEY",
    "PAYMENT_ID",
    "Standing",
    "answer_of",
    "authorized_of",
    "refund_answer",
    "standing",
    "state_of",
]

_Object = Mapping[str, Any]

#: What we write into the metadata of an intent or a refund: names of up to 40 characters.
PAYMENT_ID = "payment_id"
KEY = "commerce_key"
FLOW = "commerce_flow"
#: The shopper confirms in the page: a decline there is not the end.
IN_PAGE = "in_page"
#: Followed by a key of 32 characters; the value is the amount, as Stripe counts.
CAPTURE = "capture_"
INCREMENT = "raise_"

_REFUND_STATES = {
    "pending": OperationStatus.PENDING,
    "requires_action": OperationStatus.PENDING,
    "succeeded": OperationStatus.SUCCEEDED,
    "failed": OperationStatus.FAILED,
    "canceled": OperationStatus.FAILED,
}
_CANCELLED = {
    "automatic": DeclineCode.TIMED_OUT,
    "expired": DeclineCode.TIMED_OUT,
    "fraudulent": DeclineCode.SUSPECTED_FRAUD,
}

#: Disputes in which the bank has taken the money; inquiries and those prevented have not.
_TAKEN_BACK = {"needs_response", "under_review", "won", "lost"}


@frozen(kw_only=True)
class Standing:
    """How far the authorization of an intent came; ``refused``, if it failed, says why."""

    status: OperationStatus
    refused: Declined | None = None


def standing(intent: _Object) -> Standing:
    """Where the authorization stands (docs.stripe.com/payments/paymentintents/lifecycle)."""
    match intent["status"]:
        case "requires_capture" | "succeeded":
            return Standing(status=OperationStatus.SUCCEEDED)
        case "processing":
            return Standing(status=OperationStatus.PENDING)
        case "requires_action":
            return Standing(status=OperationStatus.WAITING)
        case "requires_confirmation":
            return Standing(status=OperationStatus.APPROVED)
        case "requires_payment_method":
            return _without_method(intent)
        case "canceled":
            return _canceled(intent)
        case other:
            raise StripeUnknown(reason=f"status {other}")


def _without_method(intent: _Object) -> Standing:
    error = intent["last_payment_error"]
    if error is None or intent["metadata"].get(FLOW) == IN_PAGE:
        return Standing(status=OperationStatus.WAITING)
    return Standing(status=OperationStatus.FAILED, refused=evolve(refusal(error), reference=str(intent["id"])))


def _canceled(intent: _Object) -> Standing:
    if _was_held(intent):
        return Standing(status=OperationStatus.SUCCEEDED)
    reason = str(intent.get("cancellation_reason") or "")
    code = _CANCELLED.get(reason, DeclineCode.ABANDONED)
    refused = Declined(code=code, vendor_code=reason, reference=str(intent["id"]))
    return Standing(status=OperationStatus.FAILED, refused=refused)


def answer_of(intent: _Object) -> GatewayAnswer:
    """The answer to an authorization."""
    reference, now = str(intent["id"]), standing(intent)
    if now.refused is not None:
        return now.refused
    match now.status:
        case OperationStatus.SUCCEEDED:
            return Succeeded(reference=reference, amount=authorized_of(intent), suspected=bool(intent.get("review")))
        case OperationStatus.WAITING:
            return ActionRequired(action=_action(intent), reference=reference)
    return Pending(reference=reference)


def refund_answer(refund: _Object) -> GatewayAnswer:
    """The answer to a refund."""
    reference = str(refund["id"])
    match _REFUND_STATES.get(refund["status"]):
        case OperationStatus.SUCCEEDED:
            return Succeeded(reference=reference)
        case OperationStatus.FAILED:
            reason = str(refund.get("failure_reason") or refund["status"])
            return Declined(code=DeclineCode.DECLINED, vendor_code=reason, reference=reference)
    return Pending(reference=reference)


def authorized_of(intent: _Object) -> Money:
    """What was authorized at first, without increments."""
    raised = sum(amount for _, amount in _noted(intent, INCREMENT))
    return of_stripe(intent["amount"] - raised, intent["currency"])


def state_of(
    intent: _Object, refunds: Sequence[_Object], disputes: Iterable[_Object], ledger: Sequence[Operation]
) -> GatewayState:
    """Everything Stripe knows of a payment. ``intent`` has its ``latest_charge`` in it."""
    now = standing(intent)
    return GatewayState(
        operations=(
            _authorization(intent, now),
            *_increments(intent),
            *_captures(intent, ledger),
            *_freed(intent, now, ledger),
            *_refunds(intent, refunds),
            *_chargebacks(disputes),
        ),
        reference=str(intent["id"]),
        action=_action(intent) if now.status is OperationStatus.WAITING else None,
        suspected=bool(intent.get("review")),
    )


def _authorization(intent: _Object, now: Standing) -> Operation:
    return Operation(
        kind=OperationKind.AUTHORIZE,
        amount=authorized_of(intent),
        status=now.status,
        key=intent["metadata"].get(KEY, ""),
        reference=str(intent["id"]),
        reason=now.refused.code if now.refused else None,
        vendor_code=now.refused.vendor_code if now.refused else "",
    )


def _increments(intent: _Object) -> Iterator[Operation]:
    for key, amount in _noted(intent, INCREMENT):
        yield _done(OperationKind.INCREMENT, of_stripe(amount, intent["currency"]), key, str(intent["id"]))


def _captures(intent: _Object, ledger: Sequence[Operation]) -> Iterator[Operation]:
    """Those that carry our keys, then whatever else was captured."""
    left, reference = intent.get("amount_received") or 0, _charge_id(intent)
    for key, amount in _noted(intent, CAPTURE):
        left -= amount
        yield _done(OperationKind.CAPTURE, of_stripe(amount, intent["currency"]), key, reference)
    if left:
        rest = of_stripe(left, intent["currency"])
        at_once = intent["capture_method"] != "manual"
        own = intent["metadata"].get(KEY, "") if at_once else _key_of(ledger, OperationKind.CAPTURE, rest)
        yield _done(OperationKind.CAPTURE, rest, own, reference)


def _freed(intent: _Object, now: Standing, ledger: Sequence[Operation]) -> Iterator[Operation]:
    """What was held and never taken, once nothing can be taken any more; and that an attempt was called off."""
    if intent["status"] not in ("succeeded", "canceled"):
        return
    held = intent["amount"] if now.status is OperationStatus.SUCCEEDED else 0
    amount = of_stripe(held - (intent.get("amount_received") or 0), intent["currency"])
    key = _key_of(ledger, OperationKind.VOID, amount)
    if amount or key:
        yield _done(OperationKind.VOID, amount, key, "" if key else _charge_id(intent) or str(intent["id"]))


def _refunds(intent: _Object, refunds: Sequence[_Object]) -> Iterator[Operation]:
    for refund in reversed(refunds):
        if _frees_the_rest(intent, refund):
            continue
        status = _REFUND_STATES.get(refund["status"], OperationStatus.PENDING)
        failed = status is OperationStatus.FAILED
        yield Operation(
            kind=OperationKind.REFUND,
            amount=of_stripe(refund["amount"], refund["currency"]),
            status=status,
            key=(refund["metadata"] or {}).get(KEY, ""),
            reference=str(refund["id"]),
            reason=DeclineCode.DECLINED if failed else None,
            vendor_code=str(refund.get("failure_reason") or "") if failed else "",
        )


def _frees_the_rest(intent: _Object, refund: _Object) -> bool:
    """Whether it is Stripe's note that the uncaptured rest was freed: no money moved, and nobody asked."""
    rest = intent["amount"] - (intent.get("amount_received") or 0)
    moved = refund.get("balance_transaction") is not None
    return refund["amount"] == rest and not moved and KEY not in (refund["metadata"] or {})


def _chargebacks(disputes: Iterable[_Object]) -> Iterator[Operation]:
    for dispute in disputes:
        amount, reference = of_stripe(dispute["amount"], dispute["currency"]), str(dispute["id"])
        if dispute["status"] in _TAKEN_BACK:
            yield _done(OperationKind.CHARGEBACK, amount, "", reference)
        if dispute["status"] == "won":
            yield _done(OperationKind.CHARGEBACK_REVERSAL, amount, "", reference)


def _done(kind: OperationKind, amount: Money, key: str, reference: str) -> Operation:
    return Operation(kind=kind, amount=amount, status=OperationStatus.SUCCEEDED, key=key, reference=reference)


def _action(intent: _Object) -> Action:
    asked = intent["next_action"] or {}
    if asked.get("type") == "redirect_to_url":
        return Action(kind=ActionKind.REDIRECT, url=str(asked["redirect_to_url"]["url"]))
    return Action(kind=ActionKind.CLIENT, token=str(intent["client_secret"]))


def _noted(intent: _Object, prefix: str) -> Iterator[tuple[str, int]]:
    """Keys and amounts that we wrote into an intent."""
    for name, amount in intent["metadata"].items():
        if name.startswith(prefix):
            yield name.removeprefix(prefix), int(amount)


def _key_of(ledger: Iterable[Operation], kind: OperationKind, amount: Money) -> str:
    """The key under which we asked for something that Stripe keeps no key of; not of what came to nothing."""
    asked = (o for o in ledger if o.kind is kind and o.status is not OperationStatus.FAILED)
    return next((o.key for o in asked if o.amount == amount), "")


def _was_held(intent: _Object) -> bool:
    charge = intent["latest_charge"]
    return isinstance(charge, Mapping) and charge["status"] == "succeeded"


def _charge_id(intent: _Object) -> str:
    charge = intent["latest_charge"]
    return str(charge["id"] if isinstance(charge, Mapping) else charge or "")
