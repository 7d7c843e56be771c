"""Places where tax law and country codes differ."""

from commerce.kernel import Address
from commerce.tax.model import TaxContext
from commerce.tax.rates import EU_COUNTRIES, OUTSIDE_VAT_AREA

__all__ = ["crosses_borders", "in_eu_vat_area"]


def in_eu_vat_area(address: Address) -> bool:
    """Whether EU VAT law holds there: a member state, without the territories that article 6 takes out."""
    outside = OUTSIDE_VAT_AREA.get(address.country, ())
    return address.country in EU_COUNTRIES and not address.postal_code.replace(" ", "").startswith(outside)


def crosses_borders(context: TaxContext) -> bool:
    """Whether goods go from one member state of the EU to another."""
    origin, destination = context.origin, context.destination
    if origin is None or origin.country == destination.country:
        return False
    return in_eu_vat_area(origin) and in_eu_vat_area(destination)
