"""What can be wrong with a screening."""

from attrs import define

from commerce.kernel import Misconfigured, NotFound, Refused

__all__ = ["OrderDeclined", "ScreeningNotFound", "WeakPepper"]


@define(kw_only=True, slots=False)
class OrderDeclined(Refused):
    """The order is not taken. Why is in the screening, and not here: whoever tries would learn from it."""

    message = "the order was declined: ask the shop, and name screening {screening_id}"
    screening_id: str


@define(kw_only=True, slots=False)
class ScreeningNotFound(NotFound):
    """Nothing was screened with that key."""

    message = "nothing was screened with key {key!r}: screen the order first"
    key: str


@define(kw_only=True, slots=False)
class WeakPepper(Misconfigured):
    """The secret under which fingerprints are made is too short."""

    code = "weak_fraud_pepper"
    message = "the fraud pepper is too short: pass {shortest} random bytes or more, and keep them secret"
    shortest: int
