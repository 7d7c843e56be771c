"""Postal addresses as values."""

import re

from attrs import field, frozen

from commerce.kernel.cards import no_card_number
from commerce.kernel.errors import InvalidValue
from commerce.kernel.storable import require_storable
from commerce.kernel.texts import iso_code

__all__ = ["Address"]


@frozen(kw_only=True)
class Address:
    """Where something goes or somebody lives.

    ``country`` is ISO 3166-1 alpha-2, ``region`` the part after the hyphen of
    ISO 3166-2 where a country has tax or post regions (``CA`` in ``US-CA``).
    Only the country is required: a quote needs no street.
    """

    country: str = field(converter=iso_code)
    region: str = field(default="", validator=no_card_number)
    postal_code: str = field(default="", validator=no_card_number)
    city: str = field(default="", validator=no_card_number)
    lines: tuple[str, ...] = field(default=(), validator=no_card_number)
    name: str = field(default="", validator=no_card_number)
    company: str = field(default="", validator=no_card_number)
    phone: str = field(default="", validator=no_card_number)
    email: str = field(default="", validator=no_card_number)

    @country.validator
    def _iso(self, _: object, country: str) -> None:
        if not re.fullmatch("[A-Z]{2}", country):
            raise InvalidValue(
                field="country", reason=f"{country!r} is not an ISO 3166-1 alpha-2 code such as DE or US"
            )

    def __attrs_post_init__(self) -> None:
        written = (self.region, self.postal_code, self.city, self.name, self.company, self.phone, self.email)
        require_storable("address", *written, *self.lines)

    def __repr__(self) -> str:
        """Only the country and region: addresses are personal and reprs reach logs."""
        return f"Address(country={self.country!r}, region={self.region!r}, …)"
