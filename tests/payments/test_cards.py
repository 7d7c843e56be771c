"""No card number enters."""

from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commerce.payments import CardNumberRefused, refuse_card_numbers


def _with_check_digit(digits: str) -> str:
    doubled = [sum(divmod(2 * int(d), 10)) for d in digits[::-2]]
    plain = [int(d) for d in digits[-2::-2]]
    return digits + str(-(sum(doubled) + sum(plain)) % 10)


cards = st.text("0123456789", min_size=12, max_size=18).map(_with_check_digit)
words = st.text("abc .,:/\n", max_size=8)


@given(cards, st.sampled_from(["", " ", "-"]), st.integers(1, 6), words, words)
@example("4111111111111111", " ", 4, "", "")
@example("378282246310005", "", 4, "", "")
def test_card_numbers_are_found(card: str, separator: str, size: int, before: str, after: str) -> None:
    """Of 13 to 19 digits, grouped or not, anywhere in a text; and not repeated in the error."""
    written = separator.join(card[n : n + size] for n in range(0, len(card), size))
    with pytest.raises(CardNumberRefused) as caught:
        refuse_card_numbers(f"{before}{written}{after}", field="note")
    assert str(caught.value) == "note holds a card number: send the gateway's token instead"


@given(cards, st.integers(1, 9), words, words)
def test_a_wrong_check_digit_is_no_card(card: str, off: int, before: str, after: str) -> None:
    """Other long numbers stay."""
    text = f"{before}{card[:-1]}{(int(card[-1]) + off) % 10}{after}"
    assert refuse_card_numbers(text) == text


@given(st.text("0123456789", max_size=12) | st.text("0123456789", min_size=20))
def test_short_and_long_numbers_stay(text: str) -> None:
    """Up to 12 digits and from 20 on are no card numbers."""
    assert refuse_card_numbers(text) == text


@given(st.uuids())
@example(UUID("01934567-8901-7234-8567-123456789012"))
def test_identifiers_stay(id: UUID) -> None:
    """UUIDs and digests are names."""
    digest = f"{id.hex}a"
    assert refuse_card_numbers(f"order {id} {digest}") == f"order {id} {digest}"
