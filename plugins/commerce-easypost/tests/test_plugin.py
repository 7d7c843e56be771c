"""The plugin: how it is set up, what it refuses, and that its key stays with it."""

import logging
import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import commerce_easypost
import pytest
from commerce_easypost import EasyPostCarrier, EasyPostMisconfigured, EasyPostPlugin

from commerce.kernel import Address, CommerceError
from commerce.shipping import Ability, CarrierCannot
from commerce.testing.carriers.easypost import EasyPostServer
from commerce.testing.serving import HttpFault

if TYPE_CHECKING:
    from conftest import Asker

KEY, SECRET = "EZAK-n0t-f0r-l0gs", "n0t-f0r-l0gs-s3cr3t"
GOOD: dict[str, Any] = {"api_key": KEY, "webhook_secret": SECRET}


def test_it_offers_its_carrier_by_name() -> None:
    """Two accounts are two plugins with two names."""
    plain, named = EasyPostPlugin(**GOOD), EasyPostPlugin(**GOOD, name="easypost-eu")
    assert plain.commerce_carriers() == {"easypost": plain.carrier}
    assert named.commerce_carriers() == {"easypost-eu": named.carrier}
    assert named.carrier.name == "easypost-eu"
    plain.close()
    named.close()


def test_it_says_what_it_can(carrier: EasyPostCarrier) -> None:
    """Everything but pickup points; without a secret no notices either."""
    assert carrier.abilities == frozenset(Ability) - {Ability.PICKUP_POINTS}
    with pytest.raises(CarrierCannot):
        carrier.pickup_points(Address(country="US"))
    silent = EasyPostPlugin(api_key=KEY)
    assert silent.carrier.abilities == carrier.abilities - {Ability.NOTICES}
    silent.close()


def test_a_sender_is_an_address_or_its_fields() -> None:
    """As a shop writes it in a file of settings."""
    fields = {"country": "us", "postal_code": "94104", "lines": ["417 Montgomery Street"], "company": "Tees"}
    written = EasyPostPlugin(**GOOD, sender=fields)
    address = Address(country="US", postal_code="94104", lines=("417 Montgomery Street",), company="Tees")
    assert written.settings.sender == address == EasyPostPlugin(**GOOD, sender=address).settings.sender


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_key": ""},
        {"api_key": None},
        {"webhook_secret": ""},
        {"sender": {"country": "USA"}},
        {"sender": {"country": "US", "zip": "94104"}},
        {"sender": "417 Montgomery Street"},
        {"carrier_accounts": ["usps"]},
        {"carrier_accounts": [f"ca_{n}" for n in range(61)]},
        {"label_format": "jpg"},
        {"base_url": "https://api.easypost.com/v2"},
        {"base_url": "http://api.easypost.com"},
        {"timeout": 0},
        {"timeout": 121},
        {"connect_timeout": -1},
        {"name": ""},
        {"api_kee": KEY},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    """When the shop is built, naming the setting and not what was set."""
    with pytest.raises(EasyPostMisconfigured, match=next(iter(wrong))) as refused:
        EasyPostPlugin(**{**GOOD, **wrong})
    told = f"{refused.value!s} {refused.value!r} {refused.value.__context__!r} {refused.value.details}"
    assert not any(word in told for word in (KEY, SECRET, "Montgomery"))


def test_the_front_door_is_complete() -> None:
    """Everything public is in ``__all__``, sorted."""
    assert commerce_easypost.__all__ == sorted(commerce_easypost.__all__)
    assert all(hasattr(commerce_easypost, name) for name in commerce_easypost.__all__)


def test_keys_and_people_stay_inside(
    server: EasyPostServer, carrier: EasyPostCarrier, ask: "Asker", caplog: pytest.LogCaptureFixture
) -> None:
    """Not in reprs, logs of every level, errors or what lies in them."""
    caplog.set_level(logging.DEBUG)
    seen: list[object] = []

    def catch(call: Callable[[], object]) -> None:
        try:
            seen.append(call())
        except CommerceError as error:
            seen.extend([error, error.details, error.__cause__, error.__context__])

    for fault in HttpFault:
        if fault is not HttpFault.STALLED:
            server.script(fault, method="POST", path="*/buy")
            catch(lambda: carrier.buy_label(ask()))
            server.script(fault, method="POST", path="/v2/shipments")
            catch(lambda: carrier.rates(ask.rates()))
    server.decline_next()
    catch(lambda: carrier.buy_label(ask(key=f"{ask.key}-2")))
    catch(lambda: carrier.parse_notice(ask.notice(server.sign(b"no event"))))
    catch(lambda: carrier.buy_label(ask()))
    seen += [carrier, vars(carrier), EasyPostPlugin(**GOOD).settings, EasyPostPlugin(**GOOD).settings.model_dump_json()]
    text = " ".join(f"{thing!r} {thing!s}" for thing in seen) + caplog.text
    assert "HTTP Request" in caplog.text
    assert not any(word in text for word in (KEY, SECRET, server.api_key, server.webhook_secret))
    assert not any(word in text for word in ("Zebulon", "Harbor", "8573875756", "zebulon@"))
    # The label has the address of whoever gets the parcel, and whoever has its own address can look at it.
    labels = [label["label_url"] for sold in server.bought if (label := server.shipments[sold]["postage_label"])]
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")]
    assert labels
    assert not any(url in message for url in labels for message in logged)


def test_errors_travel() -> None:
    """They pickle, print and compare, as all errors do."""
    for error in (
        commerce_easypost.EasyPostUnavailable(carrier="easypost", reason="RATE_LIMITED"),
        commerce_easypost.EasyPostUnknown(carrier="easypost", reason="ReadTimeout"),
        commerce_easypost.EasyPostCannotQuote(carrier="easypost", ability="rates", reason="no sender"),
        EasyPostMisconfigured(problems="api_key: missing"),
    ):
        assert pickle.loads(pickle.dumps(error)) == error  # noqa: S301 - our own
        assert str(error)
