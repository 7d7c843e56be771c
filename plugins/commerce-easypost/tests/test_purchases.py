"""One key, one label: whatever gets lost, and whoever else buys with the same key."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from commerce_easypost import EasyPostCarrier, EasyPostUnavailable, EasyPostUnknown

from commerce.kernel import CommerceError, Money
from commerce.shipping import Label, LabelRefused
from commerce.testing.carriers.easypost import EasyPostServer
from commerce.testing.serving import HttpFault

if TYPE_CHECKING:
    from conftest import Asker

Make = Callable[..., EasyPostCarrier]

#: Every call of a purchase, in order: look, make, list twice, buy, fetch the file.
LOOK, NEW, LIST = ("GET", "/v2/shipments/*"), ("POST", "/v2/shipments"), ("GET", "/v2/shipments")
BUY, FILE, REFUND = ("POST", "*/buy"), ("GET", "/files/*"), ("POST", "*/refund")
CALLS = (LOOK, NEW, LIST, BUY, FILE)
QUICK = [fault for fault in HttpFault if fault is not HttpFault.STALLED]
DONE = {HttpFault.LOST_ANSWER, HttpFault.BROKEN_AFTER, HttpFault.NONSENSE, HttpFault.STALLED}


def outcome(call: tuple[str, str], fault: HttpFault) -> type[CommerceError]:
    """What may be told: only a purchase can be in doubt, and what is bought is not undone by a lost file."""
    if call is FILE or (call is BUY and fault is not HttpFault.THROTTLED):
        return EasyPostUnknown
    return EasyPostUnavailable


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("trouble", [(call, fault) for call in CALLS for fault in QUICK])
def test_what_gets_lost_is_not_bought_twice(
    server: EasyPostServer,
    carrier: EasyPostCarrier,
    ask: "Asker",
    trouble: tuple[tuple[str, str], HttpFault],
    count: int,
) -> None:
    """Each call in each way: the typed outcome, then with the same key the label, and one purchase per parcel."""
    call, fault = trouble
    server.script(fault, method=call[0], path=call[1])
    with pytest.raises(outcome(call, fault)) as told:
        carrier.buy_label(ask(count))
    assert type(told.value) is outcome(call, fault)
    before_the_file = 1 if call is BUY and fault in DONE else 0
    assert len(server.bought) == (count if call is FILE else before_the_file)
    label = carrier.buy_label(ask(count))
    assert carrier.buy_label(ask(count)) == label
    assert len(label.tracking_numbers) == len(server.bought) == len(set(server.bought)) == count


@pytest.mark.parametrize("call", CALLS)
def test_no_answer_ends_after_the_timeout(
    server: EasyPostServer, make: Make, ask: "Asker", call: tuple[str, str]
) -> None:
    carrier = make(timeout=0.3)
    server.script(HttpFault.STALLED, method=call[0], path=call[1])
    with pytest.raises(outcome(call, HttpFault.STALLED)):
        carrier.buy_label(ask())
    assert len(carrier.buy_label(ask()).tracking_numbers) == len(server.bought) == 1


def test_every_call_fails_once(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """A bad day: it takes as many tries as there were faults, and is bought once all the same."""
    for call in CALLS:
        server.script(HttpFault.LOST_ANSWER, method=call[0], path=call[1])
    tries = 0
    label: Label | None = None
    while label is None:
        tries += 1
        try:
            label = carrier.buy_label(ask())
        except (EasyPostUnavailable, EasyPostUnknown):
            continue
    assert tries == len(CALLS) + 1
    assert len(server.bought) == 1


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("call", CALLS)
def test_another_process_in_between(
    server: EasyPostServer, make: Make, ask: "Asker", call: tuple[str, str], count: int
) -> None:
    """Between any call and its answer somebody else buys with the same key, from beginning to end."""
    mine, other = make(), make(process=1)
    theirs: list[Label] = []
    server.script(method=call[0], path=call[1], meanwhile=lambda: theirs.append(other.buy_label(ask(count))))
    assert [mine.buy_label(ask(count))] == theirs
    assert len(server.bought) == len(set(server.bought)) == count


@pytest.mark.parametrize("buyers", [2, 3])
def test_nobody_sees_the_others_in_time(server: EasyPostServer, make: Make, ask: "Asker", buyers: int) -> None:
    """All look before any makes, and all make before any lists: several shipments, one of them bought."""
    for call in (LOOK, NEW):
        barrier = threading.Barrier(buyers)
        server.script(method=call[0], path=call[1], times=buyers, meanwhile=barrier.wait)
    labels: list[Label] = []

    def buy(process: int) -> None:
        labels.append(make(process=process).buy_label(ask()))

    threads = [threading.Thread(target=buy, args=(n,)) for n in range(buyers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(labels) == buyers
    assert all(label == labels[0] for label in labels)
    assert len(server.shipments) == buyers
    assert server.bought == [next(iter(server.shipments))]
    make().void(ask.key)
    assert server.shipments[server.bought[0]]["refund_status"] == "submitted"


def test_a_crowd_with_one_key(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """Threads of one process, unarranged; again and again."""
    for round in range(5):
        key, labels = f"{ask.key} {round}", list[Label]()
        crowd = [
            threading.Thread(target=lambda key=key, labels=labels: labels.append(carrier.buy_label(ask(key=key))))
            for _ in range(4)
        ]
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()
        assert len(labels) == len(crowd)
        assert len(set(labels)) == 1
        assert len(server.bought) == round + 1


def test_a_list_that_is_behind_buys_nothing(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """Without the shipment in hand on the list, nothing can be said of older ones."""
    server.fall_behind(lists=2)
    with pytest.raises(EasyPostUnavailable, match="behind"):
        carrier.buy_label(ask())
    assert server.bought == []
    carrier.buy_label(ask())
    assert len(server.bought) == 1


def test_the_list_has_pages(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """On a busy account the shipment in hand may be on a later page."""
    server.script(HttpFault.LOST_ANSWER, method="POST", path="/v2/shipments")
    with pytest.raises(EasyPostUnavailable):
        carrier.buy_label(ask())
    for _ in range(101):
        carrier.rates(ask.rates())
    carrier.buy_label(ask())
    assert server.count(*LIST) == 3
    assert server.bought == [next(iter(server.shipments))]


def test_what_is_bought_is_given_without_a_list(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """Lists are dear: five a second for a whole account."""
    for _ in range(3):
        carrier.buy_label(ask(2))
    assert server.count(*LIST) == 2


def test_keys_apart_are_purchases_apart(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """Even keys that look alike in a path."""
    keys = ["a/b", "a%2Fb", "a b", "a?b", "A/b", ".."]
    labels = [carrier.buy_label(ask(key=key)) for key in keys]
    assert len({label.tracking_numbers for label in labels}) == len(server.bought) == len(keys)


# several parcels


def test_all_parcels_or_none(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """What was bought before a refusal goes back, and its label is not handed out later."""
    server.decline_next(after=2)
    with pytest.raises(LabelRefused, match=r"SHIPMENT\.POSTAGE\.FAILURE"):
        carrier.buy_label(ask(3))
    assert [server.shipments[id]["refund_status"] for id in server.bought] == ["submitted", "submitted"]
    for _ in range(2):
        with pytest.raises(LabelRefused, match="given back"):
            carrier.buy_label(ask(3))
    assert len(server.bought) == 2
    carrier.void(ask.key)
    assert server.count(*REFUND) == 2


@pytest.mark.parametrize("fault", QUICK)
def test_a_refusal_whose_undoing_got_lost(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker", fault: HttpFault
) -> None:
    """In doubt until the label is given back; then refused."""
    server.decline_next(after=1)
    server.decline_next()
    server.script(fault, method=REFUND[0], path=REFUND[1])
    with pytest.raises(EasyPostUnknown):
        carrier.buy_label(ask(2))
    with pytest.raises(LabelRefused):
        carrier.buy_label(ask(2))
    assert len(server.bought) == 1
    assert server.shipments[server.bought[0]]["refund_status"] == "submitted"


def test_a_refusal_that_cannot_be_undone_names_what_is_left(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker"
) -> None:
    server.decline_next(after=1)
    server.refund_as("rejected")
    with pytest.raises(LabelRefused) as refused:
        carrier.buy_label(ask(2))
    assert server.bought[0] in refused.value.reason


def test_throttled_between_two_parcels(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """One is bought, so nobody says that nothing happened; the next try buys the other one only."""
    server.decline_next("RATE_LIMITED", after=1, status=429)
    with pytest.raises(EasyPostUnknown, match="RATE_LIMITED"):
        carrier.buy_label(ask(2))
    assert len(server.bought) == 1
    label = carrier.buy_label(ask(2))
    assert len(set(server.bought)) == len(server.bought) == len(label.tracking_numbers) == 2
    assert label.cost == Money("14.84", "USD") + Money("0.80", "USD") * 2


# what EasyPost says


@pytest.mark.parametrize(
    "code", ["SHIPMENT.PURCHASE.IN_PROGRESS", "SHIPMENT.POSTAGE.NO_RESPONSE", "SHIPMENT.POSTAGE.TIMED_OUT", "NOT_FOUND"]
)
def test_a_no_that_is_a_maybe(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker", code: str) -> None:
    """The carrier behind EasyPost was asked and gave no answer, or is being asked by somebody else."""
    server.decline_next(code)
    with pytest.raises(EasyPostUnknown, match=code):
        carrier.buy_label(ask())
    carrier.buy_label(ask())
    assert len(server.bought) == 1


@pytest.mark.parametrize("status", [401, 402, 403, 429])
def test_an_account_in_trouble_loses_no_shipment(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker", status: int
) -> None:
    """Nothing was done, and the same key goes on when the account is mended."""
    server.decline_next("PAYMENT_REQUIRED", status=status)
    with pytest.raises(EasyPostUnavailable, match="PAYMENT_REQUIRED"):
        carrier.buy_label(ask())
    carrier.buy_label(ask())
    assert len(server.bought) == 1


def test_a_wrong_key_is_told(make: Make, server: EasyPostServer, ask: "Asker") -> None:
    with pytest.raises(EasyPostUnavailable, match="UNAUTHORIZED"):
        make(api_key="EZTK-wrong").buy_label(ask())


@pytest.mark.parametrize("code", ["SHIPMENT.POSTAGE.FAILURE", "SHIPMENT.PURCHASE.FAILURE", "ADDRESS.VERIFY.FAILURE"])
def test_a_no_is_a_no(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker", code: str) -> None:
    server.decline_next(code)
    with pytest.raises(LabelRefused) as refused:
        carrier.buy_label(ask())
    assert refused.value.reason == code
    assert server.bought == []


def test_old_rates_are_asked_for_again(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """A shipment that was made long ago is bought at the rates of now."""
    server.script(HttpFault.BROKEN, method=BUY[0], path=BUY[1])
    with pytest.raises(EasyPostUnknown):
        carrier.buy_label(ask())
    server.forget_rates()
    server.tariff["ca_usps", "USPS", "Priority"] = ("8.00", "0.80")
    try:
        assert carrier.buy_label(ask()).cost == Money("8.80", "USD")
    finally:
        server.tariff["ca_usps", "USPS", "Priority"] = ("7.42", "0.80")
    assert len(server.bought) == 1


def test_rates_replaced_under_way(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """Somebody rated the shipment again: the new rate is taken; if that goes too, later."""
    server.script(method=LIST[0], path=LIST[1], meanwhile=server.forget_rates)
    carrier.buy_label(ask())
    assert len(server.bought) == 1
    server.decline_next("SHIPMENT.RATE.EXPIRED")
    server.decline_next("SHIPMENT.RATE.EXPIRED")
    with pytest.raises(EasyPostUnavailable, match="EXPIRED"):
        carrier.buy_label(ask(key=f"{ask.key}-2"))
    carrier.buy_label(ask(key=f"{ask.key}-2"))
    assert len(server.bought) == 2


def test_what_is_missing_is_refused_before_anything_is_asked(
    server: EasyPostServer, carrier: EasyPostCarrier, make: Make, ask: "Asker"
) -> None:
    """With what to do about it, and without saying where somebody lives."""
    to, (parcel,) = ask.receiver, ask.parcels(1)
    soldier = evolve(to, region="AE", city="APO", postal_code="09012")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"service": ""}, "name a service"),
        ({"parcels": ()}, "no parcels"),
        ({"parcels": (parcel, evolve(parcel, weight_grams=0))}, "weight of parcel 2 .* state the weights"),
        ({"destination": evolve(to, name="")}, "destination has neither name nor company"),
        ({"destination": evolve(to, lines=())}, "destination has no street"),
        ({"destination": evolve(to, lines=("", ""))}, "destination has no street"),
        ({"destination": evolve(to, city="")}, "destination has no city"),
        ({"destination": evolve(to, region="")}, "destination has no state"),
        ({"destination": evolve(to, postal_code="")}, "destination has no postal code"),
        ({"origin": evolve(to, postal_code="")}, "sender's address has no postal code"),
        ({"origin": evolve(to, name="")}, "sender's address has neither"),
        ({"destination": evolve(to, country="CA", postal_code="K1A 0B1")}, "customs"),
        ({"destination": soldier}, "customs"),
    ]
    for changes, says in cases:
        with pytest.raises(LabelRefused, match=says) as refused:
            carrier.buy_label(ask(**changes))
        assert not any(word in str(refused.value) for word in (*to.name.split(), to.city, "Harbor"))
    with pytest.raises(LabelRefused, match="set sender="):
        make(sender=None).buy_label(ask())
    assert server.requests == []


def test_within_the_european_union_no_forms_are_needed(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker"
) -> None:
    berlin = evolve(ask.receiver, country="DE", region="", postal_code="10115", city="Berlin")
    vienna = evolve(berlin, country="AT", postal_code="1010", city="Wien")
    assert carrier.buy_label(ask(origin=berlin, destination=vienna)).tracking_numbers


def test_what_easypost_writes_about_people_stays_there(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker"
) -> None:
    """Its messages repeat addresses; codes and names of fields do not."""
    nowhere = evolve(ask.receiver, postal_code="902")
    with pytest.raises(LabelRefused) as refused:
        carrier.buy_label(ask(destination=nowhere))
    assert refused.value.reason == "ADDRESS.PARAMETERS.INVALID (to_address.zip)"
    assert refused.value.__cause__ is None


def test_a_service_that_is_not_offered(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    with pytest.raises(LabelRefused, match="ask for rates first"):
        carrier.buy_label(ask(service="USPS:Pigeon"))
    assert server.bought == []
