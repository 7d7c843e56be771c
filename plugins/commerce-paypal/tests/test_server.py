"""The stand-in is as strict as PayPal, seen through plain httpx."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from commerce.kernel import utc_now
from commerce.testing.gateways.paypal import PayPalServer

Post = Callable[..., Any]


@pytest.fixture
def http(paypal: PayPalServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=paypal.url, timeout=10) as client:
        answer = client.post(
            "/v1/oauth2/token", data={"grant_type": "client_credentials"}, auth=(paypal.client_id, paypal.client_secret)
        )
        client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


@pytest.fixture
def post(http: httpx.Client) -> Post:
    """Give the issue of a refusal, or the body of a yes."""

    def post(path: str, body: object = None, **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = http.post(path, json=body if body is not None else {}, headers=sent)
        if answer.is_success:
            return answer.json() if answer.content else {}
        said = answer.json()
        return said["details"][0]["issue"] if said.get("details") else said["name"]

    return post


def order(value: str = "10.00", code: str = "EUR", **unit: object) -> dict[str, Any]:
    return {
        "intent": "AUTHORIZE",
        "purchase_units": [{"amount": {"currency_code": code, "value": value}, **unit}],
    }


def money(value: str, code: str = "EUR") -> dict[str, str]:
    return {"currency_code": code, "value": value}


@pytest.fixture
def held(paypal: PayPalServer, post: Post) -> str:
    """The id of an authorization of 10.00."""
    made = post("/v2/checkout/orders", order())
    paypal.approve(made["id"])
    done = post(f"/v2/checkout/orders/{made['id']}/authorize")
    return str(done["purchase_units"][0]["payments"]["authorizations"][0]["id"])


@pytest.mark.parametrize(
    ("body", "issue"),
    [
        (order(value="10.001"), "DECIMAL_PRECISION"),
        (order(value="10.5", code="JPY"), "DECIMALS_NOT_SUPPORTED"),
        (order(code="VND"), "INVALID_CURRENCY_CODE"),
        (order(value="0.00"), "CANNOT_BE_ZERO_OR_NEGATIVE"),
        (order(value="ten"), "INVALID_PARAMETER_SYNTAX"),
        (order() | {"intent": "SELL"}, "INVALID_PARAMETER_VALUE"),
        ({"intent": "CAPTURE"}, "MISSING_REQUIRED_PARAMETER"),
        (order(description="d" * 128), "INVALID_STRING_MAX_LENGTH"),
    ],
)
def test_bad_orders_are_refused(post: Post, body: dict[str, Any], issue: str) -> None:
    assert post("/v2/checkout/orders", body) == issue


def broken_down(items: list[dict[str, Any]] | None = None, **parts: str) -> dict[str, Any]:
    body = order(**({"items": items} if items else {}))  # type: ignore[arg-type]  # a unit's fields are free
    body["purchase_units"][0]["amount"]["breakdown"] = {name: money(value) for name, value in parts.items()}
    return body


ITEM = {"name": "Tee", "quantity": "2", "unit_amount": money("4.00")}


@pytest.mark.parametrize(
    ("body", "issue"),
    [
        (broken_down(item_total="9.00"), "AMOUNT_MISMATCH"),
        (broken_down([ITEM], item_total="7.00", shipping="3.00"), "ITEM_TOTAL_MISMATCH"),
        (broken_down([ITEM], shipping="10.00"), "ITEM_TOTAL_REQUIRED"),
        (broken_down([ITEM | {"tax": money("0.50")}], item_total="8.00", tax_total="2.00"), "TAX_TOTAL_MISMATCH"),
    ],
)
def test_a_breakdown_has_to_add_up(post: Post, body: dict[str, Any], issue: str) -> None:
    assert post("/v2/checkout/orders", body) == issue


def test_a_breakdown_that_adds_up(post: Post) -> None:
    """Goods, tax, shipping, handling and insurance, less both discounts."""
    body = broken_down(
        [ITEM | {"tax": money("0.50")}],
        item_total="8.00",
        tax_total="1.00",
        shipping="2.00",
        handling="0.75",
        insurance="0.25",
        shipping_discount="1.50",
        discount="0.50",
    )
    assert post("/v2/checkout/orders", body)["status"] == "CREATED"


def test_a_request_id_answers_the_same_again_whatever_the_body(post: Post) -> None:
    """So PayPal does: the caller has to compare."""
    first = post("/v2/checkout/orders", order(), paypal_request_id="server-1")
    other = post("/v2/checkout/orders", order(value="20.00"), paypal_request_id="server-1")
    assert other == first
    assert post("/v2/checkout/orders", order(), paypal_request_id="k" * 109) == "INVALID_STRING_MAX_LENGTH"


def test_an_order_goes_its_way(paypal: PayPalServer, post: Post) -> None:
    made = post("/v2/checkout/orders", order())
    path = f"/v2/checkout/orders/{made['id']}"
    assert post(f"{path}/authorize") == "ORDER_NOT_APPROVED"
    paypal.approve(made["id"])
    assert post(f"{path}/capture") == "ACTION_DOES_NOT_MATCH_INTENT"
    assert post(f"{path}/authorize")["status"] == "COMPLETED"
    assert post(f"{path}/authorize") == "ORDER_ALREADY_AUTHORIZED"
    with pytest.raises(ValueError, match="is COMPLETED"):
        paypal.approve(made["id"])


def test_captures_stop_at_the_overage(post: Post, held: str) -> None:
    """Fifteen percent more than authorized, all captures together; none after the last."""
    path = f"/v2/payments/authorizations/{held}/capture"
    assert post(path, {"amount": money("11.51")}) == "MAX_CAPTURE_AMOUNT_EXCEEDED"
    assert post(path, {"amount": money("5.00", "USD")}) == "AUTH_CAPTURE_CURRENCY_MISMATCH"
    assert post(path, {"amount": money("4.00"), "invoice_id": "I-1"})["status"] == "COMPLETED"
    assert post(path, {"amount": money("4.00"), "invoice_id": "I-1"}) == "DUPLICATE_INVOICE_ID"
    assert post(path, {"amount": money("2.00"), "final_capture": True})["status"] == "COMPLETED"
    assert post(path, {"amount": money("1.00")}) == "AUTHORIZATION_ALREADY_CAPTURED"
    assert post(f"/v2/payments/authorizations/{held}/void") == "PREVIOUSLY_CAPTURED"


def test_voids_once(post: Post, held: str) -> None:
    assert post(f"/v2/payments/authorizations/{held}/void") == {}
    assert post(f"/v2/payments/authorizations/{held}/void") == "PREVIOUSLY_VOIDED"
    assert post(f"/v2/payments/authorizations/{held}/capture") == "AUTHORIZATION_VOIDED"


def test_refunds_no_more_than_was_captured(post: Post, held: str) -> None:
    captured = post(f"/v2/payments/authorizations/{held}/capture")["id"]
    path = f"/v2/payments/captures/{captured}/refund"
    assert post(path, {"amount": money("10.01")}) == "REFUND_AMOUNT_EXCEEDED"
    assert post(path, {"amount": money("1.00", "USD")}) == "REFUND_CAPTURE_CURRENCY_MISMATCH"
    assert post(path, {"amount": money("4.00")})["status"] == "COMPLETED"
    assert post(path)["status"] == "COMPLETED"
    assert post(path) == "CAPTURE_FULLY_REFUNDED"


def test_an_authorization_is_honoured_three_days_and_lives_twenty_nine(
    paypal: PayPalServer, http: httpx.Client, post: Post, held: str
) -> None:
    path = f"/v2/payments/authorizations/{held}"
    assert post(f"{path}/reauthorize") == "REAUTHORIZATION_TOO_SOON"
    paypal.token_lifetime, keeping = 10**8, paypal.token_lifetime
    token = http.post(
        "/v1/oauth2/token", data={"grant_type": "client_credentials"}, auth=(paypal.client_id, paypal.client_secret)
    ).json()["access_token"]
    try:
        paypal.clock = lambda: utc_now() + timedelta(days=4)
        assert post(f"{path}/reauthorize", authorization=f"Bearer {token}")["id"] == held
        paypal.clock = lambda: utc_now() + timedelta(days=30)
        assert post(f"{path}/capture", authorization=f"Bearer {token}") == "AUTHORIZATION_EXPIRED"
    finally:
        paypal.clock, paypal.token_lifetime = utc_now, keeping


def test_strangers_and_unknown_things(paypal: PayPalServer, http: httpx.Client) -> None:
    assert httpx.get(f"{paypal.url}/v2/checkout/orders/1").status_code == 401
    assert http.post("/v1/oauth2/token", auth=("nobody", "nothing")).json()["error"] == "invalid_client"
    assert http.get("/v2/checkout/orders/1").json()["name"] == "RESOURCE_NOT_FOUND"
    assert http.get("/v2/payments/captures/1").status_code == 404
    assert http.get("/v9/anything").status_code == 404
    assert http.post("/v2/checkout/orders", content=b"{").json()["details"][0]["issue"] == "MALFORMED_REQUEST_JSON"


def test_shows_nothing_of_its_own(http: httpx.Client, held: str) -> None:
    """No field that PayPal does not have."""
    shown = http.get(f"/v2/payments/authorizations/{held}").json()
    assert not [name for name in shown if name.startswith("_")]
