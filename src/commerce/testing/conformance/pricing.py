"""What every storage of prices promises."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from commerce.kernel import Money, Price, StaleVersion
from commerce.pricing import ListKind, PriceChange, PriceEntry, PriceList, PriceListNotFound, PricingUnit
from commerce.runtime import Begin
from commerce.testing.conformance.storage import NOW, StorageConformance

__all__ = ["PricingConformance"]


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

    def test_a_disabled_list_is_not_offered(self, pricing: Begin[PricingUnit]) -> None:
        """Switched off is out of sight, and a stale save is refused."""
        with pricing() as uow:
            plist, stale = uow.lists.get("retail"), uow.lists.get("retail")
            plist.enabled = False
            uow.lists.save(plist)
            assert list(uow.lists.enabled()) == []
            with pytest.raises(StaleVersion):
                uow.lists.save(stale)

    def test_replaces_only_what_is_named(self, pricing: Begin[PricingUnit]) -> None:
        """A new set of prices for one SKU leaves other SKUs and other lists alone."""
        tiers = [_entry("A", "5.00"), _entry("A", "4.50", min_quantity=10, starts_at=NOW)]
        with pricing() as uow:
            uow.entries.replace("retail", [_entry("A", "9.00"), _entry("B", "1.00")])
            uow.entries.replace(
                "other", [PriceEntry(list_id="other", sku="A", price=Price(Money("7", "EUR"), per=100))]
            )
            uow.entries.replace("retail", tiers)
        with pricing() as uow:
            found = uow.entries.of(["A", "B", "C"])
        assert sorted(found, key=lambda e: (e.sku, e.list_id, e.min_quantity)) == [
            PriceEntry(list_id="other", sku="A", price=Price(Money("7", "EUR"), per=100)),
            *tiers,
            _entry("B", "1.00"),
        ]

    def test_many_prices_at_once(self, pricing: Begin[PricingUnit]) -> None:
        """A catalogue's worth of prices is stored and found again."""
        many = [_entry(f"S{n}", "1.00") for n in range(1200)]
        with pricing() as uow:
            uow.entries.replace("retail", many)
            uow.entries.replace("retail", many)
            assert len(uow.entries.of([entry.sku for entry in many])) == 1200

    def test_history_only_grows(self, pricing: Begin[PricingUnit]) -> None:
        """Old prices stay, oldest first, by list and SKU."""
        price = Price(Money("5", "EUR"))
        changes = [PriceChange(sku="A", price=price, at=NOW - timedelta(days=day)) for day in (1, 40)]
        with pricing() as uow:
            uow.entries.note("retail", changes)
            uow.entries.note("other", changes[:1])
        with pricing() as uow:
            assert list(uow.entries.history("retail", "A")) == changes[::-1]
            assert list(uow.entries.history("retail", "A", since=NOW - timedelta(days=30))) == changes[:1]
            assert list(uow.entries.history("retail", "B")) == []
