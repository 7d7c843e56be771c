"""Hooks of payments."""

from collections.abc import Mapping

import pluggy

from commerce.kernel import Money
from commerce.payments.ports import PaymentGateway

__all__ = ["commerce_payment_gateways", "commerce_validate_payment"]

hookspec = pluggy.HookspecMarker("commerce")


@hookspec
def commerce_validate_payment(order_ref: str, gateway: str, amount: Money) -> None:
    """Object to a payment by raising a `commerce.kernel.CommerceError`. Asked before anything is written or sent."""


@hookspec
def commerce_payment_gateways() -> Mapping[str, PaymentGateway]:  # type: ignore[empty-body]
    """Offer gateways by the name under which orders are paid with them. Asked once, when the shop is built."""
