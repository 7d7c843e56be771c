"""The stand-in is strict: it takes what EasyPost takes, and says no in EasyPost's words."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from commerce_easypost import EasyPostCarrier

from commerce.testing.carriers.easypost import EasyPostServer

if TYPE_CHECKING:
    from conftest import Asker

PLACE = {"street1": "179 N Harbor Dr", "city": "Redondo Beach", "state": "CA", "zip": "90277", "country": "US"}
WISH: dict[str, Any] = {
    "to_address": {"name": "Ada", **PLACE},
    "from_address": {"company": "Tees", **PLACE},
    "parcel": {"weight": "17.7"},
}
Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def call(server: EasyPostServer) -> Iterator[Call]:
    """A client that is not the plugin's."""
    with httpx.Client(base_url=f"{server.url}/v2", auth=(server.api_key, "")) as client:

        def call(method: str, path: str, **sent: Any) -> tuple[int, Any]:
            answer = client.request(method, path, **sent)
            return answer.status_code, answer.json()

        yield call


def refused(answer: tuple[int, Any]) -> tuple[int, str, list[str]]:
    status, body = answer
    return status, body["error"]["code"], [problem["field"] for problem in body["error"]["errors"]]


def made(call: Call, **changes: Any) -> Any:
    status, shipment = call("POST", "/shipments", json={"shipment": {**WISH, **changes}})
    assert status == 201
    return shipment


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"colour": "red"}, (422, "PARAMETER.FORBIDDEN", ["shipment.colour"])),
        ({"to_address": None}, (422, "PARAMETER.REQUIRED", ["to_address"])),
        ({"to_address": {**PLACE, "fax": "1"}}, (422, "PARAMETER.FORBIDDEN", ["to_address.fax"])),
        ({"to_address": {**PLACE, "name": ""}}, (422, "ADDRESS.PARAMETERS.INVALID", ["to_address.name"])),
        ({"from_address": {**PLACE, "zip": "9"}}, (422, "ADDRESS.PARAMETERS.INVALID", ["from_address.zip"])),
        ({"from_address": {**PLACE, "country": "USA"}}, (422, "ADDRESS.COUNTRY.INVALID", ["from_address.country"])),
        ({"parcel": None}, (422, "PARAMETER.REQUIRED", ["parcel"])),
        ({"parcel": {"length": "1"}}, (422, "PARAMETER.REQUIRED", ["parcel.weight"])),
        ({"parcel": {"weight": "0.0"}}, (422, "PARCEL.PARAMETERS.INVALID", ["parcel.weight"])),
        ({"parcel": {"weight": "1.25"}}, (422, "PARCEL.PARAMETERS.INVALID", ["parcel.weight"])),
        ({"parcel": {"weight": "1", "length": "2"}}, (422, "PARCEL.PARAMETERS.INVALID", ["parcel"])),
        ({"options": {"label_format": "JPG"}}, (422, "SHIPMENT.OPTIONS.INVALID", [])),
        ({"options": {"gift": "yes"}}, (422, "PARAMETER.FORBIDDEN", ["options.gift"])),
        ({"carrier_accounts": ["ca_x"]}, (422, "SHIPMENT.RATE.CARRIER_ACCOUNT_INVALID", [])),
    ],
)
def test_a_shipment_is_checked(
    server: EasyPostServer, call: Call, changes: Any, says: tuple[int, str, list[str]]
) -> None:
    assert refused(call("POST", "/shipments", json={"shipment": {**WISH, **changes}})) == says
    assert server.shipments == {}


def test_the_door_is_checked(server: EasyPostServer, call: Call) -> None:
    assert refused(call("GET", "/shipments", auth=("wrong", ""))) == (401, "UNAUTHORIZED", [])
    assert refused(call("POST", "/shipments", json={})) == (422, "PARAMETER.REQUIRED", ["shipment"])
    assert refused(call("POST", "/shipments", content=b"{")) == (400, "BAD_REQUEST", [])
    assert refused(call("GET", "/shipments/shp_nobody")) == (404, "NOT_FOUND", [])
    assert refused(call("DELETE", "/shipments")) == (404, "NOT_FOUND", [])
    assert refused(call("GET", "/shipments?page_size=101")) == (422, "PARAMETER.INVALID", ["page_size"])
    assert refused(call("GET", "/shipments?colour=red")) == (422, "PARAMETER.FORBIDDEN", ["query.colour"])


def test_a_shipment_is_bought_once(server: EasyPostServer, call: Call) -> None:
    """At a rate of its own."""
    one, other = made(call), made(call)
    buy = f"/shipments/{one['id']}/buy"
    assert refused(call("POST", buy, json={})) == (422, "PARAMETER.REQUIRED", ["rate"])
    foreign = {"rate": {"id": other["rates"][0]["id"]}}
    assert refused(call("POST", buy, json=foreign)) == (422, "SHIPMENT.MISSING_RATE", [])
    rate = {"rate": {"id": one["rates"][0]["id"]}}
    status, bought = call("POST", buy, json=rate)
    assert (status, bought["selected_rate"]["rate"]) == (200, one["rates"][0]["rate"])
    assert refused(call("POST", buy, json=rate)) == (422, "SHIPMENT.POSTAGE.EXISTS", [])
    assert server.bought == [one["id"]]


def test_a_label_wants_names_and_streets(server: EasyPostServer, call: Call) -> None:
    """A rate does not."""
    for changes, code in [
        ({"to_address": PLACE}, "SHIPMENT.MISSING_INFORMATION"),
        ({"from_address": {"name": "Ada", "zip": "90277", "country": "US"}}, "ADDRESS.PARAMETERS.INVALID"),
        ({"to_address": {"name": "Ada", **PLACE, "country": "CA", "zip": "K1A"}}, "SHIPMENT.CUSTOMS_INFO.REQUIRED"),
    ]:
        shipment = made(call, **changes)
        answer = call("POST", f"/shipments/{shipment['id']}/buy", json={"rate": {"id": shipment["rates"][0]["id"]}})
        assert refused(answer)[1] == code
    assert server.bought == []


def test_a_rate_lives_until_the_next_rating(server: EasyPostServer, call: Call) -> None:
    shipment = made(call)
    status, fresh = call("POST", f"/shipments/{shipment['id']}/rerate", json={})
    assert status == 200
    old = {"rate": {"id": shipment["rates"][0]["id"]}}
    assert refused(call("POST", f"/shipments/{shipment['id']}/buy", json=old))[1] == "SHIPMENT.MISSING_RATE"
    assert call("POST", f"/shipments/{shipment['id']}/buy", json={"rate": {"id": fresh["rates"][0]["id"]}})[0] == 200


def test_a_reference_is_no_key(server: EasyPostServer, call: Call) -> None:
    """Two may have it; the newest is found."""
    first, second = made(call, reference="r"), made(call, reference="r")
    assert first["id"] != second["id"] == call("GET", "/shipments/r")[1]["id"]


def test_lists_are_of_what_is_bought_newest_first(server: EasyPostServer, call: Call) -> None:
    """Unless one asks for the others."""
    ids = [made(call)["id"] for _ in range(3)]
    assert call("GET", "/shipments")[1] == {"shipments": [], "has_more": False}
    page = call("GET", "/shipments?purchased=false&page_size=2")[1]
    assert ([s["id"] for s in page["shipments"]], page["has_more"]) == ([ids[2], ids[1]], True)
    rest = call("GET", f"/shipments?purchased=false&page_size=2&before_id={ids[1]}")[1]
    assert ([s["id"] for s in rest["shipments"]], rest["has_more"]) == ([ids[0]], False)
    assert call("GET", "/shipments?purchased=false&end_datetime=2020-01-01T00:00:00Z")[1]["shipments"] == []


def test_only_what_was_bought_is_given_back(server: EasyPostServer, call: Call) -> None:
    shipment = made(call)
    refund = f"/shipments/{shipment['id']}/refund"
    assert refused(call("POST", refund, json={})) == (422, "SHIPMENT.POSTAGE.REQUIRED", [])
    call("POST", f"/shipments/{shipment['id']}/buy", json={"rate": {"id": shipment["rates"][0]["id"]}})
    assert call("POST", refund, json={})[1]["refund_status"] == "submitted"
    server.settle_refund(shipment["id"], "refunded")
    assert call("POST", refund, json={})[1]["refund_status"] == "refunded"


def test_files_are_of_labels(server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker") -> None:
    """Anybody who knows the address gets them."""
    carrier.buy_label(ask())
    assert httpx.get(server.shipments[server.bought[0]]["postage_label"]["label_url"]).content.startswith(b"%PDF")
    assert httpx.get(f"{server.url}/files/shp_nobody.pdf").status_code == 403
