"""What becomes of a label: printed, given back, followed, told about."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from commerce_easypost import EasyPostCarrier, EasyPostUnavailable, EasyPostUnknown
from commerce_easypost.scans import STATUSES, STOPPED, status_of
from pypdf import PdfReader

from commerce.kernel import utc_now
from commerce.shipping import CarrierCannot, CarrierNotice, NoticeRejected, ShipmentStatus, VoidRefused
from commerce.testing.carriers.easypost import EasyPostServer
from commerce.testing.serving import HttpFault

if TYPE_CHECKING:
    from conftest import Asker

Make = Callable[..., EasyPostCarrier]
QUICK = [fault for fault in HttpFault if fault is not HttpFault.STALLED]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

#: EasyPost docs, Trackers.
DETAILS = [
    *("address_correction", "arrived_at_destination", "arrived_at_facility", "arrived_at_pickup_location"),
    *("awaiting_information", "cancelled", "damaged", "delayed", "delivery_exception", "departed_facility"),
    *("departed_origin_facility", "expired", "failure", "held", "in_transit", "label_created", "lost", "missorted"),
    *("out_for_delivery", "received_at_destination_facility", "received_at_origin_facility", "refused", "return"),
    *("status_update", "transferred_to_destination_carrier", "transit_exception", "unknown", "weather_delay"),
]


# files


def test_pages_of_one_pdf(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """A page per parcel, in their order."""
    label = carrier.buy_label(ask(3))
    pages = PdfReader(io.BytesIO(label.data)).pages
    assert label.format == "pdf"
    assert [page.extract_text().strip() for page in pages] == list(label.tracking_numbers)


def test_zpl_one_after_the_other(server: EasyPostServer, make: Make, ask: "Asker") -> None:
    label = make(label_format="zpl").buy_label(ask(3))
    assert label.format == "zpl"
    assert label.data.count(b"^XA") == label.data.count(b"^XZ") == 3
    assert [label.data.index(number.encode()) for number in label.tracking_numbers] == sorted(
        label.data.index(number.encode()) for number in label.tracking_numbers
    )


def test_an_image_is_of_one_parcel(server: EasyPostServer, make: Make, ask: "Asker") -> None:
    """Several come as the pages of a PDF."""
    carrier = make(label_format="png")
    assert carrier.buy_label(ask()).format == "png"
    several = carrier.buy_label(ask(2, key=f"{ask.key}-2"))
    assert several.format == "pdf"
    assert len(PdfReader(io.BytesIO(several.data)).pages) == 2


def test_a_label_says_what_it_is(server: EasyPostServer, make: Make, ask: "Asker") -> None:
    """Another process may be set to another format: the label is that which was bought."""
    bought = make(label_format="zpl").buy_label(ask())
    assert make(label_format="pdf").buy_label(ask()) == bought


def test_files_are_fetched_without_the_key(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """They lie with somebody else."""
    carrier.buy_label(ask())
    assert [r.path.startswith("/files/") for r in server.requests if "authorization" not in r.headers] == [True]


# giving back


def refunds(server: EasyPostServer) -> list[str]:
    return [server.shipments[id]["refund_status"] for id in server.bought]


def test_every_parcel_is_given_back_once(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """While it is under way, and when it is done."""
    carrier.buy_label(ask(2))
    for _ in range(2):
        carrier.void(ask.key)
    assert refunds(server) == ["submitted", "submitted"]
    for id in server.bought:
        server.settle_refund(id, "refunded")
    carrier.void(ask.key)
    assert server.count("POST", "*/refund") == 2


def test_what_is_not_bought_is_left_alone(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """Made, and not bought before the shop lost interest."""
    server.script(HttpFault.BROKEN, method="POST", path="*/buy")
    with pytest.raises(EasyPostUnknown):
        carrier.buy_label(ask())
    carrier.void(ask.key)
    carrier.void("never heard of")
    assert server.count("POST", "*/refund") == 0


def test_where_scans_are_billed_nothing_is_given_back(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker"
) -> None:
    carrier.buy_label(ask())
    server.refund_as("not_applicable")
    carrier.void(ask.key)
    carrier.void(ask.key)
    assert server.count("POST", "*/refund") == 1


def test_a_rejected_refund_is_refused_and_may_be_asked_again(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker"
) -> None:
    """As EasyPost says of refunds soon after the purchase."""
    carrier.buy_label(ask())
    server.refund_as("rejected")
    with pytest.raises(VoidRefused, match="rejected"):
        carrier.void(ask.key)
    assert carrier.buy_label(ask()).data
    server.refund_as("submitted")
    carrier.void(ask.key)
    assert refunds(server) == ["submitted"]


def test_a_parcel_on_its_way_stays_paid(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    (number,) = carrier.buy_label(ask()).tracking_numbers
    server.scan(number, "in_transit")
    with pytest.raises(VoidRefused, match=r"SHIPMENT\.REFUND\.UNAVAILABLE"):
        carrier.void(ask.key)


def test_somebody_else_was_faster(server: EasyPostServer, make: Make, ask: "Asker") -> None:
    """Refunded between our look and our asking, and scanned at the counter meanwhile: given back is given back."""
    (number,) = make().buy_label(ask()).tracking_numbers

    def meanwhile() -> None:
        make(process=1).void(ask.key)
        server.scan(number, "in_transit")

    server.script(method="GET", path="/v2/shipments/*", meanwhile=meanwhile)
    make().void(ask.key)
    assert refunds(server) == ["submitted"]


@pytest.mark.parametrize("fault", QUICK)
@pytest.mark.parametrize("call", [("GET", "/v2/shipments/*"), ("POST", "*/refund")])
def test_a_lost_refund_is_settled_by_the_same_key(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker", call: tuple[str, str], fault: HttpFault
) -> None:
    carrier.buy_label(ask())
    server.script(fault, method=call[0], path=call[1])
    maybe = call[0] == "POST" and fault is not HttpFault.THROTTLED
    with pytest.raises(EasyPostUnknown if maybe else EasyPostUnavailable):
        carrier.void(ask.key)
    carrier.void(ask.key)
    assert refunds(server) == ["submitted"]


def test_a_refund_that_stalls(server: EasyPostServer, make: Make, ask: "Asker") -> None:
    carrier = make(timeout=0.3)
    carrier.buy_label(ask())
    server.script(HttpFault.STALLED, method="POST", path="*/refund")
    with pytest.raises(EasyPostUnknown):
        carrier.void(ask.key)
    carrier.void(ask.key)
    assert server.count("POST", "*/refund") == 1


# following


def test_scans_in_our_words(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """With time, place and the carrier's own word."""
    number, other = carrier.buy_label(ask(2)).tracking_numbers
    assert list(carrier.track(number)) == []
    server.scan(number, "pre_transit", "label_created", at=NOON)
    server.scan(number, "in_transit", "departed_facility", at=NOON + timedelta(hours=1), city="Houston")
    server.scan(number, "delivered", "arrived_at_destination", at=NOON + timedelta(days=1), message="In or at mailbox")
    server.scan(other, "failure", "lost", at=NOON)
    events = carrier.track(number)
    assert [(e.status, e.code, e.place, e.note) for e in events] == [
        (ShipmentStatus.LABELLED, "pre_transit.label_created", "", ""),
        (ShipmentStatus.IN_TRANSIT, "in_transit.departed_facility", "Houston", ""),
        (ShipmentStatus.DELIVERED, "delivered.arrived_at_destination", "", "In or at mailbox"),
    ]
    assert [e.at for e in events] == [NOON, NOON + timedelta(hours=1), NOON + timedelta(days=1)]
    assert {e.tracking_number for e in events} == {number}


def test_a_card_number_in_a_remark_does_not_stop_a_parcel(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker"
) -> None:
    """What looks like one is masked, not refused: carriers write numbers of their own."""
    (number,) = carrier.buy_label(ask()).tracking_numbers
    server.scan(number, "in_transit", message="see 4111 1111 1111 1111")
    (event,) = carrier.track(number)
    assert event.note == "see [card number]"


def test_a_number_that_is_used_again_is_about_the_new_parcel(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker"
) -> None:
    """Carriers recycle; trackers that others made of the number count less than that of a label."""
    (number,) = carrier.buy_label(ask()).tracking_numbers
    server.scan(number, "in_transit", at=NOON)
    own = server.trackers[number]
    old = {**own, "id": "trk_old", "tracking_details": [{**own["tracking_details"][0], "status": "delivered"}]}
    stray = {**old, "id": "trk_stray", "shipment_id": None}
    server.trackers = {"old": old, number: own, "stray": stray}
    assert [event.status for event in carrier.track(number)] == [ShipmentStatus.IN_TRANSIT]


def test_parcels_are_followed_for_longer_than_a_month(server: EasyPostServer, make: Make, ask: "Asker") -> None:
    """Lists are of the last month unless one asks for more."""
    (number,) = make().buy_label(ask()).tracking_numbers
    server.scan(number, "in_transit", at=NOON)
    server.trackers[number]["created_at"] = (utc_now() - timedelta(days=100)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert len(make().track(number)) == 1


def test_a_scan_without_a_time_is_left_out(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """And a time without a zone is UTC."""
    (number,) = carrier.buy_label(ask()).tracking_numbers
    server.scan(number, "in_transit")
    server.scan(number, "out_for_delivery")
    first, second = server.trackers[number]["tracking_details"]
    first["datetime"], second["datetime"] = None, "2026-03-02T12:00:00"
    assert [(event.status, event.at) for event in carrier.track(number)] == [(ShipmentStatus.OUT_FOR_DELIVERY, NOON)]


def test_every_documented_word_is_mapped() -> None:
    """Stops are stops only on the way; a delivered parcel stays delivered."""
    assert set(DETAILS) >= STOPPED
    for status, meant in STATUSES.items():
        for detail in DETAILS:
            stopped = meant in (ShipmentStatus.IN_TRANSIT, ShipmentStatus.OUT_FOR_DELIVERY) and detail in STOPPED
            assert status_of(status, detail) is (ShipmentStatus.EXCEPTION if stopped else meant)


@pytest.mark.parametrize("fault", QUICK)
def test_asking_again_is_all_a_lost_answer_needs(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker", fault: HttpFault
) -> None:
    (number,) = carrier.buy_label(ask()).tracking_numbers
    server.scan(number, "in_transit")
    server.script(fault, method="GET", path="/v2/trackers")
    with pytest.raises(EasyPostUnavailable):
        carrier.track(number)
    assert len(carrier.track(number)) == 1


# notices


def test_a_notice_names_its_parcel(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    (number,) = carrier.buy_label(ask()).tracking_numbers
    notice = ask.notice(server.scan(number, "in_transit"))
    assert [tuple(carrier.parse_notice(notice)) for _ in range(2)] == [(number,)] * 2


def test_other_events_are_about_no_parcel(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    raw = server.notice("refund.successful", {"object": "Refund", "tracking_code": "1Z"})
    assert carrier.parse_notice(ask.notice(raw)) == ()


def test_what_was_not_signed_so_is_rejected(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """One byte of the body, of the signature or of the secret, or another way to write it."""
    (number,) = carrier.buy_label(ask()).tracking_numbers
    good = ask.notice(server.scan(number, "in_transit"))
    signed = good.headers["x-hmac-signature"]
    for headers in [{}, {"x-hmac-signature": ""}, *({"x-hmac-signature": s} for s in (signed[:-1], signed[16:], "é"))]:
        with pytest.raises(NoticeRejected):
            carrier.parse_notice(evolve(good, headers=headers))
    with pytest.raises(NoticeRejected):
        carrier.parse_notice(evolve(good, body=good.body + b" "))


def test_the_secret_is_normalised(server: EasyPostServer, make: Make, ask: "Asker") -> None:
    """Composed or not, it is one secret (NFKD)."""
    composed, apart = server.webhook_secret, server.webhook_secret.replace("é", "e\u0301")
    assert composed != apart
    notice = ask.notice(server.notice("tracker.created", {"tracking_code": "1Z"}))
    assert (
        make(webhook_secret=apart).parse_notice(notice) == make(webhook_secret=composed).parse_notice(notice) == ("1Z",)
    )


@pytest.mark.parametrize(
    "event", [b"", b"[]", b"7", b"{}", b"\xff", b"[" * 100_000, b'{"description": "tracker.updated"}']
)
def test_signed_nonsense_is_rejected(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker", event: bytes
) -> None:
    with pytest.raises(NoticeRejected):
        carrier.parse_notice(ask.notice(server.sign(event)))


@pytest.mark.parametrize("result", [None, [], {}, "1Z", {"tracking_code": 1}])
def test_a_tracker_without_a_number_is_rejected(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker", result: object
) -> None:
    with pytest.raises(NoticeRejected):
        carrier.parse_notice(ask.notice(server.notice("tracker.updated", result)))


def test_without_a_secret_there_are_no_notices(server: EasyPostServer, make: Make, ask: "Asker") -> None:
    with pytest.raises(CarrierCannot):
        make(webhook_secret=None).parse_notice(CarrierNotice(body=b"{}"))
