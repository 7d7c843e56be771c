"""Use cases of customers."""

from collections.abc import Callable, Iterable
from hashlib import sha256

from attrs import define

from commerce.customers.emails import normalised_email
from commerce.customers.errors import EmailTaken
from commerce.customers.model import Customer
from commerce.customers.ports import CustomerUnit
from commerce.customers.values import Consent, CustomerAddress
from commerce.kernel import Address, Clock, InvalidValue, KeyReused, Page, new_id
from commerce.runtime import Begin, retried

__all__ = ["CustomerService"]

#: The longest page of a list.
_MOST_ROWS = 500


@define
class CustomerService:
    """Know who buys, and forget them when they ask for it. Repeating any command changes nothing."""

    begin: Begin[CustomerUnit]
    clock: Clock

    def guest(self, email: str) -> str:
        """The normalised address of somebody who buys without registering, or `InvalidEmail`. Stores nothing."""
        return normalised_email(email)

    def register(
        self,
        key: str,
        email: str,
        *,
        name: str = "",
        locale: str = "en",
        vat_id: str = "",
        groups: Iterable[str] = (),
    ) -> Customer:
        """Make a customer, or answer with the one of this key.

        Raises `InvalidEmail`, `EmailTaken`, or `commerce.kernel.KeyReused` for another request under the same key.
        """
        customer = Customer(
            id=new_id(),
            key=key,
            email=normalised_email(email),
            name=name,
            locale=locale,
            vat_id=vat_id,
            groups=frozenset(groups),
            created_at=self.clock(),
        )
        customer.fingerprint = _fingerprint(customer)
        customer.register()
        with self.begin() as uow:
            if uow.customers.add(customer):
                return customer
            known = uow.customers.by_key(key)
        if known is None:
            raise EmailTaken
        if known.fingerprint != customer.fingerprint:
            raise KeyReused(key=key)
        return known

    def get(self, customer_id: str) -> Customer:
        """The customer, or `CustomerNotFound`."""
        with self.begin() as uow:
            return uow.customers.get(customer_id)

    def by_email(self, email: str) -> Customer | None:
        """The customer with that e-mail address, however it is spelt, or nothing."""
        with self.begin() as uow:
            return uow.customers.by_email(normalised_email(email))

    def list(self, *, cursor: str | None = None, limit: int = 50) -> Page[Customer]:
        """Customers, newest first, a page at a time; the anonymised ones too."""
        if not 1 <= limit <= _MOST_ROWS:
            raise InvalidValue(field="limit", reason=f"a page has 1 to {_MOST_ROWS} customers, not {limit}")
        with self.begin() as uow:
            rows = uow.customers.page(before=cursor, limit=limit + 1)
        return Page(tuple(rows[:limit]), rows[limit - 1].id if len(rows) > limit else None)

    def change(
        self,
        customer_id: str,
        *,
        email: str | None = None,
        name: str | None = None,
        locale: str | None = None,
        vat_id: str | None = None,
        segments: Iterable[str] | None = None,
        tags: Iterable[str] | None = None,
    ) -> Customer:
        """Set the fields that are given. Raises `InvalidEmail`, `EmailTaken`."""
        found = None if segments is None else frozenset(segments)
        given = None if tags is None else frozenset(tags)
        return self._change(
            customer_id,
            lambda customer: customer.change(
                email=email, name=name, locale=locale, vat_id=vat_id, segments=found, tags=given
            ),
        )

    def set_groups(self, customer_id: str, groups: Iterable[str]) -> Customer:
        """Put the customer into exactly these groups."""
        members = frozenset(groups)
        return self._change(customer_id, lambda customer: customer.set_groups(members))

    def add_address(
        self,
        customer_id: str,
        key: str,
        address: Address,
        *,
        label: str = "",
        billing: bool = False,
        shipping: bool = False,
    ) -> Customer:
        """Add an address, once per key; ``billing`` and ``shipping`` choose it as a default.

        It is never refused for being unknown: ask `commerce.customers.check_address` for warnings to show.
        """
        entry = CustomerAddress(id=new_id(), key=key, address=address, label=label)
        return self._change(
            customer_id, lambda customer: customer.add_address(entry, billing=billing, shipping=shipping)
        )

    def change_address(
        self,
        customer_id: str,
        address_id: str,
        *,
        address: Address | None = None,
        label: str | None = None,
        billing: bool = False,
        shipping: bool = False,
    ) -> Customer:
        """Correct an address, rename it, or choose it as a default. Raises `AddressNotFound`."""
        return self._change(
            customer_id,
            lambda customer: customer.change_address(
                address_id, address=address, label=label, billing=billing, shipping=shipping
            ),
        )

    def remove_address(self, customer_id: str, address_id: str) -> Customer:
        """Take an address out of the book."""
        return self._change(customer_id, lambda customer: customer.remove_address(address_id))

    def consent(self, customer_id: str, purpose: str, *, granted: bool, source: str = "") -> Customer:
        """Note a yes or no to a purpose, with the time and where it was said."""
        said = Consent(purpose=purpose, granted=granted, at=self.clock(), source=source)
        return self._change(customer_id, lambda customer: customer.consent(said))

    def anonymise(self, customer_id: str) -> Customer:
        """Erase everything personal for good; the id stays, and the e-mail address is free again."""
        return self._change(customer_id, lambda customer: customer.anonymise(at=self.clock()))

    def _change(self, customer_id: str, change: Callable[[Customer], None]) -> Customer:
        """Each command touches its own fields and says what it wants, so a lost race is run again."""
        return retried(lambda: self._try(customer_id, change))

    def _try(self, customer_id: str, change: Callable[[Customer], None]) -> Customer:
        with self.begin() as uow:
            customer = uow.customers.get(customer_id)
            change(customer)
            if customer.has_news:
                uow.customers.save(customer)
            return customer


def _fingerprint(wish: Customer) -> str:
    """What was asked, in a form that does not tell it."""
    parts = (wish.email, wish.name, wish.locale, wish.vat_id, *sorted(wish.groups))
    return sha256("\0".join(parts).encode()).hexdigest()
