"""Which methods serve a request, what they cost, and when the goods arrive: pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from commerce.kernel import Address, Money, total
from commerce.shipping.errors import TooLargeToPack, UnavailableReason
from commerce.shipping.model import ShippingMethod
from commerce.shipping.parcels import Goods, Parcel, pack, volumetric_grams
from commerce.shipping.requests import RateAnswer, RateLine, RateRequest, ShippingRate, Unavailable
from commerce.shipping.values import Conditions, RateBasis, RateTable, Transit, Zone

__all__ = ["CarrierQuotes", "answer", "parcels_for", "promise", "quote"]

#: What carriers answered for methods without a table: method id -> price, or why there is none.
CarrierQuotes = Mapping[str, Money | UnavailableReason]

_REASONS_TO_ASK = (UnavailableReason.NEEDS_POSTAL_CODE, UnavailableReason.NEEDS_REGION)


def answer(methods: Iterable[ShippingMethod], request: RateRequest, quotes: CarrierQuotes | None = None) -> RateAnswer:
    """Every method's rate or reason. Cheapest first; ties by the earlier promise, then by id."""
    answers = [quote(method, request, quotes or {}) for method in methods]
    rates = [found for found in answers if isinstance(found, ShippingRate)]
    rates.sort(key=lambda rate: (rate.price.minor, rate.promised_until or date.max, rate.method_id))
    return RateAnswer(
        rates=tuple(rates), unavailable=tuple(found for found in answers if isinstance(found, Unavailable))
    )


def quote(
    method: ShippingMethod, request: RateRequest, quotes: CarrierQuotes | None = None
) -> ShippingRate | Unavailable:
    """What a method costs for a request, or why it does not serve it."""
    lines = tuple(line for line in request.lines if line.item.requires_shipping)
    reason = _objection(method, request, lines)
    if reason is not None:
        return Unavailable(method_id=method.id, reason=reason)
    try:
        parcels = _packed(method, lines)
    except TooLargeToPack as error:
        return Unavailable(method_id=method.id, reason=error.reason)
    value = total((line.value for line in lines), request.currency)
    price = _price(method, parcels, value, quotes or {})
    if isinstance(price, UnavailableReason):
        return Unavailable(method_id=method.id, reason=price)
    first, last = promise(method.transit, request.at) if method.transit else (None, None)
    return ShippingRate(
        method_id=method.id,
        label=method.name(request.locale),
        carrier=method.carrier,
        service=method.service,
        price=price,
        tax_category=method.tax_category,
        promised_from=first,
        promised_until=last,
    )


def parcels_for(method: ShippingMethod, request: RateRequest) -> tuple[Parcel, ...] | None:
    """The parcels a carrier is to be asked about; nothing if the method does not serve the request anyway."""
    lines = tuple(line for line in request.lines if line.item.requires_shipping)
    if _objection(method, request, lines) is not None:
        return None
    try:
        return _packed(method, lines)
    except TooLargeToPack:
        return None


def promise(transit: Transit, at: datetime) -> tuple[date, date]:
    """The first and last day on which goods ordered at a moment arrive.

    The order counts on its own day if that is a business day and before the cut-off, else on the
    next business day; handling and the way are counted in business days from there.
    """
    local = at.astimezone(ZoneInfo(transit.time_zone))
    day = local.date()
    if transit.cut_off_hour is not None and local.hour >= transit.cut_off_hour:
        day += timedelta(days=1)
    start = _business_day(transit, day)
    sent = _add_days(transit, start, transit.handling_days)
    return _add_days(transit, sent, transit.min_days), _add_days(transit, sent, transit.max_days)


def _business_day(transit: Transit, day: date) -> date:
    """That day, or the next on which anybody works."""
    while day.weekday() not in transit.weekdays or day in transit.holidays:
        day += timedelta(days=1)
    return day


def _add_days(transit: Transit, day: date, count: int) -> date:
    for _ in range(count):
        day = _business_day(transit, day + timedelta(days=1))
    return day


def _objection(method: ShippingMethod, request: RateRequest, lines: Sequence[RateLine]) -> UnavailableReason | None:
    """The first reason not to serve a request, before anything is packed or priced."""
    if not method.enabled:
        return UnavailableReason.DISABLED
    if not lines:
        return UnavailableReason.NOTHING_TO_SHIP
    if method.currency != request.currency.code:
        return UnavailableReason.OTHER_CURRENCY
    return _place_objection(method.zones, request.destination) or _goods_objection(method.conditions, lines)


def _goods_objection(conditions: Conditions, lines: Sequence[RateLine]) -> UnavailableReason | None:
    if not all(conditions.takes(line.item) for line in lines):
        return UnavailableReason.ITEM_EXCLUDED
    grams = sum(line.item.weight_grams * line.quantity for line in lines)
    if conditions.max_weight_grams is not None and grams > conditions.max_weight_grams:
        return UnavailableReason.TOO_HEAVY
    return None


def _place_objection(zones: Sequence[Zone], to: Address) -> UnavailableReason | None:
    """Nothing if any zone has the address; rather what is missing from it than that it is elsewhere."""
    reasons = [zone.refuses(to) for zone in zones]
    if not reasons or None in reasons:
        return None
    return next((reason for reason in _REASONS_TO_ASK if reason in reasons), UnavailableReason.NOT_IN_ZONE)


def _packed(method: ShippingMethod, lines: Sequence[RateLine]) -> tuple[Parcel, ...]:
    """The parcels of a method. Where volume counts, every size must be known."""
    if method.rates is not None and method.rates.basis is RateBasis.VOLUMETRIC:
        for line in lines:
            if line.item.dimensions_mm is None:
                raise TooLargeToPack(sku=line.item.sku, reason=UnavailableReason.DIMENSIONS_UNKNOWN)
    goods = [Goods(line_id=str(n), item=line.item, quantity=line.quantity) for n, line in enumerate(lines)]
    return pack(goods, method.boxes)


def _price(
    method: ShippingMethod, parcels: Sequence[Parcel], value: Money, quotes: CarrierQuotes
) -> Money | UnavailableReason:
    base: Money | UnavailableReason | None
    if method.rates is None:
        base = quotes.get(method.id, UnavailableReason.NOT_QUOTED)
    else:
        base = _table_price(method.rates, parcels, value)
    if base is None:
        return UnavailableReason.BEYOND_TABLE
    if isinstance(base, UnavailableReason):
        return base
    if method.free_above is not None and value >= method.free_above:
        return Money.zero(method.currency)
    return base if method.handling_fee is None else base + method.handling_fee


def _table_price(table: RateTable, parcels: Sequence[Parcel], value: Money) -> Money | None:
    """The sum over all parts the table is asked about, or nothing if it has no price for one of them."""
    parts = [[parcel] for parcel in parcels] if table.per_parcel else [parcels]
    prices = [table.price(_measure(table, part, value)) for part in parts]
    known = [price for price in prices if price is not None]
    return sum(known[1:], known[0]) if len(known) == len(prices) else None


def _measure(table: RateTable, parcels: Sequence[Parcel], value: Money) -> int:
    """What a table is asked about, for some of the parcels."""
    if table.basis is RateBasis.WEIGHT:
        return sum(parcel.weight_grams for parcel in parcels)
    if table.basis is RateBasis.VOLUMETRIC:
        return sum(max(parcel.weight_grams, volumetric_grams(parcel.volume_mm3, table.divisor)) for parcel in parcels)
    if table.basis is RateBasis.QUANTITY:
        return sum(units.quantity for parcel in parcels for units in parcel.contents)
    return value.minor if table.basis is RateBasis.VALUE else 0
