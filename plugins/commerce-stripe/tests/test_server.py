"""The stand-in is as strict as Stripe, seen through Stripe's own library."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe as sdk

from commerce.testing.gateways.stripe import StripeServer


@pytest.fixture
def api(stripe: StripeServer) -> Iterator[Any]:
    client = sdk.RequestsClient(timeout=10)
    yield sdk.StripeClient(
        stripe.secret_key, base_addresses={"api": stripe.url}, max_network_retries=0, http_client=client
    ).v1
    client.close()  # type: ignore[no-untyped-call]  # theirs


def paid(api: Any, amount: int = 1000, **more: object) -> Any:
    wanted = {"amount": amount, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True, **more}
    return api.payment_intents.create(wanted)


def refused(call: Any, *args: object) -> Any:
    with pytest.raises(sdk.StripeError) as raised:
        call(*args)
    return raised.value


def test_a_key_answers_the_same_again(stripe: StripeServer, api: Any) -> None:
    wanted, options = {"amount": 1000, "currency": "eur"}, {"idempotency_key": "server-1"}
    first, again = (api.payment_intents.create(wanted, options) for _ in range(2))
    assert first.id == again.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    other = refused(api.payment_intents.create, {**wanted, "amount": 2000}, options)
    assert isinstance(other, sdk.IdempotencyError)
    assert refused(api.payment_intents.create, wanted, {"idempotency_key": "k" * 256}).http_status == 400


def test_what_failed_a_check_may_be_mended_under_its_key(api: Any) -> None:
    """But a declined card stays declined."""
    options = {"idempotency_key": "server-2"}
    refused(api.payment_intents.create, {"currency": "eur"}, options)
    assert api.payment_intents.create({"amount": 1000, "currency": "eur"}, options).amount == 1000
    options = {"idempotency_key": "server-3"}
    wanted = {"amount": 1000, "currency": "eur", "payment_method": "pm_card_chargeDeclined", "confirm": True}
    first, again = (refused(api.payment_intents.create, wanted, options) for _ in range(2))
    assert first.error.payment_intent.id == again.error.payment_intent.id


@pytest.mark.parametrize(
    ("wanted", "code", "param"),
    [
        ({"amount": 1000}, None, "currency"),
        ({"amount": 1000, "currency": "xts"}, None, "currency"),
        ({"currency": "eur"}, "parameter_missing", "amount"),
        ({"amount": "10.5", "currency": "eur"}, "parameter_invalid_integer", "amount"),
        ({"amount": -5, "currency": "eur"}, "parameter_invalid_integer", "amount"),
        ({"amount": 10, "currency": "eur"}, "amount_too_small", "amount"),
        ({"amount": 10**9, "currency": "eur"}, "amount_too_large", "amount"),
        ({"amount": 5124, "currency": "kwd"}, "parameter_invalid_integer", "amount"),
        ({"amount": 1000, "currency": "eur", "colour": "red"}, "parameter_unknown", "colour"),
        ({"amount": 1000, "currency": "eur", "confirm": True}, "parameter_missing", None),
        ({"amount": 1000, "currency": "eur", "metadata": {"n" * 41: "v"}}, None, "metadata"),
        ({"amount": 1000, "currency": "eur", "metadata": {"n": "v" * 501}}, None, "metadata"),
    ],
)
def test_bad_requests_are_refused(api: Any, wanted: dict[str, object], code: str | None, param: str | None) -> None:
    error = refused(api.payment_intents.create, wanted)
    assert isinstance(error, sdk.InvalidRequestError)
    assert (error.code, error.param) == (code, param)


def test_over_capture_and_over_refund(api: Any) -> None:
    held = paid(api, capture_method="manual")
    assert refused(api.payment_intents.capture, held.id, {"amount_to_capture": 1001}).code == "amount_too_large"
    assert refused(api.refunds.create, {"payment_intent": held.id}).http_status == 400
    api.payment_intents.capture(held.id, {"amount_to_capture": 600})
    assert refused(api.payment_intents.capture, held.id).code == "payment_intent_unexpected_state"
    assert refused(api.payment_intents.cancel, held.id).code == "payment_intent_unexpected_state"
    assert refused(api.refunds.create, {"payment_intent": held.id, "amount": 601}).param == "amount"
    api.refunds.create({"payment_intent": held.id, "amount": 600})
    assert refused(api.refunds.create, {"payment_intent": held.id}).code == "charge_already_refunded"


def test_without_multicapture(stripe: StripeServer, api: Any) -> None:
    held = paid(api, capture_method="manual")
    stripe.multicapture = False
    try:
        asked = {"amount_to_capture": 100, "final_capture": False}
        assert refused(api.payment_intents.capture, held.id, asked).param == "final_capture"
    finally:
        stripe.multicapture = True


def test_strangers_and_unknown_things(stripe: StripeServer, api: Any) -> None:
    stranger = sdk.StripeClient("sk_test_other", base_addresses={"api": stripe.url}).v1
    assert isinstance(refused(stranger.payment_intents.retrieve, "pi_1"), sdk.AuthenticationError)
    assert refused(api.payment_intents.retrieve, "pi_nobody").code == "resource_missing"
    assert refused(api.customers.create, {}).http_status == 404
    with pytest.raises(ValueError, match="is succeeded"):
        stripe.authenticate(paid(api).id)


def test_events_are_kept_and_signed(stripe: StripeServer, api: Any) -> None:
    """Each notice is an event that can be read again, with the object as it was then."""
    intent = paid(api)
    kinds = []
    for notice in stripe.notices():
        header = notice.headers["stripe-signature"]
        event = sdk.Webhook.construct_event(notice.body, header, stripe.webhook_secret)
        assert api.events.retrieve(event.id).type == event.type
        kinds.append(event.type)
    assert kinds == ["payment_intent.created", "charge.captured", "payment_intent.succeeded"]
    newest = api.events.list({"type": "payment_intent.succeeded", "limit": 1}).data[0]
    assert newest.data.object["id"] == intent.id
