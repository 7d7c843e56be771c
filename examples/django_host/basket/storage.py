"""`DjangoStorage`: the port `commerce.runtime.Storage` over Django's tables, for the module ``cart``."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import define
from django.db import DEFAULT_DB_ALIAS, transaction

from basket.models import StoredCart
from basket.outbox import DjangoOutbox
from commerce.adapters.wire import from_plain, to_plain
from commerce.cart import Cart, CartLine, CartNotFound, CartStatus
from commerce.kernel import Address, Misconfigured, StaleVersion
from commerce.runtime import Envelope, Recorder, SagaLog

#: Columns that hold what the cart holds.
_PLAIN = (
    "currency",
    "channel",
    "locale",
    "customer_id",
    "email",
    "shipping_method",
    "frozen_by",
    "order_id",
    "held_by",
    "held_until",
    "expires_at",
)

#: Columns that hold JSON, and of which type.
_JSON: dict[str, Any] = {
    "lines": tuple[CartLine, ...],
    "codes": tuple[str, ...],
    "refused_gifts": tuple[str, ...],
    "destination": Address | None,
}


@define(kw_only=True, slots=False)
class NotKeptHere(Misconfigured):
    """A module was given to this storage that it has no tables for."""

    message = "DjangoStorage keeps carts, not {module}: wire it as storages={{'cart': DjangoStorage(…)}}"
    module: str


class DjangoStorage:
    """Carts in Django's database ``using``.

    Business processes are journalled by the shop's main storage, whose journal is passed as ``sagas``.
    """

    def __init__(self, sagas: SagaLog, *, using: str = DEFAULT_DB_ALIAS) -> None:
        self.sagas = sagas
        self.outbox = DjangoOutbox(using)
        self._using = using

    @contextmanager
    def begin(self, module: str, recorder: Recorder) -> Iterator["CartUnit"]:
        """A transaction of the cart module, its events with it.

        It is durable: after it the shop tells others what happened, so it must not be part of a
        transaction that may still be rolled back. Django refuses it there with a ``RuntimeError``.
        """
        if module != "cart":
            raise NotKeptHere(module=module)
        with transaction.atomic(using=self._using, durable=True):
            unit = CartUnit(DjangoCarts(recorder, self._using))
            yield unit
            self.outbox.write(unit.carts.envelopes)


@define
class CartUnit:
    """One transaction of the cart module."""

    carts: "DjangoCarts"


class DjangoCarts:
    """The carts in one transaction: the port `commerce.cart.Carts`."""

    def __init__(self, recorder: Recorder, using: str) -> None:
        self._recorder = recorder
        self._rows = StoredCart.objects.using(using)
        self.envelopes: list[Envelope] = []

    def get(self, cart_id: str) -> Cart:
        """The cart, or `CartNotFound`."""
        found = self._find(cart_id)
        if found is None:
            raise CartNotFound(cart_id=cart_id)
        return found

    def add(self, cart: Cart) -> None:
        """Store a new cart as version 1."""
        cart.version = 1
        self._rows.create(id=cart.id, version=1, **_columns(cart))
        self.envelopes += self._recorder.entity(cart)

    def save(self, cart: Cart) -> None:
        """Store over the version that was read, or raise `StaleVersion` with the cart as it is now."""
        unchanged = self._rows.filter(id=cart.id, version=cart.version)
        if not unchanged.update(version=cart.version + 1, **_columns(cart)):
            raise StaleVersion(entity="cart", id=cart.id, version=cart.version, fresh=self._find(cart.id))
        cart.version += 1
        self.envelopes += self._recorder.entity(cart)

    def _find(self, cart_id: str) -> Cart | None:
        row = self._rows.filter(id=cart_id).first()
        return None if row is None else _cart(row)


def _columns(cart: Cart) -> dict[str, Any]:
    plain = {name: getattr(cart, name) for name in _PLAIN}
    json = {name: to_plain(getattr(cart, name), kind) for name, kind in _JSON.items()}
    return {"status": cart.status.value, **plain, **json}


def _cart(row: StoredCart) -> Cart:
    plain = {name: getattr(row, name) for name in _PLAIN}
    json = {name: from_plain(kind, getattr(row, name)) for name, kind in _JSON.items()}
    return Cart(id=row.id, version=row.version, status=CartStatus(row.status), **plain, **json)
