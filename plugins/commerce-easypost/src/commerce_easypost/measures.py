"""Weights and sizes as EasyPost takes them: ounces and inches with one decimal (EasyPost docs, Parcels).

Exact: an ounce is 28.349523125 g and an inch 25.4 mm by the international agreement of 1959. Rounded up, since
a carrier bills what it weighs.
"""

__all__ = ["inches", "ounces"]

_GRAMS_PER_TENTH = 28_349_523_125  # of an ounce, in units of 10^-10 g
_UNITS_PER_GRAM = 10**10


def ounces(grams: int) -> str:
    """Grams in ounces, to the next tenth.

    >>> ounces(500), ounces(1), ounces(28_350)
    ('17.7', '0.1', '1000.1')
    """
    return _tenths(-(-grams * _UNITS_PER_GRAM // _GRAMS_PER_TENTH))


def inches(millimetres: int) -> str:
    """Millimetres in inches, to the next tenth.

    >>> inches(254), inches(255)
    ('10.0', '10.1')
    """
    return _tenths(-(-millimetres * 100 // 254))


def _tenths(count: int) -> str:
    return f"{count // 10}.{count % 10}"
