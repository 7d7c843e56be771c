"""Hooks of shipping."""

from collections.abc import Collection, Mapping

import pluggy

from commerce.shipping.ports import Carrier
from commerce.shipping.requests import RateRequest, ShippingRate

__all__ = ["commerce_carriers", "commerce_filter_shipping_methods"]

hookspec = pluggy.HookspecMarker("commerce")


@hookspec
def commerce_filter_shipping_methods(  # type: ignore[empty-body]
    request: RateRequest, rates: tuple[ShippingRate, ...]
) -> Collection[str]:
    """Name the ids of methods that are not to be offered for this request; they appear as ``withheld``.

    Asked with everything that serves the request, cheapest first. Pure: no clock, no I/O.
    """


@hookspec
def commerce_carriers() -> Mapping[str, Carrier]:  # type: ignore[empty-body]
    """Offer carriers by the name under which shipments are made with them. Asked once, when the shop is built."""
