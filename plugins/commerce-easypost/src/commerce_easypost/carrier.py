"""`EasyPostCarrier`: the port, spoken with EasyPost's API."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from operator import itemgetter

import httpx

from commerce.kernel import Address, Clock, Money, utc_now
from commerce.shipping import (
    Ability,
    CarrierCannot,
    CarrierNotice,
    CarrierRate,
    CarrierRateRequest,
    Label,
    LabelRefused,
    LabelRequest,
    PickupPoint,
    TrackingEvent,
    VoidRefused,
)
from commerce_easypost.answers import Rate, Shipment, TrackerPage
from commerce_easypost.client import EasyPostClient
from commerce_easypost.desk import EasyPostDesk, reference_of
from commerce_easypost.errors import (
    STALE_RATE,
    EasyPostCannotQuote,
    EasyPostRefusal,
    EasyPostUnavailable,
    EasyPostUnknown,
)
from commerce_easypost.files import format_of, joined
from commerce_easypost.notices import numbers_in
from commerce_easypost.scans import events_of
from commerce_easypost.settings import EasyPostSettings, LabelFormat
from commerce_easypost.wishes import address_of, missing_for_label, missing_for_rates, parcel_of, place_of

__all__ = ["EasyPostCarrier"]

_Body = dict[str, object]

#: Lists begin a month ago unless one says otherwise (EasyPost docs, Pagination); parcels may take longer.
_FOLLOWED = timedelta(days=180)


class EasyPostCarrier:
    """Parcels brought by the carriers of an EasyPost account. A service is a carrier and its service: ``UPS:Ground``.

    A parcel is a shipment at EasyPost, so a purchase of several parcels is one of several shipments, with any carrier.
    """

    def __init__(
        self, settings: EasyPostSettings, *, clock: Clock = utc_now, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._client = EasyPostClient(settings, transport)
        self._desk = EasyPostDesk(self._client, settings.name)

    def __repr__(self) -> str:
        return f"EasyPostCarrier({self._settings!r})"

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    @property
    def name(self) -> str:
        """The name in the settings."""
        return self._settings.name

    @property
    def abilities(self) -> frozenset[Ability]:
        """Everything but pickup points; notices, if there is a secret to know them by."""
        able = {Ability.RATES, Ability.VOID, Ability.TRACKING}
        return frozenset(able | {Ability.NOTICES} if self._settings.webhook_secret else able)

    def rates(self, request: CarrierRateRequest) -> Sequence[CarrierRate]:
        """What each service costs for all parcels together; a service that does not take all of them is left out.

        Parcels alike are asked about once. Who lives at the addresses is not told. Raises `EasyPostCannotQuote`
        if something is missing.
        """
        origin = request.origin or self._settings.sender
        missing = missing_for_rates(origin, request.destination, request.parcels)
        if missing or origin is None:
            raise EasyPostCannotQuote(carrier=self.name, ability=Ability.RATES.value, reason=missing)
        kinds = Counter((parcel.weight_grams, parcel.dimensions_mm) for parcel in request.parcels)
        alike = {(parcel.weight_grams, parcel.dimensions_mm): parcel for parcel in request.parcels}
        offers: list[dict[str, Money]] = []
        for kind, count in kinds.items():
            body = {
                **self._body(place_of(origin), place_of(request.destination), parcel_of(alike[kind])),
                "options": {"currency": request.currency},
            }
            offers.append({name: price * count for name, price in self._offer(body, request.currency).items()})
        common = set(offers[0]).intersection(*offers)
        return [
            CarrierRate(service=name, price=sum((offer[name] for offer in offers[1:]), offers[0][name]))
            for name in sorted(common)
        ]

    def buy_label(self, request: LabelRequest) -> Label:
        """Buy a shipment per parcel, or give those bought with this key.

        All parcels get a label, or none keeps one: what was bought before a refusal is given back. A label that
        was given back is not sold again.
        """
        bodies = self._bodies(request)
        try:
            opened = [self._desk.open(body) for body in bodies]
        except EasyPostRefusal as refusal:
            raise self._refused(refusal.reason) from None
        chosen = self._desk.elect(opened)
        if any(shipment.given_back for shipment in chosen):
            raise self._undone(chosen, "its label was given back")
        return self._label(self._bought(chosen, request.service))

    def void(self, key: str, reference: str = "") -> None:
        """Refund the labels of this key. EasyPost's own references are found by the key alone."""
        parcel = 1
        while (found := self._desk.find(reference_of(key, parcel))) is not None:
            (sold,) = self._desk.elect([found])
            if sold.bought:
                self._give_back(sold)
            parcel += 1

    def track(self, tracking_number: str) -> Sequence[TrackingEvent]:
        """The scans that EasyPost knows of; it made a tracker when the label was bought."""
        since = (self._clock() - _FOLLOWED).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            page = self._client.read(
                TrackerPage, "/trackers", tracking_code=tracking_number, start_datetime=since, page_size="100"
            )
        except EasyPostRefusal as refusal:
            raise EasyPostUnavailable(carrier=self.name, reason=refusal.reason) from None
        return events_of(tracking_number, page.trackers)

    def pickup_points(self, address: Address, limit: int = 10) -> Sequence[PickupPoint]:
        """Not at EasyPost."""
        raise CarrierCannot(carrier=self.name, ability=Ability.PICKUP_POINTS.value)

    def parse_notice(self, notice: CarrierNotice) -> Sequence[str]:
        """Verify an event and say which parcel it is about; events about other things are about none."""
        secret = self._settings.webhook_secret
        if secret is None:
            raise CarrierCannot(carrier=self.name, ability=Ability.NOTICES.value)
        return numbers_in(notice, secret.get_secret_value(), self.name)

    # asking

    def _bodies(self, request: LabelRequest) -> list[_Body]:
        """A wish per parcel, or `LabelRefused` before anything is asked."""
        origin = request.origin or self._settings.sender
        missing = missing_for_label(origin, request.destination, request.parcels)
        if missing or origin is None:
            raise self._refused(missing)
        if not request.service:
            raise self._refused("name a service, such as USPS:Priority")
        format = self._settings.label_format
        if format is LabelFormat.PNG and len(request.parcels) > 1:
            format = LabelFormat.PDF  # several images cannot be one, several pages can
        return [
            {
                **self._body(address_of(origin), address_of(request.destination), parcel_of(parcel)),
                "reference": reference_of(request.key, n),
                "options": {"label_format": format.value.upper()},
            }
            for n, parcel in enumerate(request.parcels, 1)
        ]

    def _body(self, sender: dict[str, str], receiver: dict[str, str], parcel: dict[str, str]) -> _Body:
        accounts = (
            {"carrier_accounts": list(self._settings.carrier_accounts)} if self._settings.carrier_accounts else {}
        )
        return {"from_address": sender, "to_address": receiver, "parcel": parcel, **accounts}

    def _offer(self, body: _Body, currency: str) -> dict[str, Money]:
        """The cheapest price of each service in a currency; several accounts may offer the same."""
        try:
            rates = self._desk.make(body).rates
        except EasyPostRefusal as refusal:
            raise EasyPostCannotQuote(carrier=self.name, ability=Ability.RATES.value, reason=refusal.reason) from None
        offer: dict[str, Money] = {}
        for rate in rates:
            price = rate.price if rate.currency == currency else None
            if price is not None and (rate.name not in offer or price < offer[rate.name]):
                offer[rate.name] = price
        return offer

    # buying

    def _bought(self, chosen: Sequence[Shipment], service: str) -> list[Shipment]:
        """Every shipment bought, in order."""
        now = list(chosen)
        for n, shipment in enumerate(chosen):
            if shipment.bought:
                continue
            try:
                now[n] = self._buy(shipment, service)
            except EasyPostRefusal as refusal:
                raise self._undone(now, refusal.reason) from None
            except EasyPostUnavailable as error:
                if any(other.bought for other in now):
                    raise EasyPostUnknown(carrier=self.name, reason=error.reason) from None
                raise
        return now

    def _buy(self, shipment: Shipment, service: str) -> Shipment:
        """Buy at the rate of a service. Rates get old or are replaced; then they are asked for again, once."""
        rate = _cheapest(shipment, service)
        if rate is not None:
            try:
                return self._desk.buy(shipment, rate.id)
            except EasyPostRefusal as refusal:
                if refusal.code not in STALE_RATE:
                    raise
        fresh = _cheapest(self._desk.rate_again(shipment), service)
        if fresh is None:
            raise EasyPostRefusal("no rate", reason="it has no rate for this service; ask for rates first")
        try:
            return self._desk.buy(shipment, fresh.id)
        except EasyPostRefusal as refusal:
            if refusal.code in STALE_RATE:
                raise EasyPostUnavailable(carrier=self.name, reason=refusal.code) from None
            raise

    def _undone(self, shipments: Sequence[Shipment], reason: str) -> LabelRefused:
        """The refusal of all parcels, after what was bought for them is given back."""
        kept = []
        for shipment in shipments:
            try:
                if shipment.bought:
                    self._desk.give_back(shipment)
            except EasyPostRefusal:
                kept.append(shipment.id)
            except EasyPostUnavailable as error:
                raise EasyPostUnknown(carrier=self.name, reason=error.reason) from None
        if kept:
            reason = f"{reason}; not taken back, see to it at EasyPost: {', '.join(kept)}"
        return self._refused(reason)

    def _give_back(self, sold: Shipment) -> None:
        try:
            self._desk.give_back(sold)
        except EasyPostRefusal as refusal:
            raise VoidRefused(carrier=self.name, reason=refusal.reason) from None

    def _label(self, bought: Sequence[Shipment]) -> Label:
        """What was bought, with its files in one. Whatever fails here, the labels are bought."""
        try:
            files = [self._client.download(s.postage_label.label_url) for s in bought if s.postage_label is not None]
        except EasyPostUnavailable as error:
            raise EasyPostUnknown(carrier=self.name, reason=error.reason) from None
        formats = set(map(format_of, files))
        format = formats.pop()
        data = joined(format, files) if format and not formats else None
        if data is None:
            raise EasyPostUnknown(carrier=self.name, reason="its labels are not known here, or cannot be joined")
        return Label(
            reference=bought[0].id,
            tracking_numbers=tuple(shipment.tracking_code or "" for shipment in bought),
            format=format,
            data=data,
            cost=_cost(bought),
        )

    def _refused(self, reason: str) -> LabelRefused:
        return LabelRefused(carrier=self.name, reason=reason)


def _cheapest(shipment: Shipment, service: str) -> Rate | None:
    """The rate of a service; the cheapest, where several accounts have it in one currency."""
    priced = [(price, rate) for rate in shipment.rates if rate.name == service and (price := rate.price) is not None]
    if not priced:
        return None
    currency = priced[0][0].currency
    return min((one for one in priced if one[0].currency == currency), key=itemgetter(0))[1]


def _cost(bought: Sequence[Shipment]) -> Money | None:
    """What all labels cost, if EasyPost says so for each in one currency."""
    prices = [shipment.selected_rate.price if shipment.selected_rate else None for shipment in bought]
    known = [price for price in prices if price is not None]
    if len(known) < len(prices) or len({price.currency for price in known}) > 1:
        return None
    return sum(known[1:], known[0])
