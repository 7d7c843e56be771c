"""One stand-in for EasyPost for the whole run; each test brings keys of its own."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import evolve
from commerce_easypost import EasyPostCarrier, EasyPostPlugin

from commerce.kernel import Address
from commerce.payments import RawNotice
from commerce.shipping import CarrierNotice, CarrierRateRequest, LabelRequest, PackedUnits, Parcel
from commerce.testing.carriers.easypost import EasyPostServer

Make = Callable[..., EasyPostCarrier]

SENDER = Address(
    country="US",
    region="CA",
    postal_code="94104",
    city="San Francisco",
    lines=("417 Montgomery Street", "5th Floor"),
    company="Tees",
    phone="4153334445",
)
RECEIVER = Address(
    country="US",
    region="CA",
    postal_code="90277",
    city="Redondo Beach",
    lines=("179 N Harbor Dr",),
    name="Quillfeather Zebulon",
    phone="8573875756",
    email="zebulon@example.com",
)


class Asker:
    """What a test asks a carrier, with a key of its own, the same in every call."""

    sender, receiver = SENDER, RECEIVER

    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, count: int = 1, **changes: Any) -> LabelRequest:
        """A purchase of so many parcels."""
        asked = LabelRequest(
            key=self.key,
            service="USPS:Priority",
            destination=RECEIVER,
            parcels=self.parcels(count),
            reference="order-1",
        )
        return evolve(asked, **changes)

    def rates(self, count: int = 1, **changes: Any) -> CarrierRateRequest:
        """What they cost."""
        asked = CarrierRateRequest(destination=RECEIVER, parcels=self.parcels(count), currency="USD")
        return evolve(asked, **changes)

    def parcels(self, count: int) -> tuple[Parcel, ...]:
        """Each another weight."""
        return tuple(
            Parcel(
                contents=(PackedUnits(line_id=f"l{n}", quantity=1),),
                weight_grams=500 + n,
                dimensions_mm=(200, 300, 100),
            )
            for n in range(count)
        )

    def notice(self, raw: RawNotice) -> CarrierNotice:
        """A notice as a host hands it over."""
        return CarrierNotice(body=raw.body, headers=raw.headers)


@pytest.fixture(scope="session")
def running() -> Iterator[EasyPostServer]:
    with EasyPostServer(api_key="EZTK-5e1f-not-for-logs", webhook_secret="geheim-é-not-for-logs") as server:
        yield server


@pytest.fixture
def server(running: EasyPostServer) -> EasyPostServer:
    """The stand-in, with nothing scripted, sold or waiting."""
    running.reset()
    running.shipments.clear()
    running.trackers.clear()
    running.bought.clear()
    return running


@pytest.fixture(scope="session")
def make(running: EasyPostServer) -> Iterator[Make]:
    """Carriers with settings of the test's own, as processes of their own have them. Equal ones are one."""
    made: dict[str, EasyPostPlugin] = {}

    def make(process: int = 0, **settings: Any) -> EasyPostCarrier:
        name = f"{process} {sorted(settings.items())!r}"
        if name not in made:
            made[name] = EasyPostPlugin(
                **{
                    "api_key": running.api_key,
                    "webhook_secret": running.webhook_secret,
                    "sender": SENDER,
                    "base_url": running.url,
                    "timeout": 20,
                    **settings,
                }
            )
        return made[name].carrier

    yield make
    for plugin in made.values():
        plugin.close()


@pytest.fixture
def carrier(make: Make, server: EasyPostServer) -> EasyPostCarrier:
    return make()


_COUNT = itertools.count(1)


@pytest.fixture
def ask() -> Asker:
    return Asker(f"ship/{next(_COUNT)} é")
