"""Sets of positions as the bits of an integer."""

from collections.abc import Iterator

__all__ = ["bits_of"]


def bits_of(mask: int) -> Iterator[int]:
    """The positions of a mask, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
