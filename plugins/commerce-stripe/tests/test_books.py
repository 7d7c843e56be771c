"""Whatever breaks, in whatever order: the books agree in the end, and nobody paid or got too much."""

import json
from typing import Any

import pytest
from attrs import frozen
from commerce_stripe import StripeGateway
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from commerce.kernel import CommerceError, Money, new_id
from commerce.testing.gateways.stripe import StripeServer
from commerce.testing.serving import HttpFault, deliver

_FAULTS = [fault for fault in HttpFault if fault is not HttpFault.STALLED]


@frozen
class Step:
    command: str
    amount: int
    key: int
    fault: HttpFault | None


steps = st.builds(
    Step,
    st.sampled_from(["capture", "refund", "void", "deliver", "dashboard"]),
    st.integers(1, 12_000),
    st.integers(0, 3),
    st.one_of(st.none(), st.sampled_from(_FAULTS)),
)


def go(stripe: StripeServer, till: Any, payment_id: str, step: Step) -> None:
    amount, key = Money.of_minor(step.amount, "EUR"), f"{step.command}-{step.key}"
    match step.command:
        case "capture":
            till.service.capture(payment_id, key, amount)
        case "refund":
            till.service.refund(payment_id, key, amount)
        case "void":
            till.service.void(payment_id, key)
        case "deliver":
            stripe.queue(stripe.sign(_about(stripe, payment_id)))
            deliver(stripe.notices() * 2, till.receive, tries=1)
        case "dashboard":
            intent = next(iter(stripe.of_payment(payment_id)), None)
            if intent is not None and step.amount <= _refundable(stripe, intent):
                stripe.refund(intent["id"], step.amount)


def _about(stripe: StripeServer, payment_id: str) -> bytes:
    """The newest event about a payment."""
    events = (e for e in reversed(stripe.events.values()) if payment_id in json.dumps(e))
    return json.dumps(next(events, {})).encode()


def _refundable(stripe: StripeServer, intent: dict[str, Any]) -> int:
    back = (r["amount"] for r in stripe.refunds.values() if r["payment_intent"] == intent["id"])
    return int(intent["amount_received"] - sum(back))


@pytest.mark.parametrize("full", [False, True], ids=["one capture", "several captures"])
@given(plan=st.lists(steps, max_size=5), lost=st.one_of(st.none(), st.sampled_from(_FAULTS)), at_once=st.booleans())
@example(  # a void and a capture that came to nothing, and others after them that did not
    plan=[Step("void", 0, 3, HttpFault.THROTTLED), Step("void", 0, 2, None)], lost=None, at_once=False
)
@example(plan=[Step("capture", 5000, 3, HttpFault.THROTTLED), Step("capture", 5000, 2, None)], lost=None, at_once=False)
@example(  # a refund in the dashboard, of the amount of ours whose answer is lost
    plan=[Step("dashboard", 1, 0, None), Step("refund", 1, 0, HttpFault.NONSENSE)], lost=None, at_once=True
)
@example(  # what was kept for the capture is freed as well
    plan=[Step("capture", 204, 2, HttpFault.DOWN), Step("void", 0, 3, None)], lost=None, at_once=False
)
@example(
    plan=[Step("capture", 204, 2, HttpFault.DOWN), Step("void", 0, 3, HttpFault.BROKEN_AFTER)],
    lost=None,
    at_once=False,
)
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_books_agree(
    stripe: StripeServer,
    make: Any,
    open_till: Any,
    *,
    full: bool,
    plan: list[Step],
    lost: HttpFault | None,
    at_once: bool,
) -> None:
    """Commands, keys used again, refunds in the dashboard, notices, and a fault for each: then time passes and
    we look, and the ledger says what Stripe says, with nothing open, one intent, and no total above another.
    """
    stripe.reset()
    gateway: StripeGateway = make(multi_capture=full)
    till, key = open_till(gateway), new_id()
    for step in (Step("pay", 0, 0, lost), *plan, Step("pay", 0, 0, None)):
        stripe.reset()
        if step.fault is not None:
            stripe.script(step.fault)
        try:
            if step.command == "pay":
                payment = till.pay("pm_card_visa", key=key, capture=at_once)
            else:
                (payment,) = till.service.of_order("order-1")
                go(stripe, till, payment.id, step)
        except CommerceError:
            continue
    till.wait()
    (payment,) = till.service.of_order("order-1")
    payment = till.service.settle(payment.id)
    assert till.service.compare(payment.id) == ()
    assert not any(entry.open for entry in payment.ledger)
    intents = stripe.of_payment(payment.id)
    assert len(intents) <= 1  # none, if it was given up before it arrived
    assert sum(i["amount_received"] for i in intents) == payment.captured.minor <= 10_000
    assert sum(_refundable(stripe, i) for i in intents) == payment.refundable.minor >= 0
