"""Choosing a price: pure, and able to say why."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from attrs import evolve, frozen

from commerce.kernel import CurrencyMismatch, Item, Line, Price, Rounding
from commerce.pricing.errors import OverlappingPrices
from commerce.pricing.exchange import Conversion, ExchangeRate, convert
from commerce.pricing.model import ListKind, PriceContext, PriceEntry, PriceList

__all__ = ["NoPrice", "PriceBook", "Selected", "Tried", "cheaper", "price_line"]


@frozen(kw_only=True)
class Tried:
    """One list that was looked at, and why it was or was not taken.

    ``outcome`` is ``taken``, ``dearer`` (a sale list above the regular price),
    ``outranked``, ``no_entry`` (no price for so few units, or for this moment), ``held``
    (an earlier price that was promised), or the condition that failed: ``currency``,
    ``channel``, ``country``, ``group``, ``not_started``, ``ended``, ``disabled``.
    """

    list_id: str
    name: str
    outcome: str
    price: Price | None = None


@frozen(kw_only=True)
class Selected:
    """The price of an item, the regular price it undercuts (if any), and the trace.

    ``tier`` is the number of units from which this price holds, ``floor`` what no promotion takes a unit
    below. ``exchange_rate`` is there if the price was converted: it belongs on the order.
    """

    price: Price
    list_id: str
    tax_included: bool
    list_price: Price | None = None
    trace: tuple[Tried, ...] = ()
    tier: int = 1
    floor: Price | None = None
    exchange_rate: ExchangeRate | None = None

    def reprice(self, change: Callable[[Price], Price]) -> "Selected":
        """The same in other terms: each of its prices changed, as another currency or a tax does."""
        return evolve(
            self,
            price=change(self.price),
            list_price=self.list_price and change(self.list_price),
            floor=self.floor and change(self.floor),
        )


@frozen(kw_only=True)
class NoPrice:
    """Nobody gave this item a price in this context."""

    sku: str
    trace: tuple[Tried, ...] = ()


class PriceBook:
    """Some lists and their entries, indexed by SKU.

    With a ``conversion``, an item without a price in the currency asked for takes its
    price in the conversion's base currency, converted.
    """

    def __init__(
        self, lists: Iterable[PriceList], entries: Iterable[PriceEntry], conversion: Conversion | None = None
    ) -> None:
        self._lists = {plist.id: plist for plist in sorted(lists, key=lambda p: (-p.priority, p.id))}
        self._entries: dict[str, dict[str, list[PriceEntry]]] = {}
        self._conversion = conversion
        for entry in entries:
            plist = self._lists.get(entry.list_id)
            if plist is None:
                continue
            if entry.price.amount.currency.code != plist.currency:
                raise CurrencyMismatch(expected=plist.currency, actual=entry.price.currency.code)
            self._entries.setdefault(entry.sku, {}).setdefault(entry.list_id, []).append(entry)

    def select(self, sku: str, quantity: int, context: PriceContext) -> Selected | NoPrice:
        """The price of one unit when ``quantity`` are bought.

        The regular price comes from the base or override list of highest
        priority, then with most conditions matched, then cheapest; within a list
        from the highest tier that ``quantity`` reaches. A sale list replaces it
        only if it is cheaper; of those that are, the same order decides. Two prices
        of one list for the same units at that moment raise `OverlappingPrices`.
        """
        return self._asked(context).select(sku, quantity)

    def select_all(
        self, wanted: Mapping[str, tuple[str, int]], context: PriceContext
    ) -> Mapping[str, Selected | NoPrice]:
        """`select` for many lines: line id -> (sku, quantity).

        The quantity tier of a line counts all lines with its SKU, so that splitting
        a line changes nothing.
        """
        asked = self._asked(context)
        chosen = {sku: asked.select(sku, quantity) for sku, quantity in units_by_sku(wanted).items()}
        return {line_id: chosen[sku] for line_id, (sku, _) in wanted.items()}

    def _asked(self, context: PriceContext) -> "_Asked":
        asked = _Asked(self._lists.values(), self._entries, context)
        conversion = self._conversion
        if conversion is not None and conversion.rate.target == context.currency.code:
            there = evolve(context, currency=conversion.rate.base)
            asked.fallback = _Asked(self._lists.values(), self._entries, there), conversion
        return asked


def units_by_sku(wanted: Mapping[str, tuple[str, int]]) -> dict[str, int]:
    """How many units of each SKU all lines want together."""
    together: dict[str, int] = {}
    for sku, quantity in wanted.values():
        together[sku] = together.get(sku, 0) + quantity
    return together


class _Row:
    """A list as one context sees it: whether it holds, and how specific it is. Worked out once for all items."""

    __slots__ = ("none", "place", "plist", "rank", "refused", "sale")

    def __init__(self, place: int, plist: PriceList, context: PriceContext) -> None:
        self.place = place
        self.plist = plist
        self.refused = plist.refuses(context)
        self.sale = plist.kind is ListKind.SALE
        self.rank = -plist.priority, -plist.conditions
        self.none = Tried(list_id=plist.id, name=plist.name, outcome=self.refused or "no_entry")


class _Offer:
    __slots__ = ("entry", "row")

    def __init__(self, row: _Row, entry: PriceEntry) -> None:
        self.row = row
        self.entry = entry

    def before(self, other: "_Offer | None") -> bool:
        """By priority, then conditions matched, then price; the place of the list makes it deterministic."""
        if other is None or self.row.rank != other.row.rank:
            return other is None or self.row.rank < other.row.rank
        one, two = self.entry.price, other.entry.price
        if cheaper(one, two) or cheaper(two, one):
            return cheaper(one, two)
        return self.row.place < other.row.place

    def dearer(self, regular: "_Offer | None") -> bool:
        """Whether this is of a sale list, but not below the regular price."""
        return self.row.sale and regular is not None and not cheaper(self.entry.price, regular.entry.price)


class _Asked:
    """Selection in one context."""

    def __init__(
        self,
        lists: Iterable[PriceList],
        entries: Mapping[str, Mapping[str, Sequence[PriceEntry]]],
        context: PriceContext,
    ) -> None:
        self._rows = {plist.id: _Row(place, plist, context) for place, plist in enumerate(lists)}
        self._entries = entries
        self._at = context.at
        self.fallback: tuple[_Asked, Conversion] | None = None

    def select(self, sku: str, quantity: int) -> Selected | NoPrice:
        looked: list[tuple[int, _Row, _Offer | None]] = []
        regular: _Offer | None = None
        sales: list[_Offer] = []
        for list_id, entries in self._entries.get(sku, {}).items():
            row = self._rows[list_id]
            entry = None if row.refused else _tier(entries, quantity, self._at)
            if entry is None:
                looked.append((row.place, row, None))
                continue
            offer = _Offer(row, entry)
            looked.append((row.place, row, offer))
            if row.sale:
                sales.append(offer)
            elif offer.before(regular):
                regular = offer
        chosen = regular
        for sale in sales:
            if not sale.dearer(regular) and (chosen is regular or sale.before(chosen)):
                chosen = sale
        looked.sort()  # by place, which no two lists share
        trace = tuple([row.none if offer is None else _tried(offer, chosen, regular) for _, row, offer in looked])
        if chosen is None:
            return self._converted(sku, quantity, trace)
        return Selected(
            price=chosen.entry.price,
            list_id=chosen.row.plist.id,
            tax_included=chosen.row.plist.tax_included,
            list_price=regular.entry.price if regular and regular is not chosen else None,
            trace=trace,
            tier=chosen.entry.min_quantity,
            floor=chosen.entry.floor,
        )

    def _converted(self, sku: str, quantity: int, trace: tuple[Tried, ...]) -> Selected | NoPrice:
        if self.fallback is None:
            return NoPrice(sku=sku, trace=trace)
        asked, conversion = self.fallback
        found = asked.select(sku, quantity)
        said = {tried.list_id: tried for tried in trace}
        trace = tuple(said[tried.list_id] if tried.outcome == "currency" else tried for tried in found.trace)
        if isinstance(found, NoPrice):
            return NoPrice(sku=sku, trace=trace)
        found = found.reprice(lambda price: convert(price, conversion.rate, conversion.rounding))
        regular = found.list_price
        return evolve(
            found,
            list_price=regular if regular and cheaper(found.price, regular) else None,
            trace=trace,
            exchange_rate=conversion.rate,
        )


def _tried(offer: _Offer, chosen: _Offer | None, regular: _Offer | None) -> Tried:
    outcome = "taken" if offer is chosen else "dearer" if offer.dearer(regular) else "outranked"
    plist = offer.row.plist
    return Tried(list_id=plist.id, name=plist.name, outcome=outcome, price=offer.entry.price)


def cheaper(one: Price, other: Price) -> bool:
    """Whether a unit costs less, however many units the prices are given for."""
    return one.amount.minor * other.per < other.amount.minor * one.per


def _tier(entries: Iterable[PriceEntry], quantity: int, at: datetime) -> PriceEntry | None:
    best: PriceEntry | None = None
    for entry in entries:
        units = entry.min_quantity
        if units > quantity or (best is not None and units < best.min_quantity) or not entry.valid(at):
            continue
        if best is not None and units == best.min_quantity:
            raise OverlappingPrices(list_id=entry.list_id, sku=entry.sku, min_quantity=units)
        best = entry
    return best


def price_line(line_id: str, item: Item, quantity: int, selected: Selected, rounding: Rounding) -> Line:
    """A kernel line at the selected price, its subtotal rounded once."""
    return Line(
        id=line_id,
        item=item,
        quantity=quantity,
        unit_price=selected.price,
        subtotal=selected.price.times(quantity, rounding),
        list_price=selected.list_price,
        price_list=selected.list_id,
    )
