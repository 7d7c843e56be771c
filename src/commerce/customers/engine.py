"""What looks wrong with an address: warnings to show, never a refusal."""

from enum import StrEnum

from attrs import frozen

from commerce.customers.countries import NO_POSTAL_CODES, POSTAL_FORMS, REGION_NEEDED, matches_postal_form
from commerce.kernel import Address

__all__ = ["AddressWarning", "WarningReason", "check_address"]


class WarningReason(StrEnum):
    """What is odd about a field."""

    MISSING = "missing"
    UNLIKELY = "unlikely"
    NOT_USED = "not_used"


@frozen(kw_only=True)
class AddressWarning:
    """One field of an address that the post there may stumble over; ``expected`` is how it usually looks.

    The field's content is not repeated.
    """

    field: str
    reason: WarningReason
    expected: str = ""

    def __str__(self) -> str:
        """For people."""
        return f"{self.field} {self.reason.value}" + (f" (such as {self.expected})" if self.expected else "")

    __repr__ = __str__


def check_address(address: Address) -> tuple[AddressWarning, ...]:
    """Everything that looks wrong, by the rules of the country; nothing for a country that is not known.

    It knows forms only: whether the street exists, only a post or a provider can say.
    """
    warnings = [
        AddressWarning(field=field, reason=WarningReason.MISSING)
        for field, missing in (
            ("lines", not any(line.strip() for line in address.lines)),
            ("city", not address.city.strip() and address.country != "SG"),
            ("region", address.country in REGION_NEEDED and not address.region.strip()),
        )
        if missing
    ]
    return (*warnings, *_postal_code(address))


def _postal_code(address: Address) -> tuple[AddressWarning, ...]:
    country, code = address.country, address.postal_code.strip()
    if country in NO_POSTAL_CODES and code:
        return (AddressWarning(field="postal_code", reason=WarningReason.NOT_USED),)
    if country not in POSTAL_FORMS:
        return ()
    form = POSTAL_FORMS[country][0]
    if not code:
        return (AddressWarning(field="postal_code", reason=WarningReason.MISSING, expected=form),)
    if not matches_postal_form(country, code):
        return (AddressWarning(field="postal_code", reason=WarningReason.UNLIKELY, expected=form),)
    return ()
