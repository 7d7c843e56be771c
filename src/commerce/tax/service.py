"""Use cases of tax."""

from collections.abc import Sequence

from attrs import define

from commerce.kernel import PricedCart
from commerce.runtime import Begin
from commerce.tax.engine import calculate
from commerce.tax.model import MissingRate, TaxContext, TaxRate
from commerce.tax.ports import TaxUnit
from commerce.tax.rates import EU_COUNTRIES

__all__ = ["TaxService"]


@define
class TaxService:
    """Keep rates and tax carts. ``origin`` is the seller's country (ISO 3166-1 alpha-2)."""

    begin: Begin[TaxUnit]
    origin: str = ""

    def set_rates(self, rates: Sequence[TaxRate]) -> None:
        """State rates; one with a known id replaces it."""
        with self.begin() as uow:
            uow.rates.put(rates)

    def remove_rates(self, ids: Sequence[str]) -> None:
        """Forget rates."""
        with self.begin() as uow:
            uow.rates.remove(ids)

    def rates(self, country: str) -> Sequence[TaxRate]:
        """All rates stated for a country."""
        with self.begin() as uow:
            return uow.rates.of(country)

    def calculate(self, cart: PricedCart, context: TaxContext) -> PricedCart | MissingRate:
        """The cart with its taxes; see `commerce.tax.calculate`."""
        return calculate(cart, self.rates(context.destination.country), context)

    def reverse_charged(self, country: str, vat_id: str) -> bool:
        """Whether a business buyer there owes the VAT itself.

        True for a well-formed VAT id of another EU member state than the seller's
        (council directive 2006/112/EC, articles 138 and 196). Whether the number is
        registered only VIES knows: ask it before relying on it.
        """
        crosses = country in EU_COUNTRIES and self.origin in EU_COUNTRIES and country != self.origin
        return crosses and valid_vat_id(vat_id, country)


def valid_vat_id(vat_id: str, country: str) -> bool:
    """Whether a VAT id has the form and check digits of that member state (python-stdnum)."""
    from stdnum.eu import vat

    prefix = {"GR": "EL"}.get(country, country)
    return vat_id.strip().upper().startswith(prefix) and bool(vat.is_valid(vat_id))
