"""No card number enters, and none is logged."""

import io
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commerce.app import Commerce
from commerce.flows import NewUnits, OrderEdit
from commerce.kernel import Address, CommerceError, Money
from commerce.kernel.cards import CardNumberFilter, CardNumberRefused, mask_card_numbers, refuse_card_numbers
from commerce.orders import CancelReason
from commerce.returns import ReturnableLine, ReturnWish
from commerce.shipping import ShipmentLine, ShipmentStatus, TrackingEvent
from commerce.testing.builders import BERLIN, a_cart, a_shop

CARD = "4111111111111111"
WRITTEN = {
    "plain": CARD,
    "spaced": "4111 1111 1111 1111",
    "dashed": "4111-1111-1111-1111",
    "with typographic dashes": "4111\u20131111\u20131111\u20131111",
    "with narrow spaces": "4111\u202f1111\u202f1111\u202f1111",
    "with spaces around dashes": "4111 - 1111 - 1111 - 1111",
    "with marks that nobody sees": "4111\u200b1111\u200b1111\u200b1111",
    "in full-width digits": "".join(chr(ord(digit) + 0xFEE0) for digit in CARD),
    "in Arabic-Indic digits": "".join(chr(ord(digit) - ord("0") + 0x0660) for digit in CARD),
    "between words": f"card {CARD}, exp 12/29",
    "in a word": f"x{CARD}y",
    "of 15 digits": "3782 822463 10005",
    "of 19 digits": "6304 0000 0000 0000 000",
}


def with_check_digit(digits: str) -> str:
    doubled = [sum(divmod(2 * int(d), 10)) for d in digits[::-2]]
    plain = [int(d) for d in digits[-2::-2]]
    return digits + str(-(sum(doubled) + sum(plain)) % 10)


cards = st.text("0123456789", min_size=12, max_size=18).map(with_check_digit)
words = st.text("abc .,:/\n", max_size=8)


@given(cards, st.sampled_from(["", " ", "-", " - ", "\u00a0", "\u2011"]), st.integers(1, 6), words, words)
@example(CARD, " ", 4, "", "")
def test_card_numbers_are_found_and_masked(card: str, gap: str, size: int, before: str, after: str) -> None:
    """Of 13 to 19 digits, grouped or not, anywhere in a text; not repeated in the error, and nothing else is lost."""
    written = gap.join(card[n : n + size] for n in range(0, len(card), size))
    with pytest.raises(CardNumberRefused) as caught:
        refuse_card_numbers(f"{before}{written}{after}", field="note")
    assert str(caught.value) == "note holds a card number: send the gateway's token instead"
    assert mask_card_numbers(f"{before}{written}{after}") == f"{before}[card number]{after}"


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_however_it_is_written(written: str) -> None:
    with pytest.raises(CardNumberRefused):
        refuse_card_numbers(written)


@given(cards, st.integers(1, 9), words, words)
def test_a_wrong_check_digit_is_no_card(card: str, off: int, before: str, after: str) -> None:
    text = f"{before}{card[:-1]}{(int(card[-1]) + off) % 10}{after}"
    assert refuse_card_numbers(text) == text
    assert mask_card_numbers(text) == text


@given(st.text("0123456789", max_size=12) | st.text("0123456789", min_size=20))
def test_short_and_long_numbers_stay(text: str) -> None:
    assert refuse_card_numbers(text) == text


@given(st.uuids())
@example(UUID("01934567-8901-7234-8567-123456789012"))
def test_identifiers_stay(id: UUID) -> None:
    text = f"order {id} {id.hex}a"
    assert refuse_card_numbers(text) == text


def test_a_long_text_is_looked_through_once() -> None:
    """Each digit is summed once, however many groups a number may begin or end with."""
    text = "1 " * 100_000
    assert refuse_card_numbers(text) == text


# Logs.


def logged(log: Callable[[logging.Logger], None]) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s %(note)s", defaults={"note": ""}))
    handler.addFilter(CardNumberFilter())
    logger = logging.Logger("cards")  # noqa: LOG001 - of this test alone
    logger.addHandler(handler)
    log(logger)
    return stream.getvalue()


def fail(logger: logging.Logger) -> None:
    try:
        int(f"card {CARD}")
    except ValueError:
        logger.exception("paying failed")


@pytest.mark.parametrize(
    "log",
    [
        lambda logger: logger.info("paid with 4111 1111 1111 1111"),
        lambda logger: logger.info("paid with %s", CARD),
        lambda logger: logger.info("paid with %d", int(CARD)),
        lambda logger: logger.info("paid with %s %s", "4111 1111", "1111 1111"),
        lambda logger: logger.info("%(card)s", {"card": CARD}),
        lambda logger: logger.info({"card": [CARD]}),
        lambda logger: logger.info("paid", extra={"note": {"cards": [(CARD,), int(CARD)], "count": 1}}),
        lambda logger: logger.info("paid", stack_info=bool(CARD)),
        fail,
    ],
)
def test_no_record_holds_one(log: Callable[[logging.Logger], None]) -> None:
    """Neither message, arguments, extra fields nor traceback."""
    told = logged(log)
    assert told
    assert CARD not in told
    assert "4111 1111" not in told


def test_other_records_stay_as_they_are() -> None:
    assert (
        logged(lambda logger: logger.info("order %s took %.2f s", "2026-1001", 0.25))
        == "order 2026-1001 took 0.25 s \n"
    )


def test_arguments_that_do_not_fit_are_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    """The handler complains, as it does without the filter, and names no card."""
    logged(lambda logger: logger.info("paid %s %s", CARD))  # noqa: PLE1206 - on purpose
    told = capsys.readouterr().err
    assert "not enough arguments" in told
    assert f"Arguments: ('{CARD}'" not in told


# Every free text behind a front door.

_AT = datetime.now(UTC)
_LINES = (ReturnableLine(line_id="l1", sku="TEE-M", delivered=1, delivered_at=_AT),)


def _address(name: str, text: str) -> Address:
    return Address(country="DE", **{name: (text,) if name == "lines" else text})  # type: ignore[arg-type]


def _customer(shop: Commerce) -> str:
    return shop.customers.register("known", "ada@example.com").id


def _order(shop: Commerce) -> str:
    cart = a_cart(shop, {"CANDLE": 1})
    return shop.checkout.place_order(cart.id, gateway="manual", key=cart.id, email="ada@example.com").order.id


def _pay(shop: Commerce, text: str, **more: object) -> object:
    told = {"order_ref": "o1", "amount": Money("1", "EUR"), "gateway": "manual", **more}
    return shop.payments.authorize("key-1", **told)  # type: ignore[arg-type]


PLACES: dict[str, Callable[[Commerce, str], object]] = {
    **{
        f"kernel.Address.{name}": lambda _, text, name=name: _address(name, text)  # type: ignore[misc]
        for name in ("region", "postal_code", "city", "lines", "name", "company", "phone", "email")
    },
    "cart.open(channel)": lambda shop, text: shop.cart.open(channel=text),
    "cart.open(customer_id)": lambda shop, text: shop.cart.open(customer_id=text),
    "cart.add_code(code)": lambda shop, text: shop.cart.add_code(shop.cart.open().id, text),
    "cart.set_customer(email)": lambda shop, text: shop.cart.set_customer(
        shop.cart.open().id, customer_id=None, email=f"{text}@example.com"
    ),
    "cart.deliver_to(shipping_method)": lambda shop, text: shop.cart.deliver_to(
        shop.cart.open().id, BERLIN, shipping_method=text
    ),
    "checkout.place_order(email)": lambda shop, text: shop.checkout.place_order(
        a_cart(shop).id, gateway="manual", key="key-1", email=f"{text}@example.com"
    ),
    "checkout.place_order(token)": lambda shop, text: shop.checkout.place_order(
        a_cart(shop).id, gateway="manual", key="key-1", email="ada@example.com", token=text
    ),
    "editing.commit(token)": lambda shop, text: shop.editing.commit(
        _order(shop), OrderEdit(add=(NewUnits(sku="MUG"),)), gateway="manual", key="key-2", token=text
    ),
    "editing.commit(gateway)": lambda shop, text: shop.editing.commit(
        _order(shop), OrderEdit(add=(NewUnits(sku="MUG"),)), gateway=text, key="key-2"
    ),
    "orders.cancel(note)": lambda shop, text: shop.orders.cancel(
        _order(shop), "key-2", reason=CancelReason.CUSTOMER, note=text
    ),
    "orders.hold(reason)": lambda shop, text: shop.orders.hold(_order(shop), "key-2", reason=text),
    "customers.register(email)": lambda shop, text: shop.customers.register("key-1", f"{text}@example.com"),
    "customers.register(name)": lambda shop, text: shop.customers.register("key-1", "a@example.com", name=text),
    "customers.change(name)": lambda shop, text: shop.customers.change(_customer(shop), name=text),
    "customers.set_groups(group)": lambda shop, text: shop.customers.set_groups(_customer(shop), [text]),
    "customers.add_address(label)": lambda shop, text: shop.customers.add_address(
        _customer(shop), "key-1", BERLIN, label=text
    ),
    "customers.consent(purpose)": lambda shop, text: shop.customers.consent(_customer(shop), text, granted=True),
    "customers.consent(source)": lambda shop, text: shop.customers.consent(
        _customer(shop), "news", granted=True, source=text
    ),
    "payments.authorize(order_ref)": lambda shop, text: _pay(shop, text, order_ref=text),
    "payments.authorize(token)": lambda shop, text: _pay(shop, text, token=text),
    "payments.authorize(customer_ref)": lambda shop, text: _pay(shop, text, customer_ref=text),
    "payments.authorize(description)": lambda shop, text: _pay(shop, text, description=text),
    "payments.authorize(metadata)": lambda shop, text: _pay(shop, text, metadata={"note": text}),
    "payments.authorize(metadata name)": lambda shop, text: _pay(shop, text, metadata={text: "note"}),
    "returns.request(note)": lambda shop, text: shop.returns.request(
        "key-1", "order-1", [ReturnWish(line_id="l1", quantity=1)], facts=_LINES, note=text
    ),
    "shipping.ship(service)": lambda shop, text: shop.shipping.ship(
        "key-1",
        "order-1",
        [ShipmentLine(line_id="l1", sku="TEE-M", quantity=1)],
        carrier="flat_rate",
        service=text,
        destination=BERLIN,
    ),
    "shipping.TrackingEvent(note)": lambda _, text: TrackingEvent(status=ShipmentStatus.IN_TRANSIT, at=_AT, note=text),
    "shipping.TrackingEvent(place)": lambda _, text: TrackingEvent(
        status=ShipmentStatus.IN_TRANSIT, at=_AT, place=text
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_free_text_takes_one(place: str) -> None:
    """However it is written, and the error does not repeat it."""
    shop = a_shop()
    for how, written in WRITTEN.items():
        with pytest.raises(CommerceError) as caught:
            PLACES[place](shop, written)
        assert caught.value.code in ("card_number_refused", "invalid_email"), how
        assert written not in str(caught.value), how
