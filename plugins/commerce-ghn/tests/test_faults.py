"""Everything that can break, at every call: the outcome is typed, and there are never two orders for one key."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from attrs import evolve
from commerce_ghn import GHNCarrier, GHNRejectsToken, GHNSettings, GHNUnavailable, GHNVoidUnknown

from commerce.kernel import Money, OutcomeUnknown, ProviderError
from commerce.payments import NoticeReply
from commerce.shipping import CarrierRateRequest, Label, LabelRefused, LabelUnknown, VoidRefused
from commerce.testing.carriers.ghn import GHNServer
from commerce.testing.serving import HttpFault, HttpRequest, serve

if TYPE_CHECKING:
    from conftest import Asks

BEFORE = (HttpFault.THROTTLED, HttpFault.DOWN)

SEARCH, CREATE, COST, TOKEN, PAGE = (
    "*/detail-by-client-code",
    "*/create",
    "*/soc",
    "*/gen-token",
    "*/printA5",
)
CANCEL, DETAIL, PREVIEW = "*/cancel", "*/detail", "*/preview"


# buying


@pytest.mark.parametrize("fault", HttpFault)
@pytest.mark.parametrize("path", [SEARCH, CREATE, TOKEN, PAGE])
def test_a_purchase_that_breaks(
    carrier: GHNCarrier, server: GHNServer, asks: "Asks", path: str, fault: HttpFault
) -> None:
    """While it is searched for, and where GHN says so itself, nothing was bought; from then on nobody knows."""
    nothing_happened = path == SEARCH or (path == CREATE and fault in BEFORE)
    server.script(fault, path=path)
    with pytest.raises(GHNUnavailable if nothing_happened else LabelUnknown):
        carrier.buy_label(asks())
    if nothing_happened:
        assert server.orders() == []
    label = carrier.buy_label(asks())
    assert server.orders() == [label.reference]
    assert (label.cost, carrier.buy_label(asks())) == (Money(20_900, "VND"), label)


@pytest.mark.parametrize("fault", HttpFault)
@pytest.mark.parametrize("path", [SEARCH, COST, TOKEN, PAGE])
def test_a_repetition_that_breaks(
    carrier: GHNCarrier, server: GHNServer, asks: "Asks", path: str, fault: HttpFault
) -> None:
    """The order is there; only its label is to be had again."""
    label = carrier.buy_label(asks())
    server.script(fault, path=path)
    with pytest.raises(ProviderError):
        carrier.buy_label(asks())
    assert carrier.buy_label(asks()) == label
    assert server.orders() == [label.reference]
    assert server.count("POST", CREATE) == 1


@pytest.mark.parametrize("fault", HttpFault)
def test_many_things_break_one_after_the_other(
    carrier: GHNCarrier, server: GHNServer, asks: "Asks", fault: HttpFault
) -> None:
    """However often it is tried."""
    for path in (CREATE, TOKEN, COST, PAGE, SEARCH):
        server.script(fault, path=path, times=2)
    label = None
    for _ in range(20):
        try:
            label = carrier.buy_label(asks())
        except ProviderError:
            continue
        break
    assert label is not None
    assert server.orders() == [label.reference]


def test_after_a_crash(settings: GHNSettings, network: httpx.HTTPTransport, server: GHNServer, asks: "Asks") -> None:
    """Nothing is remembered here: another process finds the order."""
    server.script(HttpFault.LOST_ANSWER, path=CREATE)
    with pytest.raises(LabelUnknown):
        GHNCarrier(settings, transport=network).buy_label(asks())
    (bought,) = server.orders()
    label = GHNCarrier(settings, transport=network).buy_label(asks())
    assert (label.reference, label.cost) == (bought, Money(20_900, "VND"))


def test_two_at_once(carrier: GHNCarrier, server: GHNServer, asks: "Asks") -> None:
    """Both find nothing, both create, and GHN gives both the same order."""
    both = threading.Barrier(2, timeout=10)
    server.script(path=SEARCH, times=2, meanwhile=both.wait)
    labels: list[Label] = []
    threads = [threading.Thread(target=lambda: labels.append(carrier.buy_label(asks()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.count("POST", CREATE) == 2
    assert len(server.orders()) == 1
    assert labels[0] == labels[1]


# the rest


@pytest.mark.parametrize("fault", HttpFault)
@pytest.mark.parametrize("path", [SEARCH, CANCEL])
def test_a_cancellation_that_breaks(
    carrier: GHNCarrier, server: GHNServer, asks: "Asks", path: str, fault: HttpFault
) -> None:
    """Only an answer to the cancellation itself can be lost; again, it is settled."""
    code = carrier.buy_label(asks()).reference
    server.script(fault, path=path)
    nothing_happened = path == SEARCH or fault in BEFORE
    with pytest.raises(GHNUnavailable if nothing_happened else GHNVoidUnknown):
        carrier.void("key-1")
    for reference in ("", code):
        carrier.void("key-1", reference)
        assert server.status(code) == "cancel"


@pytest.mark.parametrize("fault", HttpFault)
def test_a_refusal_that_breaks(carrier: GHNCarrier, server: GHNServer, asks: "Asks", fault: HttpFault) -> None:
    """GHN said no, and why is not known yet."""
    code = carrier.buy_label(asks()).reference
    server.move(code, "picked")
    server.script(fault, path=DETAIL)
    with pytest.raises(GHNUnavailable):
        carrier.void("key-1", code)
    with pytest.raises(VoidRefused):
        carrier.void("key-1", code)


@pytest.mark.parametrize("fault", HttpFault)
def test_a_question_that_breaks(carrier: GHNCarrier, server: GHNServer, asks: "Asks", fault: HttpFault) -> None:
    """Asking changes nothing, whatever becomes of the answer."""
    wish = asks()
    code = carrier.buy_label(wish).reference
    server.script(fault, path=DETAIL)
    with pytest.raises(GHNUnavailable):
        carrier.track(code)
    server.script(fault, path=PREVIEW)
    with pytest.raises(GHNUnavailable):
        carrier.rates(CarrierRateRequest(destination=wish.destination, parcels=wish.parcels, currency="VND"))
    assert server.orders() == [code]


# answers that are none

Change = Callable[[dict[str, Any]], object]


@contextmanager
def answering(
    server: GHNServer, settings: GHNSettings, path: str, answer: Callable[[NoticeReply], NoticeReply]
) -> Iterator[GHNCarrier]:
    """A carrier before a GHN that does what it is asked and answers otherwise, at one call."""

    def handle(request: HttpRequest) -> NoticeReply:
        with server.lock:
            server.requests.append(request)
            reply = server.handle(request)
        return answer(reply) if request.path.endswith(path.lstrip("*")) else reply

    with serve(handle) as url, httpx.HTTPTransport() as transport:
        yield GHNCarrier(settings.model_copy(update={"base_url": url}), transport=transport)


def told(change: Change) -> Callable[[NoticeReply], NoticeReply]:
    """An answer with other fields."""

    def answer(reply: NoticeReply) -> NoticeReply:
        said = json.loads(reply.body)
        change(said)
        return evolve(reply, headers={"content-type": "application/json"}, body=json.dumps(said).encode())

    return answer


def data(**fields: object) -> Callable[[NoticeReply], NoticeReply]:
    """An answer whose data say something else."""
    return told(lambda said: said["data"].update(fields))


def status(status: int, body: bytes = b"") -> Callable[[NoticeReply], NoticeReply]:
    """Another answer."""
    return lambda reply: NoticeReply(status=status, headers={"location": "/"}, body=body)


@pytest.mark.parametrize(
    "answer",
    [
        data(order_code=""),
        data(order_code=None),
        data(order_code="../L80001"),
        data(total_fee=-1),
        data(total_fee="20900"),
        data(total_fee=20900.0),
        data(total_fee=True),
        told(lambda said: said.update(data=None)),
        told(lambda said: said.update(data=[])),
        told(lambda said: said.update(code="200")),
        told(lambda said: said.pop("code")),
        told(lambda said: said.update(code=500)),
        told(lambda said: said.update(code=400, code_message="SERVER_ERROR_COMMON")),
        told(lambda said: said.update(code=400, code_message=["PHONE_INVALID"])),
        status(302),
        status(200, b"[]"),
        status(200, b"\xff"),
        status(400, b'{"code": 200, "data": {}}'),
    ],
)
def test_a_yes_that_says_nothing_is_a_maybe(
    carrier: GHNCarrier,
    server: GHNServer,
    settings: GHNSettings,
    asks: "Asks",
    answer: Callable[[NoticeReply], NoticeReply],
) -> None:
    """The order may exist, and here it does; it is found."""
    with answering(server, settings, CREATE, answer) as misled, pytest.raises(LabelUnknown):
        misled.buy_label(asks())
    assert server.orders() == [carrier.buy_label(asks()).reference]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told(lambda said: said.update(code=400, code_message="PHONE_INVALID")), LabelRefused),
        (told(lambda said: said.update(code=400)), LabelRefused),
        (told(lambda said: said.update(code=400, code_message="Trần Minh Anh")), LabelRefused),
        (told(lambda said: said.update(code=503)), GHNUnavailable),
        (told(lambda said: said.update(code=401)), GHNRejectsToken),
        (told(lambda said: said.update(code=400, code_message="SHOP_NOT_FOUND")), GHNRejectsToken),
        (status(404, b"404 page not found"), GHNUnavailable),
        (status(413, b"<html>"), GHNUnavailable),
        (status(403, b"<html>"), GHNRejectsToken),
    ],
)
def test_a_no_in_every_form(
    server: GHNServer,
    settings: GHNSettings,
    asks: "Asks",
    answer: Callable[[NoticeReply], NoticeReply],
    error: type[Exception],
) -> None:
    """By status or by code; what is no code of GHN's is not repeated."""
    with answering(server, settings, CREATE, answer) as carrier, pytest.raises(error) as refused:
        carrier.buy_label(asks())
    assert "Minh" not in f"{refused.value!s}{refused.value!r}"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (TOKEN, data(token="")),
        (TOKEN, told(lambda said: said.update(data="print-token-1"))),
        (PAGE, lambda reply: evolve(reply, body=b"<p>expired")),
        (PAGE, lambda reply: evolve(reply, headers={"content-type": "image/gif"})),
        (PAGE, status(302)),
        (PAGE, lambda reply: evolve(reply, status=404)),
    ],
)
def test_what_is_no_label_is_not_kept_as_one(
    server: GHNServer, settings: GHNSettings, asks: "Asks", path: str, answer: Callable[[NoticeReply], NoticeReply]
) -> None:
    """A page that does not name the order is not its label."""
    with answering(server, settings, path, answer) as misled:
        for _ in range(3):
            with pytest.raises(LabelUnknown):
                misled.buy_label(asks())
    assert len(server.orders()) == 1


def test_a_label_may_be_a_pdf(server: GHNServer, settings: GHNSettings, asks: "Asks") -> None:
    """GHN does not say what its pages are; it is seen from what comes."""
    pdf = status(200, b"%PDF-1.7 ...")
    with answering(server, settings, PAGE, pdf) as carrier:
        assert carrier.buy_label(asks()).format == "pdf"


@pytest.mark.parametrize(
    "answer", [data(payment=[]), data(payment=None), told(lambda said: said.update(code=400, code_message="X"))]
)
def test_a_cost_that_is_not_told_is_not_known(
    carrier: GHNCarrier,
    server: GHNServer,
    settings: GHNSettings,
    asks: "Asks",
    answer: Callable[[NoticeReply], NoticeReply],
) -> None:
    """The label is no less a label."""
    label = carrier.buy_label(asks())
    with answering(server, settings, COST, answer) as other:
        assert other.buy_label(asks()) == evolve(label, cost=None)


@pytest.mark.parametrize(
    "answer",
    [
        data(shop_id=1),
        data(client_order_code="other"),
        told(lambda said: said.update(data=None)),
        told(lambda said: said.update(data=[])),
        told(lambda said: said.update(code=400, code_message="NEVER_SEEN")),
    ],
)
def test_a_search_that_finds_nothing_of_ours(
    carrier: GHNCarrier,
    server: GHNServer,
    settings: GHNSettings,
    asks: "Asks",
    answer: Callable[[NoticeReply], NoticeReply],
) -> None:
    """Then GHN itself is the referee: asked to create with the same code, it gives the order that there is."""
    label = carrier.buy_label(asks())
    with answering(server, settings, SEARCH, answer) as misled:
        assert misled.buy_label(asks()) == label
    assert server.count("POST", CREATE) == 2
    assert server.orders() == [label.reference]


def test_a_search_that_is_refused_gives_nothing_back(
    carrier: GHNCarrier, server: GHNServer, settings: GHNSettings, asks: "Asks"
) -> None:
    """It could hide an order that has to be paid, so it is no "there is none"."""
    code = carrier.buy_label(asks()).reference
    answer = told(lambda said: said.update(code=400, code_message="NEVER_SEEN"))
    with answering(server, settings, SEARCH, answer) as misled:
        with pytest.raises(VoidRefused, match="NEVER_SEEN"):
            misled.void("key-1")
        misled.void("key-1", code)
    assert server.status(code) == "cancel"


@pytest.mark.parametrize(
    "results",
    [None, [], [{}], ["OK"], [{"order_code": "L80000", "result": True}], [{"order_code": "{code}", "result": "true"}]],
)
def test_a_cancellation_of_something_else(
    carrier: GHNCarrier, server: GHNServer, settings: GHNSettings, asks: "Asks", results: object
) -> None:
    """Is no answer."""
    label = carrier.buy_label(asks())
    said_of_it = json.loads(json.dumps(results).replace("{code}", label.reference))
    answer = told(lambda said: said.update(data=said_of_it))
    with answering(server, settings, CANCEL, answer) as misled, pytest.raises(OutcomeUnknown):
        misled.void("key-1", label.reference)
    carrier.void("key-1", label.reference)
    assert server.status(label.reference) == "cancel"


@pytest.mark.parametrize(
    "answer",
    [
        data(log="picked"),
        data(log=[{}]),
        data(log=["picked"]),
        data(log=[{"status": "picked", "updated_date": "yesterday"}]),
        data(log=[{"status": "picked", "updated_date": "2026-03-02T05:00:00"}]),
        data(created_date=None),
        told(lambda said: said["data"].pop("status")),
        told(lambda said: said.update(data=None)),
        told(lambda said: said.update(code=400, code_message="NEVER_SEEN")),
    ],
)
def test_a_timeline_that_is_none(
    carrier: GHNCarrier,
    server: GHNServer,
    settings: GHNSettings,
    asks: "Asks",
    answer: Callable[[NoticeReply], NoticeReply],
) -> None:
    """Nothing is known, instead of something wrong."""
    code = carrier.buy_label(asks()).reference
    with answering(server, settings, DETAIL, answer) as misled, pytest.raises(GHNUnavailable):
        misled.track(code)
