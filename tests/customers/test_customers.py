"""Customers: one per address, an address book that is theirs, consents that can be shown, and being forgotten."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import fields_dict
from hypothesis import given
from hypothesis import strategies as st

from commerce.adapters.memory import MemoryStorage
from commerce.customers import (
    AddressNotFound,
    Consent,
    Customer,
    CustomerAnonymised,
    CustomerChanged,
    CustomerConsentChanged,
    CustomerGroupsChanged,
    CustomerRegistered,
    CustomerService,
    EmailTaken,
    InvalidEmail,
    normalised_email,
)
from commerce.kernel import Address, InvalidValue, KeyReused, NotAllowed
from commerce.runtime import unit_of_work
from commerce.testing.conformance.storage import NOW

HOME = Address(country="DE", postal_code="10117", city="Berlin", lines=("Unter den Linden 1",), name="Ada Lovelace")
WORK = Address(country="DE", postal_code="20095", city="Hamburg", lines=("Jungfernstieg 1",), name="Ada Lovelace")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(storage: MemoryStorage, clock: Clock) -> CustomerService:
    return CustomerService(unit_of_work(storage, "customers", clock, lambda name: True, lambda: None), clock)


@pytest.fixture
def ada(service: CustomerService) -> Customer:
    return service.register("ada", "ada@example.org", name="Ada Lovelace", locale="en-GB")


def told(storage: MemoryStorage) -> list[object]:
    return [envelope.event for _, envelope in storage.outbox.archive()]


# Registering.


def test_a_customer_is_who_they_said(service: CustomerService, storage: MemoryStorage) -> None:
    made = service.register("key", " Ada@Example.ORG", name="Ada", locale="de", vat_id="DE1", groups=["vip", "b2b"])
    assert (made.email, made.name, made.locale, made.vat_id) == ("ada@example.org", "Ada", "de", "DE1")
    assert (made.groups, made.created_at) == (frozenset({"vip", "b2b"}), NOW)
    assert told(storage) == [CustomerRegistered(aggregate_id=made.id, locale="de", groups=("b2b", "vip"))]


@pytest.mark.parametrize("other", [{"name": "Eve"}, {"locale": "fr"}, {"vat_id": "X"}, {"groups": ["vip"]}])
def test_a_key_stands_for_one_registration(service: CustomerService, ada: Customer, other: dict[str, Any]) -> None:
    wish: dict[str, Any] = {"name": "Ada Lovelace", "locale": "en-GB"}
    assert service.register("ada", "ADA@example.org", **wish).id == ada.id
    with pytest.raises(KeyReused):
        service.register("ada", "ada@example.org", **{**wish, **other})
    with pytest.raises(KeyReused):
        service.register("ada", "eve@example.org", **wish)


def test_a_key_has_characters(service: CustomerService, ada: Customer) -> None:
    with pytest.raises(InvalidValue, match="key"):
        service.register("", "eve@example.org")
    with pytest.raises(InvalidValue, match="key"):
        service.add_address(ada.id, "", HOME)


def test_a_guest_is_only_an_address(service: CustomerService, storage: MemoryStorage) -> None:
    assert service.guest("Guest@Example.org") == "guest@example.org"
    with pytest.raises(InvalidEmail):
        service.guest("guest")
    assert told(storage) == []


# Changing.


def test_only_what_is_given_changes(service: CustomerService, storage: MemoryStorage, ada: Customer) -> None:
    changed = service.change(ada.id, name="Ada King", tags=(tag for tag in ("poet", "poet")))
    assert (changed.name, changed.tags, changed.locale) == ("Ada King", frozenset({"poet"}), "en-GB")
    assert told(storage)[1:] == [CustomerChanged(aggregate_id=ada.id, fields=("name", "tags"))]
    service.change(ada.id, name="Ada King", email="ADA@example.org")
    assert len(told(storage)) == 2
    assert service.change(ada.id, name="", vat_id="").name == ""


def test_groups_are_set_not_added(service: CustomerService, storage: MemoryStorage, ada: Customer) -> None:
    for _ in range(2):
        service.set_groups(ada.id, iter(["vip", "b2b"]))
    assert service.set_groups(ada.id, ["vip"]).groups == {"vip"}
    assert told(storage)[1:] == [
        CustomerGroupsChanged(aggregate_id=ada.id, groups=("b2b", "vip")),
        CustomerGroupsChanged(aggregate_id=ada.id, groups=("vip",)),
    ]


# The address book.


def test_addresses_have_labels_and_defaults(service: CustomerService, ada: Customer) -> None:
    service.add_address(ada.id, "home", HOME, label="Home", billing=True, shipping=True)
    both = service.add_address(ada.id, "work", WORK, label="Work", shipping=True)
    assert [entry.label for entry in both.addresses] == ["Home", "Work"]
    assert (both.billing_address, both.shipping_address) == (HOME, WORK)
    home = both.addresses[0].id
    moved = service.change_address(ada.id, home, address=WORK, label="New home", shipping=True)
    assert (moved.address(home).address, moved.address(home).label) == (WORK, "New home")
    assert moved.shipping_address == moved.billing_address == WORK
    assert moved.default_shipping == home


def test_an_address_is_added_once_per_key(service: CustomerService, storage: MemoryStorage, ada: Customer) -> None:
    for _ in range(2):
        assert len(service.add_address(ada.id, "home", HOME).addresses) == 1
    for address, label in ((WORK, ""), (HOME, "Home")):
        with pytest.raises(KeyReused):
            service.add_address(ada.id, "home", address, label=label)
    assert len(told(storage)) == 2


def test_a_removed_address_is_nobodys_default(service: CustomerService, storage: MemoryStorage, ada: Customer) -> None:
    home = service.add_address(ada.id, "home", HOME, billing=True, shipping=True).addresses[0].id
    service.add_address(ada.id, "work", WORK)
    for _ in range(2):
        left = service.remove_address(ada.id, home)
    assert [entry.address for entry in left.addresses] == [WORK]
    assert (left.billing_address, left.shipping_address) == (None, None)
    assert len(told(storage)) == 4
    with pytest.raises(AddressNotFound):
        service.change_address(ada.id, home, label="Home")


def test_removing_one_address_keeps_the_other_default(service: CustomerService, ada: Customer) -> None:
    home = service.add_address(ada.id, "home", HOME, billing=True).addresses[0].id
    service.add_address(ada.id, "work", WORK, shipping=True)
    left = service.remove_address(ada.id, home)
    assert (left.billing_address, left.shipping_address) == (None, WORK)


def test_changing_nothing_tells_nothing(service: CustomerService, storage: MemoryStorage, ada: Customer) -> None:
    home = service.add_address(ada.id, "home", HOME, label="Home", billing=True).addresses[0].id
    version = service.change_address(ada.id, home, address=HOME, label="Home", billing=True).version
    assert version == service.get(ada.id).version == 2
    assert len(told(storage)) == 2


# Consents.


def test_consents_are_kept_with_their_time_and_the_last_word_counts(
    service: CustomerService, storage: MemoryStorage, clock: Clock, ada: Customer
) -> None:
    assert not ada.accepts("newsletter")
    for granted in (True, True, False, True):
        clock.now += timedelta(days=1)
        last = service.consent(ada.id, "newsletter", granted=granted, source="account")
    assert last.accepts("newsletter")
    assert not last.accepts("sms")
    assert [(said.granted, (said.at - NOW).days) for said in last.consents] == [(True, 1), (False, 3), (True, 4)]
    assert {said.source for said in last.consents} == {"account"}
    assert told(storage)[1:] == [
        CustomerConsentChanged(aggregate_id=ada.id, purpose="newsletter", granted=granted)
        for granted in (True, False, True)
    ]


def test_a_first_no_is_only_silence(service: CustomerService, ada: Customer) -> None:
    """Nothing was allowed, so nothing has to be shown."""
    assert service.consent(ada.id, "sms", granted=False).consents == ()


def test_a_consent_has_a_purpose_and_a_time(service: CustomerService, ada: Customer) -> None:
    with pytest.raises(InvalidValue, match="purpose"):
        service.consent(ada.id, "", granted=True)
    with pytest.raises(InvalidValue, match="timezone-aware"):
        Consent(purpose="sms", granted=True, at=datetime(2026, 3, 1))  # noqa: DTZ001 - naive on purpose


# Being forgotten.


def test_nothing_personal_is_left(service: CustomerService, storage: MemoryStorage, clock: Clock) -> None:
    made = service.register("key", "ada@example.org", name="Ada", vat_id="DE1", groups=["vip"])
    service.add_address(made.id, "home", HOME, label="Ada's home", billing=True, shipping=True)
    service.change(made.id, tags=["calls often"], segments=["loyal"])
    service.consent(made.id, "newsletter", granted=True)
    clock.now += timedelta(days=1)
    for _ in range(2):
        gone = service.anonymise(made.id)
    kept = {name: getattr(gone, name) for name in fields_dict(Customer) if getattr(gone, name) and name[0] != "_"}
    assert kept == {
        "id": made.id,
        "version": 5,
        "key": "key",
        "locale": "en",
        "groups": {"vip"},
        "consents": (Consent(purpose="newsletter", granted=True, at=NOW),),
        "created_at": NOW,
        "anonymised_at": clock.now,
    }
    assert told(storage)[-1] == CustomerAnonymised(aggregate_id=made.id)
    assert len(told(storage)) == 5


@pytest.mark.parametrize(
    "command",
    [
        lambda service, id: service.change(id, name="Ada"),
        lambda service, id: service.set_groups(id, ["vip"]),
        lambda service, id: service.add_address(id, "home", HOME),
        lambda service, id: service.change_address(id, "a", label="Home"),
        lambda service, id: service.remove_address(id, "a"),
        lambda service, id: service.consent(id, "sms", granted=True),
    ],
)
def test_the_forgotten_do_not_come_back(
    service: CustomerService, ada: Customer, command: Callable[[CustomerService, str], object]
) -> None:
    service.anonymise(ada.id)
    with pytest.raises(NotAllowed, match="anonymised"):
        command(service, ada.id)
    with pytest.raises(KeyReused):
        service.register("ada", "ada@example.org", name="Ada Lovelace", locale="en-GB")


def test_nothing_personal_is_in_reprs_events_and_errors(
    service: CustomerService, storage: MemoryStorage, ada: Customer
) -> None:
    service.change(ada.id, vat_id="DE136695976", tags=["poet"])
    full = service.add_address(ada.id, "home", HOME, label="Ada's home", billing=True)
    texts = [repr(full), *map(repr, told(storage))]
    for wish in ("ada@example.org", "ada@example", "ada@-"):
        with pytest.raises((EmailTaken, InvalidEmail)) as refused:
            service.register("other", wish)
        texts += [str(refused.value), repr(refused.value), str(refused.value.details)]
    for secret in ("ada@", "Ada", "Lovelace", "Linden", "10117", "DE1366", "poet", full.fingerprint):
        assert not any(secret in text for text in texts), secret


# Lists.


@pytest.mark.parametrize("limit", [0, 501])
def test_a_page_has_a_sensible_length(service: CustomerService, limit: int) -> None:
    with pytest.raises(InvalidValue, match="limit"):
        service.list(limit=limit)


# E-mail addresses.


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  ADA.Lovelace+shop@Mail.Example.ORG\n", "ada.lovelace+shop@mail.example.org"),
        ("Ünï@bücher.example", "ünï@bücher.example"),
        ("ａｄａ@example.org", "ada@example.org"),  # noqa: RUF001 - full-width letters on purpose
        ("o'hara_1@xn--bcher-kva.example", "o'hara_1@xn--bcher-kva.example"),
    ],
)
def test_an_address_has_one_spelling(text: str, email: str) -> None:
    assert normalised_email(text) == email


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@localhost",
        "ada@example..org",
        "ada@-example.org",
        "ada@example-.org",
        "ada@1.2.3.4",
        "ada@exa mple.org",
        "a da@example.org",
        "ada@eve@example.org",
        ".ada@example.org",
        "ada.@example.org",
        "a..da@example.org",
        "ada\x00@example.org",
        "<ada@example.org>",
        "ada@example.org, eve@example.org",
        "ada@example.org\r\nBcc: eve@example.org",
        "a" * 65 + "@example.org",
        "ada@" + "a" * 64 + ".org",
        "ada@" + "a.example" * 40 + ".org",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidEmail):
        normalised_email(text)


@given(st.emails())
def test_an_address_in_its_one_spelling_stays(email: str) -> None:
    try:
        once = normalised_email(email)
    except InvalidEmail:
        return  # RFC 5321 allows stranger things than mailboxes have
    assert normalised_email(once) == once
    assert normalised_email(once.upper()) == once or not once.isascii()
