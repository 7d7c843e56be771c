"""Addresses: warnings that help, and no refusals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.customers import AddressWarning, WarningReason, check_address
from commerce.customers.countries import NO_POSTAL_CODES, POSTAL_FORMS, REGION_NEEDED
from commerce.kernel import Address, InvalidValue


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
        ("TW", "100", ""),
        ("VN", "100000", ""),
        ("IN", "110001", "DL"),
        ("HK", "", ""),
        ("ZZ", "", ""),
        ("ZZ", "anything", ""),
    ],
)
def test_an_ordinary_address_gets_no_warning(country: str, code: str, region: str) -> None:
    assert check_address(address(country, code, region)) == ()


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (address("DE"), ("postal_code", WarningReason.MISSING, "99999")),
        (address("DE", "1011"), ("postal_code", WarningReason.UNLIKELY, "99999")),
        (address("GB", "12345"), ("postal_code", WarningReason.UNLIKELY, "A9 9AA")),
        (address("CA", "K1A", "ON"), ("postal_code", WarningReason.UNLIKELY, "A9A 9A9")),
        (address("US", "94103"), ("region", WarningReason.MISSING, "")),
        (address("HK", "999077"), ("postal_code", WarningReason.NOT_USED, "")),
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
    assert str(warning) == repr(warning) == "postal_code unlikely (such as 99999)"
    assert str(check_address(address("US", "94103"))[0]) == "region missing"


@given(
    st.sampled_from(sorted({*POSTAL_FORMS, *NO_POSTAL_CODES, *REGION_NEEDED, "ZZ"})),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
)
def test_no_address_is_refused(country: str, code: str, region: str) -> None:
    warnings = check_address(address(country, code, region))
    assert len({warning.field for warning in warnings}) == len(warnings)


@given(st.sampled_from(sorted(POSTAL_FORMS)))
def test_every_form_accepts_itself(country: str) -> None:
    for form in POSTAL_FORMS[country]:
        code = form.replace("9", "1").replace("X", "Z")
        assert not any(w.field == "postal_code" for w in check_address(address(country, code, "X")))


@pytest.mark.parametrize("odd", ["a\0b", "\ud800"])
@pytest.mark.parametrize("field", ["region", "postal_code", "city", "name", "company", "phone", "email"])
def test_what_no_storage_keeps_is_in_no_address(field: str, odd: str) -> None:
    with pytest.raises(InvalidValue, match="address: no storage keeps"):
        Address(country="DE", **{field: odd})  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="address: no storage keeps"):
        Address(country="DE", lines=("Weg 1", odd))


def test_no_country_both_has_and_has_not_postal_codes() -> None:
    assert not NO_POSTAL_CODES & set(POSTAL_FORMS)
