"""What happens to customers. Only ids and the shop's own words: events are public and kept."""

from attrs import frozen

from commerce.kernel import Event

__all__ = [
    "CustomerAnonymised",
    "CustomerChanged",
    "CustomerConsentChanged",
    "CustomerGroupsChanged",
    "CustomerRegistered",
]


@frozen(kw_only=True)
class CustomerRegistered(Event):
    """Somebody became a customer."""

    locale: str
    groups: tuple[str, ...] = ()


@frozen(kw_only=True)
class CustomerChanged(Event):
    """The named fields of a customer changed; read the customer for their values."""

    fields: tuple[str, ...]


@frozen(kw_only=True)
class CustomerGroupsChanged(Event):
    """The customer belongs to exactly these groups now."""

    groups: tuple[str, ...]


@frozen(kw_only=True)
class CustomerConsentChanged(Event):
    """The customer agreed to a purpose, or took the consent back."""

    purpose: str
    granted: bool


@frozen(kw_only=True)
class CustomerAnonymised(Event):
    """Everything personal was erased; the id stays."""
