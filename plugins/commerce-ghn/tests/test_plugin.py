"""The plugin: how it is set up, what it refuses, and that its secrets and other people's data stay with it."""

import logging
import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import commerce_ghn
import httpx
import pytest
from attrs import evolve
from commerce_ghn import GHNCarrier, GHNMisconfigured, GHNPlugin, GHNSettings

from commerce.kernel import CommerceError
from commerce.shipping import CarrierNotice
from commerce.testing.carriers.ghn import GHNServer
from commerce.testing.serving import HttpFault

if TYPE_CHECKING:
    from conftest import Asks

SECRETS = "n0t-f0r-l0gs-t0ken", "n0t-f0r-l0gs-s3cr3t"

GOOD: dict[str, Any] = {
    "token": SECRETS[0],
    "shop_id": 885,
    "base_url": "https://ghn.example",
    "phone": "02871000000",
    "notice_secret": SECRETS[1],
}


def test_it_offers_its_carrier_by_name() -> None:
    """Two shops at GHN are two plugins with two names, which their carriers and errors have too."""
    plain, named = GHNPlugin(**GOOD), GHNPlugin(**GOOD, name="ghn-hanoi")
    assert plain.commerce_carriers() == {"ghn": plain.carrier}
    assert named.commerce_carriers() == {"ghn-hanoi": named.carrier}
    assert named.carrier.name == "ghn-hanoi"
    plain.close()
    named.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": ""},
        {"shop_id": 0},
        {"base_url": "ghn.example"},
        {"base_url": "https://ghn.example/shiip"},
        {"phone": "somewhere"},
        {"paper": "A4"},
        {"required_note": "MAYBE"},
        {"address_levels": 4},
        {"declared_value": 5_000_001},
        {"declared_value": -1},
        {"default_dimensions_mm": (1, 2)},
        {"default_dimensions_mm": (1, 2, 2_001)},
        {"notice_secret": "short"},
        {"notice_header": "X-GHN"},
        {"timeout": 0},
        {"tokn": SECRETS[0]},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    """When the shop is built, naming the setting and not what was set."""
    with pytest.raises(GHNMisconfigured, match=next(iter(wrong))) as refused:
        GHNPlugin(**{**GOOD, **wrong})
    told = f"{refused.value!s} {refused.value!r} {refused.value.__context__!r} {refused.value.details}"
    assert not any(secret in told for secret in SECRETS)


def test_missing_settings_are_named() -> None:
    """All of them at once."""
    with pytest.raises(GHNMisconfigured, match=r"token.*shop_id.*base_url.*phone"):
        GHNPlugin()


def test_the_front_door_is_complete() -> None:
    """Everything public is in ``__all__``, sorted."""
    assert commerce_ghn.__all__ == sorted(commerce_ghn.__all__)
    assert all(hasattr(commerce_ghn, name) for name in commerce_ghn.__all__)


def test_what_is_nobodys_business_stays_inside(
    carrier: GHNCarrier, settings: GHNSettings, server: GHNServer, asks: "Asks", caplog: pytest.LogCaptureFixture
) -> None:
    """Token, secret, what opens a label, and who lives where: not in reprs, logs of every level, or errors."""
    caplog.set_level(logging.DEBUG)
    seen: list[object] = [carrier, vars(carrier), settings, settings.model_dump_json()]

    def catch(call: Callable[[], object]) -> None:
        try:
            seen.append(call())
        except CommerceError as error:
            seen.extend([error, error.details, error.__cause__, error.__context__])

    wish = asks()
    label = carrier.buy_label(wish)
    for fault in (*HttpFault, None):
        for path in ("*/create", "*/gen-token", "*/printA5", "*/cancel"):
            server.script(fault, path=path)
        for _ in range(4):
            catch(lambda: carrier.buy_label(wish))
            catch(lambda: carrier.buy_label(evolve(wish, key="key-2")))
    server.reset()
    catch(lambda: carrier.buy_label(evolve(wish, key="key-3", destination=evolve(wish.destination, phone="12345 678"))))
    catch(lambda: carrier.buy_label(evolve(wish, key="key-4", destination=evolve(wish.destination, city="Phường 14"))))
    server.move(label.reference, "picked")
    catch(lambda: carrier.void("key-1", label.reference))
    catch(lambda: carrier.track(label.reference))
    catch(lambda: carrier.parse_notice(CarrierNotice(body=b"", headers={"x-ghn-secret": SECRETS[0]})))
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")]
    text = " ".join([*(f"{thing!r} {thing!s}" for thing in seen), *ours])
    assert any("HTTP Request" in message for message in ours)
    personal = ("Minh Anh", "987654321", "Lê Thánh Tôn", "12345678", "Phường 14", "0967000000", "Xuân Hà")
    assert [word for word in (*SECRETS, "print-token", *personal) if word in text] == []


def test_connections_are_given_back() -> None:
    """Those of its own, and of the page to print as well."""
    plugin = GHNPlugin(**GOOD)
    plugin.close()
    with pytest.raises(RuntimeError, match="closed"):
        plugin.carrier.track("L80001")


def test_the_network_can_be_replaced(server: GHNServer, asks: "Asks") -> None:
    """A proxy is a transport, and every call goes through it."""
    asked: list[str] = []

    class Noting(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            asked.append(request.url.path.rpartition("/")[2])
            return super().handle_request(request)

    plugin = GHNPlugin(**{**GOOD, "base_url": server.url}, transport=Noting())
    plugin.carrier.buy_label(asks())
    plugin.close()
    assert asked == ["detail-by-client-code", "create", "gen-token", "printA5"]


def test_errors_travel() -> None:
    """They pickle, print and compare, as all errors do."""
    for error in (
        commerce_ghn.GHNUnavailable(carrier="ghn", call="order", reason="HTTP 429"),
        commerce_ghn.GHNRejectsToken(carrier="ghn", reason="HTTP 401"),
        commerce_ghn.GHNVoidUnknown(carrier="ghn", reason="ReadTimeout"),
        commerce_ghn.GHNCannotPrice(carrier="ghn", ability="rates", reason="the address lacks city (ward)"),
        GHNMisconfigured(problems="token: missing"),
    ):
        assert pickle.loads(pickle.dumps(error)) == error  # noqa: S301 - our own
        assert error.details.get("reason", "token") in str(error)
