"""Carts in Django's own tables keep every promise of a storage, on SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import attrs
import pytest
from tests.examples.conftest import django_config, django_database

from commerce import Commerce
from commerce.adapters.memory import MemoryStorage
from commerce.cart import Cart, CartLineAdded, CartOpened
from commerce.kernel import Money, Price
from commerce.runtime import Envelope, Reaction, Recorder
from commerce.testing.builders import a_shop
from commerce.testing.conformance import CartConformance
from commerce.testing.conformance.journal import OutboxConformance
from commerce.testing.conformance.storage import NOW

if TYPE_CHECKING:
    from basket.storage import DjangoStorage

T = TypeVar("T")

ALIAS = "carts_under_test"


@pytest.fixture(params=["sqlite", "postgresql"])
def carts_in_django(request: pytest.FixtureRequest, tmp_path: Path, django_ready: None) -> "Iterator[DjangoStorage]":
    """An empty storage in a database of its own."""
    from basket.storage import DjangoStorage

    postgresql = request.param == "postgresql"
    url = request.getfixturevalue("commerce_postgres_url") if postgresql else f"sqlite:///{tmp_path / 'site.db'}"
    with django_database(ALIAS, **django_config(url)):
        yield DjangoStorage(MemoryStorage().sagas, using=ALIAS)


class TestCarts(CartConformance):
    @pytest.fixture
    def storage(self, carts_in_django: "DjangoStorage") -> "DjangoStorage":
        return carts_in_django


class TestOutbox(OutboxConformance):
    @pytest.fixture
    def storage(self, carts_in_django: "DjangoStorage") -> "DjangoStorage":
        return carts_in_django


@pytest.fixture
def shop(carts_in_django: "DjangoStorage") -> Commerce:
    return a_shop(storages={"cart": carts_in_django})


def at_once(count: int, act: Callable[[], T]) -> list[T]:
    """Run it in threads; Django has a connection for each, and each gives its own back."""

    def run(_: int) -> T:
        from django.db import connections

        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_agreed_prices_and_nothing_known_survive(carts_in_django: "DjangoStorage") -> None:
    """Prices to the tenth of a cent, and what is not known stays unknown instead of becoming empty."""
    cart = Cart(id="c1", currency="EUR")
    cart.add_line("l1", "BOLT", 1000, at=NOW, agreed_price=Price(Money("1.23", "EUR"), per=100))
    recorder = Recorder(lambda: NOW, lambda name: False)
    with carts_in_django.begin("cart", recorder) as uow:
        uow.carts.add(cart)
    with carts_in_django.begin("cart", recorder) as uow:
        read = uow.carts.get("c1")
    assert read.lines == cart.lines
    assert (read.customer_id, read.shipping_method, read.destination, read.expires_at) == (None, None, None, None)
    assert carts_in_django.outbox.pending() == 0, "nobody wanted the event"
    assert len(carts_in_django.outbox.archive()) == 1


def test_no_field_of_a_cart_is_forgotten(django_ready: None) -> None:
    """A release that adds one to the cart fails here, instead of losing it."""
    from basket.models import StoredCart

    kept = {column.name for column in StoredCart._meta.get_fields()}
    assert kept == {field.name for field in attrs.fields(Cart) if field.init}


def test_a_transaction_is_never_part_of_another(shop: Commerce) -> None:
    """What is told to others must not be rolled back afterwards, so Django refuses to nest it."""
    from django.db import transaction

    with transaction.atomic(using=ALIAS), pytest.raises(RuntimeError, match="durable"):
        shop.cart.open()


def test_it_keeps_carts_only(carts_in_django: "DjangoStorage") -> None:
    """Another module wired to it is told so, in words."""
    from basket.storage import NotKeptHere

    shop = Commerce(storages={"orders": carts_in_django})
    with pytest.raises(NotKeptHere, match="keeps carts, not orders"):
        shop.orders.list()


def test_an_event_reaches_who_asked_for_it(shop: Commerce, carts_in_django: "DjangoStorage") -> None:
    """After the commit, from Django's outbox; what nobody asked for is archived and never waits."""
    heard: list[str] = []
    shop.bus.subscribe(Reaction("hear", CartLineAdded, lambda envelope: heard.append(envelope.name)))
    cart = shop.cart.open()
    shop.cart.add_line(cart.id, "MUG", 2)
    assert heard == ["cart.CartLineAdded"]
    assert carts_in_django.outbox.pending() == 0
    assert [envelope.name for _, envelope in carts_in_django.outbox.archive()] == [
        "cart.CartOpened",
        "cart.CartLineAdded",
    ]


def test_an_event_outlives_a_reaction_that_fails(carts_in_django: "DjangoStorage") -> None:
    """It waits, and comes again."""
    clock = [NOW]
    shop = a_shop(storages={"cart": carts_in_django}, clock=lambda: clock[0])
    answers = iter([ConnectionError("down"), None])
    heard = []

    def react(envelope: Envelope) -> None:
        if error := next(answers):
            raise error
        heard.append((envelope.name, envelope.attempts))

    shop.bus.subscribe(Reaction("react", CartOpened, react))
    shop.cart.open()
    assert (heard, carts_in_django.outbox.pending()) == ([], 1)
    clock[0] += timedelta(minutes=1)
    shop.timers.run()
    assert (heard, carts_in_django.outbox.pending()) == ([("cart.CartOpened", 1)], 0)


def test_no_unit_is_lost_between_threads(shop: Commerce) -> None:
    """Adding commutes: everybody's units are in the cart."""
    cart = shop.cart.open()
    at_once(8, lambda: shop.cart.add_line(cart.id, "CANDLE", 1))
    [line] = shop.cart.get(cart.id).lines
    assert line.quantity == 8


def test_an_event_goes_to_one_of_many_relays(carts_in_django: "DjangoStorage") -> None:
    """No two claim events of one aggregate, and every event is claimed."""
    recorder = Recorder(lambda: NOW, lambda name: True)
    for n in range(12):
        with carts_in_django.begin("cart", recorder) as uow:
            cart = Cart(id=f"c{n}", currency="EUR")
            cart.add_line("l1", "MUG", 1, at=NOW)
            cart.remove_line("l1", at=NOW)
            uow.carts.add(cart)

    def relay() -> list[tuple[str, str]]:
        taken: list[tuple[str, str]] = []
        while batch := carts_in_django.outbox.claim(2, NOW, timedelta(minutes=1)):
            taken += [(envelope.aggregate_id, envelope.id) for envelope in batch]
        return taken

    claims = at_once(4, relay)
    events = [event for claim in claims for _, event in claim]
    assert len(events) == len(set(events)) == 24
    for n in range(12):
        assert sum(any(aggregate == f"c{n}" for aggregate, _ in claim) for claim in claims) == 1


def test_the_migrations_are_those_of_the_models(django_ready: None) -> None:
    """Nobody forgot to run makemigrations."""
    from django.apps import apps
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.state import ProjectState

    written = MigrationLoader(None)
    detector = MigrationAutodetector(written.project_state(), ProjectState.from_apps(apps))
    assert detector.changes(graph=written.graph) == {}
