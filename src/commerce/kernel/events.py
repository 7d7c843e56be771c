"""Facts in the past tense."""

from typing import ClassVar

from attrs import frozen

__all__ = ["Event"]


@frozen(kw_only=True)
class Event:
    """A fact that happened to one aggregate; concrete events are frozen attrs classes.

    Events are public: fields are added, never renamed, and a change of meaning
    raises ``schema_version``. They carry no personal data and no secrets.
    """

    schema_version: ClassVar[int] = 1

    aggregate_id: str

    @classmethod
    def name(cls) -> str:
        """``orders.OrderPlaced``: the module that says it, and what happened."""
        return f"{cls.__module__.split('.')[-2]}.{cls.__name__}"
