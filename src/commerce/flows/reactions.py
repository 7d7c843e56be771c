"""The only subscriber table: which event makes which module act.

A reaction runs at least once, in order per aggregate, and calls one method that is
idempotent by what the event names.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from commerce.catalog import ProductAdded, ProductArchived, ProductChanged, ProductPublished, ProductWithdrawn
from commerce.flows.aftersales import Aftersales
from commerce.flows.browsing import Browsing
from commerce.flows.fulfillment import Fulfillment
from commerce.flows.paying import Paying
from commerce.kernel import Event
from commerce.payments import PaymentChanged
from commerce.pricing import PricesSet
from commerce.returns import ReturnInspected
from commerce.runtime import BatchReaction, Envelope, Reaction
from commerce.shipping import ShipmentDelivered

__all__ = ["Flows", "reactions"]


class Flows(Protocol):
    """The flows that react; each is asked for when its first event comes."""

    @property
    def aftersales(self) -> Aftersales:
        """Returns."""

    @property
    def browsing(self) -> Browsing:
        """The search index."""

    @property
    def fulfillment(self) -> Fulfillment:
        """Shipments."""

    @property
    def paying(self) -> Paying:
        """Payments."""


def reactions(flows: Flows) -> tuple[Reaction | BatchReaction, ...]:
    """The table."""

    def on(event: type[Event], name: str, act: Callable[[Any], object]) -> Reaction:
        def run(envelope: Envelope) -> None:
            act(envelope.event)

        return Reaction(name, event, run)

    def products(envelopes: Sequence[Envelope]) -> None:
        flows.browsing.refresh(envelope.aggregate_id for envelope in envelopes)

    def prices(envelopes: Sequence[Envelope]) -> None:
        events: Any = [envelope.event for envelope in envelopes]
        flows.browsing.refresh_skus(sku for event in events for sku in event.skus)

    catalogue = (ProductAdded, ProductArchived, ProductChanged, ProductPublished, ProductWithdrawn)
    return (
        on(PaymentChanged, "order follows payment", lambda e: flows.paying.follow(e)),  # noqa: PLW0108 - asked late
        on(ShipmentDelivered, "order follows shipment", lambda e: flows.fulfillment.follow(e)),  # noqa: PLW0108
        on(ReturnInspected, "return is settled", lambda e: flows.aftersales.follow(e)),  # noqa: PLW0108
        BatchReaction("search follows catalogue", catalogue, products),
        BatchReaction("search follows prices", (PricesSet,), prices),
    )
