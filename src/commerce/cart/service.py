"""Use cases of the cart."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from attrs import define, frozen

from commerce.cart.errors import UnknownSku
from commerce.cart.events import CartOpened
from commerce.cart.model import Cart
from commerce.cart.ports import Assortment, CartUnit
from commerce.kernel import Address, Clock, Price, StaleVersion, new_id
from commerce.kernel import currency as to_currency
from commerce.runtime import Begin, HookRelay, retried

__all__ = ["CartService", "Wish"]


@frozen(kw_only=True)
class Wish:
    """Some units of a SKU to be put into a cart."""

    sku: str
    quantity: int = 1
    agreed_price: Price | None = None


@define
class CartService:
    """Open, fill and freeze carts.

    A command that sets something takes an optional ``version``: the one the
    caller saw. If the cart has moved on, `commerce.kernel.StaleVersion` is raised.
    Adding units commutes, so `add_line` just tries again.
    """

    begin: Begin[CartUnit]
    clock: Clock
    assortment: Assortment
    hooks: HookRelay
    currency: str
    lifetime: timedelta = timedelta(days=30)

    def open(
        self, *, currency: str | None = None, channel: str = "web", locale: str = "en", customer_id: str | None = None
    ) -> Cart:
        """Begin an empty cart in the shop's currency, or another."""
        code = to_currency(currency or self.currency).code
        cart = Cart(
            id=new_id(),
            currency=code,
            channel=channel,
            locale=locale,
            customer_id=customer_id,
            expires_at=self.clock() + self.lifetime,
        )
        cart.record(CartOpened(aggregate_id=cart.id, currency=code, channel=channel))
        with self.begin() as uow:
            uow.carts.add(cart)
        return cart

    def get(self, cart_id: str) -> Cart:
        """The cart, or `CartNotFound`."""
        with self.begin() as uow:
            return uow.carts.get(cart_id)

    def add_line(self, cart_id: str, sku: str, quantity: int = 1, *, agreed_price: Price | None = None) -> Cart:
        """Put units into the cart. Raises `UnknownSku`, `CartFrozen`, `CartExpired`."""
        return self.add_lines(cart_id, [Wish(sku=sku, quantity=quantity, agreed_price=agreed_price)])

    def add_lines(self, cart_id: str, wishes: Sequence[Wish]) -> Cart:
        """Put several items into the cart at once: all of them, or none."""
        if unknown := self.assortment.unsold([wish.sku for wish in wishes]):
            raise UnknownSku(sku=unknown[0])
        ids = [new_id() for _ in wishes]

        def add(cart: Cart) -> None:
            for line_id, wish in zip(ids, wishes, strict=True):
                self.hooks.commerce_validate_cart_line(cart=cart, sku=wish.sku, quantity=wish.quantity)
                cart.add_line(line_id, wish.sku, wish.quantity, at=self.clock(), agreed_price=wish.agreed_price)

        return retried(lambda: self._change(cart_id, None, add))

    def set_quantity(self, cart_id: str, line_id: str, quantity: int, *, version: int | None = None) -> Cart:
        """Make a line hold exactly this many units."""
        return self._change(cart_id, version, lambda cart: cart.set_quantity(line_id, quantity, at=self.clock()))

    def remove_line(self, cart_id: str, line_id: str, *, version: int | None = None) -> Cart:
        """Take a line out of the cart."""
        return self._change(cart_id, version, lambda cart: cart.remove_line(line_id, at=self.clock()))

    def add_code(self, cart_id: str, code: str) -> Cart:
        """Enter a promotion code. Whether it does anything is said by the quote."""
        return self._change(cart_id, None, lambda cart: cart.add_code(code, at=self.clock()))

    def remove_code(self, cart_id: str, code: str) -> Cart:
        """Take a promotion code back."""
        return self._change(cart_id, None, lambda cart: cart.remove_code(code, at=self.clock()))

    def refuse_gift(self, cart_id: str, sku: str) -> Cart:
        """Leave a gift out that promotions would put into the cart, by its SKU, until `accept_gift`."""
        return self._change(cart_id, None, lambda cart: cart.refuse_gift(sku, at=self.clock()))

    def accept_gift(self, cart_id: str, sku: str) -> Cart:
        """Take a gift after all."""
        return self._change(cart_id, None, lambda cart: cart.accept_gift(sku, at=self.clock()))

    def deliver_to(
        self, cart_id: str, destination: Address, *, shipping_method: str | None = None, version: int | None = None
    ) -> Cart:
        """Say where the cart goes and how."""
        return self._change(
            cart_id, version, lambda cart: cart.deliver_to(destination, shipping_method, at=self.clock())
        )

    def set_customer(self, cart_id: str, *, customer_id: str | None, email: str, version: int | None = None) -> Cart:
        """Say who buys: a known customer, or a guest by e-mail address."""

        def assign(cart: Cart) -> None:
            cart.require_open(self.clock())
            cart.customer_id, cart.email = customer_id, email

        return self._change(cart_id, version, assign)

    def hold(self, cart_id: str, key: str, until: datetime) -> Cart:
        """Note that the cart's prices and units are held under a key until a moment; the checkout holds them."""
        return self._change(cart_id, None, lambda cart: cart.hold(key, until, at=self.clock()))

    def freeze(self, cart_id: str, key: str, *, version: int | None = None) -> Cart:
        """Hold the cart still for the checkout with this key, if it is still at ``version``. Idempotent by key."""

        def freeze(cart: Cart) -> None:
            if version is not None and cart.frozen_by != key and cart.version != version:
                raise StaleVersion(entity="cart", id=cart_id, version=version, fresh=cart)
            cart.freeze(key, at=self.clock())

        return self._change(cart_id, None, freeze)

    def thaw(self, cart_id: str, key: str) -> Cart:
        """Let go of the cart, if the checkout with this key holds it. Idempotent."""
        return self._change(cart_id, None, lambda cart: cart.thaw(key))

    def close(self, cart_id: str, order_id: str) -> Cart:
        """Note that the cart became this order. Idempotent."""
        return self._change(cart_id, None, lambda cart: cart.close(order_id))

    def _change(self, cart_id: str, version: int | None, change: Callable[[Cart], None]) -> Cart:
        with self.begin() as uow:
            cart = uow.carts.get(cart_id)
            if version is not None and version != cart.version:
                raise StaleVersion(entity="cart", id=cart_id, version=version, fresh=cart)
            change(cart)
            uow.carts.save(cart)
            return cart
