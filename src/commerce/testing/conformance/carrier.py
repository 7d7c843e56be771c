"""What every carrier promises, by its abilities."""

import pytest

from commerce.kernel import Address
from commerce.shipping import (
    Ability,
    Carrier,
    CarrierCannot,
    CarrierNotice,
    CarrierRateRequest,
    LabelRequest,
    NoticeRejected,
    PackedUnits,
    Parcel,
)

__all__ = ["CarrierConformance"]

_PARCELS = tuple(
    Parcel(contents=(PackedUnits(line_id=f"l{n}", quantity=1),), weight_grams=500 + n, dimensions_mm=(300, 200, 100))
    for n in range(2)
)


class CarrierConformance:
    """Subclass it and give a fixture ``carrier``. What a carrier does not claim it must refuse.

    Override ``destination``, ``service`` and ``currency`` where the defaults are not served.
    """

    destination = Address(
        country="DE", postal_code="10117", city="Berlin", lines=("Unter den Linden 1",), name="Erika Mustermann"
    )
    service = ""
    currency = "EUR"

    @pytest.fixture
    def carrier(self) -> Carrier:
        """A carrier. To be given by the subclass."""
        raise NotImplementedError

    def request(self, key: str) -> LabelRequest:
        """A purchase of a label for two parcels."""
        return LabelRequest(
            key=key, service=self.service, destination=self.destination, parcels=_PARCELS, reference="order-1"
        )

    def test_has_a_name_and_abilities(self, carrier: Carrier) -> None:
        """Both are data, the same at every look; who sends notices can be asked."""
        assert carrier.name == carrier.name != ""
        assert carrier.abilities == carrier.abilities <= frozenset(Ability)
        assert Ability.NOTICES not in carrier.abilities or Ability.TRACKING in carrier.abilities

    def test_sells_one_label_per_key(self, carrier: Carrier) -> None:
        """Bought again with its key, it is the same label, to the byte; with another key another."""
        first = carrier.buy_label(self.request("conformance-1"))
        again = carrier.buy_label(self.request("conformance-1"))
        other = carrier.buy_label(self.request("conformance-2"))
        assert again == first
        assert other.reference != first.reference
        assert not set(other.tracking_numbers) & set(first.tracking_numbers)

    def test_numbers_every_parcel(self, carrier: Carrier) -> None:
        """A label has something to print, a reference, and a tracking number of its own for each parcel."""
        label = carrier.buy_label(self.request("conformance-3"))
        assert label.reference
        assert label.data
        assert label.format == label.format.lower() != ""
        assert len(set(label.tracking_numbers)) == len(_PARCELS)

    def test_takes_labels_back(self, carrier: Carrier) -> None:
        """Once, twice, without its reference, or a label that was never bought: the same end."""
        if Ability.VOID not in carrier.abilities:
            with pytest.raises(CarrierCannot):
                carrier.void("conformance-4", "")
            return
        label = carrier.buy_label(self.request("conformance-4"))
        carrier.void("conformance-4", label.reference)
        carrier.void("conformance-4", label.reference)
        carrier.void("conformance-4")
        carrier.void("conformance-never-bought")

    def test_says_what_it_costs(self, carrier: Carrier) -> None:
        """Prices are in the currency asked for, each service once, none below zero."""
        request = CarrierRateRequest(destination=self.destination, parcels=_PARCELS, currency=self.currency)
        if Ability.RATES not in carrier.abilities:
            with pytest.raises(CarrierCannot):
                carrier.rates(request)
            return
        rates = carrier.rates(request)
        assert len({rate.service for rate in rates}) == len(rates) > 0
        assert all(rate.price.currency.code == self.currency and rate.price.minor >= 0 for rate in rates)

    def test_tracks_what_it_sold(self, carrier: Carrier) -> None:
        """Each event is about the parcel that was asked for."""
        number = carrier.buy_label(self.request("conformance-5")).tracking_numbers[0]
        if Ability.TRACKING not in carrier.abilities:
            with pytest.raises(CarrierCannot):
                carrier.track(number)
            return
        assert {event.tracking_number for event in carrier.track(number)} <= {number}

    def test_finds_pickup_points(self, carrier: Carrier) -> None:
        """No more than asked for, each once."""
        if Ability.PICKUP_POINTS not in carrier.abilities:
            with pytest.raises(CarrierCannot):
                carrier.pickup_points(self.destination)
            return
        points = carrier.pickup_points(self.destination, 3)
        assert len({point.id for point in points}) == len(points) <= 3

    def test_believes_no_stranger(self, carrier: Carrier) -> None:
        """A notice without the carrier's signature is rejected, whatever it says."""
        notice = CarrierNotice(body=b"[]", headers={})
        with pytest.raises(NoticeRejected if Ability.NOTICES in carrier.abilities else CarrierCannot):
            carrier.parse_notice(notice)
