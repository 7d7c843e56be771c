"""The FastAPI host over real HTTP: uvicorn on a free port, a shop on SQLite, a bank outside."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import uvicorn
from shop_api.app import create_app

from commerce import Commerce
from commerce.adapters.sql import SqlStorage
from commerce.inventory import StockUnits
from commerce.payments import RawNotice
from commerce.testing.builders import stock_of
from commerce.testing.gateways import FakeGateway, Tokens

DELIVERY = {"country": "de", "postal_code": "10115", "city": "Berlin", "shipping_method": "standard"}


@pytest.fixture
def shop(shop_url: str, bank: FakeGateway) -> Commerce:
    return Commerce(currency="EUR", country="DE", storage=SqlStorage(shop_url), gateways={"bank": bank})


@pytest.fixture
def http(shop: Commerce) -> Iterator[httpx.Client]:
    """A client of the served application. The socket listens first, so nobody has to wait for the server."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(create_app(shop), log_level="warning", ws="none"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=30) as client:
            yield client
        server.should_exit = True
        thread.join()


@pytest.fixture
def cart(http: httpx.Client) -> str:
    """The path of a cart that is ready to be ordered."""
    path = f"/carts/{http.post('/carts').json()['id']}"
    http.post(f"{path}/lines", json={"sku": "TEE-M-NAV", "quantity": 2}).raise_for_status()
    http.put(f"{path}/delivery", json=DELIVERY).raise_for_status()
    return path


def order(http: httpx.Client, cart: str, key: str = "click-1", **wish: Any) -> httpx.Response:
    body = {"email": "ada@example.org", "gateway": "bank", **wish}
    return http.post(f"{cart}/order", json=body, headers={"Idempotency-Key": key})


def problem(response: httpx.Response) -> tuple[int, str]:
    """The status and the code of an error, which comes in one shape."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["detail"]
    return response.status_code, body["type"].removeprefix("/errors/")


def deliver(http: httpx.Client, notice: RawNotice) -> httpx.Response:
    return http.post("/webhooks/bank", content=notice.body, headers=dict(notice.headers))


def test_a_whole_life(http: httpx.Client, shop: Commerce) -> None:
    """From a search with a typing mistake to a paid order, and its parcel."""
    [found, *_] = http.get("/products", params={"q": "tee shrt"}).json() or http.get("/products?q=tee").json()
    sku = found["skus"][0]
    cart = f"/carts/{http.post('/carts').json()['id']}"
    http.post(f"{cart}/lines", json={"sku": sku})
    changed = http.post(f"{cart}/lines", json={"sku": "MUG-BLUE", "quantity": 3}).json()
    assert [(line["sku"], line["quantity"]) for line in changed["lines"]] == [(sku, 1), ("MUG-BLUE", 3)]
    http.delete(f"{cart}/lines/{changed['lines'][0]['id']}").raise_for_status()
    http.put(f"{cart}/lines/{changed['lines'][1]['id']}", json={"quantity": 2}).raise_for_status()
    http.put(f"{cart}/codes/welcome10").raise_for_status()
    assert "no destination" in http.get(f"{cart}/quote").json()["problems"][0]
    http.put(f"{cart}/delivery", json=DELIVERY).raise_for_status()
    quote = http.get(f"{cart}/quote").json()
    # 2 x 12.90 = 25.80, 10 % off, 4.90 shipping
    assert {name: quote[name]["amount"] for name in ("subtotal", "discounts", "shipping", "total")} == {
        "subtotal": "25.80",
        "discounts": "2.58",
        "shipping": "4.90",
        "total": "28.12",
    }
    assert quote["problems"] == []
    placed = order(http, cart, expected_total=quote["total"])
    assert placed.status_code == 201
    told = placed.json()
    assert (told["status"], told["payment"], told["total"]) == ("open", "paid", quote["total"])
    assert http.get(cart).json()["status"] == "closed"
    assert stock_of(shop, "MUG-BLUE") == (25, 2)


def test_the_same_click_buys_once(http: httpx.Client, cart: str, shop: Commerce) -> None:
    """The same key answers with the same order; with another body it is refused."""
    first, again = order(http, cart), order(http, cart)
    assert first.json() == again.json()
    assert problem(order(http, cart, email="eve@example.org")) == (422, "key_reused")
    assert len(shop.orders.list().items) == 1


def test_impatient_clicks_buy_once(http: httpx.Client, cart: str, shop: Commerce) -> None:
    """All at once: whoever is not first gets the same order, or is asked to come again."""
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: order(http, cart), range(4)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 409)
    [placed] = shop.orders.list().items
    assert order(http, cart).json()["number"] == placed.number


def test_two_browsers_may_use_one_key(http: httpx.Client, cart: str, shop: Commerce) -> None:
    """A key counts for its cart only."""
    other = f"/carts/{http.post('/carts').json()['id']}"
    http.post(f"{other}/lines", json={"sku": "MUG-BLUE"}).raise_for_status()
    http.put(f"{other}/delivery", json=DELIVERY).raise_for_status()
    assert order(http, cart).json()["number"] != order(http, other).json()["number"]


def test_errors_are_problems(http: httpx.Client, cart: str, shop: Commerce) -> None:
    """One shape, a status per family, what to do next in words, and the fields it is about."""
    assert problem(http.get("/carts/nobody")) == (404, "cart_not_found")
    unknown = http.post(f"{cart}/lines", json={"sku": "NOPE"})
    assert problem(unknown) == (422, "unknown_sku")
    assert unknown.json()["fields"] == {"sku": "NOPE"}
    assert problem(http.post(f"{cart}/lines", json={"sku": "MUG-BLUE", "quantity": 0})) == (422, "invalid_value")
    assert problem(http.post(f"{cart}/lines", json={"quantity": "many"})) == (422, "invalid_request")
    assert problem(http.post(f"{cart}/order", json={})) == (422, "invalid_request"), "no key, no body"
    assert problem(http.put(f"{cart}/delivery", json={**DELIVERY, "country": "Germany"})) == (422, "invalid_value")
    assert problem(http.get("/nowhere")) == (404, "http_error")
    line = http.get(cart).json()["lines"][0]["id"]
    stale = http.put(f"{cart}/lines/{line}", json={"quantity": 3, "version": 1})
    assert problem(stale) == (409, "stale_version")
    assert stale.headers["retry-after"] == "1"
    seen = {"amount": "1.00", "currency": "EUR"}
    assert problem(order(http, cart, expected_total=seen)) == (409, "total_moved")
    assert problem(order(http, cart, "click-2", expected_total={**seen, "amount": "1,00"}))[0] == 422
    assert problem(order(http, cart, "click-3", gateway="gold")) == (404, "unknown_provider")
    assert problem(order(http, cart, "click-4", token=Tokens.DECLINED)) == (402, "payment_declined")
    empty = f"/carts/{http.post('/carts').json()['id']}"
    assert problem(order(http, empty)) == (422, "checkout_not_ready")
    assert shop.orders.list().items == ()


def test_what_is_sold_out_is_a_conflict(http: httpx.Client, cart: str, shop: Commerce) -> None:
    """Nothing is charged for it."""
    on_hand, _ = stock_of(shop, "TEE-M-NAV")
    http.post(f"{cart}/lines", json={"sku": "TEE-M-NAV", "quantity": on_hand}).raise_for_status()
    assert problem(order(http, cart))[0] == 409
    assert http.get(cart).json()["status"] == "open"
    shop.inventory.receive_many("delivery", [StockUnits(sku="TEE-M-NAV", location_id="main", quantity=2)])
    assert order(http, cart).status_code == 201


def test_a_notice_finishes_an_order_that_waits(
    http: httpx.Client, cart: str, shop: Commerce, bank: FakeGateway
) -> None:
    """The shopper pays elsewhere and never comes back: the gateway's notice, byte for byte, places the order."""
    waiting = order(http, cart, token=Tokens.ACTION)
    assert waiting.status_code == 202
    assert waiting.json()["number"] is None
    payment_id = bank.calls[0].payment_id
    bank.customer_acts(payment_id)
    [*_, notice] = bank.notices()
    forged = RawNotice(headers=notice.headers, body=notice.body + b" ")
    assert deliver(http, forged).status_code == 401
    assert shop.orders.list().items == ()
    assert deliver(http, notice).status_code == 200
    [placed] = shop.orders.list().items
    back = http.post(f"/placements/{waiting.json()['placement']}/resume")
    assert (back.status_code, back.json()["number"]) == (201, placed.number)


def test_a_shopper_comes_back_from_paying(http: httpx.Client, cart: str, bank: FakeGateway) -> None:
    """The page to pay on is told, and then the order goes on."""
    waiting = order(http, cart, token=Tokens.REDIRECT, return_url="https://shop.example/back").json()
    assert waiting["redirect"]
    bank.customer_acts(bank.calls[0].payment_id)
    back = http.post(f"/placements/{waiting['placement']}/resume")
    assert (back.status_code, back.json()["payment"]) == (201, "paid")


def test_it_documents_itself(http: httpx.Client) -> None:
    """Every route and shape is in its OpenAPI document."""
    paths = http.get("/openapi.json").json()["paths"]
    assert {"/products", "/carts", "/carts/{cart_id}/order", "/webhooks/{gateway}"} <= paths.keys()
