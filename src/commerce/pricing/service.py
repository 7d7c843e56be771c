"""Use cases of pricing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs
from attrs import define, evolve, frozen

from commerce.kernel import Clock, CurrencyMismatch, InvalidValue, Price
from commerce.pricing.dynamic import DynamicPolicy, Proposal, Signals, propose
from commerce.pricing.engine import NoPrice, PriceBook, Selected
from commerce.pricing.errors import NoSinglePrice, PriceListTaken, ProposalOutdated
from commerce.pricing.events import PriceListChanged, PricesSet
from commerce.pricing.exchange import Conversion, ConversionPolicy, ExchangeRate
from commerce.pricing.holds import PriceHold, hold_prices, with_held
from commerce.pricing.model import PriceContext, PriceEntry, PriceList, PriceRecord, require_no_overlap
from commerce.pricing.ports import ExchangeRates, PricingUnit
from commerce.pricing.reference import PriceHistory
from commerce.runtime import Begin, HookRelay

__all__ = ["ListingPrice", "PricingService"]


@frozen(kw_only=True)
class ListingPrice:
    """What a listing shows of one item.

    ``compare_at`` is the regular price that a sale price undercuts; ``reference`` the
    lowest price of the 30 days before the reduction began, which EU shops must show.
    """

    price: Price
    tax_included: bool
    compare_at: Price | None = None
    reference: Price | None = None


@define
class PricingService:
    """Keep price lists and answer what something costs.

    With a ``conversion`` policy, items without a price in a cart's currency take their
    price in its base currency, at a rate of ``exchange`` or of the stored rates.
    """

    begin: Begin[PricingUnit]
    clock: Clock
    hooks: HookRelay
    conversion: ConversionPolicy | None = None
    exchange: ExchangeRates | None = None

    def add_list(self, plist: PriceList) -> PriceList:
        """Store a new price list, or answer with the stored one of the same rules; else `PriceListTaken`."""
        with self.begin() as uow:
            known = uow.lists.find(plist.id)
            if known is not None:
                if _rules(known) != _rules(plist):
                    raise PriceListTaken(list_id=plist.id)
                return known
            plist.record(PriceListChanged(aggregate_id=plist.id))
            uow.lists.add(plist)
        return plist

    def change_list(self, plist: PriceList) -> PriceList:
        """Store a list that was read and changed. Its prices have its currency, so that stays."""
        plist.record(PriceListChanged(aggregate_id=plist.id))
        with self.begin() as uow:
            known = uow.lists.get(plist.id)
            if known.currency != plist.currency:
                raise InvalidValue(field="currency", reason=f"list {plist.id} is in {known.currency}: add another list")
            uow.lists.save(plist)
        return plist

    def get_list(self, list_id: str) -> PriceList:
        """The list, or `PriceListNotFound`."""
        with self.begin() as uow:
            return uow.lists.get(list_id)

    def lists(self) -> Sequence[PriceList]:
        """All lists, switched off ones too."""
        with self.begin() as uow:
            return uow.lists.all()

    def entries(self, skus: Sequence[str]) -> Sequence[PriceEntry]:
        """All prices of these items, in every list."""
        with self.begin() as uow:
            return uow.entries.of(skus)

    def set_prices(self, list_id: str, entries: Sequence[PriceEntry], *, reason: str = "") -> None:
        """Give each SKU that occurs exactly these prices (tiers, validities) in one list.

        Overlapping validity of one tier raises `OverlappingPrices`. What changes goes, with
        the ``reason``, into the history that reference prices are drawn from; what is
        already so changes nothing.
        """
        require_no_overlap(entries)
        for entry in entries:
            if entry.list_id != list_id:
                raise InvalidValue(field="list_id", reason=f"{entry.sku} is for list {entry.list_id}, not {list_id}")
        self._set(list_id, sorted({entry.sku for entry in entries}), entries, reason)

    def remove_prices(self, list_id: str, skus: Sequence[str], *, reason: str = "") -> None:
        """Take the prices of items out of a list."""
        self._set(list_id, sorted(set(skus)), (), reason)

    def _set(self, list_id: str, skus: Sequence[str], entries: Sequence[PriceEntry], reason: str) -> None:
        with self.begin() as uow:
            self._write(uow, uow.lists.get(list_id), skus, entries, reason)

    def _write(
        self, uow: PricingUnit, plist: PriceList, skus: Sequence[str], entries: Sequence[PriceEntry], reason: str
    ) -> None:
        """Write what changes; the version of the list, read before its prices, is the referee of races."""
        for entry in entries:
            if entry.price.currency.code != plist.currency:
                raise CurrencyMismatch(expected=plist.currency, actual=entry.price.currency.code)
        before, after = _by_sku(uow.entries.of(skus), plist.id), _by_sku(entries, plist.id)
        changed = [sku for sku in skus if before.get(sku, frozenset()) != after.get(sku, frozenset())]
        if not changed:
            return
        moved = set(changed)
        kept = [entry for entry in entries if entry.sku in moved]
        uow.entries.replace(plist.id, changed, kept)
        uow.entries.note(_records(plist, changed, kept, self.clock(), reason))
        plist.record(PricesSet(aggregate_id=plist.id, skus=tuple(changed)))
        uow.lists.save(plist)

    def select(
        self, wanted: Mapping[str, tuple[str, int]], context: PriceContext, hold: PriceHold | None = None
    ) -> Mapping[str, Selected | NoPrice]:
        """The price of every line: line id -> (sku, quantity) in, line id -> answer out.

        Prices that a ``hold`` promises stand while it lasts; see `commerce.pricing.hold_prices`.
        """
        offers = self._read(sorted({sku for sku, _ in wanted.values()}), context)
        return with_held(wanted, self._choose(wanted, context, offers), context, hold)

    def _choose(
        self, wanted: Mapping[str, tuple[str, int]], context: PriceContext, offers: "_Offers"
    ) -> Mapping[str, Selected | NoPrice]:
        book = PriceBook(offers.lists, offers.entries, offers.conversion)
        chosen = dict(book.select_all(wanted, context))
        for line_id, answer in chosen.items():
            if isinstance(answer, Selected):
                sku, quantity = wanted[line_id]
                adjusted = self.hooks.commerce_adjust_price(
                    sku=sku, quantity=quantity, selected=answer, context=context
                )
                chosen[line_id] = adjusted or answer
        return chosen

    def hold(self, wanted: Mapping[str, tuple[str, int]], context: PriceContext, until: datetime) -> PriceHold:
        """Promise today's prices of some lines until a moment: a value to be kept with the cart."""
        return hold_prices(wanted, self.select(wanted, context), context, until)

    def keep(self, key: str, hold: PriceHold) -> None:
        """Store a promise for a cart (its id is the key); it takes the place of an earlier one."""
        with self.begin() as uow:
            uow.holds.put(key, hold)

    def held(self, key: str) -> PriceHold | None:
        """The promise stored for a cart, or nothing; whether it still stands is for `select` to say."""
        with self.begin() as uow:
            return uow.holds.find(key)

    def _read(self, skus: Sequence[str], context: PriceContext) -> "_Offers":
        """Lists and entries in two statements; a third for a stored exchange rate, where one is needed."""
        policy, code = self.conversion, context.currency.code
        base = policy.base if policy is not None and policy.base != code else None
        rate = None
        with self.begin() as uow:
            lists = uow.lists.enabled()
            entries = uow.entries.of(skus)
            if base is not None and self.exchange is None:
                rate = uow.exchange.rate(base, code, context.at)
        if base is not None and self.exchange is not None:
            rate = self.exchange.rate(base, code, context.at)
        conversion = policy.conversion(rate, context.at) if policy is not None else None
        return _Offers(lists=lists, entries=entries, conversion=conversion)

    def prices_of(self, skus: Sequence[str], context: PriceContext) -> Mapping[str, Price]:
        """The price of one unit of each SKU that has one: for listings."""
        answers = self.select({sku: (sku, 1) for sku in skus}, context)
        return {sku: answer.price for sku, answer in answers.items() if isinstance(answer, Selected)}

    def listing(self, skus: Sequence[str], context: PriceContext) -> Mapping[str, ListingPrice]:
        """What a listing shows: the price of one unit, what it is compared with, and the lawful reference price."""
        offers = self._read(sorted(set(skus)), context)
        chosen = self._choose({sku: (sku, 1) for sku in skus}, context, offers)
        found = {sku: answer for sku, answer in chosen.items() if isinstance(answer, Selected)}
        reduced = sorted(sku for sku, answer in found.items() if answer.list_price is not None)
        references = self._references(reduced, context, offers) if reduced else {}
        return {
            sku: ListingPrice(
                price=answer.price,
                tax_included=answer.tax_included,
                compare_at=answer.list_price,
                reference=references.get(sku),
            )
            for sku, answer in found.items()
        }

    def _references(self, skus: Sequence[str], context: PriceContext, offers: "_Offers") -> Mapping[str, Price | None]:
        with self.begin() as uow:
            records = uow.entries.history(skus)
        history = PriceHistory(offers.lists, records, offers.conversion)
        return {sku: history.reference(sku, context) for sku in skus}

    def reference_price(self, list_id: str, sku: str, began: datetime) -> Price | None:
        """The lowest price of an item in one list in the 30 days before a reduction began (EU 98/6/EC article 6a)."""
        with self.begin() as uow:
            plist = uow.lists.get(list_id)
            records = uow.entries.history([sku], list_id)
        alone = PriceList(id=list_id, name=plist.name, currency=plist.currency)
        return PriceHistory([alone], records).lowest_before(sku, PriceContext(currency=plist.currency, at=began))

    def price_history(self, sku: str) -> Sequence[PriceRecord]:
        """Every change of an item's price in all lists, oldest first, with its reason."""
        with self.begin() as uow:
            return uow.entries.history([sku])

    def set_exchange_rates(self, rates: Sequence[ExchangeRate]) -> None:
        """State exchange rates; one of the same currencies and moment is replaced."""
        with self.begin() as uow:
            uow.exchange.put(rates)

    def exchange_rate(self, base: str, target: str, at: datetime | None = None) -> ExchangeRate | None:
        """The latest rate known at a moment: from outside, if the shop has a source, else as stated."""
        moment = at or self.clock()
        if self.exchange is not None:
            return self.exchange.rate(base.upper(), target.upper(), moment)
        with self.begin() as uow:
            return uow.exchange.rate(base.upper(), target.upper(), moment)

    def propose(self, list_id: str, sku: str, policy: DynamicPolicy, signals: Signals) -> Proposal:
        """What a dynamic policy would ask for an item now. Changes nothing; see `apply_proposal`."""
        with self.begin() as uow:
            entry = _single(uow.entries.of([sku]), list_id, sku)
            records = uow.entries.history([sku], list_id)
        changed_at = records[-1].at if records else None
        return propose(sku, entry.price.amount, policy, signals, at=self.clock(), changed_at=changed_at)

    def apply_proposal(self, list_id: str, proposal: Proposal) -> None:
        """Set a proposed price, its reason in the history. Again changes nothing.

        Raises `ProposalOutdated` if the price is another by now.
        """
        with self.begin() as uow:
            plist = uow.lists.get(list_id)
            entry = _single(uow.entries.of([proposal.sku]), list_id, proposal.sku)
            price = entry.price.amount
            if price not in (proposal.current, proposal.proposed):
                raise ProposalOutdated(
                    list_id=list_id, sku=proposal.sku, price=str(price), expected=str(proposal.current)
                )
            asked = evolve(entry, price=Price(proposal.proposed))
            self._write(uow, plist, [proposal.sku], [asked], proposal.reason)


@frozen(kw_only=True)
class _Offers:
    """What was read to answer one question."""

    lists: Sequence[PriceList]
    entries: Sequence[PriceEntry]
    conversion: Conversion | None


def _rules(plist: PriceList) -> dict[str, object]:
    """All fields of a list but its version."""
    names = (name for name in attrs.fields_dict(PriceList) if not name.startswith("_") and name != "version")
    return {name: getattr(plist, name) for name in names}


def _by_sku(entries: Sequence[PriceEntry], list_id: str) -> dict[str, frozenset[PriceEntry]]:
    found: dict[str, set[PriceEntry]] = {}
    for entry in entries:
        if entry.list_id == list_id:
            found.setdefault(entry.sku, set()).add(entry)
    return {sku: frozenset(some) for sku, some in found.items()}


def _records(
    plist: PriceList, skus: Sequence[str], entries: Sequence[PriceEntry], at: datetime, reason: str
) -> list[PriceRecord]:
    """One record for each price of single units, and one without for each item that has none now."""
    single = [evolve(entry, floor=None) for entry in entries if entry.min_quantity == 1]  # of what was asked, no part
    without = sorted(set(skus) - {entry.sku for entry in single})
    said: list[tuple[str, PriceEntry | None]] = [*((e.sku, e) for e in single), *((sku, None) for sku in without)]
    revision = plist.version + 1
    return [
        PriceRecord(list_id=plist.id, sku=sku, at=at, revision=revision, entry=entry, reason=reason)
        for sku, entry in said
    ]


def _single(entries: Sequence[PriceEntry], list_id: str, sku: str) -> PriceEntry:
    own = [entry for entry in entries if entry.list_id == list_id]
    plain = len(own) == 1 and own[0].min_quantity == own[0].price.per == 1
    if not plain or own[0].starts_at is not None or own[0].ends_at is not None:
        raise NoSinglePrice(list_id=list_id, sku=sku, entries=len(own))
    return own[0]
