"""Storage in memory: a whole shop with nothing installed and nothing kept."""

from commerce.adapters.memory.storage import MemoryStorage

__all__ = ["MemoryStorage"]
