"""What EasyPost is asked for: addresses, parcels and shipments in its words, or what is missing for that."""

from collections.abc import Iterator
from itertools import chain

from commerce.kernel import Address
from commerce.shipping import Parcel
from commerce_easypost.measures import inches, ounces

__all__ = ["address_of", "missing_for_label", "missing_for_rates", "parcel_of", "place_of"]

#: Goods travel between them without customs forms (Regulation (EU) 952/2013, article 4). Their territories
#: outside the customs union have codes of their own in ISO 3166-1, or are left to EasyPost to refuse.
_EU = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE"),
        *("IT", "LT", "LU", "LV", "MC", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)

#: Post of the armed forces of the United States: abroad, though the country is US (USPS publication 28, 225).
_MILITARY = ("AA", "AE", "AP")


def place_of(address: Address) -> dict[str, str]:
    """Where an address is, without who is there: all that a price depends on (EasyPost docs, Addresses)."""
    street, *rest = [line for line in address.lines if line] or [""]
    fields = {
        "street1": street,
        "street2": ", ".join(rest),
        "city": address.city,
        "state": address.region,
        "zip": address.postal_code,
        "country": address.country,
    }
    return {name: value for name, value in fields.items() if value}


def address_of(address: Address) -> dict[str, str]:
    """An address as EasyPost takes it."""
    who = {"name": address.name, "company": address.company, "phone": address.phone, "email": address.email}
    return {**{name: value for name, value in who.items() if value}, **place_of(address)}


def parcel_of(parcel: Parcel) -> dict[str, str]:
    """A parcel as EasyPost takes it, the longest side first; without a box only its weight is known."""
    sides = sorted(parcel.dimensions_mm or (), reverse=True)
    names = ("length", "width", "height")
    return {"weight": ounces(parcel.weight_grams), **{n: inches(s) for n, s in zip(names, sides, strict=False)}}


def missing_for_rates(origin: Address | None, destination: Address, parcels: tuple[Parcel, ...]) -> str:
    """Why no carrier can say a price; empty if they can."""
    return next(_missing(origin, destination, parcels), "")


def missing_for_label(origin: Address | None, destination: Address, parcels: tuple[Parcel, ...]) -> str:
    """Why no label can be had; empty if one can."""
    problems = [_missing(origin, destination, parcels)]
    if origin is not None:
        problems += [
            _unaddressed("the sender's address", origin),
            _unaddressed("the destination", destination),
            _customs(origin, destination),
        ]
    return next(chain.from_iterable(problems), "")


def _missing(origin: Address | None, destination: Address, parcels: tuple[Parcel, ...]) -> Iterator[str]:
    if origin is None:
        yield "it knows no sender's address: set sender= in the plugin's settings"
    elif origin.country == "US" and not origin.postal_code:
        yield "the sender's address has no postal code"
    if destination.country == "US" and not destination.postal_code:
        yield "the destination has no postal code"
    if not parcels:
        yield "there are no parcels"
    for n, parcel in enumerate(parcels, 1):
        if not parcel.weight_grams:
            yield f"the weight of parcel {n} is not known: state the weights of its items, or pass packed parcels"


def _unaddressed(which: str, address: Address) -> Iterator[str]:
    if not address.name and not address.company:
        yield f"{which} has neither name nor company"
    if not any(address.lines):
        yield f"{which} has no street"
    if not address.city:
        yield f"{which} has no city"
    if address.country == "US" and not address.region:
        yield f"{which} has no state: set its region"


def _customs(origin: Address, destination: Address) -> Iterator[str]:
    abroad = origin.country != destination.country and not {origin.country, destination.country} <= _EU
    if abroad or (destination.country == "US" and destination.region.upper() in _MILITARY):
        yield "customs forms are needed, and what is in the parcels is not told to carriers here: ship it by hand"
