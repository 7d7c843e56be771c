"""What every storage of prices promises."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from commerce.kernel import Money, Price, Rounding, StaleVersion
from commerce.pricing import (
    DynamicPolicy,
    ExchangeRate,
    HeldPrice,
    ListingPrice,
    ListKind,
    Move,
    PriceContext,
    PriceEntry,
    PriceHold,
    PriceList,
    PriceListNotFound,
    PriceListTaken,
    PriceRecord,
    PricingService,
    PricingUnit,
    ProposalOutdated,
    Selected,
    Signals,
)
from commerce.pricing import hooks as pricing_hooks
from commerce.runtime import Begin, build_hooks
from commerce.testing.conformance.storage import NOW, StorageConformance

__all__ = ["PricingConformance", "PricingServiceConformance"]


def _entry(sku: str, amount: str, **more: Any) -> PriceEntry:
    return PriceEntry(list_id="retail", sku=sku, price=Price(Money(amount, "EUR")), **more)


class PricingConformance(StorageConformance):
    """Lists are kept whole, prices are replaced per SKU and list, history only grows."""

    @pytest.fixture
    def pricing(self, begin: Callable[[str], Begin[Any]]) -> Begin[PricingUnit]:
        """Transactions of the pricing module, with one list stored."""
        start: Begin[PricingUnit] = begin("pricing")
        with start() as uow:
            uow.lists.add(
                PriceList(
                    id="retail",
                    name="Retail",
                    currency="EUR",
                    kind=ListKind.SALE,
                    tax_included=True,
                    priority=3,
                    channels=frozenset({"web", "app"}),
                    countries=frozenset({"DE"}),
                    groups=frozenset({"vip"}),
                    starts_at=NOW,
                    ends_at=NOW + timedelta(days=3),
                )
            )
        return start

    def test_keeps_every_field_of_a_list(self, pricing: Begin[PricingUnit]) -> None:
        """What was stored is read back, field by field."""
        with pricing() as uow:
            (plist,) = uow.lists.enabled()
            with pytest.raises(PriceListNotFound):
                uow.lists.get("none")
        assert (plist.kind, plist.tax_included, plist.priority, plist.version) == (ListKind.SALE, True, 3, 1)
        assert plist.channels == {"web", "app"}
        assert (plist.countries, plist.groups) == (frozenset({"DE"}), frozenset({"vip"}))
        assert (plist.starts_at, plist.ends_at) == (NOW, NOW + timedelta(days=3))

    def test_keeps_one_promise_for_a_key(self, pricing: Begin[PricingUnit]) -> None:
        """The newest; with every price and the list it came from."""
        price = Selected(price=Price(Money("3.75", "EUR"), per=100), list_id="retail", tax_included=True)
        first = PriceHold(
            at=NOW, until=NOW + timedelta(hours=1), currency="EUR", prices=(HeldPrice(sku="A", selected=price),)
        )
        second = evolve(first, until=NOW + timedelta(hours=2))
        with pricing() as uow:
            assert uow.holds.find("cart-1") is None
            uow.holds.put("cart-1", first)
        with pricing() as uow:
            assert uow.holds.find("cart-1") == first
            uow.holds.put("cart-1", second)
        with pricing() as uow:
            assert uow.holds.find("cart-1") == second

    def test_a_disabled_list_is_not_offered(self, pricing: Begin[PricingUnit]) -> None:
        """Switched off is out of sight, and a stale save is refused."""
        with pricing() as uow:
            plist, stale = uow.lists.get("retail"), uow.lists.get("retail")
            plist.enabled = False
            uow.lists.save(plist)
            assert list(uow.lists.enabled()) == []
            assert [known.id for known in uow.lists.all()] == ["retail"]
            with pytest.raises(StaleVersion):
                uow.lists.save(stale)

    def test_replaces_only_what_is_named(self, pricing: Begin[PricingUnit]) -> None:
        """A new set of prices for one SKU leaves other SKUs and other lists alone; an empty set takes prices away."""
        floor = Price(Money("400.00", "EUR"), per=100)
        tiers = [_entry("A", "5.00"), _entry("A", "4.50", min_quantity=10, starts_at=NOW, floor=floor)]
        with pricing() as uow:
            uow.entries.replace("retail", ["A", "B", "D"], [_entry("A", "9.00"), _entry("B", "1.00"), _entry("D", "2")])
            uow.entries.replace(
                "other", ["A"], [PriceEntry(list_id="other", sku="A", price=Price(Money("7", "EUR"), per=100))]
            )
            uow.entries.replace("retail", ["A", "D"], tiers)
        with pricing() as uow:
            found = uow.entries.of(["A", "B", "C", "D"])
        assert sorted(found, key=lambda e: (e.sku, e.list_id, e.min_quantity)) == [
            PriceEntry(list_id="other", sku="A", price=Price(Money("7", "EUR"), per=100)),
            *tiers,
            _entry("B", "1.00"),
        ]

    def test_many_prices_at_once(self, pricing: Begin[PricingUnit]) -> None:
        """A catalogue's worth of prices is stored and found again."""
        many = [_entry(f"S{n}", "1.00") for n in range(1200)]
        skus = [entry.sku for entry in many]
        with pricing() as uow:
            uow.entries.replace("retail", skus, many)
            uow.entries.replace("retail", skus, many)
            assert len(uow.entries.of(skus)) == 1200
            assert list(uow.entries.of([])) == []

    def test_history_only_grows(self, pricing: Begin[PricingUnit]) -> None:
        """Old prices stay, oldest first, with their dates, their reasons, and the moments without a price."""

        def record(day: int, list_id: str = "retail", entry: PriceEntry | None = None) -> PriceRecord:
            at = NOW - timedelta(days=day)
            return PriceRecord(list_id=list_id, sku="A", at=at, revision=100 - day, entry=entry, reason=f"day {day}")

        sale = _entry("A", "5.00", starts_at=NOW, ends_at=NOW + timedelta(days=1))
        records = [record(40, entry=_entry("A", "9.00")), record(10, entry=sale), record(1)]
        with pricing() as uow:
            uow.entries.note(records[::-1])
            uow.entries.note([record(20, "other", PriceEntry(list_id="other", sku="A", price=_entry("A", "1").price))])
        with pricing() as uow:
            assert list(uow.entries.history(["A", "B"], "retail")) == records
            assert [r.reason for r in uow.entries.history(["A"])] == ["day 40", "day 20", "day 10", "day 1"]
            assert list(uow.entries.history(["B"])) == []

    def test_exchange_rates_are_exact_and_dated(self, pricing: Begin[PricingUnit]) -> None:
        """The latest rate that was known at a moment; one of the same moment is replaced."""

        def rate(text: str, at: datetime, target: str = "SEK") -> ExchangeRate:
            return ExchangeRate(base="EUR", target=target, rate=Decimal(text), source="ECB", at=at)

        day = timedelta(days=1)
        with pricing() as uow:
            uow.exchange.put([rate("11.2034", NOW - day), rate("11.9", NOW), rate("7.46", NOW, "DKK")])
            uow.exchange.put([rate("11.3000000000000000000001", NOW)])
        with pricing() as uow:
            assert uow.exchange.rate("EUR", "SEK", NOW) == rate("11.3000000000000000000001", NOW)
            assert uow.exchange.rate("EUR", "SEK", NOW - day / 2) == rate("11.2034", NOW - day)
            assert uow.exchange.rate("EUR", "SEK", NOW - 2 * day) is None
            assert uow.exchange.rate("SEK", "EUR", NOW) is None


class PricingServiceConformance(StorageConformance):
    """The use cases of pricing, over any storage."""

    @pytest.fixture
    def now(self) -> list[datetime]:
        """The clock: the test moves its first entry."""
        return [NOW]

    @pytest.fixture
    def service(self, begin: Callable[[str], Begin[Any]], now: list[datetime]) -> PricingService:
        """The service, with a regular list and a sale list."""
        service = PricingService(begin("pricing"), lambda: now[0], build_hooks([pricing_hooks], []))
        service.add_list(PriceList(id="retail", name="Retail", currency="EUR", tax_included=True))
        service.add_list(PriceList(id="sale", name="Sale", currency="EUR", tax_included=True, kind=ListKind.SALE))
        return service

    def test_repeating_changes_nothing(self, service: PricingService, events: Callable[[], list[str]]) -> None:
        """The same list and the same prices again: no event, no history. Other rules for one id are refused."""
        same = PriceList(id="retail", name="Retail", currency="EUR", tax_included=True)
        assert service.add_list(same).version == 1
        with pytest.raises(PriceListTaken, match="retail exists with other rules"):
            service.add_list(PriceList(id="retail", name="Retail", currency="USD"))
        for _ in range(2):
            service.set_prices("retail", [_entry("A", "5.00"), _entry("A", "4.00", min_quantity=10)])
        for _ in range(2):
            service.remove_prices("retail", ["A", "never"], reason="discontinued")
        assert [(r.entry is None, r.reason) for r in service.price_history("A")] == [
            (False, ""),
            (True, "discontinued"),
        ]
        assert events() == ["pricing.PriceListChanged"] * 2 + ["pricing.PricesSet"] * 2
        assert list(service.entries(["A"])) == []

    def test_a_listing_shows_the_lawful_reference_price(self, service: PricingService, now: list[datetime]) -> None:
        """The lowest price of the 30 days before the reduction, not the one it was raised to just before."""
        for days, amount in ((60, "10.00"), (20, "9.00"), (5, "14.00")):
            now[0] = NOW - timedelta(days=days)
            service.set_prices("retail", [_entry("A", amount), _entry("B", "3.00")])
        now[0] = NOW
        service.set_prices("sale", [PriceEntry(list_id="sale", sku="A", price=Price(Money("8.00", "EUR")))])
        service.set_prices("sale", [PriceEntry(list_id="sale", sku="A", price=Price(Money("7.50", "EUR")))])
        shown = service.listing(["A", "B", "C"], PriceContext(currency="EUR", at=NOW + timedelta(days=3)))
        assert shown == {
            "A": ListingPrice(
                price=Price(Money("7.50", "EUR")),
                tax_included=True,
                compare_at=Price(Money("14.00", "EUR")),
                reference=Price(Money("9.00", "EUR")),
            ),
            "B": ListingPrice(price=Price(Money("3.00", "EUR")), tax_included=True),
        }
        assert service.reference_price("retail", "A", NOW) == Price(Money("9.00", "EUR"))

    def test_a_proposal_is_applied_once_with_its_reason(self, service: PricingService, now: list[datetime]) -> None:
        """Its reason is in the history; again it changes nothing; over another price it is refused."""
        policy = DynamicPolicy(
            name="summer",
            floor=Money("5.00", "EUR"),
            ceiling=Money("20.00", "EUR"),
            target_days=10,
            largest_step=Decimal("0.10"),
            cool_down=timedelta(days=1),
            rounding=Rounding.HALF_UP,
        )
        scarce = Signals(available=5, sold=10, days=10)
        service.set_prices("retail", [_entry("A", "10.00")])
        assert service.propose("retail", "A", policy, scarce).move is Move.COOLING_DOWN
        now[0] = NOW + timedelta(days=1)
        proposal = service.propose("retail", "A", policy, scarce)
        for _ in range(2):
            service.apply_proposal("retail", proposal)
        assert service.prices_of(["A"], PriceContext(currency="EUR", at=NOW)) == {"A": Price(Money("10.50", "EUR"))}
        assert [record.reason for record in service.price_history("A")] == ["", proposal.reason]
        service.set_prices("retail", [_entry("A", "12.00")])
        with pytest.raises(ProposalOutdated, match=r"A costs 12.00 EUR in list retail now, not 10.00 EUR"):
            service.apply_proposal("retail", proposal)
