"""Never oversold, never negative, and every hold ends committed, released or expired."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from commerce.inventory import (
    Demand,
    HoldExpired,
    InventoryService,
    LocationNotFound,
    Movement,
    MovementReason,
    NotHeld,
    OutOfStock,
    ReservationNotFound,
    ReservationStatus,
    SameLocation,
    StockMode,
    StockUnits,
    UnknownStockItem,
)
from commerce.kernel import InvalidValue, KeyReused
from commerce.runtime import Storage
from commerce.testing.conformance.inventory import inventory_on, stocked, want
from commerce.testing.conformance.storage import NOW


def test_two_lines_of_one_item_are_one_demand(service: InventoryService) -> None:
    with pytest.raises(OutOfStock, match="5 of A available, 6 wanted"):
        service.reserve("k", [*want(A=3), *want(A=3)])
    assert service.availability(["A"]) == {"A": 5}


def test_all_or_nothing_is_held(service: InventoryService) -> None:
    with pytest.raises(OutOfStock):
        service.reserve("k", want(A=1, B=3))
    assert service.availability(["A", "B"]) == {"A": 5, "B": 2}
    assert service.reservation("k") is None


def test_the_same_key_holds_once(service: InventoryService) -> None:
    first = service.reserve("k", want(A=2))
    assert service.reserve("k", want(A=2)).id == first.id
    assert service.availability(["A"]) == {"A": 3}
    service.release("k")
    service.release("k")
    service.release("unheard of")
    assert service.availability(["A"]) == {"A": 5}
    assert service.reserve("k", want(A=5)).live(NOW), "a released key may hold anew"


def test_a_key_stands_for_one_wish(service: InventoryService) -> None:
    service.reserve("k", want(A=2))
    with pytest.raises(KeyReused):
        service.reserve("k", want(A=3))
    with pytest.raises(KeyReused):
        service.reserve("k", want(A=2, B=1))
    service.receive("in", "A", "far", 1)
    with pytest.raises(KeyReused):
        service.receive("in", "A", "far", 2)
    with pytest.raises(KeyReused):
        service.restock("in", [StockUnits(sku="A", location_id="far", quantity=1)])
    assert service.availability(["A", "B"]) == {"A": 4, "B": 2}


def test_a_key_held_anew_ships_its_parts_anew(service: InventoryService) -> None:
    """A part is once per hold, not once per key for ever."""
    for _ in range(2):
        service.reserve("order", want(A=1))
        service.ship("order", {"A": 1}, part="parcel-1")
        service.release("order")
    assert [m.on_hand for m in service.movements("A") if m.reason is MovementReason.SHIP] == [-1, -1]
    assert service.reconcile() == []


def test_what_was_never_reserved_cannot_leave(service: InventoryService) -> None:
    acts: tuple[Callable[[], None], ...] = (
        lambda: service.commit("none"),
        lambda: service.ship("none", {"A": 1}, part="p"),
        lambda: service.release_units("none", {"A": 1}, part="p"),
        lambda: service.restock_shipped("none", {"A": 1}, part="p"),
    )
    for act in acts:
        with pytest.raises(ReservationNotFound, match="nothing was reserved with key none"):
            act()


def test_parts_of_two_orders_may_share_a_name(service: InventoryService) -> None:
    for order in ("one", "two"):
        service.reserve(order, want(A=1))
        service.ship(order, {"A": 1}, part="parcel-1")
    assert service.availability(["A"]) == {"A": 3}


def test_a_delivery_told_by_many_at_once_counts_once(any_storage: Storage) -> None:
    service = stocked(inventory_on(any_storage))
    errors: list[Exception] = []

    def receive() -> None:
        try:
            service.receive("truck", "A", "near", 7)
        except Exception as error:  # noqa: BLE001 - none may happen, of whatever kind
            errors.append(error)

    threads = [threading.Thread(target=receive) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert service.availability(["A"]) == {"A": 7}


def test_an_expired_hold_blocks_nobody(service: InventoryService, passed: list[timedelta]) -> None:
    service.reserve("slow", want(A=5, B=1), expires_at=NOW + timedelta(minutes=1))
    with pytest.raises(OutOfStock, match="0 of A available, 1 wanted"):
        service.reserve("quick", want(A=1))
    passed[0] = timedelta(minutes=1)
    assert service.availability(["A", "B"]) == {"A": 5, "B": 2}, "nobody has swept it yet"
    assert service.reservation("slow").status is ReservationStatus.HELD  # type: ignore[union-attr]
    with pytest.raises(OutOfStock, match="5 of A available, 6 wanted"):
        service.reserve("greedy", want(A=6))
    service.reserve("quick", want(A=5))
    with pytest.raises(HoldExpired):
        service.commit("slow")
    with pytest.raises(NotHeld):
        service.ship("slow", {"A": 1}, part="p")
    assert service.reservation("slow").status is ReservationStatus.EXPIRED  # type: ignore[union-attr]
    assert service.reconcile() == []


def test_an_expired_hold_keeps_no_units_in_their_place(service: InventoryService, passed: list[timedelta]) -> None:
    service.reserve("slow", want(A=4), expires_at=NOW + timedelta(minutes=1))
    with pytest.raises(OutOfStock, match="1 of A available, 5 wanted"):
        service.transfer("move", "A", "near", "far", 5)
    passed[0] = timedelta(minutes=1)
    with pytest.raises(OutOfStock, match="5 of A available, 6 wanted"):
        service.transfer("more", "A", "near", "far", 6)
    service.transfer("move", "A", "near", "far", 5)
    assert service.availability(["A"], location_id="far") == {"A": 5}
    assert service.reconcile() == []


def test_a_sweep_that_counters_refuse_changes_nothing(service: InventoryService, passed: list[timedelta]) -> None:
    """Where fewer units are reserved than a hold has, somebody has to look at the books first."""
    service.reserve("slow", want(A=4), expires_at=NOW + timedelta(minutes=1))
    lost = Movement(key="lost", reason=MovementReason.RELEASE, sku="A", location_id="near", at=NOW, reserved=-2)
    with service.begin() as uow:
        assert uow.stock.book([lost])
    passed[0] = timedelta(minutes=1)
    with pytest.raises(OutOfStock):
        service.expire()
    assert service.reservation("slow").status is ReservationStatus.HELD  # type: ignore[union-attr]
    assert len(service.movements("A")) == 3


def test_a_hold_is_invalid_the_moment_it_expires(service: InventoryService, passed: list[timedelta]) -> None:
    service.reserve("k", want(A=1), expires_at=NOW + timedelta(minutes=1))
    passed[0] = timedelta(minutes=1)
    with pytest.raises(HoldExpired, match="reserve again"):
        service.commit("k")
    with pytest.raises(HoldExpired, match="reserve again"):
        service.ship("k", {"A": 1}, part="p")
    again = service.reserve("k", want(A=2))
    assert (again.lines[0].quantity, service.availability(["A"])) == (2, {"A": 3})
    service.commit("k")
    passed[0] = timedelta(days=900)
    assert service.expire() == 0, "what belongs to an order does not expire"


def test_a_thousand_lapsed_holds_are_swept_at_once(service: InventoryService, passed: list[timedelta]) -> None:
    service.receive("many", "A", "near", 295)
    for n in range(150):
        service.reserve(f"slow {n}", want(A=2), expires_at=NOW + timedelta(minutes=1 + n % 2))
    passed[0] = timedelta(minutes=1)
    assert service.expire(limit=10) == 10
    assert service.expire() == 65
    passed[0] = timedelta(minutes=2)
    assert service.expire(skus=["B"]) == 0
    service.reserve("all", want(A=300))
    assert service.expire() == 0
    assert service.reconcile() == []


@pytest.mark.parametrize(
    "until", [timedelta(seconds=58), timedelta(days=31, seconds=2), timedelta(0), timedelta(days=-1)]
)
def test_a_hold_lasts_from_a_minute_to_31_days(service: InventoryService, until: timedelta) -> None:
    with pytest.raises(InvalidValue, match="expires_at: a hold lasts from 1 minute to 31 days"):
        service.reserve("k", want(A=1), expires_at=NOW + until)
    with pytest.raises(InvalidValue, match="timezone-aware"):
        service.reserve("k", want(A=1), expires_at=(NOW + timedelta(hours=1)).replace(tzinfo=None))
    assert service.reservation("k") is None
    service.reserve("short", want(A=1), expires_at=NOW + timedelta(minutes=1))
    service.reserve("long", want(A=1), expires_at=NOW + timedelta(days=31))


def test_a_cart_holds_what_is_held_from_the_cart_on(service: InventoryService, passed: list[timedelta]) -> None:
    service.configure("A", "near", mode=StockMode.RESERVE_ON_CART)
    soon = NOW + timedelta(minutes=5)
    cart = service.hold_cart("cart-1", want(A=5, B=1), expires_at=soon)
    assert [line.sku for line in cart.lines] == ["A"]
    assert service.hold_cart("cart-1", want(A=5, B=1), expires_at=soon).id == cart.id
    service.hold_cart("cart-2", want(A=4, B=2), expires_at=soon, replaces="cart-1")
    assert service.availability(["A", "B"]) == {"A": 1, "B": 2}


def test_a_cart_holds_at_one_place_what_is_there(service: InventoryService) -> None:
    """What waits for the order may lie elsewhere."""
    service.receive("more", "A", "far", 3)
    service.configure("A", "far", mode=StockMode.RESERVE_ON_CART)
    hold = service.hold_cart("cart", want(A=1, B=1), expires_at=NOW + timedelta(minutes=5), location_id="far")
    assert [(line.sku, line.location_id) for line in hold.lines] == [("A", "far")]


def test_a_cart_becomes_an_order_without_a_gap(service: InventoryService, passed: list[timedelta]) -> None:
    """The order's hold replaces the cart's in one step, even when nothing else is left."""
    service.reserve("cart", want(A=5), expires_at=NOW + timedelta(minutes=5))
    for _ in range(2):
        order = service.reserve("order", want(A=5, B=2), replaces="cart")
    assert (order.status, service.availability(["A", "B"])) == (ReservationStatus.HELD, {"A": 0, "B": 0})
    with pytest.raises(HoldExpired):
        service.commit("cart")
    service.commit("order")
    with pytest.raises(OutOfStock):
        service.reserve("thief", want(A=1), replaces="order")
    assert service.reconcile() == []


def test_units_leave_once_per_part(service: InventoryService) -> None:
    service.reserve("order", want(A=4))
    service.commit("order")
    for _ in range(2):
        service.ship("order", {"A": 3}, part="parcel-1")
    with pytest.raises(NotHeld, match="holds 1 of A, not 2"):
        service.ship("order", {"A": 2}, part="parcel-2")
    for _ in range(2):
        service.release_units("order", {"A": 1}, part="cancel-1")
    assert service.availability(["A"]) == {"A": 2}
    assert [(m.reason.value, m.on_hand, m.reserved) for m in service.movements("A")] == [
        ("receive", 5, 0),
        ("reserve", 0, 4),
        ("ship", -3, -3),
        ("release", 0, -1),
    ]


def test_returned_units_are_for_sale_again(service: InventoryService) -> None:
    units = [StockUnits(sku="A", location_id="far", quantity=2)]
    for _ in range(2):
        service.restock("return-1", units)
    assert service.availability(["A"], location_id="far") == {"A": 2}


def test_one_place_with_everything_is_preferred(service: InventoryService) -> None:
    service.receive("more", "A", "far", 9)
    assert [(x.location_id, x.quantity) for x in service.reserve("k1", want(A=7)).lines] == [("far", 7)]
    assert [(x.location_id, x.quantity) for x in service.reserve("k2", want(A=6)).lines] == [("far", 1), ("near", 5)]
    with pytest.raises(OutOfStock):
        service.reserve("k3", want(A=1), location_id="near")
    assert service.reserve("k4", want(A=1), location_id="far").lines[0].location_id == "far"


def test_modes(service: InventoryService) -> None:
    service.configure("FILE", "near", mode=StockMode.UNTRACKED)
    assert service.reserve("k1", want(FILE=1000)).lines == ()
    service.ship("k1", {"FILE": 1000}, part="p")
    service.configure("B", "near", mode=StockMode.TRACKED)
    service.reserve("k2", want(B=10))
    service.ship("k2", {"B": 10}, part="p")
    service.configure("A", "near", safety_stock=4, backorder_limit=1)
    assert service.availability(["A", "B", "FILE", "NONE"]) == {"A": 2, "B": None, "FILE": None, "NONE": 0}
    with pytest.raises(UnknownStockItem, match="NONE has no stock record"):
        service.reserve("k3", want(NONE=1))


def test_counts_and_transfers(service: InventoryService) -> None:
    for _ in range(2):
        service.transfer("t1", "A", "near", "far", 2)
        service.adjust("count-1", "A", "near", -1)
    assert service.availability(["A"], location_id="near") == {"A": 2}
    assert service.availability(["A"], location_id="far") == {"A": 2}
    with pytest.raises(SameLocation):
        service.transfer("t2", "A", "near", "near", 1)
    with pytest.raises(UnknownStockItem):
        service.transfer("t2", "NONE", "near", "far", 1)
    with pytest.raises(KeyReused):
        service.transfer("t1", "A", "near", "far", 1)
    service.reserve("held", want(A=2), location_id="near")
    with pytest.raises(OutOfStock, match="0 of A available, 1 wanted"):
        service.transfer("t4", "A", "near", "far", 1)
    service.release("held")
    with pytest.raises(OutOfStock):
        service.transfer("t3", "A", "near", "far", 99)
    with pytest.raises(OutOfStock):
        service.adjust("count-2", "A", "near", -3)
    with pytest.raises(LocationNotFound):
        service.receive("r", "A", "nowhere", 1)
    assert service.reconcile() == []


def test_a_count_is_the_truth(service: InventoryService) -> None:
    """The difference is booked, once per key, whatever moved in between; held units may be gone."""
    service.reserve("k", want(A=4))
    for _ in range(2):
        assert service.count("take-1", "A", "near", 7) == 2
    assert service.availability(["A"]) == {"A": 3}
    service.receive("more", "A", "near", 1)
    assert service.count("take-1", "A", "near", 7) == 2, "what was counted then, was then"
    with pytest.raises(KeyReused):
        service.count("take-1", "A", "near", 8)
    assert service.count("take-2", "A", "near", 3) == -5
    assert service.count("take-3", "A", "near", 3) == 0
    assert service.availability(["A"]) == {"A": 0}
    with pytest.raises(OutOfStock, match="3 of A available, 4 wanted"):
        service.ship("k", {"A": 4}, part="p")
    assert service.count("take-4", "NEW", "far", 0) == 0
    with pytest.raises(LocationNotFound):
        service.count("take-5", "A", "nowhere", 1)
    assert service.reconcile() == []


def test_a_rejected_location_is_replaced(service: InventoryService) -> None:
    service.receive("more", "A", "far", 3)
    service.reserve("order", want(A=5, B=1))
    service.commit("order")
    service.ship("order", {"A": 1}, part="parcel-1")
    with pytest.raises(OutOfStock, match="3 of A available, 4 wanted"):
        service.reject("order", "near", {"A": 4}, part="torn")
    for _ in range(2):
        service.reject("order", "near", {"A": 2}, part="torn")
    lines = {(x.sku, x.location_id): x.open for x in service.reservation("order").lines}  # type: ignore[union-attr]
    assert lines == {("A", "near"): 2, ("A", "far"): 2, ("B", "near"): 1}
    assert service.availability(["A"], location_id="near") == {"A": 2}
    with pytest.raises(NotHeld, match="holds 2 of A, not 3"):
        service.ship("order", {"A": 3}, part="parcel-2", location_id="far")
    service.ship("order", {"A": 2}, part="parcel-2", location_id="far")
    service.ship("order", {"A": 2, "B": 1}, part="parcel-3", location_id="near")
    with pytest.raises(NotHeld):
        service.reject("order", "near", {"A": 1}, part="late")
    assert service.reconcile() == []


def test_a_hold_that_is_over_is_not_replaced(service: InventoryService, passed: list[timedelta]) -> None:
    service.receive("more", "A", "far", 3)
    service.reserve("slow", want(A=2), expires_at=NOW + timedelta(minutes=1), location_id="near")
    passed[0] = timedelta(minutes=1)
    with pytest.raises(HoldExpired):
        service.reject("slow", "near", {"A": 1}, part="torn")
    assert [(x.location_id, x.open) for x in service.reservation("slow").lines] == [("near", 2)]  # type: ignore[union-attr]


def test_a_wish_sweeps_only_what_stands_in_its_way(service: InventoryService, passed: list[timedelta]) -> None:
    for sku in ("A", "B"):
        service.reserve(f"slow {sku}", want(**{sku: 2}), expires_at=NOW + timedelta(minutes=1))
    passed[0] = timedelta(minutes=1)
    service.reserve("quick", want(A=5))
    found = [service.reservation(f"slow {sku}").status for sku in ("A", "B")]  # type: ignore[union-attr]
    assert found == [ReservationStatus.EXPIRED, ReservationStatus.HELD]


def test_shipped_units_come_back_to_where_they_left(service: InventoryService) -> None:
    service.receive("more", "A", "far", 1)
    service.configure("FILE", "near", mode=StockMode.UNTRACKED)
    service.reserve("order", want(A=6, FILE=1))
    service.ship("order", {"A": 6}, part="all")
    with pytest.raises(NotHeld, match="holds 6 of A, not 7"):
        service.restock_shipped("order", {"A": 7}, part="return-1")
    for _ in range(2):
        service.restock_shipped("order", {"A": 6, "FILE": 1}, part="return-1")
    assert [service.availability(["A"], location_id=place)["A"] for place in ("near", "far")] == [5, 1]


def test_what_came_back_does_not_come_back_again(service: InventoryService) -> None:
    """Each return goes where units are still missing, and all returns together bring no more than left."""
    service.receive("more", "A", "far", 3)
    service.reserve("order", want(A=8))
    service.ship("order", {"A": 4}, part="parcel-1", location_id="near")
    service.ship("order", {"A": 2}, part="parcel-2", location_id="far")
    service.restock_shipped("order", {"A": 3}, part="return-1")
    service.ship("order", {"A": 1}, part="parcel-3", location_id="far")
    for part in ("return-1", "return-2", "return-2"):
        service.restock_shipped("order", {"A": 3}, part=part)
    there = {line.location_id: (line.shipped, line.returned) for line in service.reservation("order").lines}  # type: ignore[union-attr]
    assert there == {"far": (3, 3), "near": (4, 3)}
    with pytest.raises(NotHeld, match="holds 1 of A, not 2"):
        service.restock_shipped("order", {"A": 2}, part="return-3")
    assert [service.availability(["A"], location_id=place)["A"] for place in ("near", "far")] == [3, 3]
    assert service.reconcile() == []


def test_rules_that_make_no_sense_are_refused(service: InventoryService) -> None:
    later = NOW + timedelta(days=1)
    for field, wrong in (
        ("safety_stock", {"safety_stock": -1}),
        ("backorder_limit", {"backorder_limit": -1}),
        ("shards", {"shards": 0}),
        ("shards", {"shards": 65}),
        ("released_at", {"preorder_limit": 1}),
        ("backorder_until", {"backorder_until": later.replace(tzinfo=None)}),
    ):
        with pytest.raises(InvalidValue, match=field):
            service.configure("A", "near", **wrong)
    with pytest.raises(LocationNotFound):
        service.configure("A", "nowhere")
    service.configure("A", "near", mode=StockMode.TRACKED)
    service.adjust("less", "A", "near", -6)
    with pytest.raises(InvalidValue, match="count the item first"):
        service.configure("A", "near")
    service.count("take", "A", "near", 0)
    service.configure("A", "near")
    for odd in (0, True, 1.5, "3"):
        with pytest.raises(InvalidValue, match="difference"):
            service.adjust("none", "A", "near", odd)  # type: ignore[arg-type]


@pytest.mark.parametrize("quantity", [0, -1, True, 1.5])
def test_odd_quantities_are_refused(service: InventoryService, quantity: int) -> None:
    service.reserve("k", want(A=1))
    for attempt in (
        lambda: service.reserve("x", [Demand(sku="A", quantity=quantity)]),
        lambda: service.receive("x", "A", "near", quantity),
        lambda: service.transfer("x", "A", "near", "far", quantity),
        lambda: service.ship("k", {"A": quantity}, part="p"),
    ):
        with pytest.raises(InvalidValue, match="quantity"):
            attempt()
