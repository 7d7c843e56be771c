"""catalog in memory."""

from commerce.adapters.memory.storage import MemorySession

__all__ = ["Unit"]


class Unit:
    """One transaction of the catalog module."""

    def __init__(self, session: MemorySession) -> None:
        self._session = session
