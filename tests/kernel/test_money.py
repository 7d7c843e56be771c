"""Money is exact: nothing is lost in a split, nothing rounds unasked, nothing mixes."""

import copy
import pickle
import re
from collections.abc import Callable
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    localcontext,
)
from fractions import Fraction

import moneyed
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from commerce.kernel import (
    Allocation,
    CurrencyMismatch,
    InvalidMoney,
    InvalidValue,
    Money,
    Price,
    Rounding,
    allocate,
    allocate_capped,
    divide,
    exponent,
    total,
    unit_share,
    unit_shares,
)

ORACLE = {
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.HALF_DOWN: ROUND_HALF_DOWN,
    Rounding.DOWN: ROUND_DOWN,
    Rounding.UP: ROUND_UP,
}
amounts = st.integers(-(10**9), 10**9)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=12)


def eur(text: str) -> Money:
    return Money(text, "EUR")


@given(st.integers(-(10**6), 10**6), st.sampled_from([1, 2, 4, 5, 8, 10, 100, -1, -4]), st.sampled_from(Rounding))
def test_rounding_agrees_with_decimal(numerator: int, denominator: int, rounding: Rounding) -> None:
    exact = Decimal(numerator) / Decimal(denominator)
    assert divide(numerator, denominator, rounding) == int(exact.quantize(Decimal(1), rounding=ORACLE[rounding]))


@given(st.fractions(), st.sampled_from(Rounding))
def test_rounding_is_off_by_less_than_one(exact: Fraction, rounding: Rounding) -> None:
    assert abs(rounding(exact) - exact) < 1
    assert rounding(5) == 5


@pytest.mark.parametrize(
    ("amount", "by", "shares"),
    [
        (1500, [2200, 1400, 4300, 750, 0], [381, 243, 746, 130, 0]),
        (299, [4300, 1400, 2300], [161, 52, 86]),
        (-10, [1, 1, 1], [-4, -3, -3]),
        (0, [0, 0], [0, 0]),
        (10, [Fraction(1, 3), Fraction(2, 3)], [3, 7]),
    ],
)
def test_known_splits(amount: int, by: list[int | Fraction], shares: list[int]) -> None:
    assert allocate(amount, by) == shares


@pytest.mark.parametrize(
    ("method", "shares"),
    [
        (Allocation.LARGEST_REMAINDER, [34, 33, 33, 0]),
        (Allocation.REMAINDER_FIRST, [34, 33, 33, 0]),
        (Allocation.REMAINDER_LAST, [33, 33, 34, 0]),
        (Allocation.PER_LINE_ROUNDED, [33, 33, 34, 0]),
    ],
)
def test_who_gets_the_last_cent_is_a_policy(method: Allocation, shares: list[int]) -> None:
    assert allocate(100, [1, 1, 1, 0], method) == shares
    assert allocate(101, [3, 2, 1], Allocation.REMAINDER_FIRST) == [52, 33, 16]


@given(amounts, weights, st.sampled_from(Allocation))
def test_a_split_loses_nothing(amount: int, by: list[int], method: Allocation) -> None:
    assume(any(by))
    shares = allocate(amount, by, method)
    assert sum(shares) == amount
    assert all(share * amount >= 0 for share in shares), "no share against the sign of the whole"
    assert all(share == 0 for share, weight in zip(shares, by, strict=True) if not weight)


@given(amounts, weights)
def test_largest_remainder_is_within_one_of_exact(amount: int, by: list[int]) -> None:
    assume(any(by))
    for share, weight in zip(allocate(amount, by), by, strict=True):
        assert abs(share - Fraction(amount * weight, sum(by))) < 1


def test_a_split_over_nothing_is_refused() -> None:
    with pytest.raises(InvalidValue, match="nothing to share over"):
        allocate(1, [0, 0])
    with pytest.raises(InvalidValue, match="below zero"):
        allocate(1, [2, -1])


@given(st.integers(0, 10**6), st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 10**5)), min_size=1, max_size=8))
def test_caps_hold_and_the_rest_moves_on(amount: int, rows: list[tuple[int, int]]) -> None:
    by, caps = [w for w, _ in rows], [c for _, c in rows]
    shares = allocate_capped(amount, by, caps)
    room = sum(cap for weight, cap in rows if weight)
    assert sum(shares) == min(amount, room)
    assert all(0 <= share <= cap for share, cap in zip(shares, caps, strict=True))


def test_unit_shares_are_cumulative() -> None:
    assert unit_shares(1000, 3) == [333, 334, 333]


@given(amounts, st.integers(1, 60), st.data())
def test_any_grouping_of_units_sums_to_the_whole(amount: int, quantity: int, data: st.DataObject) -> None:
    start, parts = 0, []
    while start < quantity:
        count = data.draw(st.integers(1, quantity - start))
        parts.append(unit_share(amount, quantity, start, count))
        start += count
    assert sum(parts) == amount == sum(unit_shares(amount, quantity))


@pytest.mark.parametrize(("code", "decimals"), [("EUR", 2), ("JPY", 0), ("VND", 0), ("KWD", 3), ("CLF", 4), ("MGA", 2)])
def test_exponents_are_those_of_iso_4217(code: str, decimals: int) -> None:
    one = Money(1, code)
    assert exponent(one.currency) == decimals
    assert one.minor == 10**decimals


@pytest.mark.parametrize(
    ("amount", "currency", "reason"),
    [
        (1.5, "EUR", "not float"),
        (True, "EUR", "not bool"),
        ("1.555", "EUR", "EUR has 2 decimals"),
        ("1.5", "JPY", "JPY has 0 decimals"),
        ("abc", "EUR", "not a finite decimal"),
        ("NaN", "EUR", "not a finite decimal"),
        ("Infinity", "EUR", "not a finite decimal"),
        ("1e9999999", "EUR", "at most 31 digits"),
        ("1e-9999999", "EUR", "at most 31 digits"),
        ("1.00000000000000000000000000000000000001", "EUR", "at most 31 digits"),
        (10**40, "EUR", "at most 31 digits"),
        (1, None, "name its currency"),
    ],
)
def test_what_is_not_money_is_refused(amount: object, currency: str, reason: str) -> None:
    with pytest.raises(InvalidMoney, match=reason):
        Money(amount, currency)


def test_an_amount_of_many_digits_is_kept_to_the_last() -> None:
    assert Money("12345678901234567890123456789.01", "EUR").minor == 1234567890123456789012345678901


def test_unknown_currencies_are_named() -> None:
    with pytest.raises(InvalidValue, match="'XQQ' is not an ISO 4217 code"):
        Money(1, "XQQ")


def test_currencies_do_not_mix() -> None:
    for act in (
        lambda: eur("1") + Money(1, "USD"),
        lambda: eur("1") - moneyed.Money(1, "USD"),
        lambda: eur("1") < Money(1, "USD"),
        lambda: total([eur("1"), Money(1, "USD")], "EUR"),
        lambda: Money(eur("1"), "USD"),
    ):
        with pytest.raises(CurrencyMismatch):
            act()
    assert eur("1") != Money(1, "USD")


def test_rounding_is_never_hidden() -> None:
    acts: tuple[Callable[[], object], ...] = (
        lambda: eur("1") / 3,
        lambda: eur("1") * Decimal("0.5"),
        lambda: eur("1") * True,
        lambda: eur("1").round(),
        lambda: eur("1") + 1,
    )
    for act in acts:
        with pytest.raises(InvalidMoney):
            act()
    with pytest.raises(InvalidValue, match="float"):
        eur("1").scale(0.5, Rounding.UP)  # type: ignore[arg-type]  # what a careless caller does
    assert eur("0.25").scale("0.10", Rounding.HALF_UP) == eur("0.03")
    assert eur("0.25").scale("0.10", Rounding.HALF_EVEN) == eur("0.02")
    assert eur("3").ratio(eur("2")) == Fraction(3, 2)


def test_it_is_py_moneyed_money() -> None:
    ours, theirs = eur("19.99"), moneyed.Money("19.99", "EUR")
    assert isinstance(ours, moneyed.Money)
    assert ours == theirs
    assert hash(ours) == hash(theirs)
    assert ours + theirs == eur("39.98")
    assert theirs + ours == eur("39.98")
    assert Money(theirs) == ours
    assert sum([ours, ours]) == eur("39.98")


def test_it_is_a_value() -> None:
    amount = eur("19.99")
    assert pickle.loads(pickle.dumps(amount)) == amount  # noqa: S301 - our own bytes
    assert copy.deepcopy(amount) is amount
    with pytest.raises(AttributeError, match="immutable"):
        amount.minor = 1
    assert repr(amount) == "Money('19.99', 'EUR')"
    assert str(amount) == "19.99 EUR"
    assert (-amount).minor == -1999
    assert abs(-amount) == amount
    assert not Money.zero("EUR")
    assert max(eur("1"), eur("2"), eur("1.50")) == eur("2")
    assert eur("1") <= eur("1") >= eur("1")
    with pytest.raises(InvalidMoney, match="whole numbers"):
        Money.of_minor(1.0, "EUR")  # type: ignore[arg-type]  # what a careless caller does


@given(amounts, amounts, st.integers(-1000, 1000))
def test_arithmetic_is_that_of_integers(a: int, b: int, n: int) -> None:
    one, other = Money.of_minor(a, "EUR"), Money.of_minor(b, "EUR")
    assert (one + other).minor == a + b
    assert (one - other).minor == a - b
    assert (one * n).minor == a * n == (n * one).minor
    assert (one < other) == (a < b)
    assert (one > other) == (a > b)
    assert Money(str(one.amount), "EUR") == one


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("de_DE", "1.234,50\xa0€"),
        ("en_US", "€1,234.50"),
        ("ar_EG", "\u200f1,234.50\xa0€"),
    ],
)
def test_people_read_it_in_their_locale(locale: str, text: str) -> None:
    assert eur("1234.50").format(locale) == text


def test_people_type_it_in_their_locale() -> None:
    assert Money.parse("1.234,50", "EUR", "de_DE") == eur("1234.50")
    with pytest.raises(InvalidMoney, match="not a number in de_DE"):
        Money.parse("1,234.50", "EUR", "de_DE")


def test_a_unit_price_may_be_finer_than_a_cent() -> None:
    price = Price(eur("3.75"), per=100)
    assert price.times(40, Rounding.HALF_UP) == eur("1.50")
    assert price.times(1, Rounding.HALF_UP) == eur("0.04")
    assert str(price) == "3.75 EUR per 100"
    with pytest.raises(InvalidValue, match="per"):
        Price(eur("1"), per=0)


def test_the_hosts_decimal_context_changes_no_amount() -> None:
    """A host that counts with three digits, or none to spare, reads what is stored."""
    money = Money.of_minor(123_456_789, "EUR")
    with localcontext(Context(prec=3)):
        assert str(money.amount) == "1234567.89"
    assert str(Money.of_minor(10**40 + 1, "EUR").amount) == f"1{'0' * 38}.01"


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("19.99", "RSD", "19,99\xa0RSD"),
        ("20.00", "RSD", "20\xa0RSD"),
        ("1.500", "IQD", "1,500\xa0IQD"),
        ("2.000", "IQD", "2\xa0IQD"),
        ("0.10", "MGA", "0,10\xa0MGA"),
        ("5.000", "KWD", "5,000\xa0KWD"),
        ("500", "JPY", "500\xa0¥"),
        ("3", "XAU", "3\xa0XAU"),
    ],
)
def test_a_written_amount_is_the_amount(amount: str, currency: str, text: str) -> None:
    """CLDR writes dinars without paras: what costs 19.99 would be said to cost 20."""
    assert Money(amount, currency).format("de_DE") == text


@given(st.integers(-(10**12), 10**12), st.sampled_from(sorted(moneyed.CURRENCIES)))
def test_what_is_written_is_never_rounded(minor: int, code: str) -> None:
    amount = Money.of_minor(minor, code)
    written = re.sub(r"[^\d.-]", "", amount.format("en_US").replace(code, ""))
    assert Decimal(written) == amount.amount


def test_a_locale_is_a_language_tag() -> None:
    assert eur("19.99").format("de-DE") == eur("19.99").format("de_DE") == eur("19.99").format("de-DE-u-co-phonebk")
    assert Money.parse("19,99", "EUR", "de-DE") == eur("19.99")
    for wrong in ("", "xx", "../de", "de DE"):
        with pytest.raises(InvalidValue, match=r"^locale: "):
            eur("1").format(wrong)
        with pytest.raises(InvalidValue, match=r"^locale: "):
            Money.parse("1", "EUR", wrong)


def test_what_is_no_ratio_is_refused() -> None:
    assert eur("10").scale("1/3", Rounding.HALF_UP) == eur("3.33")
    for wrong in ("abc", "1/0", "a/b", "1e-9999999", Decimal("NaN"), Decimal("Infinity"), None, 0.5):
        with pytest.raises(InvalidValue, match=r"^ratio: "):
            eur("10").scale(wrong, Rounding.HALF_UP)  # type: ignore[arg-type]  # what a careless caller does
    with pytest.raises(InvalidValue, match=r"^other: nothing is a multiple of zero"):
        eur("10").ratio(eur("0"))


def test_weights_are_exact_and_of_one_currency() -> None:
    yen = [Money("100", "JPY"), Money("300", "JPY")]
    assert eur("1").allocate(yen) == (eur("0.25"), eur("0.75"))
    with pytest.raises(CurrencyMismatch):
        eur("1").allocate([eur("1"), *yen])
    for wrong in (0.5, Decimal("0.5"), "1", None):
        with pytest.raises(InvalidValue, match=r"^weights: .* is not exact: pass an int"):
            eur("1").allocate([wrong])  # type: ignore[list-item]  # what a careless caller does


@pytest.mark.parametrize(("zero", "locale"), [("\u0660", "ar_EG"), ("\u06f0", "fa_IR"), ("\u0660", "ar")])
def test_people_type_in_their_own_digits(zero: str, locale: str) -> None:
    own = {".": "\u066b", ",": "\u066c"} | {str(n): chr(ord(zero) + n) for n in range(10)}
    typed = "".join(own[sign] for sign in "1,234.50")
    assert Money.parse(typed, "EUR", locale) == Money.parse("1,234.50", "EUR", locale) == eur("1234.50")
    assert Money.parse("-" + typed, "EUR", locale) == eur("-1234.50")


@pytest.mark.parametrize("text", ["1e3", "1_0", "NaN", "Infinity", "1\u00b2", "0x10", "", "1\u066b5\u066b0"])
def test_what_a_person_typed_by_mistake_is_no_amount(text: str) -> None:
    for locale in ("de_DE", "en", "ar_EG"):
        with pytest.raises(InvalidMoney, match=f"not a number in {locale}"):
            Money.parse(text, "EUR", locale)
