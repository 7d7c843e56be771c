"""`GHNCarrier`: the port of carriers, spoken with GHN."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import httpx
from attrs import frozen

from commerce.kernel import Address, InvalidValue, Money
from commerce.shipping import (
    Ability,
    CarrierCannot,
    CarrierNotice,
    CarrierRate,
    CarrierRateRequest,
    CarrierUnavailable,
    Label,
    LabelRefused,
    LabelRequest,
    LabelUnknown,
    PickupPoint,
    TrackingEvent,
    VoidRefused,
)
from commerce_ghn.client import Failure, GHNClient, Rejected, Said, Unreached, Unsure
from commerce_ghn.errors import GHNCannotPrice, GHNRejectsToken, GHNUnavailable, GHNVoidUnknown
from commerce_ghn.notices import numbers_in
from commerce_ghn.orders import BeyondLimits, Unfit, client_code, label_body, question_body
from commerce_ghn.settings import GHNSettings
from commerce_ghn.statuses import CANCELLED, events

__all__ = ["GHNCarrier"]

_CURRENCY = "VND"

T = TypeVar("T")

#: An order code; an order of several parcels numbers them behind it.
_ORDER_CODE = "[A-Za-z0-9]{1,32}"

#: GHN goes there with no service, or has no price for it.
_NOT_SERVED = ("ROUTE_NOT_FOUND_SERVICE", "SERVICE_NOT_FOUND_CONFIG_FEE")

#: ``reason_code`` of a cancellation: other (developer.ghn.vn/en/docs/order/cancel).
_CANCEL_REASON = "GHN-CANCEL-OTHER"


@frozen
class _Order:
    """An order at GHN. One that was just created has a cost and no status yet, one that was found the reverse."""

    code: str
    status: str = ""
    cost: Money | None = None

    @property
    def is_new(self) -> bool:
        """Whether this is the answer to its creation."""
        return not self.status


class GHNCarrier:
    """Sells GHN's labels: a key is an order of GHN's, found by its ``client_order_code``.

    It has one service, ``""``: whether an order is a light or a heavy one for GHN follows from its parcels. The
    sender is the shop as it is registered at GHN, whatever origin is asked for.
    """

    def __init__(self, settings: GHNSettings, transport: httpx.BaseTransport | None = None) -> None:
        self._settings = settings
        self._client = GHNClient(settings, transport)

    @property
    def name(self) -> str:
        """The name in the settings."""
        return self._settings.name

    @property
    def abilities(self) -> frozenset[Ability]:
        """All but pickup points, where GHN's parcels are not delivered to; notices if there is a secret for them."""
        able = frozenset({Ability.RATES, Ability.VOID, Ability.TRACKING})
        return able | {Ability.NOTICES} if self._settings.notice_secret else able

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def rates(self, request: CarrierRateRequest) -> Sequence[CarrierRate]:
        """The price of the order that these parcels would be, in dong.

        No name, street or telephone number of the receiver is sent. Raises `GHNCannotPrice` for a question that is
        not complete, `CarrierUnavailable`.
        """
        if request.currency != _CURRENCY:
            return []
        try:
            data = self._client.post("shipping-order/preview", question_body(self._settings, request))
            return [CarrierRate(service="", price=_dong(data, "total_fee"))]
        except BeyondLimits:
            return []
        except Unfit as unfit:
            raise GHNCannotPrice(carrier=self.name, ability=Ability.RATES.value, reason=unfit.reason) from None
        except Said as no:
            if no.reason in _NOT_SERVED:
                return []
            reason = f"GHN refuses the question ({no.reason}): check the names of ward and province"
            raise GHNCannotPrice(carrier=self.name, ability=Ability.RATES.value, reason=reason) from no
        except Failure as failure:
            raise self._unavailable("price", failure) from failure

    def buy_label(self, request: LabelRequest) -> Label:
        """The order of this key, created unless it is there already, and its label.

        Raises `LabelRefused`, `CarrierUnavailable`, and `LabelUnknown` from when the order may exist until its label
        is here.
        """
        try:
            body = label_body(self._settings, request)
        except Unfit as unfit:
            raise LabelRefused(carrier=self.name, reason=unfit.reason) from None
        order = self._known(request.key) or self._create(body)
        if order.status == CANCELLED:
            raise LabelRefused(carrier=self.name, reason="the order of this key was cancelled at GHN")
        try:
            cost = order.cost if order.is_new else self._cost(order.code)
            format_, data = self._printed(order.code)
        except Failure as failure:
            raise LabelUnknown(carrier=self.name) from failure
        return Label(
            reference=order.code,
            tracking_numbers=_numbers(order.code, len(request.parcels)),
            format=format_,
            data=data,
            cost=cost,
        )

    def void(self, key: str, reference: str = "") -> None:
        """Cancel the order, unless there is none or it is cancelled.

        Raises `VoidRefused` once GHN has the parcels, `CarrierUnavailable`, and `GHNVoidUnknown` for a lost answer.
        """
        code = reference or self._to_cancel(key)
        if not code or self._cancel(code):
            return
        status = self._asked_for_void(lambda: self._detail(code)).status
        if status != CANCELLED:
            raise VoidRefused(carrier=self.name, reason=f"GHN has the order as {status}")

    def track(self, tracking_number: str) -> Sequence[TrackingEvent]:
        """What GHN knows of the parcel's order; nothing of a number that is none of its."""
        numbered = re.fullmatch(f"({_ORDER_CODE})(_[0-9]+)?", tracking_number)
        if numbered is None:
            return []
        try:
            return events(_fields(self._client.get("shipping-order/detail", order_code=numbered[1])), tracking_number)
        except Said as no:
            if no.nothing_there:
                return []
            raise self._unavailable("question", no) from no
        except Failure as failure:
            raise self._unavailable("question", failure) from failure
        except (ValueError, TypeError, LookupError, InvalidValue) as error:
            unsure = Unsure("the answer is not what was promised")
            raise self._unavailable("question", unsure) from error

    def pickup_points(self, address: Address, limit: int = 10) -> Sequence[PickupPoint]:
        """Not at GHN: its stations take parcels from shops and do not hand them out."""
        raise CarrierCannot(carrier=self.name, ability=Ability.PICKUP_POINTS.value)

    def parse_notice(self, notice: CarrierNotice) -> Sequence[str]:
        """The numbers that a notice with our secret is about."""
        if Ability.NOTICES not in self.abilities:
            raise CarrierCannot(carrier=self.name, ability=Ability.NOTICES.value)
        return numbers_in(self._settings, notice)

    # inside

    def _unavailable(self, call: str, failure: Failure) -> CarrierUnavailable:
        if isinstance(failure, Rejected):
            return GHNRejectsToken(carrier=self.name, reason=failure.reason)
        return GHNUnavailable(carrier=self.name, call=call, reason=failure.reason)

    def _known(self, key: str) -> _Order | None:
        """The order of a key. A no to the question is no answer to it: then GHN decides when it is asked to create."""
        try:
            return self._find(key)
        except Said:
            return None
        except Failure as failure:
            raise self._unavailable("question for the order", failure) from failure

    def _create(self, body: Mapping[str, object]) -> _Order:
        """A new order. GHN gives the one that has the same ``client_order_code``, if there is one."""
        try:
            data = _fields(self._client.post("shipping-order/create", body))
            return _Order(_order_code(data), cost=_dong(data, "total_fee"))
        except Said as no:
            raise LabelRefused(carrier=self.name, reason=f"GHN refuses the order ({no.reason})") from no
        except Unsure as unsure:
            raise LabelUnknown(carrier=self.name) from unsure
        except Unreached as failure:
            raise self._unavailable("order", failure) from failure

    def _find(self, key: str) -> _Order | None:
        """The order of a key, or nothing. Raises `Failure`."""
        wanted = client_code(self._settings.shop_id, key)
        try:
            told = self._client.get("shipping-order/detail-by-client-code", client_order_code=wanted)
        except Said as no:
            if no.nothing_there:
                return None
            raise
        # One order in the answers that people recorded, a list of them in the documentation.
        for order in map(_fields, told if isinstance(told, list) else [told] if told else []):
            if (order.get("client_order_code"), order.get("shop_id")) == (wanted, self._settings.shop_id):
                return _order(order)
        return None

    def _detail(self, code: str) -> _Order:
        return _order(_fields(self._client.get("shipping-order/detail", order_code=code)))

    def _cost(self, code: str) -> Money | None:
        """What an order has cost so far (api.ghn.vn/home/docs/detail?id=71); nothing where GHN does not say it."""
        try:
            told = _fields(self._client.post("shipping-order/soc", {"order_code": code})).get("payment")
            payments = [_dong(payment, "value") for payment in told] if isinstance(told, list) else []
        except Said:
            return None
        return sum(payments, Money(0, _CURRENCY)) if payments else None

    def _printed(self, code: str) -> tuple[str, bytes]:
        """The label as GHN prints it (developer.ghn.vn/en/docs/order/print). Raises `Failure`.

        GHN documents addresses of pages and not what is in them: HTML, or PDF if it should be that.
        """
        token = _fields(self._client.post("a5/gen-token", {"order_codes": [code]})).get("token")
        if not isinstance(token, str) or not token:
            raise Unsure("the answer has no token")
        kind, data = self._client.page(f"/a5/public-api/print{self._settings.paper}", token)
        if data.startswith(b"%PDF-"):
            return "pdf", data
        if kind != "text/html" or code.encode() not in data:
            raise Unsure("the page is no label of the order")
        return "html", data

    def _to_cancel(self, key: str) -> str:
        """The code of a key's order, empty if there is none."""
        found = self._asked_for_void(lambda: self._find(key))
        return "" if found is None else found.code

    def _asked_for_void(self, question: Callable[[], T]) -> T:
        try:
            return question()
        except Said as no:
            raise VoidRefused(carrier=self.name, reason=f"GHN does not show the order ({no.reason})") from no
        except Failure as failure:
            raise self._unavailable("question for the order", failure) from failure

    def _cancel(self, code: str) -> bool:
        """Whether GHN cancelled it. One order at a time: one that is wrong spoils all of a request."""
        body = {"order_codes": [code], "reason_code": _CANCEL_REASON}
        try:
            return _cancelled(self._client.post("switch-status/cancel", body), code)
        except Said as no:
            raise VoidRefused(carrier=self.name, reason=f"GHN refuses to cancel ({no.reason})") from no
        except Unsure as unsure:
            raise GHNVoidUnknown(carrier=self.name, reason=unsure.reason) from unsure
        except Unreached as failure:
            raise self._unavailable("cancellation", failure) from failure


def _fields(told: object) -> Mapping[str, object]:
    if not isinstance(told, dict):
        raise Unsure("the answer is not what was promised")
    return told


def _cancelled(told: object, code: str) -> bool:
    """What the answer to a cancellation says of an order."""
    for entry in map(_fields, told if isinstance(told, list) else []):
        if entry.get("order_code") == code and type(entry.get("result")) is bool:
            return entry["result"] is True
    raise Unsure("the answer is about something else")


def _order_code(told: Mapping[str, object]) -> str:
    code = told.get("order_code")
    if not isinstance(code, str) or not re.fullmatch(_ORDER_CODE, code):
        raise Unsure("the answer names no order")
    return code


def _order(told: Mapping[str, object]) -> _Order:
    status = told.get("status")
    if not isinstance(status, str) or not re.fullmatch("[a-z_]{1,64}", status):
        raise Unsure("the answer has no status")
    return _Order(_order_code(told), status)


def _dong(told: object, field: str) -> Money:
    amount = _fields(told).get(field)
    if type(amount) is not int or amount < 0:
        raise Unsure(f"the answer has no {field}")
    return Money.of_minor(amount, _CURRENCY)


def _numbers(code: str, parcels: int) -> tuple[str, ...]:
    """A number for each parcel: the order's for one, GHN's ``item_order_code`` for several."""
    return (code,) if parcels == 1 else tuple(f"{code}_{n}" for n in range(1, parcels + 1))
