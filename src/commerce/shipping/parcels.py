"""Parcels, and packing goods into boxes: pure, in whole grams and whole millimetres.

First-fit decreasing: the bulkiest units first, each into the first open box that has room, a new box (the
largest) where none has; in the end each box is changed for the smallest that holds its contents. A unit fits if
its sides, shortest to longest, fit those of the box, and if volumes and weights of all contents together do;
how they lie in it is not searched, so leave some air in the stated dimensions of boxes.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import prod

from attrs import define, field, frozen

from commerce.kernel import InvalidValue, Item
from commerce.shipping.errors import ParcelsMismatch, TooLargeToPack, UnavailableReason
from commerce.shipping.events import ShipmentLine

__all__ = ["Box", "Goods", "PackedUnits", "Parcel", "pack", "require_packed", "volumetric_grams"]

Dimensions = tuple[int, int, int]


@frozen(kw_only=True)
class Box:
    """A box to pack into: usable dimensions in millimetres, own weight and largest total weight in grams."""

    name: str
    dimensions_mm: Dimensions = field()
    max_weight_grams: int = field()
    tare_grams: int = field(default=0)

    @dimensions_mm.validator
    def _sides(self, _: object, dimensions: Dimensions) -> None:
        if not all(type(side) is int and side > 0 for side in dimensions):
            raise InvalidValue(field="dimensions_mm", reason=f"box {self.name}: pass whole millimetres above zero")

    @max_weight_grams.validator
    def _heavier_than_itself(self, _: object, grams: int) -> None:
        if type(grams) is not int or type(self.tare_grams) is not int or not 0 <= self.tare_grams < grams:
            raise InvalidValue(field="max_weight_grams", reason=f"box {self.name}: pass whole grams above its own")

    @property
    def volume_mm3(self) -> int:
        """What it holds, in cubic millimetres."""
        return prod(self.dimensions_mm)


@frozen(kw_only=True)
class Goods:
    """Units of one line to be packed."""

    line_id: str
    item: Item
    quantity: int


@frozen(kw_only=True)
class PackedUnits:
    """Units of one line in one parcel."""

    line_id: str
    quantity: int = field()

    @quantity.validator
    def _some(self, _: object, quantity: int) -> None:
        if type(quantity) is not int or quantity < 1:
            raise InvalidValue(field="quantity", reason=f"{quantity!r} units cannot be packed: pass 1 or more")


@frozen(kw_only=True)
class Parcel:
    """What travels as one piece. ``weight_grams`` is all of it, box included.

    Without a box it has no dimensions, and its volume is that of its contents as far as it is known.
    """

    contents: tuple[PackedUnits, ...]
    weight_grams: int = field()
    dimensions_mm: Dimensions | None = None
    volume_mm3: int = field()
    box: str = ""

    @volume_mm3.default
    def _of_the_box(self) -> int:
        return prod(self.dimensions_mm or (0,))

    @weight_grams.validator
    def _whole(self, _: object, grams: int) -> None:
        if type(grams) is not int or grams < 0:
            raise InvalidValue(field="weight_grams", reason=f"{grams!r} is no weight: pass whole grams")


def volumetric_grams(volume_mm3: int, divisor: int) -> int:
    """The weight a carrier charges for volume, rounded up: cubic centimetres / ``divisor`` are kilograms.

    Cubic millimetres over the same divisor are grams, since both units are a thousand times smaller.

    >>> volumetric_grams(400 * 300 * 200, 5000)
    4800
    """
    return -(-volume_mm3 // divisor)


@define
class _Filling:
    """A box being filled. ``largest`` are the longest of all contents' shortest, middle and longest sides."""

    box: Box
    contents: dict[str, int] = field(factory=dict)
    volume: int = 0
    grams: int = 0
    largest: Dimensions = (0, 0, 0)

    def room(self, item: Item, wanted: int) -> int:
        """How many of ``wanted`` units it still holds."""
        sides = _sides(item)
        if not _inside(sides, self.box):
            return 0
        if item.weight_grams:
            free = self.box.max_weight_grams - self.box.tare_grams - self.grams
            wanted = min(wanted, free // item.weight_grams)
        return min(wanted, (self.box.volume_mm3 - self.volume) // prod(sides))

    def put(self, goods: Goods, count: int) -> None:
        sides = _sides(goods.item)
        self.contents[goods.line_id] = self.contents.get(goods.line_id, 0) + count
        self.volume += prod(sides) * count
        self.grams += goods.item.weight_grams * count
        shortest, middle, longest = map(max, self.largest, sides)
        self.largest = (shortest, middle, longest)

    def close(self, boxes: Sequence[Box]) -> Parcel:
        """As a parcel, in the first box that holds it."""
        box = next(box for box in boxes if self._held_by(box))
        return Parcel(
            contents=_packed(self.contents),
            weight_grams=self.grams + box.tare_grams,
            dimensions_mm=box.dimensions_mm,
            box=box.name,
        )

    def _held_by(self, box: Box) -> bool:
        return (
            _inside(self.largest, box)
            and self.volume <= box.volume_mm3
            and self.grams + box.tare_grams <= box.max_weight_grams
        )


def pack(goods: Sequence[Goods], boxes: Sequence[Box] = ()) -> tuple[Parcel, ...]:
    """Every unit into exactly one parcel; without boxes, all into one.

    Raises `TooLargeToPack` for a unit that no box holds, or whose dimensions are not stated though there are boxes.
    """
    if not goods:
        return ()
    if not boxes:
        return (_loose(goods),)
    by_size = sorted(boxes, key=lambda box: (box.volume_mm3, box.max_weight_grams, box.name))
    filling: list[_Filling] = []
    for wanted in sorted(goods, key=_bulk):
        left = wanted.quantity
        for parcel in filling:
            if count := parcel.room(wanted.item, left):
                parcel.put(wanted, count)
                left -= count
        while left:
            fresh = _Filling(_largest_for(wanted.item, by_size))
            count = fresh.room(wanted.item, left)
            fresh.put(wanted, count)
            filling.append(fresh)
            left -= count
    return tuple(parcel.close(by_size) for parcel in filling)


def require_packed(lines: Sequence[ShipmentLine], parcels: Sequence[Parcel]) -> None:
    """Refuse parcels that do not contain every unit exactly once, with `ParcelsMismatch`."""
    wanted = _count((line.line_id, line.quantity) for line in lines)
    packed = _count((units.line_id, units.quantity) for parcel in parcels for units in parcel.contents)
    for line_id in (*wanted, *packed):
        if wanted.get(line_id, 0) != packed.get(line_id, 0):
            raise ParcelsMismatch(line_id=line_id, packed=packed.get(line_id, 0), wanted=wanted.get(line_id, 0))


def _count(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line_id, quantity in pairs:
        counts[line_id] = counts.get(line_id, 0) + quantity
    return counts


def _packed(contents: Mapping[str, int]) -> tuple[PackedUnits, ...]:
    return tuple(PackedUnits(line_id=line_id, quantity=count) for line_id, count in contents.items())


def _loose(goods: Sequence[Goods]) -> Parcel:
    return Parcel(
        contents=_packed(_count((units.line_id, units.quantity) for units in goods)),
        weight_grams=sum(units.item.weight_grams * units.quantity for units in goods),
        volume_mm3=sum(prod(units.item.dimensions_mm or (0,)) * units.quantity for units in goods),
    )


def _sides(item: Item) -> Dimensions:
    """The sides, shortest first; a thing has at least a millimetre of each."""
    if item.dimensions_mm is None:
        raise TooLargeToPack(sku=item.sku, reason=UnavailableReason.DIMENSIONS_UNKNOWN)
    shortest, middle, longest = sorted(item.dimensions_mm)
    return max(shortest, 1), max(middle, 1), max(longest, 1)


def _inside(sides: Dimensions, box: Box) -> bool:
    return all(side <= room for side, room in zip(sides, sorted(box.dimensions_mm), strict=True))


def _bulk(goods: Goods) -> tuple[int, int]:
    """Bulkiest first; the sort is stable, so ties keep the order of the lines."""
    return -prod(_sides(goods.item)), -goods.item.weight_grams


def _largest_for(item: Item, by_size: Sequence[Box]) -> Box:
    for box in reversed(by_size):
        if _Filling(box).room(item, 1):
            return box
    sides = _sides(item)
    heavy = any(_inside(sides, box) for box in by_size)
    raise TooLargeToPack(sku=item.sku, reason=UnavailableReason.TOO_HEAVY if heavy else UnavailableReason.TOO_LARGE)
