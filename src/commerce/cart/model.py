"""The cart: what a shopper means to buy, before anybody priced it."""

from datetime import datetime
from enum import StrEnum

from attrs import define, evolve, field, frozen

from commerce.cart.errors import CartEmpty, CartExpired, CartFrozen, CartLineNotFound
from commerce.cart.events import CartClosed, CartLineAdded, CartLineRemoved
from commerce.kernel import (
    Address,
    CurrencyMismatch,
    Entity,
    InvalidValue,
    Price,
    StateTable,
    aware,
    locale_tag,
    no_card_number,
    storable_text,
)

__all__ = ["CART_STATES", "Cart", "CartLine", "CartStatus"]

#: More units than this on one line is a typing mistake, not a purchase.
_MOST_UNITS = 1_000_000


class CartStatus(StrEnum):
    """Open for changes; frozen while a checkout runs; closed once it is an order."""

    OPEN = "open"
    FROZEN = "frozen"
    CLOSED = "closed"


CART_STATES = StateTable(
    "cart",
    {
        CartStatus.OPEN: (CartStatus.FROZEN,),
        CartStatus.FROZEN: (CartStatus.OPEN, CartStatus.CLOSED),
        CartStatus.CLOSED: (),
    },
)


@frozen(kw_only=True)
class CartLine:
    """Some units of one variant.

    ``agreed_price`` is a unit price settled with this buyer (a sales desk, an
    import): it stands in for the price lists.
    """

    id: str
    sku: str = field(validator=storable_text(128, least=1))
    quantity: int
    agreed_price: Price | None = None


@define(kw_only=True, eq=False)
class Cart(Entity):
    """An open shopping basket in one currency and channel.

    ``frozen_by`` is the key of the checkout that holds it, ``codes`` are the
    promotion codes in the order entered, in upper case, ``refused_gifts`` the SKUs of gifts that the shopper does
    not want. ``held_by`` is the key under
    which prices and, where items ask for it, units are held for the shopper until ``held_until``.
    """

    currency: str
    channel: str = field(default="web", validator=[no_card_number, storable_text(64)])
    locale: str = field(default="en", converter=locale_tag)
    customer_id: str | None = field(default=None, validator=[no_card_number, storable_text(36)])
    email: str = field(default="", validator=[no_card_number, storable_text(320)], repr=False)
    status: CartStatus = CartStatus.OPEN
    lines: tuple[CartLine, ...] = ()
    codes: tuple[str, ...] = field(default=(), validator=[no_card_number, storable_text()])
    refused_gifts: tuple[str, ...] = field(default=(), validator=storable_text(128, least=1))
    destination: Address | None = None
    shipping_method: str | None = field(default=None, validator=[no_card_number, storable_text(64)])
    frozen_by: str | None = field(default=None, validator=storable_text(64))
    order_id: str | None = field(default=None, validator=storable_text(36))
    held_by: str | None = field(default=None, validator=storable_text(64))
    held_until: datetime | None = None
    expires_at: datetime | None = None

    def require_open(self, at: datetime) -> None:
        """Refuse changes to a frozen, closed or expired cart."""
        if self.status is not CartStatus.OPEN:
            raise CartFrozen(cart_id=self.id, status=self.status)
        if self.expires_at is not None and at >= self.expires_at:
            raise CartExpired(cart_id=self.id, expired_at=self.expires_at)

    def line(self, line_id: str) -> CartLine:
        """The line with that id, or `CartLineNotFound`."""
        for line in self.lines:
            if line.id == line_id:
                return line
        raise CartLineNotFound(cart_id=self.id, line_id=line_id)

    def add_line(
        self, line_id: str, sku: str, quantity: int, *, at: datetime, agreed_price: Price | None = None
    ) -> CartLine:
        """Add units: to the line that has the SKU at that price already, or as a new line."""
        self.require_open(at)
        _require_quantity(quantity)
        if agreed_price is not None and agreed_price.currency.code != self.currency:
            raise CurrencyMismatch(expected=self.currency, actual=agreed_price.currency.code)
        known = next((line for line in self.lines if (line.sku, line.agreed_price) == (sku, agreed_price)), None)
        if known is None:
            line = CartLine(id=line_id, sku=sku, quantity=quantity, agreed_price=agreed_price)
            self.lines = (*self.lines, line)
        else:
            line = evolve(known, quantity=known.quantity + quantity)
            _require_quantity(line.quantity)
            self._replace(line)
        self.record(CartLineAdded(aggregate_id=self.id, line_id=line.id, sku=sku, quantity=quantity))
        return line

    def set_quantity(self, line_id: str, quantity: int, *, at: datetime) -> None:
        """Make a line hold exactly ``quantity`` units (1 or more)."""
        self.require_open(at)
        _require_quantity(quantity)
        self._replace(evolve(self.line(line_id), quantity=quantity))

    def remove_line(self, line_id: str, *, at: datetime) -> None:
        """Take a line out."""
        self.require_open(at)
        gone = self.line(line_id)
        self.lines = tuple(line for line in self.lines if line.id != line_id)
        self.record(CartLineRemoved(aggregate_id=self.id, line_id=gone.id, sku=gone.sku))

    def _replace(self, changed: CartLine) -> None:
        self.lines = tuple(changed if line.id == changed.id else line for line in self.lines)

    def add_code(self, code: str, *, at: datetime) -> None:
        """Enter a promotion code; entering it twice changes nothing."""
        self.require_open(at)
        wanted = code.strip().upper()
        if not wanted:
            raise InvalidValue(field="code", reason="a promotion code has at least one character")
        if wanted not in self.codes:
            self.codes = (*self.codes, wanted)

    def remove_code(self, code: str, *, at: datetime) -> None:
        """Take a promotion code back."""
        self.require_open(at)
        self.codes = tuple(known for known in self.codes if known != code.strip().upper())

    def refuse_gift(self, sku: str, *, at: datetime) -> None:
        """Remember that the shopper does not want a gift; refusing it twice changes nothing."""
        self.require_open(at)
        if sku not in self.refused_gifts:
            self.refused_gifts = (*self.refused_gifts, sku)

    def accept_gift(self, sku: str, *, at: datetime) -> None:
        """Forget that a gift was refused."""
        self.require_open(at)
        self.refused_gifts = tuple(known for known in self.refused_gifts if known != sku)

    def deliver_to(self, destination: Address, shipping_method: str | None, *, at: datetime) -> None:
        """Say where it goes and how."""
        self.require_open(at)
        self.destination = destination
        self.shipping_method = shipping_method

    def hold(self, key: str, until: datetime, *, at: datetime) -> None:
        """Note that prices and units are held for the shopper until a moment."""
        self.require_open(at)
        if aware(until, "until") <= at:
            raise InvalidValue(field="until", reason="a hold ends after it begins: pass a later time")
        self.held_by, self.held_until = key, until

    def held(self, at: datetime) -> str | None:
        """The key under which something is held for it at a moment, or nothing."""
        return self.held_by if self.held_until is not None and at < self.held_until else None

    def freeze(self, key: str, *, at: datetime) -> None:
        """Hold everything still for one checkout; the same key may freeze again."""
        if self.frozen_by == key and self.status is not CartStatus.OPEN:
            return
        self.require_open(at)
        if not self.lines:
            raise CartEmpty(cart_id=self.id)
        self.status = CART_STATES.move(self.id, self.status, CartStatus.FROZEN)
        self.frozen_by = key

    def thaw(self, key: str) -> None:
        """Let the shopper change things again, if that checkout holds the cart."""
        if self.frozen_by == key and self.status is CartStatus.FROZEN:
            self.status = CART_STATES.move(self.id, self.status, CartStatus.OPEN)
            self.frozen_by = None

    def close(self, order_id: str) -> None:
        """The cart has become an order."""
        if self.status is CartStatus.CLOSED:
            if self.order_id == order_id:
                return
            raise CartFrozen(cart_id=self.id, status=self.status)
        self.status = CART_STATES.move(self.id, self.status, CartStatus.CLOSED)
        self.order_id = order_id
        self.record(CartClosed(aggregate_id=self.id, order_id=order_id))


def _require_quantity(quantity: int) -> None:
    if type(quantity) is not int or not 1 <= quantity <= _MOST_UNITS:
        raise InvalidValue(field="quantity", reason=f"{quantity!r} units cannot be bought: pass 1 to {_MOST_UNITS:,}")
