"""A carrier with a memory of its own, and a script of what goes wrong."""

import hmac
import json
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from attrs import define, field

from commerce.kernel import Address, Money
from commerce.shipping import (
    Ability,
    CarrierCannot,
    CarrierNotice,
    CarrierRate,
    CarrierRateRequest,
    CarrierUnavailable,
    Label,
    LabelRefused,
    LabelRequest,
    LabelUnknown,
    NoticeRejected,
    PickupPoint,
    TrackingEvent,
    VoidRefused,
)

__all__ = ["FakeCarrier", "Mishap"]


class Mishap(StrEnum):
    """What happens to one call.

    ``down``: nothing happened, and it says so. ``lost``: it happened, and the answer got lost. ``refused``: a
    definite no.
    """

    DOWN = "down"
    LOST = "lost"
    REFUSED = "refused"


@define(eq=False)
class FakeCarrier:
    """Keeps labels by key, as a good carrier does, and counts what it sold.

    ``script`` maps a method's name to the mishaps of its next calls, in order; when it is used up,
    all goes well. ``before_sale`` and ``after_sale`` run once, inside the next purchase: the places for a race.
    ``scan`` adds to what is known of a parcel.
    """

    name: str = "fake"
    prices: Mapping[str, Money] = field(factory=lambda: {"": Money("3.00", "EUR"), "express": Money("9.00", "EUR")})
    abilities: frozenset[Ability] = frozenset(Ability)
    secret: bytes = b"fake-secret"
    script: dict[str, deque[Mishap]] = field(factory=dict)
    before_sale: Callable[[], None] | None = None
    after_sale: Callable[[], None] | None = None
    calls: Counter[str] = field(factory=Counter, init=False)
    sold: dict[str, Label] = field(factory=dict, init=False)
    voided: set[str] = field(factory=set, init=False)
    scans: dict[str, list[TrackingEvent]] = field(factory=dict, init=False)
    points: list[PickupPoint] = field(factory=list, init=False)
    _lock: threading.RLock = field(factory=threading.RLock, init=False)

    def will(self, method: str, *mishaps: Mishap) -> None:
        """Let the next calls of a method go wrong."""
        self.script.setdefault(method, deque()).extend(mishaps)

    def scan(self, *events: TrackingEvent) -> None:
        """Know more about parcels; each event names its tracking number."""
        for event in events:
            self.scans.setdefault(event.tracking_number, []).append(event)

    def notice(self, *tracking_numbers: str) -> CarrierNotice:
        """A signed message that something is new about these parcels."""
        body = json.dumps(tracking_numbers).encode()
        return CarrierNotice(body=body, headers={"fake-signature": self._signature(body)})

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels that were sold and not given back."""
        return tuple(label for key, label in self.sold.items() if key not in self.voided)

    def rates(self, request: CarrierRateRequest) -> Sequence[CarrierRate]:
        """The price of every service, for all parcels."""
        self._begin("rates", Ability.RATES)
        return [CarrierRate(service=name, price=price * len(request.parcels)) for name, price in self.prices.items()]

    def buy_label(self, request: LabelRequest) -> Label:
        """One label per key."""
        mishap = self._begin("buy_label")
        if mishap is Mishap.REFUSED:
            raise LabelRefused(carrier=self.name, reason="not served")
        race, self.before_sale = self.before_sale, None
        if race is not None:
            race()
        with self._lock:
            label = self.sold.setdefault(request.key, self._new_label(request))
        race, self.after_sale = self.after_sale, None
        if race is not None:
            race()
        if mishap is Mishap.LOST:
            raise LabelUnknown(carrier=self.name)
        return label

    def void(self, key: str, reference: str = "") -> None:
        """Give back the label of that key, if there is one."""
        if self._begin("void", Ability.VOID) is Mishap.REFUSED:
            raise VoidRefused(carrier=self.name, reason="in use")
        with self._lock:
            if key in self.sold:
                self.voided.add(key)

    def track(self, tracking_number: str) -> Sequence[TrackingEvent]:
        """The scans so far."""
        self._begin("track", Ability.TRACKING)
        return list(self.scans.get(tracking_number, ()))

    def pickup_points(self, address: Address, limit: int = 10) -> Sequence[PickupPoint]:
        """The points of that country."""
        self._begin("pickup_points", Ability.PICKUP_POINTS)
        return [point for point in self.points if point.address.country == address.country][:limit]

    def parse_notice(self, notice: CarrierNotice) -> Sequence[str]:
        """The numbers in a notice that carries our signature."""
        self._begin("parse_notice", Ability.NOTICES)
        if not hmac.compare_digest(notice.headers.get("fake-signature", ""), self._signature(notice.body)):
            raise NoticeRejected(carrier=self.name, reason="the signature is not ours")
        return [str(number) for number in json.loads(notice.body)]

    def _begin(self, method: str, ability: Ability | None = None) -> Mishap | None:
        """Count the call and see what the script says."""
        if ability is not None and ability not in self.abilities:
            raise CarrierCannot(carrier=self.name, ability=ability.value)
        with self._lock:
            self.calls[method] += 1
            waiting = self.script.get(method)
            mishap = waiting.popleft() if waiting else None
        if mishap is Mishap.DOWN:
            raise CarrierUnavailable(carrier=self.name)
        return mishap

    def _new_label(self, request: LabelRequest) -> Label:
        count = len(self.sold) + 1
        numbers = tuple(f"FAKE{count:06}{n:02}" for n in range(1, len(request.parcels) + 1))
        price = self.prices.get(request.service)
        return Label(
            reference=f"label-{count}",
            tracking_numbers=numbers,
            format="zpl",
            data=b"^XA^XZ",
            cost=None if price is None else price * len(numbers),
        )

    def _signature(self, body: bytes) -> str:
        return hmac.digest(self.secret, body, "sha256").hex()
