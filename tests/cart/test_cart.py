"""A cart takes what a shop sells, holds still while it is paid for, and says why it refuses."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from commerce.cart import (
    Cart,
    CartEmpty,
    CartExpired,
    CartFrozen,
    CartLineNotFound,
    CartNotFound,
    CartService,
    CartStatus,
    UnknownSku,
    Wish,
    hooks,
)
from commerce.kernel import Address, CurrencyMismatch, InvalidValue, Money, NotAllowed, Price, StaleVersion
from commerce.runtime import Storage, build_hooks, unit_of_work
from commerce.testing.conformance.storage import NOW


class Everything:
    """Sells all but what is called GONE."""

    def unsold(self, skus: Sequence[str]) -> Sequence[str]:
        return [sku for sku in skus if sku == "GONE"]


@pytest.fixture
def clock() -> list[timedelta]:
    """How long after the start it is."""
    return [timedelta(0)]


@pytest.fixture
def service(any_storage: Storage, clock: list[timedelta]) -> CartService:
    begin = unit_of_work(any_storage, "cart", lambda: NOW + clock[0], lambda _: False, lambda: None)
    return CartService(
        begin=begin,
        clock=lambda: NOW + clock[0],
        assortment=Everything(),
        hooks=build_hooks([hooks], []),
        currency="EUR",
    )


def test_units_of_one_sku_share_a_line(service: CartService) -> None:
    cart = service.open()
    service.add_line(cart.id, "TEE", 2)
    cart = service.add_line(cart.id, "TEE", 3)
    assert [(line.sku, line.quantity) for line in cart.lines] == [("TEE", 5)]


def test_an_agreed_price_makes_a_line_of_its_own(service: CartService) -> None:
    cart = service.open()
    agreed = Price(Money("1.50", "EUR"))
    wishes = [Wish(sku="TEE"), Wish(sku="TEE", agreed_price=agreed), Wish(sku="TEE", quantity=2, agreed_price=agreed)]
    service.add_lines(cart.id, wishes)
    assert [(line.quantity, line.agreed_price) for line in service.get(cart.id).lines] == [(1, None), (3, agreed)]
    with pytest.raises(CurrencyMismatch):
        service.add_line(cart.id, "TEE", agreed_price=Price(Money("1.50", "USD")))


def test_nothing_unknown_enters(service: CartService) -> None:
    cart = service.open()
    with pytest.raises(UnknownSku, match="nothing on sale has the SKU 'GONE'"):
        service.add_lines(cart.id, [Wish(sku="TEE"), Wish(sku="GONE")])
    assert service.get(cart.id).lines == ()


@pytest.mark.parametrize("quantity", [0, -1, 1_000_001, True, 1.0])
def test_odd_quantities_are_refused(service: CartService, quantity: int) -> None:
    cart = service.open()
    with pytest.raises(InvalidValue, match="quantity"):
        service.add_line(cart.id, "TEE", quantity)
    line = service.add_line(cart.id, "TEE").lines[0]
    with pytest.raises(InvalidValue, match="quantity"):
        service.set_quantity(cart.id, line.id, quantity)
    assert service.get(cart.id).lines[0].quantity == 1


def test_set_and_remove_name_what_is_missing(service: CartService) -> None:
    cart = service.open()
    line = service.add_line(cart.id, "TEE").lines[0]
    assert service.set_quantity(cart.id, line.id, 7).lines[0].quantity == 7
    assert service.remove_line(cart.id, line.id).lines == ()
    with pytest.raises(CartLineNotFound):
        service.remove_line(cart.id, line.id)
    with pytest.raises(CartNotFound):
        service.get("none")


def test_a_stale_caller_gets_the_fresh_cart(service: CartService) -> None:
    cart = service.open()
    seen = service.add_line(cart.id, "TEE")
    service.add_line(cart.id, "CAP")
    with pytest.raises(StaleVersion) as caught:
        service.set_quantity(cart.id, seen.lines[0].id, 9, version=seen.version)
    assert isinstance(caught.value.fresh, Cart)
    assert [line.sku for line in caught.value.fresh.lines] == ["TEE", "CAP"]


def test_codes_are_tidy(service: CartService) -> None:
    cart = service.open()
    service.add_code(cart.id, " spring ")
    assert service.add_code(cart.id, "SPRING").codes == ("SPRING",)
    assert service.remove_code(cart.id, "Spring").codes == ()
    with pytest.raises(InvalidValue, match="code"):
        service.add_code(cart.id, "  ")


def test_refused_gifts_are_remembered(service: CartService) -> None:
    cart = service.open()
    service.refuse_gift(cart.id, "MUG")
    service.refuse_gift(cart.id, "TOTE")
    assert service.refuse_gift(cart.id, "MUG").refused_gifts == ("MUG", "TOTE")
    assert service.accept_gift(cart.id, "MUG").refused_gifts == ("TOTE",)
    assert service.accept_gift(cart.id, "never refused").refused_gifts == ("TOTE",)


@pytest.mark.parametrize(
    "change",
    [
        lambda s, id: s.add_line(id, "CAP"),
        lambda s, id: s.add_code(id, "X"),
        lambda s, id: s.remove_code(id, "X"),
        lambda s, id: s.deliver_to(id, Address(country="DE")),
        lambda s, id: s.set_customer(id, customer_id=None, email="a@example.org"),
        lambda s, id: s.set_quantity(id, s.get(id).lines[0].id, 2),
        lambda s, id: s.remove_line(id, s.get(id).lines[0].id),
    ],
)
def test_a_frozen_or_expired_cart_stays_as_it_is(
    service: CartService, clock: list[timedelta], change: Callable[[CartService, str], Cart]
) -> None:
    cart = service.open()
    service.add_line(cart.id, "TEE")
    frozen = service.freeze(cart.id, "key")
    with pytest.raises(CartFrozen, match="is frozen"):
        change(service, cart.id)
    service.thaw(cart.id, "key")
    clock[0] = timedelta(days=31)
    with pytest.raises(CartExpired):
        change(service, cart.id)
    assert service.get(cart.id).lines == frozen.lines


def test_one_checkout_holds_a_cart(service: CartService) -> None:
    cart = service.open()
    with pytest.raises(CartEmpty):
        service.freeze(cart.id, "a")
    seen = service.add_line(cart.id, "TEE")
    with pytest.raises(StaleVersion):
        service.freeze(cart.id, "a", version=seen.version - 1)
    service.freeze(cart.id, "a", version=seen.version)
    assert service.freeze(cart.id, "a", version=seen.version).frozen_by == "a"
    with pytest.raises(CartFrozen):
        service.freeze(cart.id, "b")
    assert service.thaw(cart.id, "b").status is CartStatus.FROZEN
    assert service.thaw(cart.id, "a").status is CartStatus.OPEN
    with pytest.raises(NotAllowed):
        service.close(cart.id, "order")
    service.freeze(cart.id, "a")
    assert service.close(cart.id, "order").status is CartStatus.CLOSED
    assert service.close(cart.id, "order").order_id == "order"
    with pytest.raises(CartFrozen):
        service.close(cart.id, "another")


def test_a_hold_ends_at_a_known_moment_that_comes(service: CartService) -> None:
    cart = service.open()
    for until, says in ((NOW, "later time"), (NOW.replace(year=2027, tzinfo=None), "timezone-aware")):
        with pytest.raises(InvalidValue, match=f"until: .*{says}"):
            service.hold(cart.id, "k", until)
    assert service.get(cart.id).held_by is None


def test_adding_from_many_threads_loses_nothing(service: CartService) -> None:
    cart = service.open()
    threads = [threading.Thread(target=service.add_line, args=(cart.id, "TEE")) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert service.get(cart.id).lines[0].quantity == 12
