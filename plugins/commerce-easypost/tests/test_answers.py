"""Answers that are not what EasyPost promises: nothing is taken from them, and nothing is bought twice for them."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, evolve
from commerce_easypost import EasyPostCarrier, EasyPostPlugin, EasyPostUnavailable, EasyPostUnknown

from commerce.payments import NoticeReply
from commerce.shipping import LabelRefused
from commerce.testing.carriers.easypost import EasyPostServer
from commerce.testing.serving import HttpRequest, json_reply

if TYPE_CHECKING:
    from conftest import Asker


@define(eq=False)
class Sloppy(EasyPostServer):
    """Does as it is told, and garbles the next answer to a call."""

    method: str = ""
    end: str = ""
    garbled: Callable[[NoticeReply], NoticeReply] | None = None

    def will_garble(self, method: str, end: str, garbled: Callable[[NoticeReply], NoticeReply]) -> None:
        self.method, self.end, self.garbled = method, end, garbled

    def handle(self, request: HttpRequest) -> NoticeReply:
        reply = super().handle(request)
        garbled = self.garbled
        if garbled is None or self.method != request.method or not request.path.endswith(self.end):
            return reply
        self.garbled = None
        return garbled(reply)


def changed(**fields: Any) -> Callable[[NoticeReply], NoticeReply]:
    return lambda reply: json_reply({**json.loads(reply.body), **fields})


@pytest.fixture
def sloppy() -> Iterator[Sloppy]:
    with Sloppy() as server:
        yield server


@pytest.fixture
def carrier(sloppy: Sloppy, ask: "Asker") -> Iterator[EasyPostCarrier]:
    plugin = EasyPostPlugin(api_key=sloppy.api_key, base_url=sloppy.url, sender=ask.sender)
    yield plugin.carrier
    plugin.close()


@pytest.mark.parametrize(
    "fields",
    [
        {"postage_label": None},
        {"postage_label": {"label_url": ""}},
        {"postage_label": "a label"},
        {"tracking_code": None},
        {"tracking_code": ""},
        {"tracking_code": 9400},
        {"id": "shp_other"},
        {"created_at": "yesterday"},
        {"rates": {}},
    ],
)
def test_a_yes_without_a_label_is_a_maybe(
    sloppy: Sloppy, carrier: EasyPostCarrier, ask: "Asker", fields: dict[str, Any]
) -> None:
    """The same key finds what was bought."""
    sloppy.will_garble("POST", "/buy", changed(**fields))
    with pytest.raises(EasyPostUnknown):
        carrier.buy_label(ask())
    assert carrier.buy_label(ask()).data
    assert len(sloppy.bought) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 422, 502])
def test_a_no_of_somebody_in_between_is_a_maybe(
    sloppy: Sloppy, carrier: EasyPostCarrier, ask: "Asker", status: int
) -> None:
    """Who knows what EasyPost did."""
    sloppy.will_garble("POST", "/buy", lambda reply: NoticeReply(status=status, body=b"<html>no</html>"))
    with pytest.raises(EasyPostUnknown, match=f"HTTP {status}"):
        carrier.buy_label(ask())
    assert carrier.buy_label(ask()).data
    assert len(sloppy.bought) == 1


@pytest.mark.parametrize("status", [None, "", "perhaps"])
def test_a_refund_without_a_state_is_a_maybe(
    sloppy: Sloppy, carrier: EasyPostCarrier, ask: "Asker", status: str | None
) -> None:
    carrier.buy_label(ask())
    sloppy.will_garble("POST", "/refund", changed(refund_status=status))
    with pytest.raises(EasyPostUnknown):
        carrier.void(ask.key)
    carrier.void(ask.key)
    assert sloppy.count("POST", "*/refund") == 1


def test_a_price_as_a_number_is_none(sloppy: Sloppy, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """Money is never read from a float."""

    def floats(reply: NoticeReply) -> NoticeReply:
        shipment = json.loads(reply.body)
        return json_reply({**shipment, "rates": [{**rate, "rate": float(rate["rate"])} for rate in shipment["rates"]]})

    sloppy.will_garble("POST", "/shipments", floats)
    with pytest.raises(EasyPostUnavailable):
        carrier.rates(ask.rates())


@pytest.mark.parametrize(
    "garbled",
    [
        lambda reply: NoticeReply(status=404, headers={"content-type": "text/html"}, body=b"<html>gone</html>"),
        lambda reply: json_reply({"message": "no route"}, 404),
        lambda reply: json_reply({"error": "gone"}, 404),
        lambda reply: json_reply({"error": {"code": "NOT_FOUND"}}, 500),
        lambda reply: json_reply({"error": {"code": "MODE.UNAUTHORIZED"}}, 422),
        lambda reply: evolve(reply, status=302, headers={"location": "https://elsewhere.example/"}),
        lambda reply: json_reply({"id": "shp_1", "created_at": "2026-03-02T12:00:00Z", "reference": "other"}),
        lambda reply: NoticeReply(status=200, body=b"[" * 100_000),
        changed(reference="other"),
    ],
)
def test_only_easypost_says_that_there_is_nothing(
    sloppy: Sloppy, carrier: EasyPostCarrier, ask: "Asker", garbled: Callable[[NoticeReply], NoticeReply]
) -> None:
    """A proxy's 404 is no reason to make another shipment, nor is an answer about another one."""
    carrier.buy_label(ask())
    end = sloppy.requests[0].path
    sloppy.will_garble("GET", end, garbled)
    with pytest.raises(EasyPostUnavailable):
        carrier.buy_label(ask())
    sloppy.will_garble("GET", end, garbled)
    with pytest.raises(EasyPostUnavailable):
        carrier.void(ask.key)
    assert len(sloppy.shipments) == 1


@pytest.mark.parametrize("path", ["/shipments", "/trackers"])
def test_a_list_that_is_refused(sloppy: Sloppy, carrier: EasyPostCarrier, ask: "Asker", path: str) -> None:
    """Nothing was done."""
    sloppy.will_garble("GET", path, lambda reply: json_reply({"error": {"code": "PARAMETER.INVALID"}}, 422))
    with pytest.raises(EasyPostUnavailable, match=r"PARAMETER\.INVALID"):
        if path == "/shipments":
            carrier.buy_label(ask())
        carrier.track("9400100208303109505688")
    assert sloppy.bought == []


def test_scans_of_another_parcel_are_not_taken(sloppy: Sloppy, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """Should the list hold more than was asked for."""
    number, other = carrier.buy_label(ask(2)).tracking_numbers
    sloppy.scan(other, "delivered")
    trackers = [sloppy.trackers[other], sloppy.trackers[number]]
    sloppy.will_garble("GET", "/trackers", lambda _: json_reply({"trackers": trackers}))
    assert list(carrier.track(number)) == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"code": "Zebulon lives at 179 N Harbor Dr", "errors": []}, "HTTP 422"),
        ({"code": ["SHIPMENT.INVALID"]}, "HTTP 422"),
        ({"code": "SHIPMENT.INVALID", "errors": ["Zebulon is unknown"]}, "SHIPMENT.INVALID"),
        ({"code": "SHIPMENT.INVALID", "errors": [{"field": "to 179 N Harbor Dr"}, {"field": 7}]}, "SHIPMENT.INVALID"),
        ({"code": "SHIPMENT.INVALID", "errors": {"field": "zip"}}, "SHIPMENT.INVALID"),
        ({"code": "SHIPMENT.INVALID", "errors": [{"field": "zip"}, {"field": "city"}]}, "SHIPMENT.INVALID (zip, city)"),
    ],
)
def test_only_codes_and_names_of_fields_are_kept(
    sloppy: Sloppy, carrier: EasyPostCarrier, ask: "Asker", error: object, reason: str
) -> None:
    sloppy.will_garble("POST", "/shipments", lambda reply: json_reply({"error": error}, 422))
    with pytest.raises((LabelRefused, EasyPostUnavailable)) as told:
        carrier.buy_label(ask())
    assert told.value.details["reason"] == reason


def test_files_that_are_no_labels(sloppy: Sloppy, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """A page of maintenance is not printed, nor half a PDF joined; the same key fetches the file again."""
    for garbled in (b"<html>soon</html>", b"", b"%PDF-1.4 and no more", b"^FDno format"):
        sloppy.will_garble("GET", ".pdf", partial(evolve, body=garbled))
        with pytest.raises(EasyPostUnknown):
            carrier.buy_label(ask(2))
    sloppy.will_garble("GET", ".pdf", lambda reply: evolve(reply, status=403))
    with pytest.raises(EasyPostUnknown, match="403"):
        carrier.buy_label(ask(2))
    assert carrier.buy_label(ask(2)).format == "pdf"
    assert len(sloppy.bought) == 2
