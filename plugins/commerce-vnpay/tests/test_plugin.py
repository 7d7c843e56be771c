"""The plugin: how it is set up, what it refuses, and that its secret stays with it."""

import logging
import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import commerce_vnpay
import pytest
from commerce_vnpay import VNPayMisconfigured, VNPayPlugin

from commerce.kernel import CommerceError, Money
from commerce.payments import PaymentStatus
from commerce.testing.gateways.vnpay import VNPayServer
from commerce.testing.serving import HttpFault

if TYPE_CHECKING:
    from conftest import Till

SECRET = "n0t-f0r-l0gs-7f3a"

GOOD: dict[str, Any] = {
    "tmn_code": "DEMOV210",
    "hash_secret": SECRET,
    "pay_url": "https://pay.example/paymentv2/vpcpay.html",
    "api_url": "https://pay.example/merchant_webapi/api/transaction",
}


def test_it_offers_its_gateway_by_name() -> None:
    """Two terminals are two plugins with two names."""
    plain, named = VNPayPlugin(**GOOD), VNPayPlugin(**GOOD, name="vnpay-hanoi")
    assert plain.commerce_payment_gateways() == {"vnpay": plain.gateway}
    assert named.commerce_payment_gateways() == {"vnpay-hanoi": named.gateway}
    plain.close()
    named.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"tmn_code": "short"},
        {"hash_secret": ""},
        {"hash_secret": None},
        {"pay_url": "pay.example"},
        {"api_url": "https://pay.example/?a=1"},
        {"timeout": 0},
        {"expires_after": timedelta(0)},
        {"bank_code": "NCB&x=1"},
        {"hash_secert": SECRET},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    """When the shop is built, naming the setting and not what was set."""
    with pytest.raises(VNPayMisconfigured, match=next(iter(wrong))) as refused:
        VNPayPlugin(**{**GOOD, **wrong})
    assert SECRET not in f"{refused.value!s} {refused.value!r} {refused.value.__context__!r} {refused.value.details}"


def test_missing_settings_are_named() -> None:
    """All of them at once."""
    with pytest.raises(VNPayMisconfigured, match=r"tmn_code.*hash_secret.*pay_url.*api_url"):
        VNPayPlugin()


def test_the_front_door_is_complete() -> None:
    """Everything public is in ``__all__``, sorted."""
    assert commerce_vnpay.__all__ == sorted(commerce_vnpay.__all__)
    assert all(hasattr(commerce_vnpay, name) for name in commerce_vnpay.__all__)


def test_the_secret_stays_inside(till: "Till", server: VNPayServer, caplog: pytest.LogCaptureFixture) -> None:
    """Not in reprs, logs of every level, errors, events, stored payments, or addresses."""
    caplog.set_level(logging.DEBUG)
    seen: list[object] = []

    def catch(call: Callable[[], object]) -> None:
        try:
            seen.append(call())
        except CommerceError as error:
            seen.extend([error, error.details, error.__cause__, error.__context__])

    paid = till.paid()
    server.script(HttpFault.NONSENSE, method="POST", times=2)
    catch(lambda: till.service.refund(paid.id, "r", Money(1000, "VND")))
    server.script(HttpFault.THROTTLED, method="POST")
    catch(lambda: till.service.refund(paid.id, "s", Money(1000, "VND")))
    gateway = till.service.gateways["vnpay"]
    seen += [gateway, vars(gateway), VNPayPlugin(**GOOD).settings, VNPayPlugin(**GOOD).settings.model_dump_json()]
    seen += [till.service.get(paid.id), till.pay, *till.storage.outbox.archive(), *server.requests]
    text = " ".join(f"{thing!r} {thing!s}" for thing in seen) + caplog.text
    assert till.service.get(paid.id).status is PaymentStatus.CAPTURED
    assert "HTTP Request" in caplog.text
    assert SECRET not in text


def test_errors_travel() -> None:
    """They pickle, print and compare, as all errors do."""
    for error in (
        commerce_vnpay.VNPayUnavailable(call="refund", reason="HTTP 429"),
        commerce_vnpay.VNPayUnknown(call="querydr", reason="ReadTimeout"),
        VNPayMisconfigured(problems="tmn_code: missing"),
    ):
        assert pickle.loads(pickle.dumps(error)) == error  # noqa: S301 - our own
        assert str(error)
