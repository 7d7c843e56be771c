"""Taxes that somebody else worked out: their rates, or their amounts, and when those stop being true."""

import hashlib
from collections.abc import Mapping

from attrs import field, frozen

from commerce.kernel import CurrencyMismatch, PricedCart, PricedLine, TaxShare
from commerce.tax.engine import Part, charge, replace_taxes
from commerce.tax.formula import Group
from commerce.tax.model import MissingRate, MissingReason, TaxContext

__all__ = ["ExternalAmounts", "ExternalRates", "apply_external", "cart_fingerprint", "place_fingerprint"]


@frozen(kw_only=True)
class ExternalRates:
    """The rates of each line and charge, by id; amounts are then rounded by the shop's profile.

    They hold for one place: ``place`` is its `place_fingerprint`. Prices may change.
    """

    source: str
    place: str
    lines: Mapping[str, Group] = field(factory=dict, hash=False)
    charges: Mapping[str, Group] = field(factory=dict, hash=False)


@frozen(kw_only=True)
class ExternalAmounts:
    """The taxes of each line and charge, by id, to the cent.

    They hold for one cart at one place: ``fingerprint`` is its `cart_fingerprint`, so that any
    change of a price, quantity, discount or address voids them until they are set again.
    """

    source: str
    fingerprint: str
    lines: Mapping[str, tuple[TaxShare, ...]] = field(factory=dict, hash=False)
    charges: Mapping[str, tuple[TaxShare, ...]] = field(factory=dict, hash=False)


def place_fingerprint(context: TaxContext) -> str:
    """A digest of where goods leave and go and of the exemption: what external rates depend on."""
    return _digest(*_place(context))


def cart_fingerprint(cart: PricedCart, context: TaxContext) -> str:
    """A digest of everything that external amounts depend on; not of the time, or no amount would live."""
    facts = [cart.currency.code, str(cart.tax_included), *_place(context)]
    for line in cart.lines:
        item = line.line.item
        facts += [line.line.id, item.sku, item.tax_category, str(line.line.quantity), str(line.total.minor)]
    facts.append("charges")
    for part in cart.charges:
        facts += [part.charge.id, part.charge.tax_category, str(part.total.minor)]
    return _digest(*facts)


def _place(context: TaxContext) -> list[str]:
    facts = [context.exempt]
    for address in (context.origin, context.destination):
        if address is not None:
            facts += [address.country, address.region, address.postal_code, address.city, *address.lines, "."]
    return facts


def _digest(*facts: str) -> str:
    text = "".join(f"{len(fact)}:{fact}" for fact in facts)
    return hashlib.sha256(text.encode()).hexdigest()


def apply_external(
    cart: PricedCart, external: ExternalRates | ExternalAmounts, context: TaxContext
) -> PricedCart | MissingRate:
    """The cart with external taxes; a `MissingRate` says if they are void, or leave something out."""
    if isinstance(external, ExternalRates):
        return _by_rates(cart, external, context)
    if external.fingerprint != cart_fingerprint(cart, context):
        return _missing(context, MissingReason.VOID)
    taxes: list[tuple[TaxShare, ...]] = []
    parts: tuple[Part, ...] = (*cart.lines, *cart.charges)
    for part in parts:
        shares = _of(part, external)
        if shares is None:
            return _missing(context, MissingReason.INCOMPLETE)
        for share in shares:
            for money in (share.amount, share.base):
                if money.currency != cart.currency:
                    raise CurrencyMismatch(expected=cart.currency.code, actual=money.currency.code)
        taxes.append(shares)
    return replace_taxes(cart, taxes)


def _by_rates(cart: PricedCart, external: ExternalRates, context: TaxContext) -> PricedCart | MissingRate:
    if external.place != place_fingerprint(context):
        return _missing(context, MissingReason.VOID)

    def group(part: Part) -> Group | MissingRate:
        if isinstance(part, PricedLine):
            found = external.lines.get(part.line.id)
        else:
            found = external.charges.get(part.charge.id)
        return found or _missing(context, MissingReason.INCOMPLETE)

    return charge(cart, group, context.shipping)


def _of(part: Part, external: ExternalAmounts) -> tuple[TaxShare, ...] | None:
    if isinstance(part, PricedLine):
        return external.lines.get(part.line.id)
    return external.charges.get(part.charge.id)


def _missing(context: TaxContext, reason: MissingReason) -> MissingRate:
    place = context.destination
    return MissingRate(country=place.country, region=place.region, category="", reason=reason)
