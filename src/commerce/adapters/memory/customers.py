"""Customers in memory."""

from collections.abc import Sequence

from commerce.adapters.memory.storage import MemoryRepository, MemorySession
from commerce.customers import Customer, CustomerNotFound, EmailTaken

__all__ = ["Unit"]


class MemoryCustomers(MemoryRepository[Customer]):
    """The customers, found by id, key and e-mail address."""

    def __init__(self, session: MemorySession) -> None:
        super().__init__(session, "customer", lambda id: CustomerNotFound(customer_id=id))
        self._keys = session.table("customer_key")
        self._emails = session.table("customer_email")

    def by_key(self, key: str) -> Customer | None:
        """The customer who was registered with that key, or nothing."""
        id = self._keys.get(key)
        return None if id is None else self.find(id)

    def by_email(self, email: str) -> Customer | None:
        """The customer with that normalised e-mail address, or nothing."""
        id = self._emails.get(email)
        return None if id is None else self.find(id)

    def add(self, entity: Customer) -> bool:  # type: ignore[override]  # says whether key and address were free
        """Store a new customer, unless the key or the e-mail address is taken."""
        if entity.key in self._keys or entity.email in self._emails:
            return False
        self._keys[entity.key] = entity.id
        self._emails[entity.email] = entity.id
        super().add(entity)
        return True

    def save(self, entity: Customer) -> None:
        """Store over the version that was read; the e-mail address must be free."""
        stored = self.rows.get(entity.id)
        if stored is not None and stored.version == entity.version and stored.email != entity.email:
            if entity.email in self._emails:
                raise EmailTaken
            del self._emails[stored.email]
            if entity.email:
                self._emails[entity.email] = entity.id
        super().save(entity)

    def page(self, *, before: str | None, limit: int) -> Sequence[Customer]:
        """Customers, newest first."""
        found = self.where(lambda row: before is None or row.id < before)
        return sorted(found, key=lambda row: row.id, reverse=True)[:limit]


class Unit:
    """One transaction of the customers module."""

    def __init__(self, session: MemorySession) -> None:
        self.customers = MemoryCustomers(session)
