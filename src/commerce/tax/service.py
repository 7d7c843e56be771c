"""Use cases of tax."""

from collections.abc import Sequence
from datetime import datetime

from attrs import define

from commerce.kernel import Address, Money, PricedCart
from commerce.runtime import Begin
from commerce.tax.asking import tax_context
from commerce.tax.engine import calculate
from commerce.tax.external import ExternalAmounts, ExternalRates, apply_external
from commerce.tax.model import BY_DESTINATION, MissingRate, TaxContext, TaxPolicy, TaxRate
from commerce.tax.ports import SoldAbroad, TaxProvider, TaxUnit

__all__ = ["TaxService"]


@define
class TaxService:
    """Keep rates and tax carts.

    ``origin`` is the seller's country (ISO 3166-1 alpha-2), ``policy`` the shop's choices
    for `context`. With a ``provider``, taxes come from there and not from stored rates.
    ``sold_abroad`` is asked by a policy with a threshold for distance selling.
    """

    begin: Begin[TaxUnit]
    origin: str = ""
    policy: TaxPolicy = BY_DESTINATION
    provider: TaxProvider | None = None
    sold_abroad: SoldAbroad | None = None

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
            return uow.rates.of(country.upper())

    def context(
        self,
        destination: Address,
        at: datetime,
        *,
        exempt: str = "",
        vat_id: str = "",
        origin: Address | None = None,
        this_year: Money | None = None,
        last_year: Money | None = None,
    ) -> TaxContext:
        """What `calculate` is to be asked, by the shop's policy; see `commerce.tax.tax_context`.

        ``origin`` is where the goods leave, if not just the seller's country. What was sold in both years is
        asked of ``sold_abroad``, if the policy has a threshold and it is not passed.
        """
        told = this_year is not None and last_year is not None
        if self.policy.distance_selling is not None and self.sold_abroad is not None and not told:
            this_year, last_year = self.sold_abroad(at)
        return tax_context(
            self.policy,
            destination,
            at,
            origin=origin or (Address(country=self.origin) if self.origin else None),
            exempt=exempt,
            vat_id=vat_id,
            this_year=this_year,
            last_year=last_year,
        )

    def calculate(
        self, cart: PricedCart, context: TaxContext, external: ExternalRates | ExternalAmounts | None = None
    ) -> PricedCart | MissingRate:
        """The cart with its taxes; see `commerce.tax.calculate`.

        ``external`` is an earlier answer of the provider, kept with the cart: it is used as
        long as it holds, and the provider is asked again when it does not. Without a
        provider a void answer is a `MissingRate` that says so.
        """
        if not context.exempt:
            if external is not None:
                answer = apply_external(cart, external, context)
                if self.provider is None or isinstance(answer, PricedCart):
                    return answer
            if self.provider is not None:
                told = self.provider.taxes(cart, context)
                return told if isinstance(told, MissingRate) else apply_external(cart, told, context)
        return calculate(cart, self._rates(context), context)

    def ask_provider(
        self, cart: PricedCart, context: TaxContext
    ) -> ExternalRates | ExternalAmounts | MissingRate | None:
        """The provider's answer for a cart, to be kept with it; nothing without a provider."""
        return None if self.provider is None else self.provider.taxes(cart, context)

    def _rates(self, context: TaxContext) -> Sequence[TaxRate]:
        """The rates that a calculation may need: one statement, or two if it may stay at home."""
        if context.exempt:
            return ()
        places = {(context.place.country, context.place.region.upper())}
        if context.distance_selling is not None and context.origin is not None:
            places.add((context.origin.country, context.origin.region.upper()))
        with self.begin() as uow:
            return [rate for country, region in sorted(places) for rate in uow.rates.of(country, region)]
