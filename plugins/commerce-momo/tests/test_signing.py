"""Signatures: over the values as they are, in the order of their names, and on nothing else's word."""

import json
from collections.abc import Callable

import pytest
from commerce_momo.notices import read_notice
from commerce_momo.signing import CONFIRM, CREATE, NOTICE, QUERY, REFUND, matches, signed
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.payments import NoticeRejected
from commerce.testing.gateways.momo import MoMoServer

ACCESS, SECRET = "AK_TEST", "SK_TEST"

FIELDS: dict[str, object] = {
    "partnerCode": "PTEST",
    "orderId": "0197a4c2000070008000000000000001",
    "requestId": "R-1",
    "amount": 100_000,
    "orderInfo": "Đơn hàng số 1 & 2 = *~ + %20",
    "orderType": "momo_wallet",
    "transId": 2820086739,
    "resultCode": 0,
    "message": "Thành công.",
    "payType": "qr",
    "responseTime": 1672315843986,
    "extraData": "",
}


def body(fields: dict[str, object] = FIELDS, access_key: str = ACCESS, secret_key: str = SECRET) -> bytes:
    return MoMoServer(access_key=access_key, secret_key=secret_key).sign_notice(fields).body


def test_the_vector_of_a_query() -> None:
    """An example computed apart from this code."""
    fields = {"partnerCode": "PTEST", "requestId": "R-2", "orderId": "O-1"}
    expected = "4636c671f142fe35effccda7a2161fc4fb2ffe3997b5dc76db62f51205cbb685"
    assert signed(ACCESS, SECRET, fields, QUERY) == expected
    assert matches(ACCESS, SECRET, {**fields, "signature": expected}, QUERY)
    assert not matches(ACCESS, SECRET, {**fields, "signature": expected, "orderId": "O-2"}, QUERY)
    assert not matches("other", SECRET, {**fields, "signature": expected}, QUERY)
    assert not matches(ACCESS, "other", {**fields, "signature": expected}, QUERY)
    assert not matches(ACCESS, SECRET, {**fields, "signature": None}, QUERY)


@pytest.mark.parametrize("names", [CREATE, QUERY, CONFIRM, REFUND, NOTICE])
def test_names_are_in_order(names: tuple[str, ...]) -> None:
    """As MoMo sorts them, each once."""
    assert list(names) == sorted(set(names))


def test_a_genuine_notice_is_read() -> None:
    """Texts of any language are signed as they are, however JSON escapes them."""
    genuine = body()
    assert read_notice(genuine, ACCESS, SECRET) == FIELDS
    assert read_notice(json.dumps(json.loads(genuine)).encode(), ACCESS, SECRET) == FIELDS
    shuffled = dict(sorted(json.loads(genuine).items(), reverse=True))
    assert read_notice(json.dumps(shuffled).encode(), ACCESS, SECRET) == FIELDS


@settings(deadline=None)
@given(
    texts=st.fixed_dictionaries({name: st.text(max_size=30) for name in ("orderInfo", "message", "extraData")}),
    amount=st.integers(0, 50_000_000),
)
def test_any_genuine_notice_is_read(texts: dict[str, str], amount: int) -> None:
    """Whatever the customer was told."""
    fields = {**FIELDS, **texts, "amount": amount}
    assert read_notice(body(fields), ACCESS, SECRET) == fields


@settings(deadline=None)
@given(name=st.sampled_from(NOTICE), data=st.data())
def test_a_changed_field_is_refused(name: str, data: st.DataObject) -> None:
    """Each of the twelve counts."""
    told = json.loads(body())
    value = data.draw(st.integers() if type(told[name]) is int else st.text(max_size=20))
    if value != told[name]:
        with pytest.raises(NoticeRejected):
            read_notice(json.dumps({**told, name: value}).encode(), ACCESS, SECRET)


@pytest.mark.parametrize(
    "forge",
    [
        lambda told: {name: value for name, value in told.items() if name != "signature"},
        lambda told: {**told, "signature": ""},
        lambda told: {**told, "signature": None},
        lambda told: {**told, "signature": 7},
        lambda told: {name: value for name, value in told.items() if name != "extraData"},
        lambda told: {**told, "extraData": None},
        lambda told: {**told, "amount": "100000"},
        lambda told: {**told, "amount": 100000.0},
        lambda told: {**told, "resultCode": False},
        lambda told: {**told, "orderInfo": ["x"]},
        lambda told: [told],
        lambda told: "told",
    ],
)
def test_forgeries_are_refused(forge: Callable[[dict[str, object]], object]) -> None:
    """No signature, a missing field, a value that only looks the same, another shape."""
    forged = json.dumps(forge(json.loads(body()))).encode()
    with pytest.raises(NoticeRejected):
        read_notice(forged, ACCESS, SECRET)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"null", body(FIELDS, ACCESS, "other"), body(FIELDS, "other")])
def test_what_is_not_momos_is_refused(raw: bytes) -> None:
    """No JSON, or keys of somebody else."""
    with pytest.raises(NoticeRejected):
        read_notice(raw, ACCESS, SECRET)


def test_what_is_said_twice_is_refused() -> None:
    """Two readers could read two amounts."""
    twice = body().replace(b'"amount": 100000', b'"amount": 1, "amount": 100000')
    assert json.loads(twice) == json.loads(body())
    with pytest.raises(NoticeRejected):
        read_notice(twice, ACCESS, SECRET)


def test_signed_nonsense_is_refused() -> None:
    """Right signature, no numbers."""
    for nonsense in ({"amount": "x"}, {"amount": -5}, {"transId": ""}):
        with pytest.raises(NoticeRejected):
            read_notice(body({**FIELDS, **nonsense}), ACCESS, SECRET)


def test_what_is_not_signed_is_left_out() -> None:
    """Additional fields are nobody's promise."""
    told = {**json.loads(body()), "paymentOption": "momo"}
    assert "paymentOption" not in read_notice(json.dumps(told).encode(), ACCESS, SECRET)
