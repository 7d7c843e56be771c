"""A kit has no stock of its own: it is promised, shipped and returned by its components."""

from collections.abc import Callable

import pytest

from commerce.inventory import (
    Demand,
    InventoryService,
    Kit,
    KitHasNoStock,
    KitPart,
    NotHeld,
    OutOfStock,
    StockMode,
    StockUnits,
    UnknownStockItem,
)
from commerce.kernel import InvalidValue
from commerce.testing.conformance.inventory import want


@pytest.fixture
def kits(service: InventoryService) -> InventoryService:
    """A set of two A and one B, of which there are five and two."""
    service.define_kit("SET", {"B": 1, "A": 2})
    return service


def test_as_many_kits_as_the_scarcest_component_allows(kits: InventoryService) -> None:
    assert kits.availability(["SET", "A", "NONE"]) == {"SET": 2, "A": 5, "NONE": 0}
    assert kits.availability(["SET"], location_id="far") == {"SET": 0}
    kits.configure("A", "near", mode=StockMode.UNTRACKED)
    assert kits.availability(["SET"]) == {"SET": 2}
    kits.configure("B", "near", mode=StockMode.TRACKED)
    assert kits.availability(["SET"]) == {"SET": None}


def test_kits_and_loose_units_are_one_demand(kits: InventoryService) -> None:
    with pytest.raises(OutOfStock, match="5 of A available, 6 wanted"):
        kits.reserve("k", want(SET=2, A=2))
    hold = kits.reserve("k", [*want(SET=1), *want(A=1), *want(SET=1)])
    assert [(line.sku, line.quantity) for line in hold.lines] == [("A", 5), ("B", 2)]
    assert hold.demand == (Demand(sku="A", quantity=1), Demand(sku="SET", quantity=2))
    assert kits.availability(["SET", "A", "B"]) == {"SET": 0, "A": 0, "B": 0}


def test_a_kit_leaves_and_returns_as_what_was_held_for_it(kits: InventoryService) -> None:
    """The recipe of the hold counts, whatever the kit is made of by then."""
    kits.reserve("order", want(SET=2))
    kits.define_kit("SET", {"A": 1})
    kits.ship("order", {"SET": 1}, part="parcel")
    with pytest.raises(NotHeld):
        kits.ship("order", {"SET": 2}, part="parcel-2")
    kits.release_units("order", {"SET": 1}, part="cancel")
    assert kits.availability(["A", "B", "SET"]) == {"A": 3, "B": 1, "SET": 3}
    kits.restock_shipped("order", {"SET": 1}, part="return")
    kits.restock("gift back", [StockUnits(sku="SET", location_id="far", quantity=2)])
    assert kits.availability(["A", "B", "SET"]) == {"A": 7, "B": 2, "SET": 7}
    assert kits.reconcile() == []


def test_a_kit_is_rejected_by_component(kits: InventoryService) -> None:
    kits.receive_many("far", [StockUnits(sku="SET", location_id="far", quantity=1)])
    kits.reserve("order", want(SET=1), location_id="near")
    kits.reject("order", "near", {"SET": 1}, part="torn")
    assert {line.location_id: line.open for line in kits.reservation("order").lines if line.sku == "A"} == {  # type: ignore[union-attr]
        "near": 0,
        "far": 2,
    }


def test_only_components_are_counted(kits: InventoryService) -> None:
    acts: tuple[Callable[[], object], ...] = (
        lambda: kits.configure("SET", "near"),
        lambda: kits.adjust("x", "SET", "near", 1),
        lambda: kits.count("x", "SET", "near", 1),
        lambda: kits.transfer("x", "SET", "near", "far", 1),
        lambda: kits.define_kit("BIG SET", {"SET": 2}),
    )
    for act in acts:
        with pytest.raises(KitHasNoStock, match=r"SET is a kit: name its components \('A', 'B'\)"):
            act()


def test_a_kit_must_make_sense(kits: InventoryService) -> None:
    with pytest.raises(InvalidValue, match="A is itself in a kit"):
        kits.define_kit("A", {"B": 1})
    with pytest.raises(InvalidValue, match="SELF is itself in a kit"):
        kits.define_kit("SELF", {"SELF": 1})
    kits.receive("c", "C", "near", 1)
    with pytest.raises(InvalidValue, match="C has stock of its own"):
        kits.define_kit("C", {"A": 1})
    with pytest.raises(InvalidValue, match="quantity"):
        kits.define_kit("SET", {"A": 0})
    assert list(kits.kits(["SET", "A"])) == [
        Kit(sku="SET", parts=(KitPart(sku="A", quantity=2), KitPart(sku="B", quantity=1)))
    ]
    kits.define_kit("GHOST", {"NOTHING": 1})
    with pytest.raises(UnknownStockItem, match="NOTHING"):
        kits.reserve("k", want(GHOST=1))
    kits.define_kit("SET", {})
    with pytest.raises(UnknownStockItem, match="SET"):
        kits.reserve("k", want(SET=1))
