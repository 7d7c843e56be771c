"""What every storage of tax rates promises."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from commerce.runtime import Begin
from commerce.tax import TaxRate, TaxUnit, standard_rates
from commerce.testing.conformance.storage import NOW, StorageConformance

__all__ = ["TaxConformance"]


class TaxConformance(StorageConformance):
    """Rates are kept exactly and found by country."""

    def test_keeps_rates_exactly(self, begin: Callable[[str], Begin[Any]]) -> None:
        """Every field comes back; a known id is replaced; the rest stays."""
        tax: Begin[TaxUnit] = begin("tax")
        city = TaxRate(
            id="us-ca-la",
            name="City",
            country="US",
            region="CA",
            category="food",
            rate=Decimal("0.0225"),
            postal_prefixes=("900", "901"),
            except_postal_prefixes=("90090",),
            order=2,
            compound=True,
            starts_at=NOW,
            ends_at=NOW.replace(year=2027),
        )
        with tax() as uow:
            uow.rates.put(standard_rates())
            uow.rates.put([city, TaxRate(id="vat-de", name="USt", country="DE", rate=Decimal("0.16"))])
        with tax() as uow:
            assert list(uow.rates.of("US")) == [city]
            assert [(rate.name, rate.rate) for rate in uow.rates.of("DE")] == [("USt", Decimal("0.16"))]
            assert len(uow.rates.of("FR")) == 1
            uow.rates.remove(["vat-fr"])
            assert list(uow.rates.of("FR")) == []

    def test_finds_what_may_apply_in_a_region(self, begin: Callable[[str], Begin[Any]]) -> None:
        """With a region, its own rates and the country's, by id; rates of other regions stay where they are."""
        tax: Begin[TaxUnit] = begin("tax")
        rates = [
            TaxRate(id=id, name=id, country="US", region=region, rate=Decimal("0.01"))
            for id, region in (("c", "CA"), ("n", "NY"), ("a", ""))
        ]
        with tax() as uow:
            uow.rates.put(rates)
        with tax() as uow:
            assert [rate.id for rate in uow.rates.of("US", "CA")] == ["a", "c"]
            assert [rate.id for rate in uow.rates.of("US", "")] == ["a"]
            assert [rate.id for rate in uow.rates.of("US")] == ["a", "c", "n"]

    def test_many_rates_at_once(self, begin: Callable[[str], Begin[Any]]) -> None:
        """The jurisdictions of a large country are stored, and again, and forgotten."""
        tax: Begin[TaxUnit] = begin("tax")
        many = [TaxRate(id=f"us-{n}", name="City", country="US", rate=Decimal("0.0125")) for n in range(1200)]
        with tax() as uow:
            uow.rates.put(many)
            uow.rates.put(many)
            assert len(uow.rates.of("US")) == 1200
            uow.rates.remove([rate.id for rate in many])
            assert list(uow.rates.of("US")) == []
