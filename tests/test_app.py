"""One object wires a shop: lazily, once, typed, and nothing is loaded that was not named."""

import subprocess
import sys
import threading
from collections.abc import Mapping

import pytest

import commerce
from commerce import Commerce
from commerce.adapters.flat_rate import FlatRateCarrier
from commerce.adapters.manual_gateway import ManualGateway
from commerce.app import DuplicateProvider
from commerce.payments import PaymentGateway
from commerce.runtime import PluginNotInstalled, UnknownHook, hookimpl
from commerce.shipping import Carrier
from commerce.testing.builders import a_cart, a_shop


def test_every_name_of_the_face_is_there_and_sorted() -> None:
    assert commerce.__all__ == sorted(commerce.__all__)
    assert all(getattr(commerce, name) is not None for name in commerce.__all__)
    with pytest.raises(AttributeError):
        _ = commerce.nothing


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = "{'sqlalchemy', 'pydantic', 'httpx', 'moneyed', 'attrs', 'pluggy', 'whoosh'}"
    code = f"import sys, commerce; sys.exit(len({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_shop_loads_no_technology_that_it_does_not_use() -> None:
    code = "import sys; from commerce import Commerce; Commerce().cart.open(); sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_ten_shops_fit_in_one_process() -> None:
    shops = [a_shop() for _ in range(10)]
    orders = [shop.checkout.place_order(a_cart(shop).id, gateway="manual", key="click").order for shop in shops]
    assert len({order.id for order in orders}) == 10
    assert all(len(shop.orders.list().items) == 1 for shop in shops)


def test_parts_are_built_once_however_many_ask_first() -> None:
    shop, seen, together = Commerce(), [], threading.Barrier(16)

    def ask() -> None:
        together.wait()
        seen.append((id(shop.bus), id(shop.catalog), id(shop.search)))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 1


def test_a_plugin_that_is_not_installed_is_named_beside_those_that_are() -> None:
    with pytest.raises(PluginNotInstalled, match=r"plugin 'strip' is not installed: installed are \(.*'stripe'"):
        Commerce(plugins={"strip": {}})


def test_a_misspelt_hook_fails_when_the_shop_is_built() -> None:
    class Typo:
        @hookimpl
        def commerce_validate_ordr(self) -> None: ...

    with pytest.raises(UnknownHook, match="commerce_validate_order"):
        Commerce(hooks=[Typo()])


def test_a_hook_that_asks_for_what_it_does_not_get_fails_too() -> None:
    class Wrong:
        @hookimpl
        def commerce_validate_order(self, draft: object, weather: object) -> None: ...

    with pytest.raises(UnknownHook, match="weather"):
        Commerce(hooks=[Wrong()])


def test_plugins_offer_providers_and_two_of_one_name_are_refused() -> None:
    class Offers:
        @hookimpl
        def commerce_payment_gateways(self) -> Mapping[str, PaymentGateway]:
            return {"cash": ManualGateway()}

        @hookimpl
        def commerce_carriers(self) -> Mapping[str, Carrier]:
            return {"bike": FlatRateCarrier()}

    shop = Commerce(hooks=[Offers()])
    assert list(shop.payments.gateways) == ["cash", "manual"]
    assert list(shop.shipping.carriers) == ["bike", "flat_rate"]
    with pytest.raises(DuplicateProvider, match="two gateways are named 'cash'"):
        _ = Commerce(hooks=[Offers()], gateways={"cash": ManualGateway()}).payments


def test_a_worker_delivers_what_an_outside_relay_left() -> None:
    shop = a_shop(inline=False)
    order = shop.checkout.place_order(a_cart(shop).id, gateway="manual", key="click").order
    assert order.payment == "authorized", "the order learns of the capture from the worker"
    assert shop.timers.run().delivered > 0
    assert shop.orders.get(order.id).payment == "paid"
    assert shop.storage.outbox.pending() == 0
