"""Signatures: what VNPay signed is believed, whoever encoded it, and nothing else is."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

import pytest
from attrs import evolve
from commerce_vnpay import VNPaySettings
from commerce_vnpay.page import page_address, plain
from commerce_vnpay.signing import joined, matches, signed, verified
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from commerce.kernel import Money
from commerce.payments import AuthorizeRequest, NoticeRejected
from commerce.testing.gateways.vnpay import VNPayServer
from commerce.testing.serving import HttpRequest

SECRET = "test_secret"


def java(text: str) -> str:
    return quote(text, safe="*-._ ").replace("~", "%7E").replace(" ", "+")


def php(text: str) -> str:
    return quote_plus(text, safe="").replace("~", "%7E")


def dotnet(text: str) -> str:
    return quote(text, safe="!*()-._ ").replace("~", "%7E").replace(" ", "+")


ENCODERS = [java, php, dotnet, quote_plus]

FIELDS = {
    "vnp_TxnRef": "5",
    "vnp_Amount": "1000000",
    "vnp_OrderInfo": "Thanh toán *đơn hàng* ~ số 5 + (100%)",
    "vnp_BankTranNo": "",
    "vnp_ResponseCode": "00",
}


def query(fields: dict[str, str], encode: Callable[[str], str] = java, secret: str = SECRET) -> str:
    """As VNPay sends it: signed in order, sent in any."""
    pairs = [f"{name}={encode(value)}" for name, value in fields.items()]
    text = "&".join(sorted(pair for pair in pairs if not pair.endswith("=")))
    return "&".join([*pairs, f"vnp_SecureHash={signed(secret, text)}"])


def test_the_vector_of_a_query() -> None:
    """An example computed apart from this code."""
    text = "REQ1|2.1.0|querydr|DEMOV210|5|20210801153333|20210801160000|127.0.0.1|Truy van GD 5"
    expected = (
        "8aba983b80ac80cd97a8b283bdb671ab7f1e45bfb013b04641c3c822ff451d86"
        "e006e73c7ba14296a8909cc51b80a0fd6a641969cc98e931bed663cc303ca548"
    )
    assert signed(SECRET, joined(text.split("|"))) == expected
    assert matches(SECRET, text, expected.upper())
    assert not matches(SECRET, text + " ", expected)
    assert not matches("other", text, expected)


@pytest.mark.parametrize("encode", ENCODERS)
def test_every_encoder_is_understood(encode: Callable[[str], str]) -> None:
    """Spaces, Vietnamese, ``*`` and ``~`` are read as they were sent, however they were escaped."""
    assert verified(SECRET, query(FIELDS, encode)) == FIELDS


@settings(deadline=None)
@given(
    values=st.dictionaries(st.from_regex(r"vnp_[A-Za-z]{1,8}", fullmatch=True), st.text(max_size=30), min_size=1),
    encode=st.sampled_from(ENCODERS),
    seed=st.integers(),
)
def test_what_is_signed_is_believed(values: dict[str, str], encode: Callable[[str], str], seed: int) -> None:
    """Any fields, by any encoder, sent in any order, among fields of others."""
    values = {name: value for name, value in values.items() if not name.startswith("vnp_SecureHash")}
    parts = [*query(values, encode).split("&"), "utm_source=mail", "vnp_SecureHashType=HMACSHA512"]
    random.Random(seed).shuffle(parts)  # noqa: S311 - an order, not a secret
    assert verified(SECRET, "&".join(parts)) == values


@settings(deadline=None)
@given(data=st.data(), encode=st.sampled_from(ENCODERS))
def test_what_is_altered_is_not(data: st.DataObject, encode: Callable[[str], str]) -> None:
    """One other character anywhere in a field of VNPay's, and nothing is believed."""
    genuine = query({name: value for name, value in FIELDS.items() if value}, encode)
    at = data.draw(st.integers(0, len(genuine) - 1))
    other = data.draw(st.sampled_from("0123456789abcdefXYZ%+*~").filter(lambda c: c.lower() != genuine[at].lower()))
    altered = genuine[:at] + other + genuine[at + 1 :]
    with pytest.raises(NoticeRejected):
        verified(SECRET, altered)


def test_what_is_encoded_anew_is_not() -> None:
    """The bytes are what was signed: another spelling of the same value is not it."""
    genuine = query(FIELDS, java)
    again = "&".join(f"{name}={php(value)}" for name, value in parse_qsl(genuine, keep_blank_values=True))
    assert dict(parse_qsl(again)) == dict(parse_qsl(genuine))
    with pytest.raises(NoticeRejected):
        verified(SECRET, again)


@pytest.mark.parametrize(
    "forge",
    [
        lambda genuine: query(FIELDS, java, "other"),
        lambda genuine: genuine.replace("vnp_Amount=1000000", "vnp_Amount=100"),
        lambda genuine: genuine.replace("&vnp_ResponseCode=00", ""),
        lambda genuine: genuine + "&vnp_Extra=1",
        lambda genuine: genuine + "&vnp_Amount=100",
        lambda genuine: "vnp_Amount=1000000&" + genuine,
        lambda genuine: genuine.rpartition("&")[0],
        lambda genuine: genuine.rpartition("=")[0] + "=",
        lambda genuine: "",
    ],
)
def test_forgeries_are_refused(forge: Callable[[str], str]) -> None:
    """Another secret, a changed, missing, additional or doubled field, no signature, nothing at all."""
    with pytest.raises(NoticeRejected):
        verified(SECRET, forge(query(FIELDS)))


SETTINGS = VNPaySettings(
    tmn_code="DEMOV210",
    hash_secret=SecretStr(SECRET),
    pay_url="https://pay.example/paymentv2/vpcpay.html",
    api_url="https://pay.example/api",
)

REQUEST = AuthorizeRequest(
    key="0" * 32,
    payment_id="0197a4c2-0000-7000-8000-000000000001",
    order_ref="order-1",
    amount=Money(100_000, "VND"),
    capture=True,
    at=datetime(2026, 3, 2, 17, 0, tzinfo=UTC),
    return_url="https://shop.example/back",
    customer_ip="203.0.113.7",
)


def test_the_same_request_is_the_same_address() -> None:
    """Nothing in it comes from the clock or from chance; times are Vietnam's, amounts a hundredfold."""
    address = page_address(SETTINGS, REQUEST)
    assert address == page_address(SETTINGS, REQUEST)
    fields = dict(parse_qsl(urlsplit(address).query))
    assert fields.pop("vnp_SecureHash") == signed(SECRET, urlsplit(address).query.rpartition("&")[0])
    assert fields == {
        "vnp_Amount": "10000000",
        "vnp_Command": "pay",
        "vnp_CreateDate": "20260303000000",
        "vnp_CurrCode": "VND",
        "vnp_ExpireDate": "20260303001500",
        "vnp_IpAddr": "203.0.113.7",
        "vnp_Locale": "en",
        "vnp_OrderInfo": "Order order-1",
        "vnp_OrderType": "other",
        "vnp_ReturnUrl": "https://shop.example/back",
        "vnp_TmnCode": "DEMOV210",
        "vnp_TxnRef": "0197a4c2000070008000000000000001",
        "vnp_Version": "2.1.0",
    }


@settings(deadline=None)
@given(
    description=st.text(max_size=400),
    order_ref=st.text(st.characters(min_codepoint=48, max_codepoint=122), min_size=1, max_size=50),
    path=st.text(max_size=20),
    locale=st.sampled_from(["vi", "vi_VN", "VI-vn", "en", "de_DE"]),
)
def test_vnpay_takes_every_address(description: str, order_ref: str, path: str, locale: str) -> None:
    """Whatever the texts, the page of a VNPay that decodes and encodes anew finds the signature right."""
    server = VNPayServer(hash_secret=SECRET, clock=lambda: REQUEST.at)
    url = f"https://shop.example/b~ck*/(1)'!?q={quote(path)}&é=1"
    request = evolve(REQUEST, description=description, order_ref=order_ref, return_url=url, locale=locale)
    parts = urlsplit(page_address(SETTINGS, request))
    assert parts.query.isascii()
    assert server.handle(HttpRequest(method="GET", path=parts.path, query=parts.query)).status == 200


@settings(deadline=None)
@given(st.text(max_size=400))
def test_texts_become_plain_once(text: str) -> None:
    """Only characters that every encoder treats alike are left; what is plain stays as it is."""
    bare = plain(text)
    assert len(bare) <= 255
    assert all(c.isascii() and (c.isalnum() or c in " .:_-") for c in bare)
    assert plain(bare) == bare


def test_vietnamese_loses_its_marks_only() -> None:
    """It stays readable."""
    assert plain("Thanh toán đơn hàng số 12: Áo dài *Đỏ* ~ 1 cái!") == "Thanh toan don hang so 12: Ao dai Do 1 cai"


@pytest.mark.parametrize(
    ("given", "sent"),
    [("203.0.113.7", "203.0.113.7"), ("2001:db8::1", "2001:db8::1"), ("", "127.0.0.1"), ("unknown", "127.0.0.1")],
)
def test_the_customers_address_is_one(given: str, sent: str) -> None:
    """Or else it is ours: VNPay refuses pages without."""
    fields = dict(parse_qsl(urlsplit(page_address(SETTINGS, evolve(REQUEST, customer_ip=given))).query))
    assert fields["vnp_IpAddr"] == sent
