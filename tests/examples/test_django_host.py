"""The Django host: carts in Django's tables, the rest in the shop's, on SQLite and PostgreSQL."""

import json
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from attrs import define, field
from tests.examples.conftest import django_config, django_database

from commerce import Commerce
from commerce.adapters.sql import SqlStorage
from commerce.cart import Cart, CartClosed, CartOpened
from commerce.orders import OrderService
from commerce.runtime import Reaction, Recorder
from commerce.testing.gateways import FakeGateway, Tokens

if TYPE_CHECKING:
    from django.http import HttpResponse


@define
class Site:
    """A browser before the site, which checks for CSRF; and the shop behind it."""

    shop: Commerce
    client: Any
    headers: dict[str, str] = field(factory=dict)

    def get(self, path: str) -> "HttpResponse":
        response: HttpResponse = self.client.get(path)
        if "csrftoken" in self.client.cookies:
            self.headers["X-CSRFToken"] = self.client.cookies["csrftoken"].value
        return response

    def post(self, path: str, body: object = None, **headers: str) -> "HttpResponse":
        response: HttpResponse = self.client.post(
            path, json.dumps(body), content_type="application/json", headers={**self.headers, **headers}
        )
        return response

    def order(self, key: str = "click-1", **wish: str) -> "HttpResponse":
        body = {"email": "ada@example.org", "gateway": "manual", **wish}
        return self.post("/basket/order", body, **{"Idempotency-Key": key})

    def fill(self) -> None:
        """A cart that is ready to be ordered."""
        self.get("/basket")
        for path, body in (
            ("/basket", None),
            ("/basket/lines", {"sku": "TEE-M-NAV", "quantity": 2}),
            ("/basket/codes", {"code": "welcome10"}),
            ("/basket/delivery", {"country": "de", "shipping_method": "standard", "street": "Invalidenstraße 1"}),
        ):
            assert self.post(path, body).status_code in (200, 201)


def told(response: "HttpResponse") -> Mapping[str, Any]:
    body: Mapping[str, Any] = json.loads(response.content)
    return body


def problem(response: "HttpResponse") -> tuple[int, str]:
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, told(response)["type"].removeprefix("/errors/")


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path: Path, django_ready: None) -> Iterator[Site]:
    from basket.shop import the_shop
    from django.test import Client, override_settings

    if request.param == "sqlite":
        shop_url, site_url = request.getfixturevalue("shop_url"), f"sqlite:///{tmp_path / 'site.db'}"
    else:  # one database for both
        shop_url = site_url = request.getfixturevalue("postgres_shop_url")
    with override_settings(SHOP_STORAGE=shop_url), django_database("default", **django_config(site_url)):
        the_shop.cache_clear()
        with the_shop() as shop:
            yield Site(shop, Client(enforce_csrf_checks=True))
        the_shop.cache_clear()


def test_a_whole_life(site: Site) -> None:
    """From an empty session to a paid order, and one unit back on the shelf."""
    assert told(site.get("/basket")) == {"lines": []}
    site.fill()
    quote = told(site.get("/basket/quote"))
    assert (quote["total"], quote["problems"]) == ("49.72 EUR", [])
    assert any("WELCOME10: applied" in line for line in quote["explanation"])
    placed = site.order(expected_total="49.72")
    assert placed.status_code == 201
    assert (told(placed)["payment"], told(placed)["total"]) == ("paid", "49.72 EUR")
    assert told(site.get("/basket"))["status"] == "closed"
    [order] = site.shop.orders.list().items
    parcel = site.shop.fulfillment.ship(order.id, key="parcel-1")
    site.shop.fulfillment.deliver(parcel.id, key="arrived-1")
    assert site.shop.orders.get(order.id).status == "completed"


def test_carts_are_djangos_and_orders_the_shops(site: Site) -> None:
    """Each in its own tables, and each one's events in its own outbox."""
    from basket.models import StoredCart, StoredEvent

    closed: list[str] = []
    site.shop.bus.subscribe(Reaction("note", CartClosed, lambda envelope: closed.append(envelope.aggregate_id)))
    site.fill()
    site.order()
    cart = StoredCart.objects.get()
    assert (cart.status, [line["sku"] for line in cart.lines], cart.codes) == ("closed", ["TEE-M-NAV"], ["WELCOME10"])
    names = {event.name for event in StoredEvent.objects.all()}
    assert names == {"cart.CartOpened", "cart.CartLineAdded", "cart.CartClosed"}
    assert closed == [cart.id]
    storage = site.shop.storage
    assert isinstance(storage, SqlStorage)
    with storage.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM cart")) == 0
        assert connection.scalar(sa.text("SELECT count(*) FROM outbox WHERE name LIKE 'cart.%'")) == 0
        assert connection.scalar(sa.text("SELECT count(*) FROM orders")) == 1


def test_the_same_click_buys_once(site: Site) -> None:
    """The same key answers with the same order; with another body, or none, it is refused."""
    site.fill()
    assert told(site.order()) == told(site.order())
    assert problem(site.order(email="eve@example.org")) == (422, "key_reused")
    assert problem(site.order(key="")) == (422, "invalid_value")
    assert len(site.shop.orders.list().items) == 1


def test_a_forged_request_changes_nothing(site: Site) -> None:
    """Another site's page has the cookies of the shopper, but not the token."""
    site.fill()
    site.headers.clear()
    assert site.order().status_code == 403
    assert site.shop.orders.list().items == ()


def test_errors_are_problems(site: Site) -> None:
    """A status per family, and what to do next in words."""
    site.get("/basket")
    assert problem(site.post("/basket/lines", {"sku": "MUG-BLUE", "quantity": 1})) == (404, "cart_not_found")
    site.post("/basket")
    assert problem(site.post("/basket/lines", {"sku": "NOPE", "quantity": 1})) == (422, "unknown_sku")
    assert problem(site.post("/basket/lines", {"sku": "MUG-BLUE", "quantity": 0})) == (422, "invalid_value")
    assert problem(site.post("/basket/lines", {"sku": "MUG-BLUE"})) == (422, "invalid_value")
    assert problem(site.post("/basket/lines", ["MUG-BLUE"])) == (422, "invalid_value")
    assert problem(site.order()) == (422, "checkout_not_ready")
    site.fill()
    assert problem(site.order(expected_total="1.00")) == (409, "total_moved")
    assert problem(site.order(gateway="gold")) == (404, "unknown_provider")
    assert site.client.get("/basket/order").status_code == 405


@pytest.fixture
def orders(site: Site, bank: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> OrderService:
    """The orders of the same shop with a bank behind it, and a full cart before it."""
    from basket.storage import DjangoStorage

    storage = site.shop.storage
    carts = DjangoStorage(storage.sagas)
    shop = Commerce(currency="EUR", country="DE", storage=storage, storages={"cart": carts}, gateways={"bank": bank})
    monkeypatch.setattr("basket.views.the_shop", lambda: shop)
    site.fill()
    return shop.orders


def test_a_shopper_comes_back_from_paying(site: Site, bank: FakeGateway, orders: OrderService) -> None:
    """The same click again goes on where the payment waited."""
    waiting = site.order(gateway="bank", token=Tokens.REDIRECT)
    assert waiting.status_code == 202
    assert told(waiting)["redirect"]
    bank.customer_acts(bank.calls[0].payment_id)
    placed = site.order(gateway="bank", token=Tokens.REDIRECT)
    assert (placed.status_code, told(placed)["payment"]) == (201, "paid")
    assert len(orders.list().items) == 1


def test_a_notice_needs_a_signature_and_no_token(site: Site, bank: FakeGateway, orders: OrderService) -> None:
    """The shopper pays elsewhere and never comes back; the gateway's notice, byte for byte, places the order."""
    waiting = site.order(gateway="bank", token=Tokens.REDIRECT)
    assert waiting.status_code == 202
    bank.customer_acts(bank.calls[0].payment_id)
    [*_, notice] = bank.notices()
    site.headers.clear()

    def deliver(body: bytes) -> int:
        headers = dict(notice.headers)
        response = site.client.post("/webhooks/bank", body, content_type="application/json", headers=headers)
        status: int = response.status_code
        return status

    assert deliver(notice.body + b" ") == 401
    assert orders.list().items == ()
    assert deliver(notice.body) == 200
    [order] = orders.list().items
    assert order.payment == "paid"


def test_the_worker_delivers_what_a_dead_process_left(site: Site) -> None:
    """A process that dies right after its commit has told nobody: the worker does."""
    from basket.storage import DjangoStorage
    from django.core.management import call_command

    heard: list[str] = []
    site.shop.bus.subscribe(Reaction("hear", CartOpened, lambda envelope: heard.append(envelope.aggregate_id)))
    carts = DjangoStorage(site.shop.storage.sagas)
    cart = Cart(id="c1", currency="EUR")
    cart.record(CartOpened(aggregate_id="c1", currency="EUR", channel="web"))
    with carts.begin("cart", Recorder(site.shop.clock, site.shop.bus.wants)) as uow:
        uow.carts.add(cart)
    assert (heard, carts.outbox.pending()) == ([], 1)
    said = StringIO()
    call_command("run_timers", once=True, stdout=said)
    assert (heard, carts.outbox.pending()) == (["c1"], 0)
    assert said.getvalue().startswith("TimerReport(")


def test_migrate_prepares_the_shop_too(tmp_path: Path, django_ready: None) -> None:
    """One command, both kinds of tables."""
    from django.test import override_settings

    shop_url = f"sqlite:///{tmp_path / 'shop.db'}"
    site = django_config(f"sqlite:///{tmp_path / 'site.db'}")
    with (
        override_settings(SHOP_STORAGE=shop_url),
        django_database("default", **site),
        Commerce(storage=SqlStorage(shop_url)) as shop,
    ):
        assert shop.orders.list().items == ()
