"""What a shipping method is made of: where it goes, what it costs, what it takes, how long it needs."""

import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from attrs import field, frozen

from commerce.kernel import Address, InvalidValue, Item, Money, iso_codes, postal_key, text_tuple
from commerce.kernel import time_zone as to_zone
from commerce.shipping.errors import UnavailableReason

__all__ = ["Conditions", "RateBasis", "RateTable", "RateTier", "Transit", "Zone"]


def _postal_keys(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(postal_key, text_tuple(codes)))


@frozen(kw_only=True)
class Zone:
    """Places: of these countries (none named: all), in these regions, with postal codes that begin so.

    ``regions`` are whole ISO 3166-2 codes (``US-CA``). ``without_postal_prefixes`` takes places out
    again, such as islands.
    """

    countries: frozenset[str] = field(default=frozenset(), converter=iso_codes)
    regions: frozenset[str] = field(default=frozenset(), converter=iso_codes)
    postal_prefixes: tuple[str, ...] = field(default=(), converter=_postal_keys)
    without_postal_prefixes: tuple[str, ...] = field(default=(), converter=_postal_keys)

    @countries.validator
    def _are_countries(self, _: object, codes: frozenset[str]) -> None:
        if not all(re.fullmatch("[A-Z]{2}", code) for code in codes):
            raise InvalidValue(field="countries", reason="use ISO 3166-1 alpha-2 codes such as DE or US")

    @regions.validator
    def _are_regions(self, _: object, codes: frozenset[str]) -> None:
        if not all(re.fullmatch("[A-Z]{2}-[A-Z0-9]{1,3}", code) for code in codes):
            raise InvalidValue(field="regions", reason="use whole ISO 3166-2 codes such as US-CA")

    def refuses(self, to: Address) -> UnavailableReason | None:
        """Why the address is not in this zone, or what it would have to say; nothing if it is in it."""
        if self.countries and to.country not in self.countries:
            return UnavailableReason.NOT_IN_ZONE
        if self.regions:
            if not to.region:
                return UnavailableReason.NEEDS_REGION
            if f"{to.country}-{to.region.upper()}" not in self.regions:
                return UnavailableReason.NOT_IN_ZONE
        if self.postal_prefixes or self.without_postal_prefixes:
            code = postal_key(to.postal_code)
            if not code:
                return UnavailableReason.NEEDS_POSTAL_CODE
            named = not self.postal_prefixes or code.startswith(self.postal_prefixes)
            if not named or code.startswith(self.without_postal_prefixes):
                return UnavailableReason.NOT_IN_ZONE
        return None


class RateBasis(StrEnum):
    """What a rate table measures.

    ``weight`` in grams, ``volumetric`` in grams of the heavier of weight and volume, ``value``
    in minor units of the table's currency, ``quantity`` in units, ``flat`` nothing.
    """

    FLAT = "flat"
    WEIGHT = "weight"
    VOLUMETRIC = "volumetric"
    VALUE = "value"
    QUANTITY = "quantity"


@frozen(kw_only=True)
class RateTier:
    """The price up to and including a measure; ``None`` is without end.

    With ``step`` and ``step_price``, each started ``step`` above the tier before costs that much more.
    """

    price: Money
    up_to: int | None = field(default=None)
    step: int = 0
    step_price: Money | None = None

    def __attrs_post_init__(self) -> None:
        if bool(self.step) != (self.step_price is not None) or self.step < 0:
            raise InvalidValue(field="step", reason="a step is a whole measure above zero and has a step_price")
        if self.price.minor < 0 or (self.step_price is not None and self.step_price.minor < 0):
            raise InvalidValue(field="price", reason="shipping costs zero or more")

    def cost(self, measure: int, below: int) -> Money:
        """The price of a measure in this tier, which begins above ``below``."""
        if self.step_price is None:
            return self.price
        return self.price + self.step_price * (-(-(measure - below) // self.step))


@frozen(kw_only=True)
class RateTable:
    """Prices by one measure: the first tier that reaches it. Beyond the last tier there is no price.

    ``divisor`` is the carrier's, in cubic centimetres per kilogram (commonly 5000, 6000 in air
    freight). ``per_parcel`` asks the table for each parcel and adds up.
    """

    tiers: tuple[RateTier, ...] = field()
    basis: RateBasis = RateBasis.FLAT
    divisor: int = 5000
    per_parcel: bool = False

    def __attrs_post_init__(self) -> None:
        if not self.tiers:
            raise InvalidValue(field="tiers", reason="a rate table has at least one tier")
        ends = [tier.up_to for tier in self.tiers[:-1]]
        bounds = [end for end in (*ends, self.tiers[-1].up_to) if end is not None]
        if None in ends or bounds != sorted(set(bounds)) or min(bounds, default=0) < 0:
            raise InvalidValue(field="tiers", reason="tiers rise strictly; only the last may be without end")
        if self.basis is RateBasis.FLAT and (len(self.tiers) > 1 or bounds or self.tiers[0].step):
            raise InvalidValue(field="tiers", reason="a flat table has one tier without end and without steps")
        if self.basis is RateBasis.VALUE and self.per_parcel:
            raise InvalidValue(field="per_parcel", reason="value is not known per parcel: choose another basis")
        if type(self.divisor) is not int or self.divisor < 1:
            raise InvalidValue(field="divisor", reason="pass cubic centimetres per kilogram, such as 5000")

    @classmethod
    def flat(cls, price: Money) -> "RateTable":
        """One price for everything."""
        return cls(tiers=(RateTier(price=price),))

    @property
    def currencies(self) -> frozenset[str]:
        """The currencies of all prices; a method wants exactly one."""
        prices = [p for tier in self.tiers for p in (tier.price, tier.step_price) if p is not None]
        return frozenset(price.currency.code for price in prices)

    def price(self, measure: int) -> Money | None:
        """What a measure costs, or nothing beyond the last tier.

        >>> kilos = RateTable(basis=RateBasis.WEIGHT, tiers=(RateTier(up_to=2000, price=Money("4.99", "EUR")),))
        >>> kilos.price(2000), kilos.price(2001)
        (Money('4.99', 'EUR'), None)
        """
        below = 0
        for tier in self.tiers:
            if tier.up_to is None or measure <= tier.up_to:
                return tier.cost(measure, below)
            below = tier.up_to
        return None


@frozen(kw_only=True)
class Conditions:
    """What a method takes. Categories and collections are matched against those of each item.

    ``only_…`` asks every item to be in one of them, ``never_…`` no item to be in any.
    """

    max_weight_grams: int | None = None
    only_categories: frozenset[str] = frozenset()
    never_categories: frozenset[str] = frozenset()
    only_collections: frozenset[str] = frozenset()
    never_collections: frozenset[str] = frozenset()

    def takes(self, item: Item) -> bool:
        """Whether an item may travel this way."""
        return (
            (not self.only_categories or bool(self.only_categories & item.categories))
            and (not self.only_collections or bool(self.only_collections & item.collections))
            and not self.never_categories & item.categories
            and not self.never_collections & item.collections
        )


@frozen(kw_only=True)
class Transit:
    """How long it takes, in business days: handling in the house, then ``min_days`` to ``max_days`` on the way.

    Orders from ``cut_off_hour`` on (local time in ``time_zone``, an IANA name) count as of the next
    business day. ``weekdays`` are the business days (0 is Monday), less ``holidays``.
    """

    min_days: int
    max_days: int = field()
    handling_days: int = field(default=0)
    cut_off_hour: int | None = field(default=None)
    time_zone: str = field(default="UTC")
    weekdays: frozenset[int] = field(default=frozenset(range(5)))
    holidays: frozenset[date] = frozenset()

    @max_days.validator
    def _in_order(self, _: object, max_days: int) -> None:
        if not 0 <= self.min_days <= max_days:
            raise InvalidValue(field="max_days", reason="transit takes zero days or more, and not less than min_days")

    @handling_days.validator
    def _not_before(self, _: object, days: int) -> None:
        if days < 0:
            raise InvalidValue(field="handling_days", reason="handling takes zero days or more")

    @cut_off_hour.validator
    def _an_hour(self, _: object, hour: int | None) -> None:
        if hour is not None and hour not in range(24):
            raise InvalidValue(field="cut_off_hour", reason="a day has the hours 0 to 23")

    @time_zone.validator
    def _on_the_map(self, _: object, name: str) -> None:
        to_zone(name)

    @weekdays.validator
    def _some_day(self, _: object, weekdays: frozenset[int]) -> None:
        if not weekdays or not weekdays <= set(range(7)):
            raise InvalidValue(field="weekdays", reason="name at least one weekday, 0 (Monday) to 6")
