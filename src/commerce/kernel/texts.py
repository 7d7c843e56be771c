"""Texts as fields take them: codes as they are compared, and several where one would become its letters."""

import re
from collections.abc import Iterable

from commerce.kernel.errors import InvalidValue

__all__ = ["iso_code", "iso_codes", "postal_key", "text_set", "text_tuple"]


def iso_code(code: str) -> str:
    """A code of a country, region or currency as it is compared: in capitals."""
    return code.upper()


def postal_key(code: str) -> str:
    """A postal code as it is compared: capitals and digits only."""
    return re.sub(r"[^0-9A-Z]", "", code.upper())


def text_tuple(values: Iterable[str]) -> tuple[str, ...]:
    """Several texts, in order. Raises `InvalidValue` if it is a single one."""
    if isinstance(values, str):
        raise InvalidValue(field="values", reason=f"pass several in a list or set, not the text {values!r}")
    return tuple(values)


def text_set(values: Iterable[str]) -> frozenset[str]:
    """A set of texts. Raises `InvalidValue` if it is a single one."""
    return frozenset(text_tuple(values))


def iso_codes(values: Iterable[str]) -> frozenset[str]:
    """A set of such codes, in capitals. Raises `InvalidValue` if it is a single one."""
    return frozenset(map(iso_code, text_tuple(values)))
