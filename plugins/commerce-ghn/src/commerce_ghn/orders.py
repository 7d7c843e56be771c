"""What is sent to GHN: a shipment or a price question as the body of an order. Pure functions.

Source: developer.ghn.vn/en/docs/order/create and /preview, which take the same body (api.ghn.vn/home/docs/detail?id=123
and ?id=81). The sender is the shop as it is registered at GHN, by ``ShopId``: no ``from_…`` is sent.
"""

import hashlib
from collections.abc import Mapping, Sequence

from commerce.kernel import Address
from commerce.shipping import CarrierRateRequest, LabelRequest, Parcel
from commerce_ghn.limits import (
    CLIENT_CODE,
    CONTENT,
    HEAVY,
    HEAVY_FROM_GRAMS,
    ITEM_NAME,
    LIGHT,
    NAME,
    ORDER_GRAMS,
    SIDE_CM,
)
from commerce_ghn.settings import AddressLevels, GHNSettings

__all__ = ["BeyondLimits", "Unfit", "centimetres", "client_code", "label_body", "phone_number", "question_body"]

_COUNTRY = "VN"

#: ``payment_type_id`` 1: the shop pays GHN, since the buyer paid the shop at checkout.
_SHOP_PAYS = 1

#: A customer, goods: what GHN is told where it wants a text and there is none to tell.
_SOMEBODY, _SOMETHING = "Khách hàng", "Hàng hóa"


class Unfit(Exception):
    """Something is missing or wrong. ``reason`` says what to do, free of personal data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BeyondLimits(Unfit):
    """GHN does not take it: another country, too heavy, too large."""


def client_code(shop_id: int, key: str) -> str:
    """The ``client_order_code`` of a key: of GHN's length and alphabet, without what a key may say.

    It depends on the shop as well, since GHN finds an order by it in all shops of an account.
    """
    return hashlib.sha256(f"{shop_id}/{key}".encode()).hexdigest()[:CLIENT_CODE]


def label_body(settings: GHNSettings, request: LabelRequest) -> dict[str, object]:
    """An order to be created. Raises `Unfit`."""
    if request.service:
        raise Unfit("the service is not known: leave it empty, GHN's kind of order follows from the parcels")
    to = request.destination
    place = _place(settings, to)
    street = list(to.lines[: _street_lines(settings, to)])
    wanted = {"name": to.name or to.company, "phone": to.phone, "lines (street)": "".join(street).strip()}
    _require(wanted)
    written = ", ".join([*street, *place.values()])
    name = wanted["name"]
    if len(name) > NAME or len(written) > NAME:
        raise Unfit(f"a name and an address have at most {NAME} characters: shorten them")
    return {
        "client_order_code": client_code(settings.shop_id, request.key),
        "to_name": name,
        "to_phone": phone_number(to.phone),
        "to_address": written,
        **_named(settings, place),
        **_goods(settings, request.parcels, request.reference),
        **_terms(settings),
    }


def question_body(settings: GHNSettings, request: CarrierRateRequest) -> dict[str, object]:
    """An order to be priced: with the place, and without who lives there. Raises `Unfit`."""
    place = _place(settings, request.destination)
    return {
        "to_name": _SOMEBODY,
        "to_phone": phone_number(settings.phone),
        "to_address": ", ".join(place.values()),
        **_named(settings, place),
        **_goods(settings, request.parcels, ""),
        **_terms(settings),
    }


def phone_number(written: str) -> str:
    """A telephone number as it is dialled in Vietnam.

    >>> phone_number("+84 (98) 765-43.21"), phone_number("0987654321")
    ('0987654321', '0987654321')
    """
    digits = "".join(c for c in written if c.isascii() and (c.isdigit() or c == "+"))
    for abroad in ("+84", "0084"):
        if digits.startswith(abroad):
            return "0" + digits.removeprefix(abroad).removeprefix("0")
    return digits


def centimetres(millimetres: int) -> int:
    """Whole centimetres, rounded up.

    >>> centimetres(300), centimetres(301), centimetres(1)
    (30, 31, 1)
    """
    return -(-millimetres // 10)


def _place(settings: GHNSettings, to: Address) -> dict[str, str]:
    """Ward, district if there is one, province: by the names of GHN's lists."""
    if to.country != _COUNTRY:
        raise BeyondLimits("GHN delivers within Vietnam: choose another carrier")
    province = settings.provinces.get(to.region, to.region).strip()
    if settings.address_levels is AddressLevels.WARD_PROVINCE:
        place = {"ward": to.city.strip(), "province": province}
        _require({"city (ward)": place["ward"], "region (province)": province})
        return place
    ward = to.lines[-1].strip() if to.lines else ""
    place = {"ward": ward, "district": to.city.strip(), "province": province}
    _require(
        {"last of lines (ward)": ward, "city (district)": place["district"], "region (province)": province},
    )
    return place


def _street_lines(settings: GHNSettings, to: Address) -> int:
    """How many lines are the street; with three levels the last is the ward."""
    return len(to.lines) - (settings.address_levels is AddressLevels.WARD_DISTRICT_PROVINCE)


def _named(settings: GHNSettings, place: Mapping[str, str]) -> dict[str, object]:
    names = {f"to_{level}_name": name for level, name in place.items()}
    return {**names, "is_new_to_address": settings.address_levels is AddressLevels.WARD_PROVINCE}


def _require(wanted: Mapping[str, str]) -> None:
    missing = [name for name, value in wanted.items() if not value]
    if missing:
        raise Unfit(f"the address lacks {', '.join(missing)}: complete it")


def _terms(settings: GHNSettings) -> dict[str, object]:
    return {
        "payment_type_id": _SHOP_PAYS,
        "required_note": settings.required_note.value,
        "insurance_value": settings.declared_value,
    }


def _goods(settings: GHNSettings, parcels: Sequence[Parcel], reference: str) -> dict[str, object]:
    """One light parcel is the order itself; a heavy one, or several, are its items."""
    pieces = [_piece(settings, parcel) for parcel in parcels]
    if not pieces:
        raise Unfit("there are no parcels: name at least one")
    grams = sum(piece["weight"] for piece in pieces)
    if grams > ORDER_GRAMS:
        raise BeyondLimits(f"an order weighs at most {ORDER_GRAMS} grams: ship in several shipments")
    goods: dict[str, object] = {
        "weight": grams,
        **{side: max(piece[side] for piece in pieces) for side in ("length", "width", "height")},
        "content": (reference or _SOMETHING)[:CONTENT],
        "service_type_id": LIGHT,
    }
    if len(pieces) == 1 and grams < HEAVY_FROM_GRAMS:
        return goods
    items = [
        {"name": f"{reference[: ITEM_NAME - 20]} {n}/{len(pieces)}", "quantity": 1, **piece}
        for n, piece in enumerate(pieces, start=1)
    ]
    return {**goods, "service_type_id": HEAVY, "items": items}


def _piece(settings: GHNSettings, parcel: Parcel) -> dict[str, int]:
    """Grams and whole centimetres."""
    if not parcel.weight_grams:
        raise Unfit("the weight of a parcel is unknown (0 grams): ship with parcels that say what they weigh")
    sides = parcel.dimensions_mm or settings.default_dimensions_mm
    if sides is None:
        raise Unfit("the dimensions of a parcel are unknown: pack into boxes, or set default_dimensions_mm")
    length, width, height = map(centimetres, sorted(sides, reverse=True))
    if length > SIDE_CM:
        raise BeyondLimits(f"a parcel is at most {SIDE_CM} cm long, wide and high: choose another carrier")
    return {"weight": parcel.weight_grams, "length": length, "width": width, "height": height}
