"""Carts in memory."""

from commerce.adapters.memory.storage import MemoryRepository, MemorySession
from commerce.cart import Cart, CartNotFound

__all__ = ["Unit"]


class Unit:
    """One transaction of the cart module."""

    def __init__(self, session: MemorySession) -> None:
        self.carts: MemoryRepository[Cart] = MemoryRepository(session, "cart", lambda id: CartNotFound(cart_id=id))
