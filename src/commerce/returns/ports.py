"""What returns need from outside."""

from collections.abc import Sequence
from typing import Protocol

from commerce.returns.model import Return

__all__ = ["ReturnUnit", "Returns"]


class Returns(Protocol):
    """Stored returns."""

    def get(self, return_id: str) -> Return:
        """The return, or `ReturnNotFound`."""

    def by_key(self, key: str) -> Return | None:
        """The return that was requested with that key, or nothing."""

    def of_order(self, order_id: str) -> Sequence[Return]:
        """The returns of an order, oldest first."""

    def alone(self, order_id: str) -> None:
        """Let nobody else in here for this order until the transaction ends, so that units are not promised twice."""

    def add(self, found: Return) -> None:
        """Store a new return; its key must be free."""

    def save(self, found: Return) -> None:
        """Store a changed return, or raise `commerce.kernel.StaleVersion` if it changed meanwhile."""

    def page(self, *, before: str | None, limit: int) -> Sequence[Return]:
        """Returns that wait for something (goods or money), newest first; those whose id is less than ``before``."""


class ReturnUnit(Protocol):
    """One transaction of the returns module."""

    @property
    def returns(self) -> Returns:
        """The returns in this transaction."""
