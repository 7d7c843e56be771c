"""Addresses: warnings that help, and no refusals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.customers import AddressWarning, WarningReason, check_address, format_address
from commerce.kernel import Address, CardNumberRefused, InvalidValue


def address(country: str, postal_code: str = "", region: str = "") -> Address:
    return Address(country=country, postal_code=postal_code, region=region, city="Town", lines=("Street 1",))


@pytest.mark.parametrize(
    ("country", "code", "region"),
    [
        ("DE", "10117", ""),
        ("GB", "SW1A 1AA", ""),
        ("GB", "m11ae", ""),
        ("GB", "CR2 6XH", ""),
        ("GB", "DN55 1PT", ""),
        ("GB", "EC1A 1BB", ""),
        ("IE", "D02 X285", ""),
        ("IE", "D6W XY00", ""),
        ("US", "94103", "CA"),
        ("US", "94103-1234", "CA"),
        ("CA", "k1a0b1", "ON"),
        ("NL", "1012 AB", ""),
        ("PL", "00-950", ""),
        ("PT", "1000-205", ""),
        ("SE", "11455", ""),
        ("JP", "100-0001", "Tokyo"),
        ("BR", "01310-100", "SP"),
        ("LV", "LV-1010", ""),
        ("LT", "01100", ""),
        ("MT", "VLT 1117", ""),
        ("TW", "100", "台北市"),
        ("VN", "100000", ""),
        ("IN", "110001", "DL"),
        ("HK", "", "Kowloon"),
        ("ZZ", "", ""),
        ("ZZ", "anything", ""),
    ],
)
def test_an_ordinary_address_gets_no_warning(country: str, code: str, region: str) -> None:
    assert check_address(address(country, code, region)) == ()


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (address("DE"), ("postal_code", WarningReason.MISSING, "26133")),
        (address("DE", "1011"), ("postal_code", WarningReason.UNLIKELY, "26133")),
        (address("GB", "12345"), ("postal_code", WarningReason.UNLIKELY, "EC1Y 8SY")),
        (address("CA", "K1A", "ON"), ("postal_code", WarningReason.UNLIKELY, "H3Z 2Y7")),
        (address("US", "10001", "CA"), ("postal_code", WarningReason.UNLIKELY, "90000")),
        (address("US", "94103"), ("region", WarningReason.MISSING, "")),
        (address("HK", "999077", "Kowloon"), ("postal_code", WarningReason.NOT_USED, "")),
    ],
)
def test_what_the_post_would_stumble_over_is_said(of: Address, expected: tuple[str, WarningReason, str]) -> None:
    field, reason, form = expected
    assert check_address(of) == (AddressWarning(field=field, reason=reason, expected=form),)


def test_everything_missing_is_said_at_once() -> None:
    fields = [warning.field for warning in check_address(Address(country="US", lines=(" ",)))]
    assert fields == ["lines", "city", "region", "postal_code"]


def test_a_city_state_needs_no_city() -> None:
    assert check_address(Address(country="SG", postal_code="018956", lines=("10 Bayfront Ave",))) == ()


def test_warnings_read_well_and_repeat_nothing() -> None:
    (warning,) = check_address(address("DE", "secret"))
    assert str(warning) == repr(warning) == "postal_code unlikely (such as 26133)"
    assert str(check_address(address("US", "94103"))[0]) == "region missing"


@given(
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
)
def test_no_address_is_refused(country: str, code: str, region: str) -> None:
    warnings = check_address(address(country, code, region))
    assert len({warning.field for warning in warnings}) == len(warnings)


@pytest.mark.parametrize("odd", ["a\0b", "\ud800"])
@pytest.mark.parametrize("field", ["region", "postal_code", "city", "name", "company", "phone", "email"])
def test_what_no_storage_keeps_is_in_no_address(field: str, odd: str) -> None:
    with pytest.raises(InvalidValue, match="address: no storage keeps"):
        Address(country="DE", **{field: odd})  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="address: no storage keeps"):
        Address(country="DE", lines=("Weg 1", odd))


@pytest.mark.parametrize(
    ("of", "lines"),
    [
        (
            Address(country="DE", postal_code="10117", city="Berlin", lines=("Weg 1", "Hof"), name="Ada", company="X"),
            ("Ada", "X", "Weg 1", "Hof", "10117 BERLIN", "GERMANY"),
        ),
        (
            Address(country="US", region="CA", postal_code="94103", city="San Francisco", lines=("1 Market St",)),
            ("1 Market St", "SAN FRANCISCO, CA 94103", "UNITED STATES"),
        ),
        (
            Address(
                country="JP",
                region="東京都",
                postal_code="100-0001",
                city="千代田区",
                lines=("1-1",),
                name="山田",
            ),
            ("〒100-0001", "東京都", "千代田区", "1-1", "山田", "JAPAN"),
        ),
        (
            Address(country="ZZ", postal_code="1", city="Town", lines=("Street 1",), name="Ada"),
            ("Ada", "Street 1", "1 Town", "ZZ"),
        ),
        (Address(country="ZZ", city="Town", lines=("\r", " Street\n1 ")), ("Street 1", "Town", "ZZ")),
    ],
)
def test_a_label_reads_as_the_country_writes(of: Address, lines: tuple[str, ...]) -> None:
    assert format_address(of) == lines


def test_a_label_for_carriers_abroad_begins_with_the_smallest_part() -> None:
    tokyo = Address(country="JP", region="Tokyo", postal_code="100-0001", city="Chiyoda", lines=("1-1",), name="Yamada")
    assert format_address(tokyo, latin=True) == ("Yamada", "1-1", "Chiyoda, TOKYO", "100-0001", "JAPAN")


@given(
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2),
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), min_size=6, max_size=6),
    st.booleans(),
)
def test_a_label_loses_nothing_and_has_no_empty_line(country: str, texts: list[str], latin: bool) -> None:
    region, code, city, name, company, street = texts
    try:
        of = Address(
            country=country, region=region, postal_code=code, city=city, name=name, company=company, lines=(street,)
        )
    except CardNumberRefused:
        return
    lines = format_address(of, latin=latin)
    assert all(line.strip() for line in lines)
    told = _squeezed(" ".join(lines))
    assert all(_squeezed(part) in told for part in (city, name, company, street))


def _squeezed(text: str) -> str:
    """Neither case nor space makes a difference to a post."""
    return "".join(text.upper().split())
