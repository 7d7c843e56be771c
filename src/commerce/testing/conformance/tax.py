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
