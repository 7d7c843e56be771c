"""The lawful reference price of a reduction: what was really asked before it."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from attrs import evolve

from commerce.kernel import Price, aware
from commerce.pricing.engine import NoPrice, PriceBook, Selected, cheaper
from commerce.pricing.exchange import Conversion
from commerce.pricing.model import PriceChange, PriceContext, PriceEntry, PriceList, PriceRecord

__all__ = ["REFERENCE_WINDOW", "PriceHistory", "reference_price"]

#: The window of EU directive 98/6/EC, article 6a(2).
REFERENCE_WINDOW = timedelta(days=30)

Batch = tuple[datetime, Sequence[PriceEntry]]


def reference_price(
    history: Sequence[PriceChange], began: datetime, window: timedelta = REFERENCE_WINDOW
) -> Price | None:
    """The lowest price of the 30 days before a reduction began; ``None`` without a history.

    The prior price of EU directive 98/6/EC, article 6a: what must be shown beside a reduced
    price. ``history`` holds one item's prices from the moments they began; the price in
    force when the window opens counts. Where a member state shortens the window (fresh
    goods, goods new on the market), pass it.
    """
    began = aware(began, "began")
    opens = began - window
    ordered = sorted(history, key=lambda change: change.at)
    before = [change for change in ordered if change.at <= opens][-1:]
    within = [change for change in ordered if opens < change.at < began]
    lowest: Price | None = None
    for change in (*before, *within):
        lasted = change.until is None or change.until > opens
        if lasted and (lowest is None or cheaper(change.price, lowest)):
            lowest = change.price
    return lowest


class PriceHistory:
    """What anybody was asked for an item at any past moment, from what the lists said then.

    Lists are taken with the conditions that they have now: end one by its date, and its
    past stays true. Prices for customer groups are no public offer and do not count.
    """

    def __init__(
        self, lists: Iterable[PriceList], records: Iterable[PriceRecord], conversion: Conversion | None = None
    ) -> None:
        self._lists = {plist.id: plist for plist in lists}
        self._conversion = conversion
        self._batches: dict[str, dict[str, list[Batch]]] = {}
        ordered = sorted(records, key=_statement)
        for (sku, list_id, at, _), same in groupby(ordered, key=_statement):
            entries = [record.entry for record in same if record.entry is not None]
            self._batches.setdefault(sku, {}).setdefault(list_id, []).append((at, entries))

    def offered(self, sku: str, context: PriceContext) -> Selected | NoPrice:
        """What one unit cost everybody at ``context.at``."""
        entries: list[PriceEntry] = []
        for batches in self._batches.get(sku, {}).values():
            said = bisect_right(batches, context.at, key=itemgetter(0))
            entries.extend(batches[said - 1][1] if said else ())
        public = evolve(context, groups=frozenset())
        return PriceBook(self._lists.values(), entries, self._conversion).select(sku, 1, public)

    def began(self, sku: str, context: PriceContext) -> datetime | None:
        """When the reduction that is in force at ``context.at`` began; ``None`` if there is none.

        A reduction that goes deeper in steps began with its first step (article 6a(5)); one that
        follows a deeper one is another.
        """
        reduced = _reduced(self.offered(sku, context))
        if reduced is None:
            return None
        began = context.at
        for start, _, answer in self._backwards(sku, context):
            before = _reduced(answer)
            if before is None or cheaper(before, reduced):
                break
            began, reduced = start, before
        return began

    def reference(self, sku: str, context: PriceContext, window: timedelta = REFERENCE_WINDOW) -> Price | None:
        """The reference price of the reduction in force at ``context.at``, if there is one."""
        began = self.began(sku, context)
        return None if began is None else self.lowest_before(sku, evolve(context, at=began), window)

    def lowest_before(self, sku: str, context: PriceContext, window: timedelta = REFERENCE_WINDOW) -> Price | None:
        """The lowest price asked in the window that ends at ``context.at``."""
        changes = []
        for start, end, answer in self._backwards(sku, context):
            if isinstance(answer, Selected):
                changes.append(PriceChange(sku=sku, price=answer.price, at=start, until=end))
            if start <= context.at - window:
                break
        return reference_price(changes, context.at, window)

    def _backwards(self, sku: str, context: PriceContext) -> Iterator[tuple[datetime, datetime, Selected | NoPrice]]:
        """Stretches of time with one price, the latest first."""
        end = context.at
        for start in sorted((m for m in self._moments(sku) if m < context.at), reverse=True):
            yield start, end, self.offered(sku, evolve(context, at=start))
            end = start

    def _moments(self, sku: str) -> set[datetime]:
        """Whenever the price may have changed."""
        found: set[datetime | None] = set()
        for list_id, batches in self._batches.get(sku, {}).items():
            plist = self._lists.get(list_id)
            if plist is not None:
                found |= {plist.starts_at, plist.ends_at}
            for at, entries in batches:
                found.add(at)
                found.update(moment for entry in entries for moment in (entry.starts_at, entry.ends_at))
        return {moment for moment in found if moment is not None}


def _statement(record: PriceRecord) -> tuple[str, str, datetime, int]:
    return record.sku, record.list_id, record.at, record.revision


def _reduced(answer: Selected | NoPrice) -> Price | None:
    return answer.price if isinstance(answer, Selected) and answer.list_price is not None else None
