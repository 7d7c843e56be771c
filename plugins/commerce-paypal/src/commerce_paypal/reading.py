"""Reading PayPal's orders: what they say about a payment. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
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
from commerce_paypal.amounts import of_paypal
from commerce_paypal.errors import PayPalUnknown

__all__ = [
    "Part",
    "answer_of",
    "asked_of",
    "authorization_of",
    "capture_answer",
    "captured_with",
    "refund_answer",
    "refund_mark",
    "refund_parts",
    "refunded_with",
    "state_of",
]

_Object = Mapping[str, Any]

_SUCCEEDED, _PENDING, _FAILED = OperationStatus.SUCCEEDED, OperationStatus.PENDING, OperationStatus.FAILED

_AUTHORIZATIONS = {
    "CREATED": _SUCCEEDED,
    "CAPTURED": _SUCCEEDED,
    "PARTIALLY_CAPTURED": _SUCCEEDED,
    "VOIDED": _SUCCEEDED,
    "EXPIRED": _SUCCEEDED,
    "PENDING": _PENDING,
    "DENIED": _FAILED,
}
_CAPTURES = {
    "COMPLETED": _SUCCEEDED,
    "PARTIALLY_REFUNDED": _SUCCEEDED,
    "REFUNDED": _SUCCEEDED,
    "PENDING": _PENDING,
    "DECLINED": _FAILED,
    "FAILED": _FAILED,
}
_REFUNDS = {"COMPLETED": _SUCCEEDED, "PENDING": _PENDING, "FAILED": _FAILED, "CANCELLED": _FAILED}

#: How long payers may take; PayPal then forgets the order.
_APPROVABLE = timedelta(hours=3)


@frozen(kw_only=True)
class Part:
    """So much of a refund comes from one capture."""

    capture_id: str
    amount: Money


# -- answers --------------------------------------------------------------------------------------------------


def answer_of(order: _Object) -> GatewayAnswer:
    """The answer to an authorization."""
    reference, status, paid = str(order["id"]), _standing(order), _paid(order)
    match status:
        case OperationStatus.SUCCEEDED:
            return Succeeded(reference=reference, amount=asked_of(order))
        case OperationStatus.FAILED:
            said = str((paid or order)["status"])
            return Declined(code=_reason(said), vendor_code=said, reference=reference)
        case OperationStatus.WAITING:
            return ActionRequired(action=_action(order), reference=reference)
    return Pending(reference=reference)


def capture_answer(capture: _Object) -> GatewayAnswer:
    """The answer to a capture."""
    return _answer(capture, _status_of(_CAPTURES, capture))


def refund_answer(refunds: Sequence[_Object], asked: Money) -> GatewayAnswer:
    """The answer to a refund, which may have been made in parts: less than asked, if some were refused."""
    statuses = [_status_of(_REFUNDS, refund) for refund in refunds]
    went = _total((r for r, s in zip(refunds, statuses, strict=True) if s is not _FAILED), asked)
    status = _FAILED if not went else _PENDING if _PENDING in statuses else _SUCCEEDED
    answer = _answer(refunds[0], status)
    return evolve(answer, amount=went) if isinstance(answer, Succeeded) and went != asked else answer


def _answer(resource: _Object, status: OperationStatus) -> GatewayAnswer:
    reference = str(resource["id"])
    if status is _FAILED:
        said = str(resource["status"])
        return Declined(code=_reason(said), vendor_code=said, reference=reference)
    return Pending(reference=reference) if status is _PENDING else Succeeded(reference=reference)


# -- the truth ------------------------------------------------------------------------------------------------


def state_of(order: _Object) -> GatewayState:
    """Everything an order says."""
    standing = _standing(order)
    return GatewayState(
        operations=(_authorization(order, standing), *_captures(order), *_freed(order), *_refunds(order)),
        reference=str(order["id"]),
        action=_action(order) if standing is OperationStatus.WAITING else None,
    )


def asked_of(order: _Object) -> Money:
    """What the order is about."""
    return of_paypal(_unit(order)["amount"])


def authorization_of(order: _Object) -> _Object | None:
    """The authorization of an order of that intent."""
    return next(iter(_of(order, "authorizations")), None)


def captured_with(order: _Object, key: str) -> _Object | None:
    """The capture that was made under a key."""
    return next((c for c in _of(order, "captures") if c.get("invoice_id") == key), None)


def refund_mark(key: str, amount: Money) -> str:
    """What a refund, or each part of it, carries, so that a lost one is found and another amount is told apart."""
    return f"{key}-{amount.minor}"


def refunded_with(order: _Object, key: str) -> Sequence[_Object]:
    """The parts of the refund that was made under a key."""
    return [r for r in _of(order, "refunds") if _key_of_refund(r) == key]


def refund_parts(order: _Object, amount: Money) -> Sequence[Part] | None:
    """From which captures so much can be given back, oldest first; nothing if it cannot."""
    parts: list[Part] = []
    left = amount
    for capture in _of(order, "captures"):
        if _status_of(_CAPTURES, capture) is not _SUCCEEDED:
            continue
        back = (r for r in _of(order, "refunds") if _refunded_capture(r) == capture["id"])
        free = of_paypal(capture["amount"]) - _total(
            (r for r in back if _status_of(_REFUNDS, r) is not _FAILED), amount
        )
        share = min(free, left)
        if share:
            parts.append(Part(capture_id=str(capture["id"]), amount=share))
        left -= share
    return None if left else parts


def _standing(order: _Object) -> OperationStatus:
    paid = _paid(order)
    if paid is not None:
        return _status_of(_AUTHORIZATIONS if order["intent"] == "AUTHORIZE" else _CAPTURES, paid)
    match order["status"]:
        case "CREATED" | "SAVED" | "PAYER_ACTION_REQUIRED":
            return OperationStatus.WAITING
        case "APPROVED":
            return OperationStatus.APPROVED
        case "VOIDED":
            return OperationStatus.FAILED
        case other:
            raise PayPalUnknown(reason=f"order status {other}")


def _authorization(order: _Object, standing: OperationStatus) -> Operation:
    failed = standing is OperationStatus.FAILED
    said = str((_paid(order) or order)["status"]) if failed else ""
    return Operation(
        kind=OperationKind.AUTHORIZE,
        amount=asked_of(order),
        status=standing,
        key=str(_unit(order).get("invoice_id") or ""),
        reference=str(order["id"]),
        reason=_reason(said) if failed else None,
        vendor_code=said,
    )


def _captures(order: _Object) -> Iterator[Operation]:
    inherited = str(_unit(order).get("invoice_id") or "")
    for capture in _of(order, "captures"):
        key = str(capture.get("invoice_id") or "")
        # A capture of an authorization that has the order's own number was asked for by somebody else.
        ours = order["intent"] == "CAPTURE" or key != inherited
        yield _operation(OperationKind.CAPTURE, capture, _status_of(_CAPTURES, capture), key if ours else "")


def _freed(order: _Object) -> Iterator[Operation]:
    """What was held and never taken, once nothing can be taken any more."""
    held = authorization_of(order)
    if held is None or held["status"] not in ("CAPTURED", "VOIDED", "EXPIRED"):
        return
    amount = of_paypal(held["amount"])
    taken = (c for c in _of(order, "captures") if _status_of(_CAPTURES, c) is not _FAILED)
    rest = amount - _total(taken, amount)
    if rest > Money.zero(amount.currency):
        final = next((c for c in _of(order, "captures") if c.get("final_capture")), {})
        key = str(final.get("invoice_id") or "") if held["status"] == "CAPTURED" else ""
        yield Operation(
            kind=OperationKind.VOID, amount=rest, status=_SUCCEEDED, key=key, reference=f"{held['id']}-void"
        )


def _refunds(order: _Object) -> Iterator[Operation]:
    """Refunds, the parts of one as one."""
    seen: set[str] = set()
    for refund in _of(order, "refunds"):
        key = _key_of_refund(refund)
        parts = refunded_with(order, key) if key else [refund]
        if key in seen:
            continue
        seen |= {key} - {""}
        went = [r for r in parts if _status_of(_REFUNDS, r) is not _FAILED] or parts
        statuses = {_status_of(_REFUNDS, r) for r in went}
        status = _PENDING if _PENDING in statuses else next(iter(statuses))
        operation = _operation(OperationKind.REFUND, went[0], status, key)
        yield evolve(operation, amount=_total(went, operation.amount))


def _operation(kind: OperationKind, resource: _Object, status: OperationStatus, key: str) -> Operation:
    failed = status is _FAILED
    said = str(resource["status"]) if failed else ""
    return Operation(
        kind=kind,
        amount=of_paypal(resource["amount"]),
        status=status,
        key=key,
        reference=str(resource["id"]),
        reason=_reason(said) if failed else None,
        vendor_code=said,
    )


def _action(order: _Object) -> Action:
    links = {link["rel"]: str(link["href"]) for link in order.get("links", [])}
    begun = datetime.fromisoformat(order["create_time"]) if order.get("create_time") else None
    return Action(
        kind=ActionKind.REDIRECT,
        url=links.get("payer-action") or links.get("approve") or "",
        expires_at=begun + _APPROVABLE if begun else None,
    )


def _unit(order: _Object) -> _Object:
    unit: _Object = order["purchase_units"][0]
    return unit


def _of(order: _Object, kind: str) -> Sequence[_Object]:
    """Authorizations, captures or refunds, oldest first."""
    found: Iterable[_Object] = (_unit(order).get("payments") or {}).get(kind) or ()
    return sorted(found, key=lambda resource: str(resource.get("create_time") or ""))


def _paid(order: _Object) -> _Object | None:
    """What the order was paid with: its authorization, or its one capture."""
    kind = "authorizations" if order["intent"] == "AUTHORIZE" else "captures"
    return next(iter(_of(order, kind)), None)


def _key_of_refund(refund: _Object) -> str:
    key, dash, amount = str(refund.get("invoice_id") or "").rpartition("-")
    return key if dash and amount.isdigit() else ""


def _refunded_capture(refund: _Object) -> str:
    up = (str(link["href"]) for link in refund.get("links", []) if link["rel"] == "up")
    return next(up, "").rpartition("/")[2]


def _total(resources: Iterable[_Object], like: Money) -> Money:
    return sum((of_paypal(r["amount"]) for r in resources), Money.zero(like.currency))


def _status_of(table: Mapping[str, OperationStatus], resource: _Object) -> OperationStatus:
    status = str(resource["status"])
    if status not in table:
        raise PayPalUnknown(reason=f"status {status}")
    return table[status]


def _reason(said: str) -> DeclineCode:
    return DeclineCode.ABANDONED if said == "VOIDED" else DeclineCode.DECLINED
