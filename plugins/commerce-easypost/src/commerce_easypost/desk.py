"""One key, one purchase: EasyPost's shipments found and made by a reference that follows from the key.

EasyPost takes no idempotency key, and does not enforce that a reference is given once (EasyPost docs, EasyPost
Objects: "reference uniqueness is not enforced"). What it does enforce is that **one shipment is bought once**: a
second purchase is refused with ``SHIPMENT.POSTAGE.EXISTS``. So shipments, which cost nothing, may be made twice by
callers that do not see each other, but all of them buy the same one: the one that has a label, or else the oldest.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from commerce_easypost.answers import Rates, Shipment, ShipmentPage
from commerce_easypost.client import EasyPostClient
from commerce_easypost.errors import ALREADY_BOUGHT, MAYBE_BOUGHT, EasyPostRefusal, EasyPostUnavailable, EasyPostUnknown

__all__ = ["EasyPostDesk", "reference_of"]

#: Who found no shipment makes one at once, or not at all: two of one reference are never further apart.
_APART = timedelta(minutes=5)

#: EasyPost docs, Pagination: 100 records a page at most.
_PAGE_SIZE = 100


def reference_of(key: str, parcel: int) -> str:
    """What EasyPost knows a parcel of a purchase by: safe in a path, whatever the key is."""
    return f"{hashlib.sha256(key.encode()).hexdigest()[:40]}-{parcel}"


class EasyPostDesk:
    """Finds, makes, buys and gives back shipments."""

    def __init__(self, client: EasyPostClient, name: str) -> None:
        self._client = client
        self._name = name

    def find(self, reference: str) -> Shipment | None:
        """A shipment with this reference: one of them, if there are several (EasyPost docs, Retrieve a Shipment)."""
        try:
            found = self._client.read(Shipment, f"/shipments/{reference}")
        except EasyPostRefusal as refusal:
            if refusal.missing:
                return None
            raise EasyPostUnavailable(carrier=self._name, reason=refusal.reason) from None
        if found.reference != reference:
            raise EasyPostUnavailable(carrier=self._name, reason="its answer is about something else")
        return found

    def open(self, body: Mapping[str, object]) -> Shipment:
        """A shipment like this, found by its reference or made. Raises `EasyPostRefusal`."""
        return self.find(str(body["reference"])) or self.make(body)

    def make(self, body: Mapping[str, object]) -> Shipment:
        """A new shipment, with its rates. Nothing is bought. Raises `EasyPostRefusal`."""
        return self._client.make(Shipment, "/shipments", {"shipment": body})

    def elect(self, known: Sequence[Shipment]) -> list[Shipment]:
        """For each shipment the one of its reference that counts: bought, or the oldest.

        Everybody who looks after a shipment of a reference was made finds the same one: a list that shows
        the shipment in hand shows all that are older, and is refused if it does not.
        """
        if all(shipment.bought for shipment in known):
            return list(known)
        times = [shipment.created_at for shipment in known]
        since, until = min(times) - _APART, max(times) + _APART
        # First those without a label, then those with one, so that the last of all is one that is bought, if any is;
        # what is bought between the two looks is seen in both.
        listed = [*self._listed("false", since, until), *self._listed("true", since, until)]
        return [self._elected(shipment, listed) for shipment in known]

    def buy(self, shipment: Shipment, rate_id: str) -> Shipment:
        """Buy a shipment, or give it as it was bought. Raises `EasyPostRefusal` for a definite no."""
        try:
            bought = self._client.commit(Shipment, f"/shipments/{shipment.id}/buy", {"rate": {"id": rate_id}})
        except EasyPostRefusal as refusal:
            if refusal.code == ALREADY_BOUGHT:
                bought = self._again(shipment)
            elif refusal.code in MAYBE_BOUGHT or refusal.missing:
                raise EasyPostUnknown(carrier=self._name, reason=refusal.code) from None
            else:
                raise
        if not bought.bought or bought.id != shipment.id or not bought.tracking_code:
            raise EasyPostUnknown(carrier=self._name, reason="its answer has no label")
        return bought

    def rate_again(self, shipment: Shipment) -> Shipment:
        """The shipment with rates of now (EasyPost docs, Regenerate Rates for a Shipment)."""
        rates = self._client.make(Rates, f"/shipments/{shipment.id}/rerate").rates
        return shipment.model_copy(update={"rates": rates})

    def give_back(self, shipment: Shipment) -> None:
        """Refund a bought shipment, once. Raises `EasyPostRefusal` (EasyPost docs, Refund a Shipment).

        A refund that was rejected may be asked for again; where the carrier bills when it scans
        (``not_applicable``), there is nothing to be given back.
        """
        if shipment.given_back or shipment.refund_status == "not_applicable":
            return
        try:
            status = self._client.commit(Shipment, f"/shipments/{shipment.id}/refund").refund_status
        except EasyPostRefusal:
            # Another caller may have been faster.
            if not self._again(shipment).given_back:
                raise
            return
        if status == "rejected":
            raise EasyPostRefusal("rejected")
        if status not in ("submitted", "refunded", "not_applicable"):
            raise EasyPostUnknown(carrier=self._name, reason="its answer says nothing of a refund")

    def _again(self, shipment: Shipment) -> Shipment:
        try:
            return self._client.read(Shipment, f"/shipments/{shipment.id}")
        except (EasyPostRefusal, EasyPostUnavailable) as error:
            raise EasyPostUnknown(carrier=self._name, reason=error.reason) from None

    def _elected(self, shipment: Shipment, listed: Sequence[Shipment]) -> Shipment:
        alike = [other for other in listed if other.reference == shipment.reference]
        if shipment.id not in {other.id for other in alike}:
            raise EasyPostUnavailable(carrier=self._name, reason="its list is behind")
        return alike[-1]

    def _listed(self, purchased: str, since: datetime, until: datetime) -> list[Shipment]:
        """Every shipment made in a span of time, newest first (EasyPost docs, Retrieve a list of Shipments)."""
        query = {
            "purchased": purchased,
            "page_size": str(_PAGE_SIZE),
            "start_datetime": _written(since),
            "end_datetime": _written(until),
        }
        found: list[Shipment] = []
        while True:
            try:
                page = self._client.read(ShipmentPage, "/shipments", **query)
            except EasyPostRefusal as refusal:
                raise EasyPostUnavailable(carrier=self._name, reason=refusal.reason) from None
            found += page.shipments
            if not page.has_more or not page.shipments:
                return found
            query["before_id"] = page.shipments[-1].id


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
