"""The stand-in is as strict as GHN's documentation: what a client does wrong is refused, with GHN's codes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from commerce.testing.carriers.ghn import GHNServer

if TYPE_CHECKING:
    from conftest import World

API = "/shiip/public-api/v2/"

ORDER: dict[str, Any] = {
    "client_order_code": "ours-1",
    "to_name": "Trần Minh Anh",
    "to_phone": "0987654321",
    "to_address": "72 Lê Thánh Tôn",
    "to_ward_name": "Phường Sài Gòn",
    "to_province_name": "Hồ Chí Minh",
    "is_new_to_address": True,
    "weight": 600,
    "length": 25,
    "width": 20,
    "height": 8,
    "content": "Áo",
    "service_type_id": 2,
    "payment_type_id": 1,
    "required_note": "KHONGCHOXEMHANG",
}
PIECE = {"name": "Áo", "quantity": 1, "weight": 600, "length": 25, "width": 20, "height": 8}

Post = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def post(server: GHNServer, network: httpx.HTTPTransport) -> Post:
    """Posts as the shop does; gives status and answer."""
    client = httpx.Client(base_url=server.url, transport=network)

    def post(call: str, body: object, **headers: str) -> tuple[int, dict[str, Any]]:
        known = {"token": server.token, "shopid": str(server.shop_id)}
        answer = client.post(API + call, json=body, headers={**known, **headers})
        return answer.status_code, answer.json()

    return post


@pytest.mark.parametrize("missing", sorted(set(ORDER) - {"client_order_code", "is_new_to_address"}))
def test_a_field_that_is_missing(post: Post, server: GHNServer, missing: str) -> None:
    """Or is empty."""
    for order in ({k: v for k, v in ORDER.items() if k != missing}, {**ORDER, missing: type(ORDER[missing])()}):
        status, said = post("shipping-order/create", order)
        assert (status, said["code"], said["code_message"]) == (400, 400, "USER_ERR_COMMON")
    assert server.orders() == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"to_zip": "700000"}, "USER_ERR_COMMON"),
        ({"weight": "600"}, "USER_ERR_COMMON"),
        ({"weight": 600.0}, "USER_ERR_COMMON"),
        ({"weight": 50_001, "service_type_id": 5, "items": [PIECE]}, "USER_ERR_COMMON"),
        ({"height": 201}, "USER_ERR_COMMON"),
        ({"client_order_code": "k" * 51}, "USER_ERR_COMMON"),
        ({"insurance_value": 5_000_001}, "USER_ERR_COMMON"),
        ({"service_type_id": 3}, "USER_ERR_COMMON"),
        ({"service_type_id": 5}, "USER_ERR_COMMON"),
        ({"service_type_id": 5, "items": [{**PIECE, "length": 0}]}, "USER_ERR_COMMON"),
        ({"service_type_id": 5, "items": [{**PIECE, "colour": "red"}]}, "USER_ERR_COMMON"),
        ({"weight": 20_000}, "USER_ERR_COMMON"),
        ({"payment_type_id": 3}, "USER_ERR_COMMON"),
        ({"required_note": "MAYBE"}, "USER_ERR_COMMON"),
        ({"to_district_name": "Quận 1"}, "USER_ERR_COMMON"),
        ({"is_new_to_address": False}, "USER_ERR_COMMON"),
        ({"to_phone": "+84987654321"}, "PHONE_INVALID"),
        ({"to_province_name": "Saigon"}, "PROVINCE_NAME_NOT_VALID"),
        ({"to_ward_name": "Phường 14"}, "WARD_IS_INVALID"),
    ],
)
def test_a_field_that_is_wrong(post: Post, server: GHNServer, wrong: dict[str, Any], code: str) -> None:
    """For a preview as for an order."""
    for call in ("shipping-order/preview", "shipping-order/create"):
        status, said = post(call, {**ORDER, **wrong})
        assert (status, said["code_message"], said["data"]) == (400, code, None)
    assert server.orders() == []


def test_who_asks(post: Post, server: GHNServer) -> None:
    """The token first, then whose shop it is."""
    assert post("shipping-order/create", ORDER, token="other")[0] == 401
    assert post("shipping-order/create", ORDER, shopid="1")[1]["code_message"] == "CLIENT_NOT_OWNER_OF_SHOP"
    assert post("shipping-order/creat", ORDER)[0] == 404
    assert post("shipping-order/create", [ORDER])[1]["code_message"] == "USER_ERR_COMMON"
    assert server.orders() == []


def test_one_order_per_code(post: Post, server: GHNServer) -> None:
    """The same code is the same order, even with other goods; without a code each is an order of its own."""
    first = post("shipping-order/create", ORDER)[1]["data"]
    assert post("shipping-order/create", {**ORDER, "weight": 9_000})[1]["data"] == first
    nameless = {k: v for k, v in ORDER.items() if k != "client_order_code"}
    post("shipping-order/create", nameless)
    post("shipping-order/create", nameless)
    assert len(server.orders()) == 3


def test_cancelling(post: Post, server: GHNServer) -> None:
    """All or nothing by code, one by one by status, and only with a reason of GHN's."""
    code = post("shipping-order/create", ORDER)[1]["data"]["order_code"]
    with_reason = {"order_codes": [code], "reason_code": "GHN-CANCEL-OTHER"}
    assert post("switch-status/cancel", {"order_codes": [code]})[0] == 400
    assert post("switch-status/cancel", {**with_reason, "reason_code": "NO"})[0] == 400
    assert post("switch-status/cancel", {**with_reason, "order_codes": [code, "L80000"]})[0] == 400
    assert server.status(code) == "ready_to_pick"
    results = [post("switch-status/cancel", with_reason)[1]["data"][0]["result"] for _ in range(2)]
    assert results == [True, False]


def test_a_page_lives_for_half_an_hour(
    server: GHNServer, world: "World", post: Post, network: httpx.HTTPTransport
) -> None:
    """And only whoever has its token sees it."""
    code = post("shipping-order/create", ORDER)[1]["data"]["order_code"]
    token = post("a5/gen-token", {"order_codes": [code]})[1]["data"]["token"]
    client = httpx.Client(base_url=server.url, transport=network)

    def page(**query: str) -> int:
        return client.get("/a5/public-api/print80x80", params=query).status_code

    assert (page(token=token), page(), page(token="other")) == (200, 404, 404)
    world.wait(minutes=30)
    assert page(token=token) == 404
