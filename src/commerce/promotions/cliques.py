"""How much a set of promotions can take at most: of those that all conflict only one takes effect."""

from collections.abc import Mapping, Sequence

from commerce.promotions.calculators.bits import bits_of

__all__ = ["Cliques", "by_worth"]


class Cliques:
    """Some promotions in cliques of which all members conflict, the most valuable first."""

    def __init__(self, mask: int, conflicts: Sequence[int], values: Mapping[int, int]) -> None:
        self._values = values
        self._cliques: list[tuple[int, list[int]]] = []
        left = mask
        for first in by_worth(values, left):
            if left >> first & 1:
                listed, members, common = [first], 1 << first, conflicts[first] & left
                for position in by_worth(values, common):
                    if common >> position & 1:
                        listed.append(position)
                        members |= 1 << position
                        common &= conflicts[position]
                left &= ~members
                self._cliques.append((members, listed))

    def reach(self, available: int, amount: int) -> int:
        """The most that some promotions can add to an amount."""
        if not available:
            return amount
        values = self._values
        for members, listed in self._cliques:
            found = available & members
            if found:
                for position in listed:
                    if found >> position & 1:
                        amount += values[position]
                        break
        return amount


def by_worth(values: Mapping[int, int], mask: int) -> list[int]:
    """Positions of a mask, the most valuable first."""
    return sorted(bits_of(mask), key=lambda n: (-values[n], n))
