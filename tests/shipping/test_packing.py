"""Packing: every unit in exactly one parcel, and no parcel too full."""

from collections import Counter
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shipping.requests import boxes, goods, item

from commerce.kernel import InvalidValue
from commerce.shipping import Box, Goods, PackedUnits, Parcel, TooLargeToPack, UnavailableReason, pack, volumetric_grams

SMALL = Box(name="S", dimensions_mm=(200, 150, 100), max_weight_grams=2000, tare_grams=50)
LARGE = Box(name="L", dimensions_mm=(600, 400, 300), max_weight_grams=20_000, tare_grams=400)


def _counts(parcels: tuple[Parcel, ...]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for parcel in parcels:
        for units in parcel.contents:
            counted[units.line_id] += units.quantity
    return counted


@given(goods, boxes)
def test_every_unit_is_in_exactly_one_parcel(wanted: list[Goods], available: tuple[Box, ...]) -> None:
    asked = Counter({units.line_id: units.quantity for units in wanted})
    assert _counts(pack(wanted, available)) == _counts(pack(wanted)) == asked


@given(goods, boxes)
def test_no_parcel_is_too_full(wanted: list[Goods], available: tuple[Box, ...]) -> None:
    by_id = {units.line_id: units.item for units in wanted}
    by_name = {box.name: box for box in available}
    for parcel in pack(wanted, available):
        box = by_name[parcel.box]
        contents = [(by_id[units.line_id], units.quantity) for units in parcel.contents]
        grams = sum(of.weight_grams * count for of, count in contents)
        assert parcel.weight_grams == grams + box.tare_grams <= box.max_weight_grams
        assert sum(prod(of.dimensions_mm or ()) * count for of, count in contents) <= box.volume_mm3
        for of, _ in contents:
            sides = sorted(of.dimensions_mm or ())
            assert all(side <= room for side, room in zip(sides, sorted(box.dimensions_mm), strict=True))


@given(goods, boxes)
def test_packing_is_the_same_every_time(wanted: list[Goods], available: tuple[Box, ...]) -> None:
    assert pack(wanted, available) == pack(wanted, available[::-1])


def test_a_parcel_takes_the_smallest_box_that_holds_it() -> None:
    mug = Goods(line_id="l1", item=item("MUG", 300, (100, 100, 90)), quantity=1)
    (parcel,) = pack([mug], (LARGE, SMALL))
    assert (parcel.box, parcel.weight_grams, parcel.volume_mm3) == ("S", 350, 3_000_000)
    many = pack([Goods(line_id="l1", item=mug.item, quantity=81)], (LARGE, SMALL))
    assert [(parcel.box, parcel.contents[0].quantity) for parcel in many] == [("L", 65), ("L", 16)]


def test_small_things_fill_the_gaps_of_large_ones() -> None:
    large = Goods(line_id="l1", item=item("CHAIR", 3000, (600, 400, 250)), quantity=1)
    small = Goods(line_id="l2", item=item("SOCKS", 50, (100, 80, 30)), quantity=10)
    (parcel,) = pack([small, large], (LARGE, SMALL))
    assert parcel.contents == (
        PackedUnits(line_id="l1", quantity=1),
        PackedUnits(line_id="l2", quantity=10),
    )


@pytest.mark.parametrize(
    ("size", "grams", "reason"),
    [
        ((700, 100, 100), 100, UnavailableReason.TOO_LARGE),
        ((100, 100, 100), 19_601, UnavailableReason.TOO_HEAVY),
        (None, 100, UnavailableReason.DIMENSIONS_UNKNOWN),
    ],
)
def test_what_fits_into_no_box_is_refused_with_the_reason(
    size: tuple[int, int, int] | None, grams: int, reason: UnavailableReason
) -> None:
    with pytest.raises(TooLargeToPack) as refused:
        pack([Goods(line_id="l1", item=item("X", grams, size), quantity=1)], (LARGE, SMALL))
    assert refused.value == TooLargeToPack(sku="X", reason=reason)


def test_a_unit_may_lie_on_any_side() -> None:
    (parcel,) = pack([Goods(line_id="l1", item=item("POLE", 100, (10, 600, 10)), quantity=1)], (LARGE,))
    assert parcel.box == "L"


def test_without_boxes_all_travels_together() -> None:
    wanted = [
        Goods(line_id="l1", item=item(grams=200, size=(10, 10, 10)), quantity=2),
        Goods(line_id="l2", item=item(grams=50, size=None), quantity=1),
    ]
    (parcel,) = pack(wanted)
    assert (parcel.weight_grams, parcel.volume_mm3, parcel.dimensions_mm) == (450, 2000, None)
    assert pack([]) == ()


@given(st.integers(0, 10**9), st.integers(1, 10_000))
def test_volumetric_weight_is_rounded_up_to_whole_grams(volume: int, divisor: int) -> None:
    grams = volumetric_grams(volume, divisor)
    assert (grams - 1) * divisor < volume <= grams * divisor or grams == volume == 0


def test_volumetric_weight_of_a_known_box() -> None:
    """40 x 30 x 20 cm are 24,000 cubic centimetres: 4.8 kg at a divisor of 5000, 4 kg at 6000."""
    volume = 400 * 300 * 200
    assert (volumetric_grams(volume, 5000), volumetric_grams(volume, 6000)) == (4800, 4000)


@pytest.mark.parametrize(
    "wrong",
    [{"dimensions_mm": (1, 2, 0)}, {"max_weight_grams": 50}, {"dimensions_mm": (1.5, 2, 3)}, {"tare_grams": -1}],
)
def test_a_box_that_holds_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        Box(**{"name": "S", "dimensions_mm": (10, 10, 10), "max_weight_grams": 50, "tare_grams": 50} | wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_a_weight_is_whole_grams() -> None:
    with pytest.raises(InvalidValue, match="whole grams"):
        Parcel(contents=(), weight_grams=1.5)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("quantity", [0, -1, True, 1.5])
def test_in_a_parcel_are_whole_units_one_or_more(quantity: int) -> None:
    with pytest.raises(InvalidValue, match="quantity"):
        PackedUnits(line_id="l1", quantity=quantity)
