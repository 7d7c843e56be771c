"""What tax needs from outside."""

from collections.abc import Sequence
from typing import Protocol

from commerce.tax.model import TaxRate

__all__ = ["TaxRates", "TaxUnit"]


class TaxRates(Protocol):
    """Stored tax rates."""

    def put(self, rates: Sequence[TaxRate]) -> None:
        """Store rates, replacing those with the same id."""

    def remove(self, ids: Sequence[str]) -> None:
        """Forget rates."""

    def of(self, country: str) -> Sequence[TaxRate]:
        """All rates of a country."""


class TaxUnit(Protocol):
    """One transaction of the tax module."""

    @property
    def rates(self) -> TaxRates:
        """The rates in this transaction."""
