"""What tax needs from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from commerce.kernel import Money, PricedCart
from commerce.tax.external import ExternalAmounts, ExternalRates
from commerce.tax.model import MissingRate, TaxContext, TaxRate

__all__ = ["SoldAbroad", "TaxProvider", "TaxRates", "TaxUnit"]


class TaxRates(Protocol):
    """Stored tax rates."""

    def put(self, rates: Sequence[TaxRate]) -> None:
        """Store rates, replacing those with the same id."""

    def remove(self, ids: Sequence[str]) -> None:
        """Forget rates."""

    def of(self, country: str, region: str | None = None) -> Sequence[TaxRate]:
        """All rates of a country, by id; with a region, only its own and those of the whole country."""


class TaxProvider(Protocol):
    """Somebody outside who knows the taxes of a cart."""

    def taxes(self, cart: PricedCart, context: TaxContext) -> ExternalRates | ExternalAmounts | MissingRate:
        """Rates or amounts for every line and charge of a cart that has its discounts.

        Raises a `commerce.kernel.ProviderError` if there is no answer.
        """


class SoldAbroad(Protocol):
    """Somebody who keeps the books of what was sold to consumers in other member states of the EU."""

    def __call__(self, at: datetime) -> tuple[Money, Money]:
        """What was sold in the calendar year of a moment, and in the year before it; both without VAT."""


class TaxUnit(Protocol):
    """One transaction of the tax module."""

    @property
    def rates(self) -> TaxRates:
        """The rates in this transaction."""
