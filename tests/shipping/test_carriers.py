"""The carriers that ship keep what every carrier promises."""

import pytest
from tests.shipping.requests import BERLIN, euros

from commerce.adapters.flat_rate import FlatRateCarrier
from commerce.kernel import Address
from commerce.shipping import Ability, Carrier, LabelRequest, PackedUnits, Parcel, PickupPoint
from commerce.testing.carriers import FakeCarrier
from commerce.testing.conformance.carrier import CarrierConformance


class TestFlatRate(CarrierConformance):
    @pytest.fixture
    def carrier(self) -> Carrier:
        return FlatRateCarrier(prices={"": euros("4.00"), "evening": euros("6.00")})


class TestFlatRateWithoutPrices(CarrierConformance):
    @pytest.fixture
    def carrier(self) -> Carrier:
        return FlatRateCarrier()


class TestFake(CarrierConformance):
    @pytest.fixture
    def carrier(self) -> Carrier:
        points = [PickupPoint(id=f"p{n}", name="Shop", address=BERLIN) for n in range(5)]
        carrier = FakeCarrier()
        carrier.points = points
        return carrier


class TestFakeThatCanNothing(CarrierConformance):
    @pytest.fixture
    def carrier(self) -> Carrier:
        return FakeCarrier(abilities=frozenset())


def request(key: str = "key-1", to: Address = BERLIN) -> LabelRequest:
    parcel = Parcel(contents=(PackedUnits(line_id="l1", quantity=1),), weight_grams=200)
    return LabelRequest(key=key, service="", destination=to, parcels=(parcel, parcel), reference="order-1")


def test_flat_rate_numbers_check_themselves() -> None:
    """ISO/IEC 7064 MOD 97-10: the whole number leaves 1, so one wrong digit leaves something else."""
    label = FlatRateCarrier().buy_label(request())
    for number in label.tracking_numbers:
        assert len(number) == 18
        assert int(number) % 97 == 1
        assert int(number[:-1] + str((int(number[-1]) + 1) % 10)) % 97 != 1


def test_flat_rate_remembers_without_a_memory() -> None:
    """Another process gives the same label for the same key."""
    prices = {"": euros("4.00")}
    first, second = FlatRateCarrier(prices=prices), FlatRateCarrier(prices=prices)
    assert first.buy_label(request()) == second.buy_label(request())
    assert first.buy_label(request()).cost == euros("8.00")
    assert first.abilities == {Ability.VOID, Ability.RATES}


def test_flat_rate_prints_the_address_and_nobodys_commands() -> None:
    to = Address(country="DE", city="Ber^XZlin", lines=("~JA Weg 1\n2",), name="Erika Mustermann")
    text = FlatRateCarrier().buy_label(request(to=to)).data.decode()
    assert text.count("^XA") == text.count("^XZ") == 2
    assert "Ber XZlin" in text
    assert "~" not in text
    assert "JA Weg 1 2" in text
    assert "Erika Mustermann" in text
