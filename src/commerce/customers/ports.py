"""What customers need from outside."""

from collections.abc import Sequence
from typing import Protocol

from commerce.customers.model import Customer

__all__ = ["CustomerUnit", "Customers"]


class Customers(Protocol):
    """Stored customers."""

    def get(self, customer_id: str) -> Customer:
        """The customer, or `CustomerNotFound`."""

    def by_key(self, key: str) -> Customer | None:
        """The customer who was registered with that key, or nothing."""

    def by_email(self, email: str) -> Customer | None:
        """The customer with that normalised e-mail address, or nothing."""

    def add(self, customer: Customer) -> bool:
        """Store a new customer, unless the key or the e-mail address is taken: then store nothing and say false."""

    def save(self, customer: Customer) -> None:
        """Store a changed customer, or raise `commerce.kernel.StaleVersion`, or `EmailTaken`."""

    def page(self, *, before: str | None, limit: int) -> Sequence[Customer]:
        """Customers, newest first; those whose id is less than ``before``."""


class CustomerUnit(Protocol):
    """One transaction of the customers module."""

    @property
    def customers(self) -> Customers:
        """The customers in this transaction."""
