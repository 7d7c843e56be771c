"""The plugin: how it is set up, what it refuses, and that its keys stay with it."""

import logging
import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import commerce_momo
import pytest
from commerce_momo import MoMoMisconfigured, MoMoPlugin

from commerce.kernel import CommerceError, Money
from commerce.payments import PaymentStatus
from commerce.testing.gateways.momo import MoMoServer
from commerce.testing.serving import HttpFault

if TYPE_CHECKING:
    from conftest import Till

KEYS = "n0t-f0r-l0gs-acc3ss", "n0t-f0r-l0gs-s3cr3t"

GOOD: dict[str, Any] = {
    "partner_code": "PTEST",
    "access_key": KEYS[0],
    "secret_key": KEYS[1],
    "base_url": "https://momo.example",
    "ipn_url": "https://shop.example/notices/momo",
}


def test_it_offers_its_gateway_by_name() -> None:
    """Two partners are two plugins with two names."""
    plain, named = MoMoPlugin(**GOOD), MoMoPlugin(**GOOD, name="momo-cards", request_type="payWithCC")
    assert plain.commerce_payment_gateways() == {"momo": plain.gateway}
    assert named.commerce_payment_gateways() == {"momo-cards": named.gateway}
    plain.close()
    named.close()


def test_it_minds_its_own_payments() -> None:
    """Other gateways and other currencies are not its business."""
    plugin = MoMoPlugin(**GOOD)
    plugin.commerce_validate_payment("stripe", Money(1, "VND"))
    plugin.commerce_validate_payment("momo", Money("0.01", "EUR"))
    plugin.commerce_validate_payment("momo", Money(1_000, "VND"))
    plugin.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"partner_code": ""},
        {"access_key": ""},
        {"secret_key": None},
        {"base_url": "momo.example"},
        {"base_url": "https://momo.example/v2"},
        {"ipn_url": "/notices"},
        {"request_type": "payWithGold"},
        {"timeout": 0},
        {"secert_key": KEYS[1]},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    """When the shop is built, naming the setting and not what was set."""
    with pytest.raises(MoMoMisconfigured, match=next(iter(wrong))) as refused:
        MoMoPlugin(**{**GOOD, **wrong})
    told = f"{refused.value!s} {refused.value!r} {refused.value.__context__!r} {refused.value.details}"
    assert not any(key in told for key in KEYS)


def test_missing_settings_are_named() -> None:
    """All of them at once."""
    with pytest.raises(MoMoMisconfigured, match=r"partner_code.*access_key.*secret_key.*base_url.*ipn_url"):
        MoMoPlugin()


def test_the_front_door_is_complete() -> None:
    """Everything public is in ``__all__``, sorted."""
    assert commerce_momo.__all__ == sorted(commerce_momo.__all__)
    assert all(hasattr(commerce_momo, name) for name in commerce_momo.__all__)


def test_the_keys_stay_inside(till: "Till", server: MoMoServer, caplog: pytest.LogCaptureFixture) -> None:
    """Not in reprs, logs of every level, errors, events, stored payments, or requests."""
    caplog.set_level(logging.DEBUG)
    seen: list[object] = []

    def catch(call: Callable[[], object]) -> None:
        try:
            seen.append(call())
        except CommerceError as error:
            seen.extend([error, error.details, error.__cause__, error.__context__])

    paid = till.paid()
    server.script(HttpFault.NONSENSE, path="*", times=2)
    catch(lambda: till.service.refund(paid.id, "r", Money(1000, "VND")))
    server.script(HttpFault.THROTTLED, path="*")
    catch(lambda: till.service.refund(paid.id, "s", Money(1000, "VND")))
    gateway = till.service.gateways["momo"]
    seen += [gateway, vars(gateway), MoMoPlugin(**GOOD).settings, MoMoPlugin(**GOOD).settings.model_dump_json()]
    seen += [till.service.get(paid.id), till.pay, *till.storage.outbox.archive(), *server.requests]
    seen += [request.body for request in server.requests]
    text = " ".join(f"{thing!r} {thing!s}" for thing in seen) + caplog.text
    assert till.service.get(paid.id).status is PaymentStatus.CAPTURED
    assert "HTTP Request" in caplog.text
    assert not any(key in text for key in KEYS)


def test_errors_travel() -> None:
    """They pickle, print and compare, as all errors do."""
    dong = Money(1, "VND")
    for error in (
        commerce_momo.MoMoUnavailable(call="refund", reason="HTTP 429"),
        commerce_momo.MoMoUnknown(call="query", reason="ReadTimeout"),
        commerce_momo.MoMoAmountRefused(amount=dong, least=dong, most=dong),
        MoMoMisconfigured(problems="partner_code: missing"),
    ):
        assert pickle.loads(pickle.dumps(error)) == error  # noqa: S301 - our own
        assert str(error)
