"""After a commit, whoever asked is told: at least once, in order, and one bad reaction stops nobody else."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from attrs import define, field

from commerce.adapters.memory import MemoryStorage
from commerce.cart import Cart, CartLineAdded, CartLineRemoved, CartUnit
from commerce.runtime import BatchReaction, Begin, Bus, Envelope, Reaction, Relay, Storage, unit_of_work
from commerce.testing.conformance.storage import NOW


@define
class Shop:
    storage: Storage
    now: datetime = NOW
    told: list[str] = field(factory=list)
    trouble: Callable[[Envelope], None] = lambda _: None
    bus: Bus = field(init=False)
    relay: Relay = field(init=False)
    begin: Begin[CartUnit] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.bus = Bus([Reaction("note", CartLineAdded, self.note), Reaction("note", CartLineRemoved, self.note)])
        self.relay = Relay([self.storage.outbox], self.bus.deliver, lambda: self.now)
        self.begin = unit_of_work(self.storage, "cart", lambda: self.now, self.bus.wants, self.relay.kick)

    def note(self, envelope: Envelope) -> None:
        self.trouble(envelope)
        self.told.append(f"{envelope.aggregate_id} {type(envelope.event).__name__}")

    def fill_and_empty(self, cart_id: str) -> None:
        with self.begin() as uow:
            cart = Cart(id=cart_id, currency="EUR")
            cart.add_line("1", "X", 1, at=NOW)
            cart.remove_line("1", at=NOW)
            uow.carts.add(cart)


@pytest.fixture
def shop(any_storage: Storage) -> Shop:
    return Shop(any_storage)


def test_tells_in_order_after_the_commit(shop: Shop) -> None:
    shop.fill_and_empty("a")
    assert shop.told == ["a CartLineAdded", "a CartLineRemoved"]
    assert shop.storage.outbox.pending() == 0


def test_nobody_waits_for_an_event_that_nobody_wants(any_storage: Storage) -> None:
    begin = unit_of_work(any_storage, "cart", lambda: NOW, Bus().wants, lambda: pytest.fail("kicked for nothing"))
    with begin() as uow:
        cart = Cart(id="a", currency="EUR")
        cart.add_line("1", "X", 1, at=NOW)
        uow.carts.add(cart)
    assert any_storage.outbox.pending() == 0
    assert len(any_storage.outbox.archive()) == 1


def test_a_failing_reaction_is_retried_and_holds_back_only_its_aggregate(shop: Shop) -> None:
    def bad(envelope: Envelope) -> None:
        if envelope.aggregate_id == "a":
            raise ZeroDivisionError

    shop.trouble = bad
    shop.fill_and_empty("a")
    shop.fill_and_empty("b")
    assert shop.told == ["b CartLineAdded", "b CartLineRemoved"]
    assert shop.storage.outbox.pending() == 2
    shop.trouble = lambda _: None
    shop.now += timedelta(minutes=1)
    assert shop.relay.drain() == 2
    assert shop.told[2:] == ["a CartLineAdded", "a CartLineRemoved"]


def test_waits_grow_between_attempts(shop: Shop) -> None:
    tried_at: list[int] = []

    def bad(_: Envelope) -> None:
        tried_at.append((shop.now - NOW).seconds)
        raise ZeroDivisionError

    shop.trouble = bad
    shop.fill_and_empty("a")
    for _ in range(30):
        shop.now += timedelta(seconds=1)
        shop.relay.drain()
    assert tried_at == [0, 1, 3, 7, 15]


def test_hold_delivers_once_at_the_end(shop: Shop) -> None:
    with shop.relay.hold():
        shop.fill_and_empty("a")
        with shop.relay.hold():
            shop.fill_and_empty("b")
        assert shop.told == []
    assert len(shop.told) == 4


def test_a_reaction_that_commits_does_not_recurse(any_storage: Storage) -> None:
    shop = Shop(any_storage)

    def follow(envelope: Envelope) -> None:
        if envelope.aggregate_id == "a":
            shop.fill_and_empty(f"after-{envelope.sequence}")

    shop.trouble = follow
    shop.fill_and_empty("a")
    assert len(shop.told) == 6
    assert any_storage.outbox.pending() == 0


def test_an_outside_relay_is_left_alone_by_commits() -> None:
    storage = MemoryStorage()
    told: list[Envelope] = []
    bus = Bus([Reaction("note", CartLineAdded, told.append)])
    relay = Relay([storage.outbox], bus.deliver, lambda: NOW, inline=False)
    begin = unit_of_work(storage, "cart", lambda: NOW, bus.wants, relay.kick)
    with begin() as uow:
        cart = Cart(id="a", currency="EUR")
        cart.add_line("1", "X", 1, at=NOW)
        uow.carts.add(cart)
    assert told == []
    assert relay.drain() == 1
    assert len(told) == 1


def test_a_batch_reaction_gets_all_at_once_and_one_that_fails_comes_again_alone(any_storage: Storage) -> None:
    """Ten carts, one call; when it fails, each is tried alone, and only the one to blame waits for another time."""
    shop = Shop(any_storage)
    batches: list[int] = []
    bad = {"cart-3"}

    def gather(envelopes: Sequence[Envelope]) -> None:
        batches.append(len(envelopes))
        if any(envelope.aggregate_id in bad for envelope in envelopes):
            raise ZeroDivisionError

    shop.bus.subscribe(BatchReaction("gather", (CartLineAdded,), gather))
    with shop.relay.hold():
        for n in range(10):
            shop.fill_and_empty(f"cart-{n}")
    assert batches == [10] + 10 * [1]
    assert any_storage.outbox.pending() == 2, "the event, and the one behind it"
    shop.now += timedelta(seconds=1)
    bad.clear()
    shop.relay.drain()
    assert batches[11:] == [1]
    assert any_storage.outbox.pending() == 0


def test_an_event_that_never_gets_through_waits_an_hour_at_most(any_storage: Storage) -> None:
    """However often it failed: what is doubled a thousand times fits no calendar."""
    shop = Shop(any_storage, trouble=_refuse)
    shop.fill_and_empty("a")
    for _ in range(1100):
        shop.now += timedelta(hours=1)
        assert shop.relay.drain() == 0
    assert next(envelope.attempts for _, envelope in any_storage.outbox.archive()) == 1101


def _refuse(_: Envelope) -> None:
    raise ZeroDivisionError
