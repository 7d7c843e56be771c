"""Returns in memory."""

from collections.abc import Sequence

from commerce.adapters.memory.storage import DuplicateKey, MemoryRepository, MemorySession
from commerce.returns import Return, ReturnNotFound

__all__ = ["Unit"]


class MemoryReturns(MemoryRepository[Return]):
    """The returns, found by id, key and order."""

    def __init__(self, session: MemorySession) -> None:
        super().__init__(session, "return", lambda id: ReturnNotFound(return_id=id))
        self._keys = session.table("return_key")
        self._orders = session.table("return_order")

    def add(self, entity: Return) -> None:
        """Store a new return; its key must be free."""
        if entity.key in self._keys:
            raise DuplicateKey
        self._keys[entity.key] = entity.id
        self._orders[entity.order_id] = (*(self._orders.get(entity.order_id) or ()), entity.id)
        super().add(entity)

    def by_key(self, key: str) -> Return | None:
        """The return that was requested with that key, or nothing."""
        id = self._keys.get(key)
        return None if id is None else self.find(id)

    def of_order(self, order_id: str) -> Sequence[Return]:
        """The returns of an order, oldest first."""
        return [self.get(id) for id in self._orders.get(order_id) or ()]

    def alone(self, order_id: str) -> None:
        """Nothing to do: one transaction at a time."""

    def page(self, *, before: str | None, limit: int) -> Sequence[Return]:
        """Returns that wait for something, newest first."""
        found = self.where(lambda row: row.open and (before is None or row.id < before))
        return sorted(found, key=lambda row: row.id, reverse=True)[:limit]


class Unit:
    """One transaction of the returns module."""

    def __init__(self, session: MemorySession) -> None:
        self.returns = MemoryReturns(session)
