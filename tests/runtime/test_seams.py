"""Hooks are checked when the shop is built; providers and plugins are found by name only."""

import pytest

from commerce.cart import Cart
from commerce.cart import hooks as cart_hooks
from commerce.kernel import Conflict
from commerce.runtime import (
    PluginNotInstalled,
    Providers,
    UnknownHook,
    UnknownProvider,
    build_hooks,
    hookimpl,
    load_plugin,
)


class Full(Conflict):
    """The plugin's own objection."""


class AtMostFive:
    @hookimpl
    def commerce_validate_cart_line(self, quantity: int) -> None:
        if quantity > 5:
            raise Full


class Misspelt:
    @hookimpl
    def commerce_validate_cart_lines(self) -> None:
        """No such hook."""


class WrongArgument:
    @hookimpl
    def commerce_validate_cart_line(self, amount: int) -> None:
        """The hook has no such argument."""


def test_a_hook_may_object() -> None:
    hooks = build_hooks([cart_hooks], [AtMostFive()])
    cart = Cart(id="c", currency="EUR")
    hooks.commerce_validate_cart_line(cart=cart, sku="X", quantity=5)
    with pytest.raises(Full):
        hooks.commerce_validate_cart_line(cart=cart, sku="X", quantity=6)


def test_a_misspelt_hook_names_the_near_one() -> None:
    with pytest.raises(UnknownHook, match=r"Misspelt.*commerce_validate_cart_lines.*commerce_validate_cart_line'"):
        build_hooks([cart_hooks], [Misspelt()])


def test_a_wrong_argument_is_refused_at_load() -> None:
    with pytest.raises(UnknownHook, match=r"WrongArgument.*amount"):
        build_hooks([cart_hooks], [WrongArgument()])


def test_a_provider_is_found_by_name() -> None:
    gateways = Providers("gateway", {"b": 2, "a": 1})
    assert gateways["b"] == 2
    assert list(gateways) == ["a", "b"]
    assert len(gateways) == 2
    with pytest.raises(UnknownProvider, match=r"no gateway named 'c': this shop has \('a', 'b'\)"):
        gateways["c"]


def test_a_missing_plugin_lists_the_installed() -> None:
    with pytest.raises(PluginNotInstalled, match="plugin 'no-such' is not installed: installed are"):
        load_plugin("no-such", {})
