"""Price lists: who pays what, where, when, and for how many."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby

from attrs import define, field, frozen

from commerce.kernel import (
    MOST_WHOLE,
    Currency,
    Entity,
    InvalidValue,
    Money,
    Price,
    aware,
    iso_code,
    iso_codes,
    require_period,
    require_storable,
    text_set,
    whole_number,
)
from commerce.kernel import currency as to_currency
from commerce.pricing.errors import OverlappingPrices

__all__ = ["ListKind", "PriceChange", "PriceContext", "PriceEntry", "PriceList", "PriceRecord", "require_no_overlap"]


#: What every storage can keep.
_LONGEST_ID, _LONGEST_NAME, _LONGEST_SKU = 36, 255, 128
#: In minor units. Far above 2**31: a laptop costs 2,500,000,000 of them in rupiah, which ISO 4217 gives two decimals.
_DEAREST = 10**12


def _start(moment: datetime | None) -> datetime | None:
    return None if moment is None else aware(moment, "starts_at")


def _end(moment: datetime | None) -> datetime | None:
    return None if moment is None else aware(moment, "ends_at")


class ListKind(StrEnum):
    """What a list does to the regular price.

    ``base`` and ``override`` give the regular price (an override is a base list
    meant for somebody); ``sale`` gives a reduced price and never a dearer one.
    """

    BASE = "base"
    OVERRIDE = "override"
    SALE = "sale"


@frozen(kw_only=True)
class PriceContext:
    """Who asks for a price, and when."""

    currency: Currency = field(converter=to_currency)
    at: datetime = field(converter=aware)
    channel: str = ""
    country: str = field(default="", converter=iso_code)
    groups: frozenset[str] = field(default=frozenset(), converter=text_set)


@define(kw_only=True, eq=False)
class PriceList(Entity):
    """A named list of prices with the conditions under which it holds.

    Empty conditions hold for everybody. Higher ``priority`` is asked first.
    ``tax_included`` says whether its prices are gross.
    """

    name: str
    currency: str
    kind: ListKind = ListKind.BASE
    tax_included: bool = False
    priority: int = 0
    channels: frozenset[str] = field(default=frozenset(), converter=text_set)
    countries: frozenset[str] = field(default=frozenset(), converter=iso_codes)
    groups: frozenset[str] = field(default=frozenset(), converter=text_set)
    starts_at: datetime | None = field(default=None, converter=_start)
    ends_at: datetime | None = field(default=None, converter=_end)
    enabled: bool = True

    def __attrs_post_init__(self) -> None:
        if not 0 < len(self.id) <= _LONGEST_ID:
            raise InvalidValue(field="id", reason=f"a price list has an id of 1 to {_LONGEST_ID} characters")
        require_storable("name", self.name, most=_LONGEST_NAME)
        for name in ("channels", "countries", "groups"):
            require_storable(name, *getattr(self, name))
        require_storable("id", self.id)
        whole_number(self.priority, "priority", least=-MOST_WHOLE)
        self.currency = to_currency(self.currency).code
        require_period(self.starts_at, self.ends_at)

    @property
    def conditions(self) -> int:
        """How many kinds of condition it names: more of them means more specific."""
        return sum(map(bool, (self.channels, self.countries, self.groups, self.starts_at or self.ends_at)))

    def refuses(self, context: PriceContext) -> str:
        """Why the list does not hold in a context, in one word; empty if it holds."""
        checks = (
            ("disabled", self.enabled),
            ("currency", self.currency == context.currency.code),
            ("channel", not self.channels or context.channel in self.channels),
            ("country", not self.countries or context.country in self.countries),
            ("group", not self.groups or bool(self.groups & context.groups)),
            ("not_started", self.starts_at is None or context.at >= self.starts_at),
            ("ended", self.ends_at is None or context.at < self.ends_at),
        )
        return next((name for name, holds in checks if not holds), "")


@frozen(kw_only=True)
class PriceEntry:
    """One price in a list: from ``min_quantity`` units on, while it is valid (end exclusive).

    ``floor`` is the unit price below which no promotion takes it, as a supplier may ask for.
    """

    list_id: str
    sku: str
    price: Price
    floor: Price | None = None
    min_quantity: int = field(default=1)
    starts_at: datetime | None = field(default=None, converter=_start)
    ends_at: datetime | None = field(default=None, converter=_end)

    def __attrs_post_init__(self) -> None:
        self._require_price(self.price, "price")
        if self.floor is not None:
            self._require_price(self.floor, "floor")
            if self.floor.currency != self.price.currency:
                reason = f"the price is in {self.price.currency.code}: use one currency"
                raise InvalidValue(field="floor", reason=reason)
        if type(self.min_quantity) is not int or not 1 <= self.min_quantity <= MOST_WHOLE:
            raise InvalidValue(field="min_quantity", reason=f"a tier starts at 1 unit or more, up to {MOST_WHOLE}")
        if not 0 < len(self.sku) <= _LONGEST_SKU:
            raise InvalidValue(field="sku", reason=f"a SKU has 1 to {_LONGEST_SKU} characters")
        require_storable("sku", self.sku)
        require_period(self.starts_at, self.ends_at)

    def _require_price(self, price: Price, field: str) -> None:
        if not isinstance(getattr(price, "amount", None), Money):
            raise InvalidValue(field=field, reason='it is no price: pass Price(Money("9.90", "EUR"))')
        if price.amount.minor < 0:
            raise InvalidValue(field=field, reason=f"{self.sku} costs {price}: a price is zero or more")
        if price.amount.minor > _DEAREST or price.per > MOST_WHOLE:
            raise InvalidValue(field=field, reason=f"{self.sku} costs {price}: that is no price")

    def valid(self, at: datetime) -> bool:
        """Whether it holds at a moment."""
        return (self.starts_at is None or at >= self.starts_at) and (self.ends_at is None or at < self.ends_at)


@frozen(kw_only=True)
class PriceChange:
    """What an item was offered for from a moment on (until another): the history behind the reference price."""

    sku: str
    price: Price
    at: datetime = field(converter=aware)
    until: datetime | None = None


@frozen(kw_only=True)
class PriceRecord:
    """What a list said about single units of an item, from the moment it was set until it was set again.

    Several records of one ``revision`` (the version of the list that said so) are one
    statement: prices with dates. Without an ``entry`` the list stopped having a price.
    ``reason`` is kept for auditors.
    """

    list_id: str
    sku: str
    at: datetime = field(converter=aware)
    revision: int
    entry: PriceEntry | None
    reason: str = ""


def require_no_overlap(entries: Sequence[PriceEntry]) -> None:
    """Refuse two prices of one list for the same SKU, tier and moment."""
    earliest, latest = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

    def tier(entry: PriceEntry) -> tuple[str, str, int]:
        return entry.list_id, entry.sku, entry.min_quantity

    def start(entry: PriceEntry) -> datetime:
        return entry.starts_at or earliest

    for (list_id, sku, min_quantity), same in groupby(sorted(entries, key=lambda e: (tier(e), start(e))), key=tier):
        until = None
        for entry in same:
            if until is not None and start(entry) < until:
                raise OverlappingPrices(list_id=list_id, sku=sku, min_quantity=min_quantity)
            until = entry.ends_at or latest
