"""A stand-in GHN on loopback, and the carrier that speaks to it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from attrs import define, evolve, field
from commerce_ghn import GHNCarrier, GHNSettings
from pydantic import SecretStr

from commerce.kernel import Address
from commerce.shipping import LabelRequest, PackedUnits, Parcel
from commerce.testing.carriers.ghn import GHNServer

TOKEN, SECRET = "n0t-f0r-l0gs-t0ken", "n0t-f0r-l0gs-s3cr3t"

Asks = Callable[..., LabelRequest]

_ONE = (PackedUnits(line_id="l1", quantity=1),)


@define
class World:
    """The time, which stands still until it is moved."""

    now: datetime = field(factory=lambda: datetime(2026, 3, 2, 5, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **passed: int) -> None:
        self.now += timedelta(**passed)


@pytest.fixture
def world() -> World:
    """The time."""
    return World()


@pytest.fixture(scope="session")
def running() -> Iterator[GHNServer]:
    """One GHN for all tests."""
    with GHNServer(token=TOKEN, notice_secret=SECRET) as server:
        yield server


@pytest.fixture
def server(running: GHNServer, world: World) -> GHNServer:
    """GHN, as it is on its first day."""
    running.start_over()
    running.clock = world
    running.shop_id, running.notice_header = 885, "x-ghn-secret"
    running.not_found, running.listed = "ORDER_NOT_FOUND", False
    return running


@pytest.fixture(scope="session")
def network() -> Iterator[httpx.HTTPTransport]:
    """Real connections, and the certificates that they would need read once."""
    with httpx.HTTPTransport() as transport:
        yield transport


@pytest.fixture
def settings(server: GHNServer) -> GHNSettings:
    """As a shop sets the plugin up."""
    return GHNSettings(
        token=SecretStr(TOKEN),
        shop_id=server.shop_id,
        base_url=server.url,
        phone="02871000000",
        notice_secret=SecretStr(SECRET),
        timeout=0.5,
    )


@pytest.fixture
def carrier(settings: GHNSettings, network: httpx.HTTPTransport) -> GHNCarrier:
    """The carrier. Its connections are the network's, which are given back at the end."""
    return GHNCarrier(settings, transport=network)


@pytest.fixture
def saigon() -> Address:
    """Where a customer lives."""
    return Address(
        country="VN",
        region="Hồ Chí Minh",
        city="Phường Sài Gòn",
        lines=("72 Lê Thánh Tôn",),
        name="Trần Minh Anh",
        phone="+84 987 654 321",
    )


@pytest.fixture
def asks(saigon: Address) -> Asks:
    """Makes a purchase of a label for one light parcel, with changes."""

    def asks(key: str = "key-1", **changes: Any) -> LabelRequest:
        light = Parcel(contents=_ONE, weight_grams=600, dimensions_mm=(250, 201, 80))
        wish = LabelRequest(key=key, service="", destination=saigon, parcels=(light,), reference="order-1")
        return evolve(wish, **changes)

    return asks
