"""Tracking: late, doubled and shuffled scans lead to the same place; numbers tell their carrier."""

from datetime import datetime, timedelta, timezone
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shipping.requests import BERLIN

from commerce.kernel import InvalidValue
from commerce.shipping import SHIPMENT_STATES, Shipment, ShipmentLine, ShipmentStatus, TrackingEvent, formats_of
from commerce.testing.conformance.storage import NOW

NUMBERS = ("N1", "N2")
_scanned = [state for state in ShipmentStatus if state not in (ShipmentStatus.PENDING, ShipmentStatus.CANCELLED)]
scans = st.lists(
    st.builds(
        lambda status, hour, number: TrackingEvent(
            status=status, at=NOW + timedelta(hours=hour), tracking_number=number
        ),
        st.sampled_from(_scanned),
        st.integers(1, 9),
        st.sampled_from(("", *NUMBERS)),
    ),
    max_size=10,
)


def labelled(numbers: tuple[str, ...] = NUMBERS) -> Shipment:
    shipment = Shipment(
        id="s",
        key="k",
        order_id="o",
        lines=(ShipmentLine(line_id="l1", sku="TEE-M", quantity=2),),
        parcels=(),
        carrier="fake",
        destination=BERLIN,
        created_at=NOW,
    )
    shipment.create()
    shipment.labelled("ref", numbers, None, at=NOW)
    shipment.take_events()
    return shipment


@given(scans, st.randoms(use_true_random=False), st.integers(1, 4))
def test_scans_in_any_order_and_any_portions_lead_to_the_same_place(
    said: list[TrackingEvent], chance: Random, size: int
) -> None:
    orderly, chaotic = labelled(), labelled()
    orderly.record_tracking(said)
    shuffled = said * 2
    chance.shuffle(shuffled)
    for start in range(0, len(shuffled), size):
        chaotic.record_tracking(shuffled[start : start + size])
    assert (chaotic.status, chaotic.timeline) == (orderly.status, orderly.timeline)


@given(scans, scans)
def test_what_came_back_stays_back_and_what_arrived_only_comes_back(
    said: list[TrackingEvent], more: list[TrackingEvent]
) -> None:
    shipment = labelled(NUMBERS[:1])
    shipment.record_tracking(said)
    before = shipment.status
    shipment.record_tracking(more)
    if before is ShipmentStatus.RETURNED:
        assert shipment.status is before
    if before is ShipmentStatus.DELIVERED:
        assert shipment.status in (before, ShipmentStatus.RETURNED)


@given(scans)
def test_shipping_and_arriving_are_told_once_and_in_this_order(said: list[TrackingEvent]) -> None:
    shipment = labelled(NUMBERS[:1])
    told: list[str] = []
    for event in said:
        shipment.record_tracking([event])
        told += [type(fact).__name__ for fact in shipment.take_events()]
    assert told.count("ShipmentShipped") == (shipment.status is not ShipmentStatus.LABELLED)
    assert told.count("ShipmentDelivered") <= 1
    assert not told or told[0] == "ShipmentShipped"
    assert (shipment.shipped_at is None) == (shipment.status is ShipmentStatus.LABELLED)


@given(st.lists(st.sampled_from(_scanned), max_size=8))
def test_a_parcel_moves_by_the_table(said: list[ShipmentStatus]) -> None:
    """A scan that cannot follow changes nothing; any other is where the parcel is."""
    shipment = labelled(NUMBERS[:1])
    for hour, status in enumerate(said):
        before = shipment.status
        shipment.record_tracking([TrackingEvent(status=status, at=NOW + timedelta(hours=hour))])
        assert shipment.status is (status if status in SHIPMENT_STATES.moves[before] else before)


def test_the_same_fact_in_other_words_is_the_same_fact() -> None:
    shipment = labelled()
    seen = TrackingEvent(status=ShipmentStatus.IN_TRANSIT, at=NOW, place="Berlin")
    shipment.record_tracking([seen])
    timeline = shipment.timeline
    elsewhere = NOW.astimezone(timezone(timedelta(hours=7)))
    shipment.record_tracking([TrackingEvent(status=ShipmentStatus.IN_TRANSIT, at=elsewhere, place="Berlin, DE")])
    assert shipment.timeline is timeline


def test_a_scan_says_when_it_was() -> None:
    with pytest.raises(InvalidValue, match="timezone-aware"):
        TrackingEvent(status=ShipmentStatus.DELIVERED, at=datetime(2026, 3, 1))  # noqa: DTZ001 - naive on purpose


#: Sample numbers of the public collection ``tracking_number_data``.
SAMPLES = [
    ("RB123456785GB", "upu"),
    ("RB 123 456 785 cf", "upu"),
    ("1Z5R89390357567127", "ups"),
    ("1z879e930346834440", "ups"),
    ("1Z410E7W0392751591", "ups"),
    ("0307 1790 0005 2348 3741", "usps"),
    ("420 22153 9101026837331000039521", "usps"),
    ("9505 5110 6960 5048 6006 24", "usps"),
    ("92748931507708513018050063", "usps"),
    ("4201002334249200190132607600833457", "usps"),
    ("986578788855", "fedex"),
    ("790535312317", "fedex"),
    ("1001921334250001000300779017972697", "fedex"),
    ("0414 4176 0228 964", "fedex"),
    ("9611020987654312345672", "fedex"),
    ("3318810025", "dhl"),
    ("73891051146", "dhl"),
    ("0081 827 0998 0000 0200 33 350 276 C", "dpd"),
    ("00 0123 4500 0000 0027", "gs1"),
]


@pytest.mark.parametrize(("number", "carrier"), SAMPLES)
def test_a_published_number_tells_its_carrier(number: str, carrier: str) -> None:
    assert [found.carrier for found in formats_of(number)] == [carrier]


@pytest.mark.parametrize(
    "number",
    ["RB123456786US", "1Z1111111111111111", "996578788855", "3318810010", "5682 8361 0012 732", "", "hello", "1Z"],
)
def test_a_wrong_check_digit_is_no_number(number: str) -> None:
    assert formats_of(number) == ()


@given(st.integers(0, 10**8 - 1))
def test_every_postal_serial_has_one_check_digit(serial: int) -> None:
    assert len([check for check in range(10) if formats_of(f"RB{serial:08}{check}GB")]) == 1


@given(st.integers(0, 10**17 - 1), st.integers(0, 16), st.integers(1, 9))
def test_shipping_containers_notice_every_single_wrong_digit(serial: int, place: int, off: int) -> None:
    """GS1's weights 1 and 3 share no factor with ten; S10 folds eleven remainders into ten digits and may miss one."""
    digits = f"{serial:017}"
    (right,) = [check for check in range(10) if formats_of(f"{digits}{check}")]
    wrong = f"{digits[:place]}{(int(digits[place]) + off) % 10}{digits[place + 1 :]}"
    assert not formats_of(f"{wrong}{right}")
