"""Which carrier may have given a tracking number: published formats with check digits.

A format without a check digit says too little to be here. A number may fit several formats; the
shape alone never proves a carrier. Sources: UPU standard S10 (identifiers of postal items); GS1 General
Specifications 7.9 (check digit) for SSCC and, in the same form, USPS publication 199 (Intelligent Mail package
barcode) and FedEx Ground; ISO/IEC 7064 MOD 37,36 for DPD; for FedEx Express, UPS and DHL Express the tables
of the public collection ``tracking_number_data``, whose sample numbers are the tests.
"""

import re
from collections.abc import Callable
from itertools import cycle

from attrs import field, frozen

__all__ = ["NumberFormat", "formats_of"]

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@frozen
class NumberFormat:
    """A carrier's format: the pattern has one group for what is checked and one for the check character."""

    carrier: str
    name: str
    _pattern: str = field(repr=False)
    _check: Callable[[str], str] = field(repr=False)

    def fits(self, number: str) -> bool:
        """Whether a number without spaces has this shape and the right check character."""
        found = re.fullmatch(self._pattern, number)
        return found is not None and self._check(found["serial"]) == found["check"]


def _s10(serial: str) -> str:
    rest = 11 - sum(int(d) * w for d, w in zip(serial, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))


def _gs1(serial: str) -> str:
    """Weights 3, 1, 3 … from the right, to the next ten."""
    return str(-sum(int(d) * w for d, w in zip(reversed(serial), cycle((3, 1)), strict=False)) % 10)


def _fedex_express(serial: str) -> str:
    """Weights 1, 3, 7, 1 … from the right, modulo 11; a ten is written 0."""
    return str(sum(int(d) * w for d, w in zip(reversed(serial), cycle((1, 3, 7)), strict=False)) % 11 % 10)


def _ups(serial: str) -> str:
    """Weights 1, 2, 1 …; letters count as 2 for A, 3 for B, and so on, modulo ten."""
    values = [int(c) if c.isdigit() else (ord(c) - ord("A") + 2) % 10 for c in serial]
    return str(-sum(v * w for v, w in zip(values, cycle((1, 2)), strict=False)) % 10)


def _mod_7(serial: str) -> str:
    return str(int(serial) % 7)


def _mod_37_36(serial: str) -> str:
    product = 36
    for char in serial:
        product = ((product + _ALPHABET.index(char)) % 36 or 36) * 2 % 37
    return _ALPHABET[(37 - product) % 36]


_FORMATS = (
    NumberFormat("upu", "S10 postal item", r"[A-Z]{2}(?P<serial>\d{8})(?P<check>\d)[A-Z]{2}", _s10),
    NumberFormat("ups", "1Z", r"1Z(?P<serial>[0-9A-Z]{15})(?P<check>\d)", _ups),
    NumberFormat("usps", "IMpb", r"(?:420\d{5}(?:\d{4})?)?(?P<serial>9[1-5]\d{19}(?:\d{4})?)(?P<check>\d)", _gs1),
    NumberFormat("usps", "20 digits", r"(?P<serial>\d{19})(?P<check>\d)", _gs1),
    NumberFormat("fedex", "Express 12", r"(?P<serial>\d{11})(?P<check>\d)", _fedex_express),
    NumberFormat("fedex", "Express 34", r"100\d{17}(?P<serial>\d{13})(?P<check>\d)", _fedex_express),
    NumberFormat("fedex", "Ground 15", r"(?P<serial>\d{14})(?P<check>\d)", _gs1),
    NumberFormat("fedex", "Ground 96", r"96\d{5}(?P<serial>\d{14})(?P<check>\d)", _gs1),
    NumberFormat("dhl", "Express waybill", r"(?P<serial>\d{9,10})(?P<check>\d)", _mod_7),
    NumberFormat("dpd", "28 characters", r"(?P<serial>\d{27})(?P<check>[0-9A-Z])", _mod_37_36),
    NumberFormat("gs1", "SSCC-18", r"(?:00)?(?P<serial>\d{17})(?P<check>\d)", _gs1),
)


def formats_of(number: str) -> tuple[NumberFormat, ...]:
    """The formats that a tracking number fits; spaces, hyphens and case do not matter.

    >>> [(found.carrier, found.name) for found in formats_of("RB 123 456 785 GB")]
    [('upu', 'S10 postal item')]
    """
    plain = re.sub(r"[\s-]", "", number).upper()
    return tuple(form for form in _FORMATS if form.fits(plain))
