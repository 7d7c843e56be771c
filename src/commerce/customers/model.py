"""A customer: who buys, how to reach them, and what they agreed to."""

from datetime import datetime

from attrs import define, evolve, field

from commerce.customers.emails import normalised_email
from commerce.customers.errors import AddressNotFound
from commerce.customers.events import (
    CustomerAnonymised,
    CustomerChanged,
    CustomerConsentChanged,
    CustomerGroupsChanged,
    CustomerRegistered,
)
from commerce.customers.values import Consent, CustomerAddress
from commerce.kernel import Address, Entity, KeyReused, NotAllowed, locale_tag, no_card_number, storable_text

__all__ = ["Customer"]


@define(kw_only=True, eq=False)
class Customer(Entity):
    """Somebody with an account of purchases; a guest is only an e-mail address on an order.

    ``groups`` are given by the shop and decide prices, ``segments`` are found by analysis, ``tags``
    are for people. After `anonymise` the id and the dates are all that is left.
    """

    key: str = field(validator=storable_text(255, least=1))
    fingerprint: str = field(default="", repr=False)
    email: str = field(repr=False, validator=no_card_number)
    name: str = field(default="", repr=False, validator=[no_card_number, storable_text()])
    locale: str = field(default="en", converter=locale_tag)
    vat_id: str = field(default="", repr=False, validator=storable_text(32))
    groups: frozenset[str] = field(default=frozenset(), validator=[no_card_number, storable_text()])
    segments: frozenset[str] = field(default=frozenset(), validator=storable_text())
    tags: frozenset[str] = field(default=frozenset(), repr=False, validator=storable_text())
    addresses: tuple[CustomerAddress, ...] = ()
    default_billing: str | None = None
    default_shipping: str | None = None
    consents: tuple[Consent, ...] = ()
    created_at: datetime
    anonymised_at: datetime | None = None

    @property
    def billing_address(self) -> Address | None:
        """The address to put on bills, if one was chosen."""
        return None if self.default_billing is None else self.address(self.default_billing).address

    @property
    def shipping_address(self) -> Address | None:
        """The address to ship to, if one was chosen."""
        return None if self.default_shipping is None else self.address(self.default_shipping).address

    @property
    def has_news(self) -> bool:
        """Whether something happened that is not stored yet: every change is a recorded fact."""
        return bool(self._recorded)

    def address(self, address_id: str) -> CustomerAddress:
        """The address with that id, or `AddressNotFound`."""
        for entry in self.addresses:
            if entry.id == address_id:
                return entry
        raise AddressNotFound(customer_id=self.id, address_id=address_id)

    def accepts(self, purpose: str) -> bool:
        """Whether the last word on a purpose was yes. Silence is no."""
        return next((said.granted for said in reversed(self.consents) if said.purpose == purpose), False)

    def register(self) -> None:
        """Say that they exist."""
        self.record(CustomerRegistered(aggregate_id=self.id, locale=self.locale, groups=tuple(sorted(self.groups))))

    def change(
        self,
        *,
        email: str | None = None,
        name: str | None = None,
        locale: str | None = None,
        vat_id: str | None = None,
        segments: frozenset[str] | None = None,
        tags: frozenset[str] | None = None,
    ) -> None:
        """Set the fields that are given."""
        self._require_present()
        wanted = {
            "email": None if email is None else normalised_email(email),
            "name": name,
            "locale": None if locale is None else locale_tag(locale),
            "vat_id": vat_id,
            "segments": segments,
            "tags": tags,
        }
        changed = {key: value for key, value in wanted.items() if value is not None and value != getattr(self, key)}
        for key, value in changed.items():
            setattr(self, key, value)
        if changed:
            self.record(CustomerChanged(aggregate_id=self.id, fields=tuple(sorted(changed))))

    def set_groups(self, groups: frozenset[str]) -> None:
        """Put them into exactly these groups."""
        self._require_present()
        if groups != self.groups:
            self.groups = groups
            self.record(CustomerGroupsChanged(aggregate_id=self.id, groups=tuple(sorted(groups))))

    def add_address(self, entry: CustomerAddress, *, billing: bool, shipping: bool) -> None:
        """Add to the book, once per key, and choose it as a default where asked."""
        self._require_present()
        known = next((had for had in self.addresses if had.key == entry.key), None)
        if known is not None:
            if (known.address, known.label) != (entry.address, entry.label):
                raise KeyReused(key=entry.key)
            return
        self.addresses = (*self.addresses, entry)
        self._choose(entry.id, billing=billing, shipping=shipping)
        self._changed("addresses")

    def change_address(
        self,
        address_id: str,
        *,
        address: Address | None = None,
        label: str | None = None,
        billing: bool = False,
        shipping: bool = False,
    ) -> None:
        """Correct an address, rename it, or choose it as a default."""
        self._require_present()
        entry = self.address(address_id)
        before = (self.addresses, self.default_billing, self.default_shipping)
        new = evolve(
            entry,
            address=entry.address if address is None else address,
            label=entry.label if label is None else label,
        )
        self.addresses = tuple(new if had.id == address_id else had for had in self.addresses)
        self._choose(address_id, billing=billing, shipping=shipping)
        if (self.addresses, self.default_billing, self.default_shipping) != before:
            self._changed("addresses")

    def remove_address(self, address_id: str) -> None:
        """Take an address out of the book; what is not in it is removed already."""
        self._require_present()
        kept = tuple(entry for entry in self.addresses if entry.id != address_id)
        if len(kept) == len(self.addresses):
            return
        self.addresses = kept
        self.default_billing = None if self.default_billing == address_id else self.default_billing
        self.default_shipping = None if self.default_shipping == address_id else self.default_shipping
        self._changed("addresses")

    def consent(self, said: Consent) -> None:
        """Note a yes or a no; the same answer again is not news."""
        self._require_present()
        if any(had.purpose == said.purpose for had in self.consents):
            if self.accepts(said.purpose) == said.granted:
                return
        elif not said.granted:
            return
        self.consents = (*self.consents, said)
        self.record(CustomerConsentChanged(aggregate_id=self.id, purpose=said.purpose, granted=said.granted))

    def anonymise(self, *, at: datetime) -> None:
        """Erase everything personal; the id, the groups and the dates stay, so that orders keep their customer.

        Consents stay too: purpose, answer and time prove what was allowed, and name nobody.
        """
        if self.anonymised_at is not None:
            return
        self.email = self.name = self.vat_id = self.fingerprint = ""
        self.tags = self.segments = frozenset()
        self.addresses = ()
        self.default_billing = self.default_shipping = None
        self.anonymised_at = at
        self.record(CustomerAnonymised(aggregate_id=self.id))

    def _choose(self, address_id: str, *, billing: bool, shipping: bool) -> None:
        self.default_billing = address_id if billing else self.default_billing
        self.default_shipping = address_id if shipping else self.default_shipping

    def _changed(self, *fields: str) -> None:
        self.record(CustomerChanged(aggregate_id=self.id, fields=fields))

    def _require_present(self) -> None:
        if self.anonymised_at is not None:
            raise NotAllowed(entity="customer", id=self.id, state="anonymised", move="be changed", allowed=())
