"""What every storage of customers promises."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest

from commerce.customers import (
    Customer,
    CustomerNotFound,
    CustomerService,
    CustomerUnit,
    EmailTaken,
)
from commerce.kernel import Address, InvalidValue, KeyReused, StaleVersion
from commerce.runtime import Begin
from commerce.testing.conformance.storage import NOW, StorageConformance

__all__ = ["CustomerConformance"]

_HOME = Address(country="DE", postal_code="10117", city="Berlin", lines=("Unter den Linden 1",), name="Ada")


class CustomerConformance(StorageConformance):
    """Customers are kept whole, registered once per key, and no two share an e-mail address."""

    @pytest.fixture
    def transactions(self, begin: Callable[[str], Begin[Any]]) -> Begin[CustomerUnit]:
        """Transactions of the customers module."""
        return begin("customers")

    @pytest.fixture
    def service(self, transactions: Begin[CustomerUnit]) -> CustomerService:
        """The use cases over this storage."""
        return CustomerService(transactions, lambda: NOW)

    def test_keeps_every_field(self, service: CustomerService) -> None:
        """From registering to erasing, what was stored is read back field by field."""
        made = service.register(
            "key-1", "Ada@Example.org", name="Ada", locale="de", vat_id="DE136695976", groups=["vip", "trade"]
        )
        assert _fields(service.get(made.id)) == _fields(made)
        service.change(made.id, segments=["loyal"], tags=["calls often"])
        service.consent(made.id, "newsletter", granted=True, source="checkout")
        full = service.add_address(made.id, "home", _HOME, label="Home", billing=True, shipping=True)
        assert _fields(service.get(made.id)) == _fields(full)
        erased = service.anonymise(made.id)
        assert _fields(service.get(made.id)) == _fields(erased)

    def test_refuses_what_would_not_fit(self, service: CustomerService) -> None:
        """The longest texts are kept as they are; longer ones, and what no database keeps, are an `InvalidValue`."""
        longest = {"key": "k" * 255, "locale": "de-AT" + "-abcdefgh" * 3 + "-ab", "vat_id": "D" * 32}
        wish: dict[str, Any] = {"email": "ada@example.org", **longest}
        made = service.register(**wish)
        assert _fields(service.get(made.id)) == _fields(made)
        for name, text in longest.items():
            with pytest.raises(InvalidValue, match=name):
                service.register(**{**wish, name: f"{text}x"})
        for odd in ("a\0b", "\ud800"):
            for other in ({"key": odd}, {"name": odd}, {"vat_id": odd}, {"locale": odd}, {"groups": [odd]}):
                with pytest.raises(InvalidValue, match=next(iter(other))):
                    service.register(**{**wish, **other})
            for change in ({"tags": [odd]}, {"segments": [odd]}, {"vat_id": odd}, {"locale": odd}):
                with pytest.raises(InvalidValue, match=next(iter(change))):
                    service.change(made.id, **change)
            with pytest.raises(InvalidValue, match="label"):
                service.add_address(made.id, "home", _HOME, label=odd)
            with pytest.raises(InvalidValue, match="source"):
                service.consent(made.id, "newsletter", granted=True, source=odd)
        assert _fields(service.get(made.id)) == _fields(made)

    def test_knows_whom_it_has_not(self, service: CustomerService) -> None:
        """An unknown id is `CustomerNotFound`; an unknown address is nobody."""
        with pytest.raises(CustomerNotFound):
            service.get("nobody")
        assert service.by_email("nobody@example.org") is None

    def test_registers_once_per_key(self, service: CustomerService, events: Callable[[], list[str]]) -> None:
        """The same key gives the same customer, even after changes; with another wish it is refused."""
        first = service.register("key-1", "ada@example.org", name="Ada")
        service.change(first.id, name="Ada Lovelace")
        assert service.register("key-1", "ADA@example.org", name="Ada").id == first.id
        with pytest.raises(KeyReused):
            service.register("key-1", "ada@example.org", name="Eve")
        assert events() == ["customers.CustomerRegistered", "customers.CustomerChanged"]

    def test_shares_no_address(self, service: CustomerService) -> None:
        """However it is spelt, an e-mail address belongs to one customer, at registering and at changing."""
        first = service.register("key-1", "ada@example.org")
        with pytest.raises(EmailTaken):
            service.register("key-2", " ADA@EXAMPLE.ORG")
        second = service.register("key-2", "bob@example.org")
        with pytest.raises(EmailTaken):
            service.change(second.id, email="Ada@example.org")
        assert service.get(second.id).email == "bob@example.org"
        service.change(first.id, email="lovelace@example.org")
        assert service.by_email("ada@example.org") is None
        assert service.change(second.id, email="ada@example.org").id == second.id
        found = service.by_email("ADA@example.org")
        assert found is not None
        assert found.id == second.id

    def test_frees_the_address_of_the_forgotten(self, service: CustomerService) -> None:
        """After erasing, the address can be registered again; many may be forgotten."""
        ids = []
        for n in range(3):
            customer = service.register(f"key-{n}", "ada@example.org")
            ids.append(customer.id)
            service.anonymise(customer.id)
        assert len(set(ids)) == 3
        assert service.by_email("ada@example.org") is None

    def test_lets_one_of_many_register(self, service: CustomerService) -> None:
        """Of many who register one address at once, one is heard."""

        def register(n: int) -> bool:
            try:
                service.register(f"key-{n}", "ada@example.org")
            except EmailTaken:
                return False
            return True

        with ThreadPoolExecutor(6) as pool:
            assert sorted(pool.map(register, range(8))) == [False] * 7 + [True]

    def test_loses_no_address_in_a_race(self, service: CustomerService) -> None:
        """Addresses added at once are all in the book."""
        id = service.register("key-1", "ada@example.org").id
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: service.add_address(id, f"a-{n % 4}", _HOME), range(8)))
        assert {entry.key for entry in service.get(id).addresses} == {f"a-{n}" for n in range(4)}

    def test_refuses_a_stale_save(self, transactions: Begin[CustomerUnit], service: CustomerService) -> None:
        """Of two who read the same version, the second to save learns of the first."""
        id = service.register("key-1", "ada@example.org").id
        with transactions() as uow:
            first, second = uow.customers.get(id), uow.customers.get(id)
            first.change(name="Ada")
            uow.customers.save(first)
            second.change(email="eve@example.org")
            with pytest.raises(StaleVersion):
                uow.customers.save(second)
        assert _fields(service.get(id)) == _fields(first)
        assert service.by_email("eve@example.org") is None

    def test_pages_through_everybody(self, service: CustomerService) -> None:
        """Newest first, a page at a time, each once."""
        ids = [service.register(f"key-{n}", f"c{n}@example.org").id for n in range(5)]
        first = service.list(limit=2)
        second = service.list(cursor=first.next, limit=2)
        third = service.list(cursor=second.next, limit=2)
        seen = [customer.id for page in (first, second, third) for customer in page.items]
        assert seen == ids[::-1]
        assert third.next is None


def _fields(found: Customer) -> dict[str, Any]:
    return {name: getattr(found, name) for name in attrs.fields_dict(Customer) if not name.startswith("_")}
