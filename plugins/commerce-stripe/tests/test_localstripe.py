"""The gateway against `localstripe`, which others wrote from Stripe's documents.

Only what that does right is asked: it keeps no idempotency keys, refunds more than was charged, and captures
what was cancelled.
"""

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import evolve
from commerce_stripe import StripeGateway, StripePlugin

from commerce.kernel import Money
from commerce.payments import (
    ActionRequired,
    AuthorizeRequest,
    DeclineCode,
    Declined,
    GatewayAnswer,
    OperationKind,
    OperationStatus,
    Succeeded,
)
from commerce.testing.conformance.gateway import Desk

pytestmark = pytest.mark.skipif(find_spec("localstripe") is None, reason="localstripe is not installed")

HUNDRED = Money("100.00", "EUR")
_SERVE = """
import socket, sys
from aiohttp import web
from localstripe import resources, server
resources.Store.dump_to_disk = lambda self: None
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
web.run_app(server.app, sock=listening, print=None)
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("localstripe")
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _SERVE],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


@pytest.fixture(scope="module")
def local(url: str) -> Iterator[StripeGateway]:
    plugin = StripePlugin(secret_key="sk_test_12345", base_url=url)
    yield plugin.gateway
    plugin.close()


def card(url: str, number: str) -> str:
    """A payment method for a test card."""
    fields = {"type": "card", "card[number]": number, "card[cvc]": "123", "card[exp_month]": "12"}
    answer = httpx.post(
        f"{url}/v1/payment_methods",
        data={**fields, "card[exp_year]": "2030"},
        headers={"authorization": "Bearer sk_test_12345"},
    )
    return str(answer.json()["id"])


class PlainGateway:
    """localstripe knows neither descriptions nor return URLs."""

    def __init__(self, gateway: StripeGateway) -> None:
        self.gateway = gateway

    def authorize(self, request: AuthorizeRequest) -> GatewayAnswer:
        return self.gateway.authorize(evolve(request, description="", return_url=""))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.gateway, name)


@pytest.fixture
def desk(local: StripeGateway, url: str) -> Desk:
    return Desk(PlainGateway(local), HUNDRED, card(url, "4242424242424242"))


def kept(url: str, path: str) -> Any:
    """What localstripe has of it. Its intents do not tell how much was captured."""
    return httpx.get(f"{url}{path}", headers={"authorization": "Bearer sk_test_12345"}).json()


def test_holds_and_takes(desk: Desk, url: str) -> None:
    assert isinstance(desk.authorize(), Succeeded)
    assert desk.total(OperationKind.AUTHORIZE) == HUNDRED
    assert kept(url, f"/v1/payment_intents/{desk.reference}")["status"] == "requires_capture"
    assert isinstance(desk.ask(OperationKind.CAPTURE, HUNDRED, "c"), Succeeded)
    assert kept(url, f"/v1/payment_intents/{desk.reference}")["status"] == "succeeded"


def test_takes_at_once_and_refunds(desk: Desk, url: str) -> None:
    assert isinstance(desk.authorize(capture=True), Succeeded)
    answer = desk.ask(OperationKind.REFUND, Money("40.00", "EUR"), "r")
    assert isinstance(answer, Succeeded)
    refund = kept(url, f"/v1/refunds/{answer.reference}")
    assert (refund["amount"], refund["currency"], refund["payment_intent"]) == (4000, "eur", desk.reference)


def test_voids(desk: Desk) -> None:
    desk.authorize()
    assert isinstance(desk.ask(OperationKind.VOID, HUNDRED, "v"), Succeeded)
    assert desk.total(OperationKind.VOID) == HUNDRED


def test_declines(local: StripeGateway, url: str) -> None:
    answer = Desk(PlainGateway(local), HUNDRED, card(url, "4000000000000341")).authorize()
    assert isinstance(answer, Declined)
    assert answer.code is DeclineCode.DECLINED


def test_waits_for_3d_secure(local: StripeGateway, url: str) -> None:
    desk = Desk(PlainGateway(local), HUNDRED, card(url, "4000002500003155"))
    answer = desk.authorize()
    assert isinstance(answer, ActionRequired)
    assert desk.fetch().operations[0].status is OperationStatus.WAITING
    httpx.post(
        f"{url}/v1/payment_intents/{desk.reference}/_authenticate",
        data={"client_secret": answer.action.token, "success": "true"},
        headers={"authorization": "Bearer sk_test_12345"},
    )
    assert desk.total(OperationKind.AUTHORIZE) == HUNDRED
