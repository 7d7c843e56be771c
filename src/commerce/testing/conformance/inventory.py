"""What every storage of stock promises."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from commerce.inventory import (
    Demand,
    InventoryUnit,
    Movement,
    MovementReason,
    Reservation,
    ReservationStatus,
    ReservedLine,
    StockItem,
    StockLocation,
    StockMode,
)
from commerce.kernel import StaleVersion
from commerce.runtime import Begin
from commerce.testing.conformance.storage import NOW, StorageConformance

__all__ = ["InventoryConformance"]


def _moved(key: str, reason: MovementReason, sku: str, place: str, **by: int) -> Movement:
    return Movement(key=key, reason=reason, sku=sku, location_id=place, at=NOW, **by)


class InventoryConformance(StorageConformance):
    """Counters guard themselves, the ledger proves them, and a key is held once."""

    @pytest.fixture
    def inventory(self, begin: Callable[[str], Begin[Any]]) -> Begin[InventoryUnit]:
        """Transactions of the inventory module: two places, 5 and 3 units of A."""
        start: Begin[InventoryUnit] = begin("inventory")
        with start() as uow:
            uow.stock.add_location(StockLocation(id="z", name="Near", priority=0))
            uow.stock.add_location(StockLocation(id="a", name="Far", priority=1, country="AT"))
            for place, units in (("z", 5), ("a", 3)):
                assert uow.stock.book([_moved(f"in-{place}", MovementReason.RECEIVE, "A", place, on_hand=units)])
        return start

    def test_asks_places_by_priority(self, inventory: Begin[InventoryUnit]) -> None:
        """Counters come in the order in which places are to be asked."""
        with inventory() as uow:
            assert [(item.location_id, item.on_hand) for item in uow.stock.items(["A", "B"])] == [("z", 5), ("a", 3)]
            uow.stock.add_location(StockLocation(id="a", name="Far", priority=-1, country="AT"))
            assert [item.location_id for item in uow.stock.items(["A"])] == ["a", "z"]

    def test_rules_change_and_counters_stay(self, inventory: Begin[InventoryUnit]) -> None:
        """Configuring touches no count."""
        rules = StockItem(sku="A", location_id="z", safety_stock=2, backorder_limit=1, mode=StockMode.TRACKED)
        with inventory() as uow:
            uow.stock.configure(rules)
            (item, _) = uow.stock.items(["A"])
        assert (item.on_hand, item.safety_stock, item.backorder_limit, item.mode) == (5, 2, 1, StockMode.TRACKED)

    def test_a_hold_refuses_by_itself(self, inventory: Begin[InventoryUnit]) -> None:
        """What is available may be held, one more may not, and a refusal changes nothing once rolled back."""
        with inventory() as uow:
            uow.stock.configure(StockItem(sku="A", location_id="z", safety_stock=1, backorder_limit=2))
            assert uow.stock.book([_moved("h1", MovementReason.RESERVE, "A", "z", reserved=6)])
        with pytest.raises(ZeroDivisionError), inventory() as uow:
            both = [_moved("h2", MovementReason.RESERVE, "A", place, reserved=1) for place in ("z", "a")]
            assert not uow.stock.book(both)
            raise ZeroDivisionError
        with inventory() as uow:
            assert [(i.reserved, i.promisable(NOW)) for i in uow.stock.items(["A"])] == [(6, 0), (0, 3)]
            assert uow.stock.drift() == []

    def test_no_counter_becomes_negative(self, inventory: Begin[InventoryUnit]) -> None:
        """Neither on hand nor reserved, unless the item is sold without limit."""
        for by in ({"on_hand": -6}, {"reserved": -1}):
            with pytest.raises(ZeroDivisionError), inventory() as uow:
                assert not uow.stock.book([_moved("x", MovementReason.ADJUST, "A", "z", **by)])
                raise ZeroDivisionError
        with inventory() as uow:
            uow.stock.configure(StockItem(sku="A", location_id="z", mode=StockMode.TRACKED))
            assert uow.stock.book([_moved("y", MovementReason.ADJUST, "A", "z", on_hand=-6)])

    def test_the_ledger_only_grows_and_knows_its_keys(self, inventory: Begin[InventoryUnit]) -> None:
        """Every movement is there, oldest first."""
        with inventory() as uow:
            assert [m.on_hand for m in uow.stock.booked("in-z")] == [5]
            assert list(uow.stock.booked("in")) == []
            assert [(m.key, m.location_id, m.on_hand, m.at) for m in uow.stock.movements("A")] == [
                ("in-z", "z", 5, NOW),
                ("in-a", "a", 3, NOW),
            ]

    def test_reservations_are_kept_whole(self, inventory: Begin[InventoryUnit]) -> None:
        """Found by key, field by field; lapsed ones are listed; a stale save is refused."""
        due = NOW + timedelta(minutes=5)
        wish = (Demand(sku="A", quantity=3),)
        line = ReservedLine(sku="A", location_id="z", quantity=3, shipped=1, released=1)
        with inventory() as uow:
            uow.reservations.add(
                Reservation(id="r1", key="k1", lines=(line,), demand=wish, expires_at=due, done=("p1",))
            )
            uow.reservations.add(Reservation(id="r2", key="k2", lines=(), status=ReservationStatus.COMMITTED))
        with inventory() as uow:
            one = uow.reservations.by_key("k1")
            assert one is not None
            assert (one.lines, one.demand, one.expires_at, one.done, one.version) == ((line,), wish, due, ("p1",), 1)
            assert uow.reservations.by_key("k3") is None
            assert list(uow.reservations.lapsed(NOW, 9)) == []
            assert [hold.key for hold in uow.reservations.lapsed(due, 9)] == ["k1"]
            stale = uow.reservations.by_key("k1")
            assert stale is not None
            uow.reservations.save(one)
            with pytest.raises(StaleVersion):
                uow.reservations.save(stale)
