"""Only Stripe's own notices get in."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import stripe as sdk
from attrs import evolve
from commerce_stripe import StripeGateway, StripePlugin

from commerce.kernel import utc_now
from commerce.payments import NoticeRejected, RawNotice
from commerce.testing.gateways.stripe import StripeServer

BODY = json.dumps(
    {"id": "evt_1", "object": "event", "type": "payment_intent.succeeded"}
    | {"data": {"object": {"id": "pi_1", "object": "payment_intent", "metadata": {"payment_id": "p-1"}}}}
).encode()


def signed(header: str, body: bytes = BODY) -> RawNotice:
    return RawNotice(headers={"Stripe-Signature": header}, body=body)


@pytest.fixture
def header(stripe: StripeServer) -> str:
    return stripe.sign(BODY).headers["stripe-signature"]


def test_reads_what_stripe_signed(gateway: StripeGateway, header: str) -> None:
    notice = gateway.parse_notice(signed(header))
    assert notice is not None
    assert (notice.id, notice.payment_id, notice.reference) == ("evt_1", "p-1", "pi_1")


def test_agrees_with_stripes_own_library(stripe: StripeServer, gateway: StripeGateway, header: str) -> None:
    """Stripe's library takes what the stand-in signs, and the gateway takes what Stripe's library signs."""
    event = sdk.Webhook.construct_event(BODY, header, stripe.webhook_secret)
    assert event.id == "evt_1"
    time = int(utc_now().timestamp())
    digest = sdk.WebhookSignature._compute_signature(f"{time}.{BODY.decode()}", stripe.webhook_secret)
    assert gateway.parse_notice(signed(f"t={time},v1={digest}")) is not None


def test_a_fixed_vector() -> None:
    """Worked out by hand with openssl: HMAC-SHA256 of ``1700000000.{}`` under ``whsec_vector``."""
    plugin = StripePlugin(secret_key="sk_test_x", webhook_secrets=("whsec_vector",))
    plugin.gateway._clock = lambda: datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    digest = "1f8abe454aaf2153a9ae950a6602cbee309c717fb69ac06067bcf0e2ee2f359d"
    assert plugin.gateway.parse_notice(signed(f"t=1700000000,v1={digest}", b"{}")) is None
    plugin.close()


@pytest.mark.parametrize("position", [0, len(BODY) // 2, len(BODY) - 1])
def test_one_changed_byte(gateway: StripeGateway, header: str, position: int) -> None:
    body = bytearray(BODY)
    body[position] ^= 1
    with pytest.raises(NoticeRejected, match="does not match"):
        gateway.parse_notice(signed(header, bytes(body)))


def test_another_time_in_the_header(gateway: StripeGateway, header: str) -> None:
    """The time is signed too: an old notice cannot be made young."""
    time = header.partition(",")[0].removeprefix("t=")
    with pytest.raises(NoticeRejected, match="does not match"):
        gateway.parse_notice(signed(header.replace(time, str(int(time) - 1))))


@pytest.mark.parametrize("off", [-301, 301])
def test_too_old_or_from_the_future(stripe: StripeServer, gateway: StripeGateway, off: int) -> None:
    notice = stripe.sign(BODY, at=utc_now() + timedelta(seconds=off))
    with pytest.raises(NoticeRejected, match="too old"):
        gateway.parse_notice(notice)


def test_within_the_tolerance(stripe: StripeServer, gateway: StripeGateway) -> None:
    assert gateway.parse_notice(stripe.sign(BODY, at=utc_now() - timedelta(seconds=290))) is not None


def test_another_secret(stripe: StripeServer, gateway: StripeGateway) -> None:
    with pytest.raises(NoticeRejected, match="does not match"):
        gateway.parse_notice(stripe.sign(BODY, secrets=["whsec_other"]))


def test_while_a_secret_is_rotated(stripe: StripeServer) -> None:
    """Stripe signs with both, and either end may know both: what any pair agrees on is genuine."""
    new, both = (
        StripePlugin(secret_key="sk_test_x", webhook_secrets=secrets)
        for secrets in (("whsec_new",), ("whsec_new", "whsec_old"))
    )
    assert new.gateway.parse_notice(stripe.sign(BODY, secrets=["whsec_old", "whsec_new"])) is not None
    assert both.gateway.parse_notice(stripe.sign(BODY, secrets=["whsec_old"])) is not None
    new.close()
    both.close()


@pytest.mark.parametrize(
    "header",
    ["", "t=1700000000", "v1=00", "t=x,v1=00", "t=1,t=2,v1=00", "t=\u0661,v1=00", "t=1700000000,v0=00", "garbage,,=,"],
)
def test_no_signature_to_speak_of(gateway: StripeGateway, header: str) -> None:
    with pytest.raises(NoticeRejected, match="no Stripe signature"):
        gateway.parse_notice(signed(header))


def test_a_signature_of_an_older_scheme_counts_for_nothing(stripe: StripeServer, gateway: StripeGateway) -> None:
    notice = stripe.sign(BODY)
    old = notice.headers["stripe-signature"].replace("v1=", "v0=")
    with pytest.raises(NoticeRejected):
        gateway.parse_notice(evolve(notice, headers={"stripe-signature": old}))


def test_without_a_secret_nothing_gets_in(stripe: StripeServer) -> None:
    plugin = StripePlugin(secret_key="sk_test_x")
    with pytest.raises(NoticeRejected, match="webhook_secrets"):
        plugin.gateway.parse_notice(stripe.sign(BODY))
    plugin.close()


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"\xff\xfe", b'{"id": "evt_1"}'),
        b'{"id":"evt_1","type":"customer.created","data":{"object":{}}}',
        b'{"id":"evt_1","type":"customer.created","data":{"object":{"id":"cus_1","object":"customer"}}}',
    ],
)
def test_what_is_not_about_a_payment_is_nothing(stripe: StripeServer, gateway: StripeGateway, body: bytes) -> None:
    """Genuine, but of no interest; nonsense too."""
    assert gateway.parse_notice(stripe.sign(body)) is None
