"""Tax rates as dated facts, and what is asked of them."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from attrs import field, frozen

from commerce.kernel import Address, InvalidValue

__all__ = ["STANDARD", "MissingRate", "ShippingTax", "TaxContext", "TaxRate"]

#: The category that stands in for one that a place has no rate of its own for.
STANDARD = "standard"


@frozen(kw_only=True)
class TaxRate:
    """One tax of one place: ``rate`` is a ratio (``Decimal("0.19")`` for 19 %).

    ``region`` is the ISO 3166-2 part after the hyphen, ``postal_prefixes`` narrow it
    further; all rates that match a destination are charged together (state, county,
    city). A ``compound`` rate is charged on the amount plus the taxes of lower
    ``order``. A rate of zero must be stated: what is not stated is missing.
    """

    id: str
    name: str
    country: str
    rate: Decimal = field()
    category: str = STANDARD
    region: str = ""
    postal_prefixes: tuple[str, ...] = ()
    order: int = 0
    compound: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    @rate.validator
    def _ratio(self, _: object, rate: Decimal) -> None:
        if type(rate) is not Decimal or not 0 <= rate < 1:
            raise InvalidValue(field="rate", reason=f"{rate!r} is not a ratio: pass Decimal('0.19') for 19 %")

    @property
    def jurisdiction(self) -> str:
        """``DE``, ``US-CA``: the place in ISO 3166 terms."""
        return f"{self.country}-{self.region}" if self.region else self.country

    def applies(self, destination: Address, at: datetime) -> bool:
        """Whether it is charged on something going there, then."""
        return (
            self.country == destination.country
            and self.region in ("", destination.region)
            and (not self.postal_prefixes or destination.postal_code.startswith(self.postal_prefixes))
            and (self.starts_at is None or at >= self.starts_at)
            and (self.ends_at is None or at < self.ends_at)
        )


class ShippingTax(StrEnum):
    """How shipping is taxed: at its own category's rate, or at the lines' rates by their share."""

    OWN = "own"
    WEIGHTED = "weighted"


@frozen(kw_only=True)
class TaxContext:
    """Where the goods go, when, and what the buyer is.

    ``exempt`` charges no tax and says why on every line; a business buyer in another
    EU country with a valid VAT id is exempt with the reason ``reverse charge``.
    """

    destination: Address
    at: datetime
    exempt: str = ""
    shipping: ShippingTax = ShippingTax.OWN


@frozen(kw_only=True)
class MissingRate:
    """Nobody stated a rate for this place and category: a result, never a silent zero."""

    country: str
    region: str
    category: str
