"""Choosing a price: pure, and able to say why."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from attrs import frozen

from commerce.kernel import Item, Line, Price, Rounding
from commerce.pricing.model import ListKind, PriceChange, PriceContext, PriceEntry, PriceList

__all__ = ["NoPrice", "PriceBook", "Selected", "Tried", "price_line", "reference_price"]

#: The window of EU directive 98/6/EC, article 6a(2).
REFERENCE_WINDOW = timedelta(days=30)


@frozen(kw_only=True)
class Tried:
    """One list that was looked at, and why it was or was not taken.

    ``outcome`` is ``taken``, ``dearer`` (a sale list above the regular price),
    ``outranked``, ``no_entry``, or the condition that failed: ``currency``,
    ``channel``, ``country``, ``group``, ``not_started``, ``ended``, ``disabled``.
    """

    list_id: str
    name: str
    outcome: str
    price: Price | None = None


@frozen(kw_only=True)
class Selected:
    """The price of an item, the regular price it undercuts (if any), and the trace."""

    price: Price
    list_id: str
    tax_included: bool
    list_price: Price | None = None
    trace: tuple[Tried, ...] = ()


@frozen(kw_only=True)
class NoPrice:
    """Nobody gave this item a price in this context."""

    sku: str
    trace: tuple[Tried, ...] = ()


@frozen(kw_only=True)
class _Offer:
    plist: PriceList
    entry: PriceEntry

    @property
    def rank(self) -> tuple[int, int, Fraction, str]:
        """Lowest first: priority, then conditions matched, then price; the id makes it deterministic."""
        unit = Fraction(self.entry.price.amount.minor, self.entry.price.per)
        return -self.plist.priority, -self.plist.conditions, unit, self.plist.id


class PriceBook:
    """Some lists and their entries, indexed by SKU."""

    def __init__(self, lists: Iterable[PriceList], entries: Iterable[PriceEntry]) -> None:
        self._lists = {plist.id: plist for plist in sorted(lists, key=lambda p: (-p.priority, p.id))}
        self._entries: dict[str, dict[str, list[PriceEntry]]] = {}
        for entry in entries:
            self._entries.setdefault(entry.sku, {}).setdefault(entry.list_id, []).append(entry)

    def select(self, sku: str, quantity: int, context: PriceContext) -> Selected | NoPrice:
        """The price of one unit when ``quantity`` are bought.

        The regular price comes from the base or override list of highest
        priority, then with most conditions matched, then cheapest; within a list
        from the highest tier that ``quantity`` reaches. A sale list replaces it
        only if it is cheaper.
        """
        tried: dict[str, Tried] = {}
        offers: list[_Offer] = []
        for list_id, entries in self._entries.get(sku, {}).items():
            plist = self._lists.get(list_id)
            if plist is None:
                continue
            refused = plist.refuses(context)
            tier = None if refused else _tier(entries, quantity, context.at)
            if tier is None:
                tried[list_id] = Tried(list_id=list_id, name=plist.name, outcome=refused or "no_entry")
            else:
                offers.append(_Offer(plist=plist, entry=tier))
                tried[list_id] = Tried(list_id=list_id, name=plist.name, outcome="outranked", price=tier.price)
        chosen, regular = _choose(offers, tried)
        trace = tuple(tried[list_id] for list_id in self._lists if list_id in tried)
        if chosen is None:
            return NoPrice(sku=sku, trace=trace)
        return Selected(
            price=chosen.entry.price,
            list_id=chosen.plist.id,
            tax_included=chosen.plist.tax_included,
            list_price=regular.entry.price if regular and regular is not chosen else None,
            trace=trace,
        )

    def select_all(
        self, wanted: Mapping[str, tuple[str, int]], context: PriceContext
    ) -> Mapping[str, Selected | NoPrice]:
        """`select` for many lines: line id -> (sku, quantity).

        The quantity tier of a line counts all lines with its SKU, so that splitting
        a line changes nothing.
        """
        together: dict[str, int] = {}
        for sku, quantity in wanted.values():
            together[sku] = together.get(sku, 0) + quantity
        chosen = {sku: self.select(sku, quantity, context) for sku, quantity in together.items()}
        return {line_id: chosen[sku] for line_id, (sku, _) in wanted.items()}


def _choose(offers: Sequence[_Offer], tried: dict[str, Tried]) -> tuple[_Offer | None, _Offer | None]:
    def best(some: list[_Offer]) -> _Offer | None:
        return min(some, key=lambda offer: offer.rank, default=None)

    regular = best([offer for offer in offers if offer.plist.kind is not ListKind.SALE])
    sale = best([offer for offer in offers if offer.plist.kind is ListKind.SALE])
    chosen = regular or sale
    if regular and sale:
        if _cheaper(sale.entry.price, regular.entry.price):
            chosen = sale
        else:
            _mark(tried, sale, "dearer")
    if chosen:
        _mark(tried, chosen, "taken")
    return chosen, regular


def _mark(tried: dict[str, Tried], offer: _Offer, outcome: str) -> None:
    tried[offer.plist.id] = Tried(
        list_id=offer.plist.id, name=offer.plist.name, outcome=outcome, price=offer.entry.price
    )


def _cheaper(one: Price, other: Price) -> bool:
    return one.amount.minor * other.per < other.amount.minor * one.per


def _tier(entries: Iterable[PriceEntry], quantity: int, at: datetime) -> PriceEntry | None:
    reached = [entry for entry in entries if entry.min_quantity <= quantity and entry.valid(at)]
    return max(reached, key=lambda entry: entry.min_quantity, default=None)


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


def reference_price(history: Sequence[PriceChange], began: datetime) -> Price | None:
    """The lowest price of the 30 days before a reduction began; ``None`` without a history.

    The prior price of EU directive 98/6/EC, article 6a: what must be shown beside a reduced
    price. ``history`` holds one item's prices from the moments they began; the price in
    force when the window opens counts.
    """
    opens = began - REFERENCE_WINDOW
    ordered = sorted(history, key=lambda change: change.at)
    before = [change for change in ordered if change.at <= opens][-1:]
    within = [change for change in ordered if opens < change.at < began]
    lowest: Price | None = None
    for change in (*before, *within):
        if lowest is None or _cheaper(change.price, lowest):
            lowest = change.price
    return lowest
