"""What happens to prices."""

from attrs import frozen

from commerce.kernel import Event

__all__ = ["PriceListChanged", "PricesSet"]


@frozen(kw_only=True)
class PriceListChanged(Event):
    """A list was added, or its rules changed."""


@frozen(kw_only=True)
class PricesSet(Event):
    """A list has new prices for these SKUs."""

    skus: tuple[str, ...]
