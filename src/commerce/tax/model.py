"""Tax rates as dated facts, and what is asked of them."""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from attrs import field, frozen

from commerce.kernel import (
    MOST_WHOLE,
    Address,
    InvalidValue,
    Money,
    aware,
    exact_number,
    iso_code,
    postal_key,
    require_period,
    require_storable,
    text_tuple,
    whole_number,
)

__all__ = [
    "BY_DESTINATION",
    "STANDARD",
    "DistanceSelling",
    "MissingRate",
    "MissingReason",
    "ShippingTax",
    "Sourcing",
    "TaxContext",
    "TaxPolicy",
    "TaxRate",
]

#: The category that stands in for one that a place has no rate of its own for.
STANDARD = "standard"


#: What every storage can keep, in characters.
_LONGEST = {"id": 64, "name": 128, "category": 64, "region": 16, "rate": 32}


def _prefixes(prefixes: Iterable[str]) -> tuple[str, ...]:
    keys = tuple(postal_key(prefix) for prefix in text_tuple(prefixes))
    if "" in keys:
        raise InvalidValue(
            field="postal_prefixes", reason="one without a letter A-Z or a digit is everywhere: name where it is"
        )
    return keys


@frozen(kw_only=True)
class TaxRate:
    """One tax of one place: ``rate`` is a ratio (``Decimal("0.19")`` for 19 %).

    ``region`` is the ISO 3166-2 part after the hyphen; ``postal_prefixes`` narrow it
    further and ``except_postal_prefixes`` are places inside where it is not charged.
    Case, spaces and hyphens of postal codes do not matter. All rates that match a
    destination are charged together (state, county, city). A ``compound`` rate is
    charged on the amount plus the taxes of lower ``order``. A rate of zero must be
    stated: what is not stated is missing.
    """

    id: str
    name: str
    country: str = field(converter=iso_code)
    rate: Decimal = field()
    category: str = STANDARD
    region: str = field(default="", converter=iso_code)
    postal_prefixes: tuple[str, ...] = field(default=(), converter=_prefixes)
    except_postal_prefixes: tuple[str, ...] = field(default=(), converter=_prefixes)
    order: int = 0
    compound: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    @rate.validator
    def _ratio(self, _: object, rate: Decimal) -> None:
        if type(rate) is not Decimal or not rate.is_finite() or not 0 <= rate < 1:
            raise InvalidValue(field="rate", reason=f"{rate!r} is not a ratio: pass Decimal('0.19') for 19 %")
        if len(str(rate)) > _LONGEST["rate"]:
            raise InvalidValue(field="rate", reason=f"a rate has at most {_LONGEST['rate']} characters: round it")
        exact_number(rate, "rate")

    def __attrs_post_init__(self) -> None:
        if not re.fullmatch("[A-Z]{2}", self.country):
            raise InvalidValue(field="country", reason=f"{self.country!r} is not an ISO 3166-1 code such as DE or US")
        for name in ("id", "name", "category", "region"):
            require_storable(name, getattr(self, name), most=_LONGEST[name])
        for name in ("postal_prefixes", "except_postal_prefixes"):
            require_storable(name, *getattr(self, name))
        whole_number(self.order, "order", least=-MOST_WHOLE)
        require_period(self.starts_at, self.ends_at)

    @property
    def jurisdiction(self) -> str:
        """``DE``, ``US-CA``: the place in ISO 3166 terms."""
        return f"{self.country}-{self.region}" if self.region else self.country

    def applies(self, destination: Address, at: datetime) -> bool:
        """Whether it is charged on something going there, then."""
        return (
            self.country == destination.country
            and self.region in ("", destination.region.upper())
            and self._covers(destination.postal_code)
            and (self.starts_at is None or at >= self.starts_at)
            and (self.ends_at is None or at < self.ends_at)
        )

    def _covers(self, postal_code: str) -> bool:
        if not self.postal_prefixes and not self.except_postal_prefixes:
            return True
        code = postal_key(postal_code)
        inside = not self.postal_prefixes or code.startswith(self.postal_prefixes)
        return inside and not code.startswith(self.except_postal_prefixes)


class ShippingTax(StrEnum):
    """How shipping is taxed: at its own category's rate, or at the lines' rates by their share."""

    OWN = "own"
    WEIGHTED = "weighted"


class Sourcing(StrEnum):
    """Whose rate is charged: that of the place the goods go to, or of the place they leave.

    ``origin_within_region`` is for the states of the USA that tax sales inside the
    state where the goods leave, and all others where they arrive.
    """

    DESTINATION = "destination"
    ORIGIN = "origin"
    ORIGIN_WITHIN_REGION = "origin_within_region"


@frozen(kw_only=True)
class DistanceSelling:
    """The EU threshold for sales to consumers in other member states, and how far it is used up.

    As long as those sales, without VAT, stay within ``threshold`` in this calendar year
    and did in the last, the seller's own country's VAT is charged; the sale that goes
    over it is taxed at its destination (council directive 2006/112/EC, article 59c).
    """

    threshold: Money
    this_year: Money
    last_year: Money

    def stays_home(self, sale: Money) -> bool:
        """Whether one more sale, without VAT, is still taxed in the seller's country."""
        return not self.used_up and self.this_year + sale <= self.threshold

    @property
    def used_up(self) -> bool:
        """Whether nothing more is taxed in the seller's country, however small."""
        return max(self.last_year, self.this_year) > self.threshold


@frozen(kw_only=True)
class TaxPolicy:
    """The tax choices of a shop, named and versioned; rounding is in its `commerce.kernel.RoundingProfile`.

    ``distance_selling`` is the EU threshold (EUR 10,000) of a seller who is established
    in one member state only and has not chosen to be taxed at the destination.
    """

    name: str
    version: int = 1
    shipping: ShippingTax = ShippingTax.OWN
    sourcing: Sourcing = Sourcing.DESTINATION
    distance_selling: Money | None = None


#: Taxed where the goods go, shipping at its own rate.
BY_DESTINATION = TaxPolicy(name="by-destination")


@frozen(kw_only=True)
class TaxContext:
    """Where the goods go, when, and what the buyer is.

    ``exempt`` charges no tax and says why on every line; a business buyer in another
    EU country with a valid VAT id is exempt with the reason ``reverse charge``.
    ``origin`` is where the goods leave; only some policies ask for it.
    """

    destination: Address
    at: datetime = field(converter=aware)
    exempt: str = ""
    shipping: ShippingTax = ShippingTax.OWN
    origin: Address | None = None
    sourcing: Sourcing = Sourcing.DESTINATION
    distance_selling: DistanceSelling | None = None

    def __attrs_post_init__(self) -> None:
        if self.origin is None and (self.distance_selling or self.sourcing is not Sourcing.DESTINATION):
            raise InvalidValue(
                field="origin", reason=f"sourcing by {self.sourcing} asks where the goods leave: pass it"
            )

    @property
    def place(self) -> Address:
        """Whose rates are charged, before the threshold for distance selling is looked at."""
        origin, destination = self.origin, self.destination
        if origin is None or self.sourcing is Sourcing.DESTINATION:
            return destination
        same = (origin.country, origin.region.upper()) == (destination.country, destination.region.upper())
        return origin if same or self.sourcing is Sourcing.ORIGIN else destination


class MissingReason(StrEnum):
    """Why no tax is known.

    ``no_rate``: nobody stated one. ``void``: an external answer was for another cart or
    place. ``incomplete``: an external answer leaves a line or charge out.
    """

    NO_RATE = "no_rate"
    VOID = "void"
    INCOMPLETE = "incomplete"


@frozen(kw_only=True)
class MissingRate:
    """Nobody stated a rate for this place and category: a result, never a silent zero."""

    country: str
    region: str
    category: str
    reason: MissingReason = MissingReason.NO_RATE
