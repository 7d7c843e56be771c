"""Pages by cursor, so that a list stays right while rows come and go."""

from typing import Generic, TypeVar

from attrs import frozen

__all__ = ["Page"]

T = TypeVar("T")


@frozen
class Page(Generic[T]):
    """Some items and the cursor of the next page (``None`` at the end)."""

    items: tuple[T, ...]
    next: str | None = None
