"""Texts as fields take them: codes in capitals, and several where a single one would become its letters."""

from collections.abc import Iterable

from commerce.kernel.errors import InvalidValue

__all__ = ["iso_code", "iso_codes", "names", "texts"]


def iso_code(code: str) -> str:
    """A code of a country, region or currency as it is compared: in capitals."""
    return code.upper()


def texts(values: Iterable[str]) -> tuple[str, ...]:
    """Several texts, in order. Raises `InvalidValue` if it is a single one."""
    if isinstance(values, str):
        raise InvalidValue(field="values", reason=f"pass several in a list or set, not the text {values!r}")
    return tuple(values)


def names(values: Iterable[str]) -> frozenset[str]:
    """A set of texts. Raises `InvalidValue` if it is a single one."""
    return frozenset(texts(values))


def iso_codes(values: Iterable[str]) -> frozenset[str]:
    """A set of such codes, in capitals. Raises `InvalidValue` if it is a single one."""
    return frozenset(map(iso_code, texts(values)))
