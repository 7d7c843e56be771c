"""The values a customer is made of: addresses with labels, and consents."""

from datetime import datetime

from attrs import field, frozen

from commerce.kernel import Address, aware, no_card_number, storable_text

__all__ = ["Consent", "CustomerAddress"]


@frozen(kw_only=True)
class CustomerAddress:
    """An address in a customer's book; ``key`` is that of the command which added it."""

    id: str
    key: str = field(validator=storable_text(255, least=1))
    address: Address
    label: str = field(default="", repr=False, validator=[no_card_number, storable_text()])


@frozen(kw_only=True)
class Consent:
    """A yes or no to one purpose (``newsletter``, ``sms``, ``profiling``), when it was given and where.

    All of them are kept: a shop must be able to show that it was allowed (Regulation (EU) 2016/679 art. 7(1)).
    """

    purpose: str = field(validator=[no_card_number, storable_text(least=1)])
    granted: bool
    at: datetime = field()
    source: str = field(default="", validator=[no_card_number, storable_text()])

    @at.validator
    def _knows_its_zone(self, _: object, at: datetime) -> None:
        aware(at)
