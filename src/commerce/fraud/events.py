"""What happens to screenings. No personal data and no fingerprints: events are public and kept."""

from attrs import frozen

from commerce.kernel import Event

__all__ = ["FraudReported", "OrderScreened", "ScreeningResolved", "ScreeningSuspected"]


@frozen(kw_only=True)
class OrderScreened(Event):
    """An order was screened; ``rules`` are those that were met, those only tried out among them."""

    key: str
    decision: str
    score: int
    policy: str
    rules: tuple[str, ...]


@frozen(kw_only=True)
class ScreeningSuspected(Event):
    """The gateway wants a person to look."""

    key: str


@frozen(kw_only=True)
class ScreeningResolved(Event):
    """A person looked and decided."""

    key: str
    decision: str


@frozen(kw_only=True)
class FraudReported(Event):
    """It is known now what the order was."""

    key: str
    outcome: str
