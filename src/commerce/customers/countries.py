"""What the posts of some countries ask of an address: a small table of facts.

Postal code forms: Universal Postal Union, "Addressing systems" country sheets. A country that is not
here is not judged. ``9`` stands for a digit, ``A`` for a letter, ``X`` for either, anything else for itself.
"""

import re
from functools import cache

__all__ = ["NO_POSTAL_CODES", "POSTAL_FORMS", "REGION_NEEDED", "matches_postal_form"]

_ONE_FORM = {
    "999": "IS",
    "9999": "AT AU BE BG CH CY DK GE HU LI LU NO NZ PH SI TN ZA",
    "99999": "BA CR DE DZ EE EG ES FI FR HR ID IT JO KE KR KW LA LK MA ME MM MX MY NP PE PK RS SA SN TH TR UA UY",
    "999999": "BY CN CO EC IN KG KZ MN NG RO RU SG TJ UZ",
    "9999999": "CL",
    "999 99": "CZ GR SE SK",
    "999-9999": "JP",
    "99-999": "PL",
    "9999-999": "PT",
    "9999 AA": "NL",
    "99999-999": "BR",
    "99999-99999": "IR",
    "A9A 9A9": "CA",
    "AAA 9999": "MT",
}

#: ISO 3166-1 alpha-2 -> the forms a postal code has there, the usual one first.
POSTAL_FORMS: dict[str, tuple[str, ...]] = {
    **{country: (form,) for form, countries in _ONE_FORM.items() for country in countries.split()},
    "AR": ("9999", "A9999AAA"),
    "GB": ("A9 9AA", "A99 9AA", "AA9 9AA", "AA99 9AA", "A9A 9AA", "AA9A 9AA"),
    "IE": ("A99 XXXX", "A9W XXXX"),
    "IL": ("9999999", "99999"),
    "LT": ("LT-99999", "99999"),
    "LV": ("LV-9999", "9999"),
    "MD": ("MD-9999", "9999"),
    "TW": ("999", "99999", "999999"),
    "US": ("99999", "99999-9999"),
    "VN": ("99999", "999999"),
}

#: Places without postal codes, so that nobody asks for one.
NO_POSTAL_CODES = frozenset({"AE", "AO", "BO", "BW", "GH", "HK", "MO", "QA", "UG", "ZW"})

#: Countries whose addresses carry a state, province or prefecture.
REGION_NEEDED = frozenset({"AU", "BR", "CA", "CN", "IN", "JP", "MX", "US"})


def matches_postal_form(country: str, code: str) -> bool:
    """Whether a postal code looks like one of that country; spaces, hyphens and case do not matter."""
    return _pattern(country).fullmatch(re.sub(r"[\s-]", "", code.upper())) is not None


@cache
def _pattern(country: str) -> re.Pattern[str]:
    signs = {"9": "[0-9]", "A": "[A-Z]", "X": "[0-9A-Z]", " ": "", "-": ""}
    return re.compile("|".join("".join(signs.get(s, s) for s in form) for form in POSTAL_FORMS[country]))
