"""GHN passes the suite that every carrier passes, over real HTTP against the stand-in."""

import httpx
import pytest
from commerce_ghn import AddressLevels, GHNCarrier, GHNSettings

from commerce.kernel import Address
from commerce.shipping import Carrier
from commerce.testing.carriers.ghn import GHNServer
from commerce.testing.conformance.carrier import CarrierConformance


class TestGHN(CarrierConformance):
    destination = Address(
        country="VN",
        region="Hồ Chí Minh",
        city="Phường Sài Gòn",
        lines=("72 Lê Thánh Tôn",),
        name="Trần Minh Anh",
        phone="0987654321",
    )
    currency = "VND"

    @pytest.fixture
    def carrier(self, settings: GHNSettings, network: httpx.HTTPTransport) -> Carrier:
        return GHNCarrier(settings, transport=network)


class TestGHNWithoutNotices(TestGHN):
    """Nobody's notices are taken where there is no secret for them."""

    @pytest.fixture
    def settings(self, settings: GHNSettings) -> GHNSettings:
        return settings.model_copy(update={"notice_secret": None})


class TestGHNAsItAnsweredBefore(TestGHN):
    """Found orders in a list; that there is none only in a sentence."""

    @pytest.fixture(autouse=True)
    def _before(self, server: GHNServer) -> None:
        server.listed, server.not_found = True, ""


class TestGHNWithDistricts(TestGHN):
    """Addresses as they were written until 1 July 2025."""

    destination = Address(
        country="VN",
        region="Hồ Chí Minh",
        city="Quận 10",
        lines=("72 Thành Thái", "Phường 14"),
        name="Trần Minh Anh",
        phone="0987654321",
    )

    @pytest.fixture
    def settings(self, settings: GHNSettings) -> GHNSettings:
        return settings.model_copy(update={"address_levels": AddressLevels.WARD_DISTRICT_PROVINCE})
