"""Laws of what is sent: units are exact, nothing gets lighter or smaller, keys do not meet."""

from commerce_ghn.orders import centimetres, client_code, phone_number
from hypothesis import given, settings
from hypothesis import strategies as st


@given(st.integers(1, 10**6))
@settings(deadline=None)
def test_centimetres_hold_what_they_measure(millimetres: int) -> None:
    """The smallest whole number of them that is not less."""
    assert 0 <= centimetres(millimetres) * 10 - millimetres < 10


@given(st.integers(1, 10**9), st.text(), st.integers(1, 10**9), st.text())
@settings(deadline=None)
def test_keys_do_not_meet(shop: int, key: str, other_shop: int, other: str) -> None:
    """50 hexadecimal digits, the same for the same key of the same shop only."""
    code = client_code(shop, key)
    assert len(code) == 50
    assert set(code) <= set("0123456789abcdef")
    assert (code == client_code(other_shop, other)) == ((shop, key) == (other_shop, other))


@given(st.from_regex(r"0[1-9][0-9]{8}", fullmatch=True), st.sampled_from(["+84", "0084", "+84 ", "0084-0", "+84 (0)"]))
@settings(deadline=None)
def test_a_number_from_abroad_is_the_one_at_home(number: str, abroad: str) -> None:
    """However it is written."""
    spaced = " ".join(number[1:])
    assert phone_number(f"{abroad}{spaced}") == phone_number(number) == number
