"""A carrier without an outside world: the shop's own van, a bicycle, or a price list on paper."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from attrs import field, frozen

from commerce.kernel import Address, Money
from commerce.shipping import (
    Ability,
    CarrierCannot,
    CarrierNotice,
    CarrierRate,
    CarrierRateRequest,
    Label,
    LabelRequest,
    PickupPoint,
    TrackingEvent,
)

__all__ = ["FlatRateCarrier"]

#: What ZPL II takes as commands; everything else prints as it is.
_ZPL_COMMANDS = str.maketrans({"^": " ", "~": " ", "\\": " "})


@frozen(kw_only=True)
class FlatRateCarrier:
    """Sells labels by a fixed price per parcel and service, and prints them as ZPL II text.

    It keeps nothing: reference and tracking numbers follow from the key alone, so buying twice with
    one key is one label. A tracking number is 16 digits and two check digits (ISO/IEC 7064 MOD 97-10).
    """

    name: str = "flat_rate"
    prices: Mapping[str, Money] = field(factory=dict)

    @property
    def abilities(self) -> frozenset[Ability]:
        """Rates, if it has prices; giving a label back costs nothing."""
        return frozenset({Ability.VOID, Ability.RATES} if self.prices else {Ability.VOID})

    def rates(self, request: CarrierRateRequest) -> Sequence[CarrierRate]:
        """The price of every service, for all parcels."""
        if not self.prices:
            raise CarrierCannot(carrier=self.name, ability=Ability.RATES.value)
        return [
            CarrierRate(service=service, price=price * len(request.parcels)) for service, price in self.prices.items()
        ]

    def buy_label(self, request: LabelRequest) -> Label:
        """The label of this key."""
        numbers = tuple(tracking_number(request.key, n) for n in range(len(request.parcels)))
        price = self.prices.get(request.service)
        return Label(
            reference=numbers[0],
            tracking_numbers=numbers,
            format="zpl",
            data="".join(_zpl(request, number) for number in numbers).encode(),
            cost=None if price is None else price * len(numbers),
        )

    def void(self, key: str, reference: str = "") -> None:
        """Nothing was paid, so nothing is to be given back."""

    def track(self, tracking_number: str) -> Sequence[TrackingEvent]:
        """Nobody scans."""
        raise CarrierCannot(carrier=self.name, ability=Ability.TRACKING.value)

    def pickup_points(self, address: Address, limit: int = 10) -> Sequence[PickupPoint]:
        """There are none."""
        raise CarrierCannot(carrier=self.name, ability=Ability.PICKUP_POINTS.value)

    def parse_notice(self, notice: CarrierNotice) -> Sequence[str]:
        """Nobody writes."""
        raise CarrierCannot(carrier=self.name, ability=Ability.NOTICES.value)


def tracking_number(key: str, parcel: int) -> str:
    """16 digits of a hash of the key, and two that make the whole number 1 modulo 97.

    >>> int(tracking_number("key-1", 0)) % 97
    1
    """
    digits = int.from_bytes(sha256(f"{parcel}:{key}".encode()).digest()[:8]) % 10**16
    return f"{digits:016}{98 - digits * 100 % 97:02}"


def _zpl(request: LabelRequest, number: str) -> str:
    """One label of 4 by 6 inches at 203 dots: the address, a Code 128 of the number, the reference."""
    to = request.destination
    words = (to.company, to.name, *to.lines, f"{to.postal_code} {to.city}".strip(), f"{to.region} {to.country}".strip())
    rows = [f"^FO60,{80 + 50 * n}^A0N,40,40^FD{_plain(word)}^FS" for n, word in enumerate(filter(None, words))]
    return "\n".join(
        [
            "^XA",
            "^CI28",
            *rows,
            f"^FO60,700^BY3^BCN,200,Y,N,N^FD{number}^FS",
            f"^FO60,1000^A0N,30,30^FD{_plain(request.reference)}^FS",
            "^XZ",
            "",
        ]
    )


def _plain(text: str) -> str:
    return " ".join(text.translate(_ZPL_COMMANDS).split())
