"""The carrier against the stand-in, over real HTTP: what is asked, what is answered, what is refused."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from attrs import evolve
from commerce_ghn import (
    AddressLevels,
    GHNCannotPrice,
    GHNCarrier,
    GHNRejectsToken,
    GHNSettings,
    GHNUnavailable,
    Paper,
    RequiredNote,
)
from commerce_ghn.statuses import STATUSES
from pydantic import SecretStr

from commerce.kernel import Address, Money
from commerce.payments import RawNotice
from commerce.shipping import (
    Ability,
    CarrierCannot,
    CarrierNotice,
    CarrierRate,
    CarrierRateRequest,
    LabelRefused,
    NoticeRejected,
    PackedUnits,
    Parcel,
    ShipmentStatus,
    VoidRefused,
)
from commerce.testing.carriers.ghn import GHNServer

if TYPE_CHECKING:
    from conftest import Asks, World

PRICE = Money(20_900, "VND")


@pytest.fixture
def elsewise(settings: GHNSettings, network: httpx.HTTPTransport) -> Any:
    """Makes a carrier with other settings."""
    return lambda **changes: GHNCarrier(settings.model_copy(update=changes), transport=network)


def parcel(grams: int = 600, sides: tuple[int, int, int] | None = (250, 201, 80)) -> Parcel:
    one = (PackedUnits(line_id="l1", quantity=1),)
    return Parcel(contents=one, weight_grams=grams, dimensions_mm=sides, volume_mm3=0)


def taken(raw: RawNotice) -> CarrierNotice:
    """A notice as a shop's web server hands it over."""
    return CarrierNotice(body=raw.body, headers=raw.headers)


def question(to: Address, *parcels: Parcel) -> CarrierRateRequest:
    return CarrierRateRequest(destination=to, parcels=parcels or (parcel(),), currency="VND")


# labels


def test_what_is_asked(carrier: GHNCarrier, server: GHNServer, asks: "Asks") -> None:
    """The key is hidden in GHN's reference; weights stay grams, lengths are whole centimetres, rounded up."""
    label = carrier.buy_label(asks())
    sent = dict(server.asked(label.reference))
    assert len(sent.pop("client_order_code")) == 50
    assert sent == {
        "to_name": "Trần Minh Anh",
        "to_phone": "0987654321",
        "to_address": "72 Lê Thánh Tôn, Phường Sài Gòn, Hồ Chí Minh",
        "to_ward_name": "Phường Sài Gòn",
        "to_province_name": "Hồ Chí Minh",
        "is_new_to_address": True,
        "weight": 600,
        "length": 25,
        "width": 21,
        "height": 8,
        "content": "order-1",
        "service_type_id": 2,
        "payment_type_id": 1,
        "required_note": "KHONGCHOXEMHANG",
        "insurance_value": 0,
    }


def test_what_is_answered(carrier: GHNCarrier, server: GHNServer, asks: "Asks") -> None:
    """GHN's order is the reference and the number of its only parcel; its page is the label."""
    label = carrier.buy_label(asks())
    assert server.orders() == [label.reference]
    assert label.tracking_numbers == (label.reference,)
    assert (label.format, label.cost) == ("html", PRICE)
    assert b"<title>A5</title>" in label.data
    assert label.reference.encode() in label.data


def test_several_parcels_are_one_order(carrier: GHNCarrier, server: GHNServer, asks: "Asks") -> None:
    """A heavy one, with an item for each parcel, numbered as GHN numbers its items."""
    label = carrier.buy_label(asks(parcels=(parcel(600), parcel(3_000, (400, 300, 305)))))
    sent = server.asked(label.reference)
    assert (sent["service_type_id"], sent["weight"]) == (5, 3_600)
    assert (sent["length"], sent["width"], sent["height"]) == (40, 31, 30)
    assert sent["items"] == [
        {"name": "order-1 1/2", "quantity": 1, "weight": 600, "length": 25, "width": 21, "height": 8},
        {"name": "order-1 2/2", "quantity": 1, "weight": 3_000, "length": 40, "width": 31, "height": 30},
    ]
    assert label.tracking_numbers == (f"{label.reference}_1", f"{label.reference}_2")
    assert label.cost == Money(20_900 + 25_900, "VND")


def test_the_largest_parcel(carrier: GHNCarrier, server: GHNServer, asks: "Asks") -> None:
    """Two metres each way."""
    label = carrier.buy_label(asks(parcels=(parcel(1, (2_000, 2_000, 1_991)),)))
    assert [server.asked(label.reference)[side] for side in ("length", "width", "height")] == [200, 200, 200]


@pytest.mark.parametrize(("grams", "kind"), [(1, 2), (19_999, 2), (20_000, 5), (50_000, 5)])
def test_heavy_from_twenty_kilograms_on(
    carrier: GHNCarrier, server: GHNServer, asks: "Asks", grams: int, kind: int
) -> None:
    """Up to fifty; GHN takes each of them."""
    label = carrier.buy_label(asks(parcels=(parcel(grams),)))
    assert server.asked(label.reference)["service_type_id"] == kind


def test_settings_of_a_label(elsewise: Any, server: GHNServer, asks: "Asks") -> None:
    """Paper, what the receiver may do, the declared value and the shop's names of provinces."""
    carrier = elsewise(
        paper=Paper.SMALL,
        required_note=RequiredNote.TRYING,
        declared_value=1_000_001,
        default_dimensions_mm=(100, 100, 91),
        provinces={"SG": "Hồ Chí Minh"},
    )
    to = evolve(asks().destination, region="SG", name="", company="Công ty A")
    label = carrier.buy_label(asks(destination=to, parcels=(parcel(600, None),)))
    sent = server.asked(label.reference)
    assert b"<title>52x70</title>" in label.data
    assert (sent["required_note"], sent["insurance_value"], sent["height"]) == ("CHOTHUHANG", 1_000_001, 10)
    assert (sent["to_name"], sent["to_province_name"]) == ("Công ty A", "Hồ Chí Minh")
    assert label.cost == Money(20_900 + 5_001, "VND")


def test_addresses_with_districts(elsewise: Any, server: GHNServer, asks: "Asks") -> None:
    """The last line is the ward, the city the district."""
    to = evolve(asks().destination, city="Quận 10", lines=("Tầng 2", "72 Thành Thái", "Phường 14"))
    carrier = elsewise(address_levels=AddressLevels.WARD_DISTRICT_PROVINCE)
    sent = server.asked(carrier.buy_label(asks(destination=to)).reference)
    assert sent["to_address"] == "Tầng 2, 72 Thành Thái, Phường 14, Quận 10, Hồ Chí Minh"
    assert (sent["to_ward_name"], sent["to_district_name"]) == ("Phường 14", "Quận 10")
    assert sent["is_new_to_address"] is False


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"parcels": (parcel(0),)}, "unknown .0 grams.: ship with parcels"),
        ({"parcels": (parcel(600, None),)}, "dimensions .* unknown: pack into boxes, or set default_dimensions_mm"),
        ({"parcels": (parcel(50_001),)}, "at most 50000 grams"),
        ({"parcels": (parcel(30_000), parcel(20_001))}, "at most 50000 grams: ship in several"),
        ({"parcels": (parcel(600, (10, 2_001, 10)),)}, "at most 200 cm"),
        ({"parcels": ()}, "no parcels"),
        ({"service": "express"}, "service is not known"),
        ({"destination": Address(country="VN")}, "lacks city .ward., region .province."),
        ({"destination": Address(country="VN", region="Hà Nội", city="Phường Cầu Giấy")}, "lacks name, phone, lines"),
        ({"destination": Address(country="LA", city="Viêng Chăn")}, "within Vietnam"),
        (
            {"destination": Address(country="VN", region="H", city="C", name="N" * 1025, phone="1", lines=("S",))},
            "at most 1024 characters",
        ),
    ],
)
def test_what_is_refused_here(
    carrier: GHNCarrier, server: GHNServer, asks: "Asks", changes: dict[str, Any], reason: str
) -> None:
    """With what to do about it; GHN is not asked."""
    with pytest.raises(LabelRefused, match=reason):
        carrier.buy_label(asks(**changes))
    assert server.requests == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"phone": "12345"}, "PHONE_INVALID"),
        ({"region": "Sài Gòn cũ"}, "PROVINCE_NAME_NOT_VALID"),
        ({"city": "Phường 14"}, "WARD_IS_INVALID"),
        ({"city": "Phường Bến Thành"}, "ROUTE_NOT_FOUND_SERVICE"),
    ],
)
def test_what_ghn_refuses(
    carrier: GHNCarrier, server: GHNServer, asks: "Asks", changes: dict[str, Any], reason: str
) -> None:
    """Its code is the reason, never its sentence, which repeats what was sent; nothing was bought."""
    server.unserved.add("Phường Bến Thành")
    to = evolve(asks().destination, **changes)
    with pytest.raises(LabelRefused, match=reason) as refused:
        carrier.buy_label(asks(destination=to))
    told = f"{refused.value!s} {refused.value!r} {refused.value.__cause__!r}"
    assert not any(personal in told for personal in (to.phone, to.city, to.region, *to.lines))
    assert server.orders() == []


def test_a_cancelled_order_is_no_label(carrier: GHNCarrier, server: GHNServer, asks: "Asks") -> None:
    """Its key is used up, whoever cancelled it."""
    label = carrier.buy_label(asks())
    carrier.void("key-1")
    with pytest.raises(LabelRefused, match="cancelled at GHN"):
        carrier.buy_label(asks())
    assert server.orders() == [label.reference]


def test_shops_of_one_account_do_not_mix(carrier: GHNCarrier, elsewise: Any, server: GHNServer, asks: "Asks") -> None:
    """The same key in another shop is another order."""
    first = carrier.buy_label(asks())
    server.shop_id = 886
    second = elsewise(shop_id=886).buy_label(asks())
    assert first.reference != second.reference
    assert server.asked(first.reference)["client_order_code"] != server.asked(second.reference)["client_order_code"]


# giving back


@pytest.mark.parametrize("reference", [True, False])
def test_an_order_is_cancelled(carrier: GHNCarrier, server: GHNServer, asks: "Asks", *, reference: bool) -> None:
    """By its reference, or by the key alone."""
    label = carrier.buy_label(asks())
    carrier.void("key-1", label.reference if reference else "")
    assert server.status(label.reference) == "cancel"


@pytest.mark.parametrize("reference", [True, False])
def test_what_ghn_has_it_keeps(carrier: GHNCarrier, server: GHNServer, asks: "Asks", *, reference: bool) -> None:
    """Once picked it is not given back."""
    label = carrier.buy_label(asks())
    server.move(label.reference, "picking", "picked")
    with pytest.raises(VoidRefused, match="GHN has the order as picked"):
        carrier.void("key-1", label.reference if reference else "")
    assert server.status(label.reference) == "picked"


def test_a_reference_of_nothing(carrier: GHNCarrier) -> None:
    """Is no order of GHN's, and that is said."""
    with pytest.raises(VoidRefused, match="ORDER_NOT_FOUND"):
        carrier.void("key-1", "L80000")


# prices


def test_a_price_is_that_of_the_order(carrier: GHNCarrier, server: GHNServer, saigon: Address, asks: "Asks") -> None:
    """One service, and what is asked for it is paid for it."""
    for parcels in ((parcel(),), (parcel(2_600), parcel(900))):
        (rate,) = carrier.rates(question(saigon, *parcels))
        assert rate == CarrierRate(service="", price=rate.price)
        assert carrier.buy_label(asks(f"{len(parcels)}", parcels=parcels)).cost == rate.price
    assert len(server.orders()) == 2


def test_a_price_costs_no_privacy(carrier: GHNCarrier, server: GHNServer, saigon: Address) -> None:
    """GHN learns the ward, and the shop's telephone number."""
    carrier.rates(question(saigon))
    sent = server.requests[-1].json()
    assert (sent["to_phone"], sent["to_address"]) == ("02871000000", "Phường Sài Gòn, Hồ Chí Minh")
    assert not any(text in str(sent) for text in (saigon.name, "987654321", *saigon.lines))
    assert carrier.rates(question(evolve(saigon, name="", phone="", lines=())))


@pytest.mark.parametrize(
    ("place", "asked"),
    [
        ({}, {"currency": "EUR"}),
        ({"country": "LA"}, {}),
        ({"city": "Phường Bến Thành"}, {}),
        ({}, {"parcels": (parcel(50_001),)}),
        ({}, {"parcels": (parcel(600, (2_001, 1, 1)),)}),
    ],
)
def test_what_is_not_served_has_no_price(
    carrier: GHNCarrier, server: GHNServer, saigon: Address, place: dict[str, Any], asked: dict[str, Any]
) -> None:
    """Another currency, another country, no route, beyond the limits."""
    server.unserved.add("Phường Bến Thành")
    assert carrier.rates(evolve(question(evolve(saigon, **place)), **asked)) == []


@pytest.mark.parametrize(
    ("changes", "grams", "reason"),
    [
        ({}, 0, "unknown .0 grams."),
        ({"city": ""}, 600, "lacks city .ward.: complete it"),
        ({"region": "Atlantis"}, 600, "PROVINCE_NAME_NOT_VALID.: check the names"),
    ],
)
def test_what_cannot_be_priced(
    carrier: GHNCarrier, saigon: Address, changes: dict[str, Any], grams: int, reason: str
) -> None:
    """Says what to do; it is among what a checkout goes on without."""
    with pytest.raises(GHNCannotPrice, match=reason) as cannot:
        carrier.rates(question(evolve(saigon, **changes), parcel(grams)))
    assert isinstance(cannot.value, CarrierCannot)


# following


def test_every_documented_status(carrier: GHNCarrier, server: GHNServer, asks: "Asks", world: "World") -> None:
    """All 23, in the words of the timeline; the driver's name and telephone number are left out."""
    assert len(STATUSES) == 23
    for n, (status, meaning) in enumerate(STATUSES.items()):
        code = carrier.buy_label(asks(f"key-{n}")).reference
        if status != "ready_to_pick":
            world.wait(minutes=5)
            server.move(code, status)
        (event,) = carrier.track(code)
        assert (event.code, event.status, event.at, event.tracking_number) == (status, meaning, world.now, code)
        assert (event.note, event.place) == ("", "")


def test_a_status_of_tomorrow_moves_nothing(carrier: GHNCarrier, server: GHNServer, asks: "Asks") -> None:
    """It is kept as GHN's word and claims no more than that there is a label."""
    code = carrier.buy_label(asks()).reference
    server.move(code, "beamed_up")
    (event,) = carrier.track(code)
    assert (event.code, event.status) == ("beamed_up", ShipmentStatus.LABELLED)


def test_a_journey(carrier: GHNCarrier, server: GHNServer, asks: "Asks", world: "World") -> None:
    """Asked for one of two parcels, the order's events are about that one."""
    label = carrier.buy_label(asks(parcels=(parcel(), parcel())))
    for status in ("picking", "picked", "transporting", "delivering", "delivery_fail", "storing", "delivered"):
        world.wait(hours=1)
        server.move(label.reference, status)
    journey = carrier.track(label.tracking_numbers[1])
    assert [event.status for event in journey][-4:] == ["out_for_delivery", "exception", "in_transit", "delivered"]
    assert {event.tracking_number for event in journey} == {label.tracking_numbers[1]}
    assert carrier.track(label.tracking_numbers[1]) == journey


@pytest.mark.parametrize("number", ["L80000", "L80000_1", "", "not a number", "L80000_x", "L8\n"])
def test_nobodys_numbers(carrier: GHNCarrier, number: str) -> None:
    """Nothing is known of them."""
    assert carrier.track(number) == []


# notices


def test_a_notice_names_its_order(carrier: GHNCarrier, server: GHNServer, asks: "Asks") -> None:
    """And the first of several parcels, by which a shipment of several is found."""
    code = carrier.buy_label(asks()).reference
    server.move(code, "picked")
    created, moved = server.notices()
    assert carrier.parse_notice(taken(created)) == carrier.parse_notice(taken(moved)) == (code, f"{code}_1")


@pytest.mark.parametrize("given", [None, "", "n0t-f0r-l0gs-s3cr3T", "é"])
def test_without_the_secret_it_is_nobodys(
    carrier: GHNCarrier, server: GHNServer, asks: "Asks", given: str | None
) -> None:
    """GHN signs nothing; the header that it was told to send is all there is."""
    raw = server.notice(carrier.buy_label(asks()).reference)
    with pytest.raises(NoticeRejected, match="x-ghn-secret does not hold the secret"):
        carrier.parse_notice(evolve(taken(raw), headers={} if given is None else {"x-ghn-secret": given}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ShopID": 886}, "another shop"),
        ({"ShopID": "885"}, "another shop"),
        ({"OrderCode": ""}, "names no order"),
        ({"OrderCode": ["L80001"]}, "names no order"),
        ({"OrderCode": "../x"}, "names no order"),
    ],
)
def test_a_notice_that_says_nothing(
    carrier: GHNCarrier, server: GHNServer, asks: "Asks", changes: dict[str, Any], reason: str
) -> None:
    """Is rejected, in spite of the secret."""
    raw = server.notice(carrier.buy_label(asks()).reference, **changes)
    with pytest.raises(NoticeRejected, match=reason):
        carrier.parse_notice(taken(raw))


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"[" * 100_000, b'"L80001"'])
def test_a_notice_that_is_none(carrier: GHNCarrier, server: GHNServer, asks: "Asks", body: bytes) -> None:
    """Not JSON, or not fields."""
    raw = server.notice(carrier.buy_label(asks()).reference)
    with pytest.raises(NoticeRejected, match="not JSON with fields"):
        carrier.parse_notice(evolve(taken(raw), body=body))


def test_without_a_secret_there_are_no_notices(elsewise: Any, server: GHNServer, asks: "Asks") -> None:
    """Nobody is believed, not even asked for."""
    carrier = elsewise(notice_secret=None)
    assert Ability.NOTICES not in carrier.abilities
    with pytest.raises(CarrierCannot, match="notices"):
        carrier.parse_notice(taken(server.notice(carrier.buy_label(asks()).reference)))


def test_the_shop_chooses_the_header(elsewise: Any, server: GHNServer, asks: "Asks") -> None:
    """Another one counts for nothing."""
    carrier = elsewise(notice_header="authorization")
    code = carrier.buy_label(asks()).reference
    with pytest.raises(NoticeRejected):
        carrier.parse_notice(taken(server.notice(code)))
    server.notice_header = "authorization"
    assert code in carrier.parse_notice(taken(server.notice(code)))


# who asks


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"token": SecretStr("wrong")}, "HTTP 401"), ({"shop_id": 1}, "CLIENT_NOT_OWNER_OF_SHOP")],
)
def test_a_wrong_token_or_shop(
    elsewise: Any, server: GHNServer, asks: "Asks", changes: dict[str, Any], reason: str
) -> None:
    """Is put right in the settings, so a shipment waits for that and is not called off."""
    carrier = elsewise(**changes)
    calls: tuple[Callable[[], object], ...] = (
        lambda: carrier.buy_label(asks()),
        lambda: carrier.void("key-1"),
        lambda: carrier.void("key-1", "L80001"),
        lambda: carrier.track("L80001"),
        lambda: carrier.rates(question(asks().destination)),
    )
    for call in calls:
        with pytest.raises(GHNRejectsToken, match=reason):
            call()
    assert server.orders() == []


def test_no_pickup_points(carrier: GHNCarrier, saigon: Address) -> None:
    """GHN's stations are where shops bring parcels."""
    assert carrier.abilities == frozenset(Ability) - {Ability.PICKUP_POINTS}
    with pytest.raises(CarrierCannot):
        carrier.pickup_points(saigon)


def test_nobody_there(elsewise: Any, asks: "Asks") -> None:
    """No connection: surely nothing happened."""
    carrier = elsewise(base_url="http://127.0.0.1:9")
    calls: tuple[Callable[[], object], ...] = (
        lambda: carrier.buy_label(asks()),
        lambda: carrier.void("key-1"),
        lambda: carrier.void("key-1", "L80001"),
    )
    for call in calls:
        with pytest.raises(GHNUnavailable, match="ConnectError"):
            call()
