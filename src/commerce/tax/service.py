"""Use cases of tax."""

from collections.abc import Sequence
from datetime import datetime

from attrs import define

from commerce.kernel import Address, InvalidValue, Money, PricedCart
from commerce.runtime import Begin
from commerce.tax.engine import calculate
from commerce.tax.external import ExternalAmounts, ExternalRates, apply_external
from commerce.tax.model import BY_DESTINATION, DistanceSelling, MissingRate, TaxContext, TaxPolicy, TaxRate
from commerce.tax.ports import TaxProvider, TaxUnit
from commerce.tax.rates import EU_COUNTRIES

__all__ = ["TaxService", "valid_vat_id"]


@define
class TaxService:
    """Keep rates and tax carts.

    ``origin`` is the seller's country (ISO 3166-1 alpha-2), ``policy`` the shop's choices
    for `context`. With a ``provider``, taxes come from there and not from stored rates.
    """

    begin: Begin[TaxUnit]
    origin: str = ""
    policy: TaxPolicy = BY_DESTINATION
    provider: TaxProvider | None = None

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
        """What `calculate` is to be asked, by the shop's policy.

        A ``vat_id`` that shifts the tax to the buyer exempts with ``reverse charge``. ``origin``
        is where the goods leave, if not just the seller's country. A policy with a threshold
        for distance selling needs what was sold across borders ``this_year`` and ``last_year``.
        """
        if not exempt and vat_id and self.reverse_charged(destination.country, vat_id):
            exempt = "reverse charge"
        leaves = origin or (Address(country=self.origin) if self.origin else None)
        return TaxContext(
            destination=destination,
            at=at,
            exempt=exempt,
            shipping=self.policy.shipping,
            origin=leaves,
            sourcing=self.policy.sourcing,
            distance_selling=self._distance_selling(this_year, last_year),
        )

    def _distance_selling(self, this_year: Money | None, last_year: Money | None) -> DistanceSelling | None:
        threshold = self.policy.distance_selling
        if threshold is None:
            return None
        if this_year is None or last_year is None:
            raise InvalidValue(
                field="this_year",
                reason=f"policy {self.policy.name} has a threshold of {threshold}: pass what was sold in both years",
            )
        return DistanceSelling(threshold=threshold, this_year=this_year, last_year=last_year)

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
