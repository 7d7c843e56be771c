"""A shop on each storage, a bank outside it, and a clock that moves."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from attrs import define, field

from commerce.app import Commerce
from commerce.payments import OperationKind
from commerce.runtime import Storage
from commerce.testing.builders import a_shop, stock_of
from commerce.testing.conformance.storage import NOW
from commerce.testing.gateways.fake import FakeGateway


@define
class World:
    shop: Commerce
    bank: FakeGateway
    clock: list[timedelta] = field(factory=lambda: [timedelta(0)])

    def later(self, by: timedelta) -> None:
        self.clock[0] += by

    def money(self) -> tuple[int, int]:
        """What the bank has promised and not given or freed, and what it has given, in minor units."""
        done = {kind: self.bank.total(kind).minor for kind in OperationKind}
        taken = done[OperationKind.CAPTURE]
        held = done[OperationKind.AUTHORIZE] - done[OperationKind.VOID] - taken
        return held, taken - done[OperationKind.REFUND]

    def reserved(self) -> int:
        """Units of anything that are held."""
        return sum(stock_of(self.shop, sku)[1] for sku in ("TEE-M", "MUG", "CANDLE"))


@pytest.fixture
def world(any_storage: Storage) -> Iterator[World]:
    clock = [timedelta(0)]
    bank = FakeGateway()
    shop = a_shop(storage=any_storage, gateways={"bank": bank}, clock=lambda: NOW + clock[0])
    yield World(shop, bank, clock)
    bank.close()
