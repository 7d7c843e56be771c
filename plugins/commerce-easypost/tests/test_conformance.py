"""The suite that every carrier passes, over HTTP."""

from collections.abc import Callable

import pytest
from commerce_easypost import EasyPostCarrier

from commerce.kernel import Address
from commerce.testing.carriers.easypost import EasyPostServer
from commerce.testing.conformance.carrier import CarrierConformance

Make = Callable[..., EasyPostCarrier]


class _EasyPost(CarrierConformance):
    destination = Address(
        country="US",
        region="CA",
        postal_code="90277",
        city="Redondo Beach",
        lines=("179 N Harbor Dr",),
        name="Quillfeather Zebulon",
    )
    service = "USPS:Priority"
    currency = "USD"


class TestPdf(_EasyPost):
    @pytest.fixture
    def carrier(self, make: Make, server: EasyPostServer) -> EasyPostCarrier:
        return make()


class TestZpl(_EasyPost):
    @pytest.fixture
    def carrier(self, make: Make, server: EasyPostServer) -> EasyPostCarrier:
        return make(label_format="zpl")


class TestPngWithoutNotices(_EasyPost):
    @pytest.fixture
    def carrier(self, make: Make, server: EasyPostServer) -> EasyPostCarrier:
        return make(label_format="png", webhook_secret=None)
