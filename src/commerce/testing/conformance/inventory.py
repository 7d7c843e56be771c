"""What every storage of stock promises."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from commerce.inventory import (
    Demand,
    Incoming,
    InventoryService,
    InventoryUnit,
    Kit,
    KitPart,
    Movement,
    MovementReason,
    Reservation,
    ReservationNotFound,
    ReservationStatus,
    ReservedLine,
    StockItem,
    StockLocation,
    StockMode,
)
from commerce.kernel import InvalidValue, StaleVersion
from commerce.runtime import Begin, Storage, unit_of_work
from commerce.testing.conformance.storage import NOW, StorageConformance

__all__ = ["InventoryConformance", "inventory_on", "stocked", "want"]


def inventory_on(storage: Storage, passed: Callable[[], timedelta] = timedelta) -> InventoryService:
    """The inventory service over a storage; it is so long after `NOW`, and nobody wants events."""
    begin = unit_of_work(storage, "inventory", lambda: NOW + passed(), lambda _: False, lambda: None)
    return InventoryService(begin=begin, clock=lambda: NOW + passed())


def stocked(service: InventoryService, **units: int) -> InventoryService:
    """Units of SKUs at ``near``; ``far`` exists and is empty."""
    service.add_location(StockLocation(id="near", name="Near"))
    service.add_location(StockLocation(id="far", name="Far", priority=1))
    for sku, quantity in units.items():
        service.receive(f"first {sku}", sku, "near", quantity)
    return service


def want(**units: int) -> list[Demand]:
    """A demand in the order given."""
    return [Demand(sku=sku, quantity=quantity) for sku, quantity in units.items()]


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

    def test_refuses_what_would_not_fit(self, inventory: Begin[InventoryUnit]) -> None:
        """The longest texts are kept as they are; longer ones, and what no database keeps, are an `InvalidValue`."""
        place, sku, key = "p" * 64, "S" * 128, "k" * 100
        here: dict[str, Any] = {"sku": sku, "location_id": place}
        receipt = Movement(key="r" * 255, reason=MovementReason.RECEIVE, at=NOW, on_hand=2, **here)
        service = InventoryService(inventory, lambda: NOW)
        service.add_location(StockLocation(id=place, name="n" * 255, country="AT"))
        with inventory() as uow:
            assert uow.stock.book([receipt])
        service.reserve(key, [Demand(sku=sku, quantity=2)])
        service.ship(key, {sku: 1}, part="p" * 100)
        service.release(key)
        assert service.reconcile() == []
        for odd in ("", "x" * 256, "a\0b", "\ud800"):
            for make in (
                lambda: StockLocation(id=odd, name=""),  # noqa: B023 - called at once
                lambda: Demand(sku=odd, quantity=1),  # noqa: B023
                lambda: StockItem(sku=odd, location_id=place),  # noqa: B023
                lambda: evolve(receipt, key=odd),  # noqa: B023
                lambda: Kit(sku=odd, parts=()),  # noqa: B023
                lambda: KitPart(sku=odd, quantity=1),  # noqa: B023
                lambda: Incoming(key="k", sku=sku, quantity=1, location_id=odd, due_at=NOW),  # noqa: B023
                lambda: service.reserve(odd, []),  # noqa: B023
                lambda: service.release_units(key, {}, part=odd),  # noqa: B023
                lambda: service.receive(odd, sku, place, 1),  # noqa: B023
                lambda: service.receive("k", odd, place, 1),  # noqa: B023
                lambda: service.count(odd, sku, place, 1),  # noqa: B023
                lambda: service.adjust("k", odd, place, 1),  # noqa: B023
            ):
                with pytest.raises(InvalidValue):
                    make()

    def test_looking_for_what_no_storage_keeps_is_no_crash(self, inventory: Begin[InventoryUnit]) -> None:
        """It is found nowhere, or refused with an `InvalidValue`."""
        service = InventoryService(inventory, lambda: NOW)
        for odd in ("a\0b", "\ud800"):
            with contextlib.suppress(InvalidValue):
                assert service.availability([odd]) == {odd: 0}
            with pytest.raises((InvalidValue, ReservationNotFound)):
                service.commit(odd)

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

    def test_freed_and_held_in_one_booking_need_not_be_free_before(self, inventory: Begin[InventoryUnit]) -> None:
        """A row is changed by what its movements come to, while the ledger keeps each."""
        with inventory() as uow:
            assert uow.stock.book([_moved("h", MovementReason.RESERVE, "A", "z", reserved=5)])
        swap = [
            _moved("h", MovementReason.RELEASE, "A", "z", reserved=-5),
            _moved("i", MovementReason.RESERVE, "A", "z", reserved=4),
        ]
        with inventory() as uow:
            assert uow.stock.book(swap)
            assert [(i.reserved, i.available) for i in uow.stock.items(["A"])] == [(4, 1), (0, 3)]
            assert len(uow.stock.movements("A")) == 5

    def test_what_is_held_is_not_transferred(self, inventory: Begin[InventoryUnit]) -> None:
        """Only free units change place."""
        with inventory() as uow:
            assert uow.stock.book([_moved("h", MovementReason.RESERVE, "A", "z", reserved=4)])
        with pytest.raises(ZeroDivisionError), inventory() as uow:
            assert not uow.stock.book([_moved("t", MovementReason.TRANSFER, "A", "z", on_hand=-2)])
            raise ZeroDivisionError
        with inventory() as uow:
            assert uow.stock.book([_moved("t", MovementReason.TRANSFER, "A", "z", on_hand=-1)])

    def test_allowances_have_dates(self, inventory: Begin[InventoryUnit]) -> None:
        """Before the release preorders may be owed, from then on backorders, until their end."""
        rules = StockItem(
            sku="A",
            location_id="z",
            preorder_limit=1,
            released_at=NOW + timedelta(days=1),
            backorder_limit=3,
            backorder_until=NOW + timedelta(days=2),
        )
        with inventory() as uow:
            uow.stock.configure(rules)
            item = uow.stock.items(["A"])[0]
            assert (item.released_at, item.backorder_until) == (rules.released_at, rules.backorder_until)
        for days, most in ((0, 6), (1, 8), (2, 5)):
            for units, fits in ((most + 1, False), (most, True)):
                with pytest.raises(ZeroDivisionError), inventory() as uow:
                    hold = _moved("h", MovementReason.RESERVE, "A", "z", reserved=units)
                    assert uow.stock.book([evolve(hold, at=NOW + timedelta(days=days))]) is fits
                    raise ZeroDivisionError

    @pytest.mark.parametrize("shards", [1, 3])
    def test_shards_change_no_answer(self, inventory: Begin[InventoryUnit], shards: int) -> None:
        """However many rows an item has: the same units, to the last one, and then none."""
        with inventory() as uow:
            uow.stock.configure(StockItem(sku="A", location_id="z", shards=shards, safety_stock=1))
            assert uow.stock.book([_moved("in", MovementReason.RECEIVE, "A", "z", on_hand=31)])
        taken = 0
        for n in range(40):
            with contextlib.suppress(ZeroDivisionError), inventory() as uow:
                uow.stock.items(["A"])
                if not uow.stock.book([_moved(f"h{n}", MovementReason.RESERVE, "A", "z", reserved=1 + n % 3)]):
                    raise ZeroDivisionError
                taken += 1 + n % 3
            with inventory() as uow:
                item = uow.stock.items(["A"])[0]
                assert (item.on_hand, item.reserved) == (36, taken)
                assert uow.stock.drift() == []
        assert taken == 35
        with inventory() as uow:
            uow.stock.items(["A"])
            assert uow.stock.book([_moved("back", MovementReason.RELEASE, "A", "z", reserved=-30)])
            assert uow.stock.book([_moved("less", MovementReason.ADJUST, "A", "z", on_hand=-20)])
            assert (uow.stock.locked("A", "z").on_hand, uow.stock.items(["A"])[0].available) == (16, 10)
        with inventory() as uow:
            uow.stock.configure(StockItem(sku="A", location_id="z"))
            assert uow.stock.book([_moved("all", MovementReason.RESERVE, "A", "z", reserved=11)])
            assert uow.stock.drift() == []

    @pytest.mark.parametrize("reason", [MovementReason.ADJUST, MovementReason.TRANSFER, MovementReason.COUNT])
    def test_units_that_leave_are_promised_to_nobody(
        self, inventory: Begin[InventoryUnit], reason: MovementReason
    ) -> None:
        """In however many rows they were."""
        with inventory() as uow:
            assert uow.stock.book([_moved("in", MovementReason.RECEIVE, "A", "z", on_hand=31)])
            uow.stock.configure(StockItem(sku="A", location_id="z", shards=3))
        with inventory() as uow:
            assert uow.stock.book([_moved("out", reason, "A", "z", on_hand=-34)])
        for units, fits in ((3, False), (2, True)):
            with contextlib.suppress(ZeroDivisionError), inventory() as uow:
                assert uow.stock.items(["A"])[0].available == 2
                assert uow.stock.book([_moved("h", MovementReason.RESERVE, "A", "z", reserved=units)]) is fits
                if not fits:
                    raise ZeroDivisionError
        with inventory() as uow:
            assert uow.stock.drift() == []

    def test_lapsed_units_are_told(self, inventory: Begin[InventoryUnit]) -> None:
        """Asked for a moment, counters say how many of the held units are in holds out of time by then."""
        due = NOW + timedelta(minutes=5)
        line = ReservedLine(sku="A", location_id="z", quantity=3, shipped=1)
        with inventory() as uow:
            assert uow.stock.book([_moved("h", MovementReason.RESERVE, "A", "z", reserved=4)])
            uow.reservations.add(Reservation(id="r1", key="k1", lines=(line,), expires_at=due))
            committed = ReservationStatus.COMMITTED
            uow.reservations.add(Reservation(id="r2", key="k2", lines=(line,), status=committed, expires_at=due))
        with inventory() as uow:
            told = [[i.lapsed for i in uow.stock.items(["A"], at)] for at in (None, NOW, due)]
            assert told == [[0, 0], [0, 0], [2, 0]]
            assert [hold.key for hold in uow.reservations.lapsed(due, 9, ["B", "A"])] == ["k1"]
            assert list(uow.reservations.lapsed(due, 9, ["B"])) == []

    def test_kits_are_kept(self, inventory: Begin[InventoryUnit]) -> None:
        """Found by their own SKU and by their components; redefined, and undone."""
        kit = Kit(sku="SET", parts=(KitPart(sku="A", quantity=2), KitPart(sku="B", quantity=1)))
        with inventory() as uow:
            uow.stock.define(evolve(kit, parts=(KitPart(sku="C", quantity=9),)))
            uow.stock.define(kit)
        with inventory() as uow:
            assert list(uow.stock.kits(["A", "SET"])) == [kit]
            assert list(uow.stock.kits_of(["B", "A"])) == [kit]
            assert list(uow.stock.kits_of(["C", "SET"])) == []
            uow.stock.define(evolve(kit, parts=()))
            assert list(uow.stock.kits(["SET"])) == []

    def test_deliveries_are_expected_until_they_come(self, inventory: Begin[InventoryUnit]) -> None:
        """By SKU soonest first, by key all of it; a key is one delivery."""
        later, soon = (
            Incoming(key=key, sku="A", quantity=4, location_id="z", due_at=NOW + timedelta(days=days))
            for key, days in (("po-1", 3), ("po-2", 1))
        )
        with inventory() as uow:
            uow.stock.expect([later])
            uow.stock.expect([soon])
        with inventory() as uow:
            assert list(uow.stock.incoming(["A", "B"])) == [soon, later]
            assert list(uow.stock.delivery("po-1")) == [later]
            uow.stock.reschedule("po-1", NOW)
            uow.stock.unexpect("po-2")
            assert list(uow.stock.incoming(["A"])) == [evolve(later, due_at=NOW)]

    def test_many_holds_are_saved_or_none(self, inventory: Begin[InventoryUnit]) -> None:
        """A sweep over a hold that somebody changed meanwhile is refused as a whole."""
        with inventory() as uow:
            for n in range(3):
                uow.reservations.add(Reservation(id=f"r{n}", key=f"k{n}", lines=()))
        with inventory() as uow:
            holds = [hold for n in range(3) if (hold := uow.reservations.by_key(f"k{n}"))]
            stale = [hold.snapshot() for hold in holds]
            uow.reservations.save_all(holds[:2])
            uow.reservations.save_all([])
            assert [hold.version for hold in holds] == [2, 2, 1]
        with pytest.raises(StaleVersion), inventory() as uow:
            uow.reservations.save_all(stale)
        with inventory() as uow:
            kept = [uow.reservations.by_key(f"k{n}") for n in range(3)]
            assert [hold.version for hold in kept if hold] == [2, 2, 1]

    def test_the_ledger_only_grows_and_knows_its_keys(self, inventory: Begin[InventoryUnit]) -> None:
        """Every movement is there, oldest first."""
        with inventory() as uow:
            assert [m.on_hand for m in uow.stock.booked("in-z")] == [5]
            assert list(uow.stock.booked("in")) == []
            assert [(m.key, m.location_id, m.on_hand, m.at) for m in uow.stock.movements("A")] == [
                ("in-z", "z", 5, NOW),
                ("in-a", "a", 3, NOW),
            ]

    def test_a_movement_is_booked_once(self, inventory: Begin[InventoryUnit]) -> None:
        """Key, reason, item and place again are a race lost, even in one booking; with one of them changed, not."""
        once = _moved("in", MovementReason.RECEIVE, "A", "z", on_hand=1)
        with pytest.raises(StaleVersion), inventory() as uow:
            uow.stock.book([once, once])
        with inventory() as uow:
            assert uow.stock.book([once, evolve(once, location_id="a"), evolve(once, reason=MovementReason.RESTOCK)])
        with pytest.raises(StaleVersion), inventory() as uow:
            uow.stock.book([evolve(once, on_hand=2)])
        with inventory() as uow:
            assert [item.on_hand for item in uow.stock.items(["A"])] == [7, 4]
            assert len(uow.stock.booked("in")) == 3

    def test_reservations_are_kept_whole(self, inventory: Begin[InventoryUnit]) -> None:
        """Found by key, field by field; lapsed ones are listed; a stale save is refused."""
        due = NOW + timedelta(minutes=5)
        wish = (Demand(sku="A", quantity=3),)
        line = ReservedLine(sku="A", location_id="z", quantity=3, shipped=1, released=1, returned=1)
        kit = Kit(sku="SET", parts=(KitPart(sku="A", quantity=3),))
        with inventory() as uow:
            uow.reservations.add(
                Reservation(id="r1", key="k1", lines=(line,), demand=wish, kits=(kit,), expires_at=due, done=("p1",))
            )
            uow.reservations.add(Reservation(id="r2", key="k2", lines=(), status=ReservationStatus.COMMITTED))
        with inventory() as uow:
            one = uow.reservations.by_key("k1")
            assert one is not None
            assert one.kits == (kit,)
            assert (one.lines, one.demand, one.expires_at, one.done, one.version) == ((line,), wish, due, ("p1",), 1)
            assert uow.reservations.by_key("k3") is None
            assert list(uow.reservations.lapsed(NOW, 9)) == []
            assert [hold.key for hold in uow.reservations.lapsed(due, 9)] == ["k1"]
            stale = uow.reservations.by_key("k1")
            assert stale is not None
            uow.reservations.save(one)
            with pytest.raises(StaleVersion):
                uow.reservations.save(stale)
