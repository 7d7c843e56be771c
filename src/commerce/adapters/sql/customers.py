"""customers in SQL."""

from commerce.adapters.sql.base import Session

__all__ = ["Unit"]


class Unit:
    """One transaction of the customers module."""

    def __init__(self, session: Session) -> None:
        self._session = session
