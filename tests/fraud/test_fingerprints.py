"""Who is the same is recognised, and nobody can be read back."""

import pytest

from commerce.fraud import Fingerprints, ScreeningFacts, Subject, WeakPepper
from commerce.kernel import InvalidValue, Money

PRINTS = Fingerprints(b"a secret of this shop, long enough")
FACTS = ScreeningFacts(amount=Money("1", "EUR"), email="Ada@Example.com", ip="2001:db8::1", card="card-1")


@pytest.mark.parametrize(
    ("subject", "one", "other"),
    [
        (Subject.EMAIL, "ada@example.com", " ADA@Example.COM "),
        (Subject.EMAIL, "ada@example.com", "ada+shoes@example.com"),
        (Subject.EMAIL, "adalovelace@gmail.com", "Ada.Lovelace+x@googlemail.com"),
        (Subject.EMAIL_DOMAIN, "example.com", "EXAMPLE.com"),
        (Subject.ADDRESS, "12, Rue de l'Église", "12 RUE DE L EGLISE"),
        (Subject.ADDRESS, "Hauptstraße 5", "HAUPTSTRASSE  5"),
        (Subject.IP, "192.0.2.7", "::ffff:192.0.2.7"),
        (Subject.IP, "2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
    ],
)
def test_what_is_the_same_has_one_fingerprint(subject: Subject, one: str, other: str) -> None:
    assert PRINTS.of(subject, one) == PRINTS.of(subject, other)


@pytest.mark.parametrize(
    ("subject", "one", "other"),
    [
        (Subject.EMAIL, "ada@example.com", "bob@example.com"),
        (Subject.EMAIL, "a.b@example.com", "ab@example.com"),
        (Subject.ADDRESS, "Street 12", "Street 1 2"),
        (Subject.CARD, "card-a", "card-A"),
        (Subject.IP, "2001:db8:1:2::1", "2001:db8:1:3::1"),
        (Subject.IP, "192.0.2.7", "192.0.2.8"),
    ],
)
def test_what_is_not_has_two(subject: Subject, one: str, other: str) -> None:
    assert PRINTS.of(subject, one) != PRINTS.of(subject, other)


def test_another_pepper_and_another_subject_recognise_nobody() -> None:
    other = Fingerprints(b"a secret of another shop, as long")
    assert PRINTS.of(Subject.CARD, "x") != other.of(Subject.CARD, "x")
    assert PRINTS.of(Subject.CARD, "x") != PRINTS.of(Subject.DEVICE, "x")


def test_only_what_is_told_has_one() -> None:
    found = PRINTS.all_of(FACTS)
    assert set(found) == {Subject.EMAIL, Subject.EMAIL_DOMAIN, Subject.IP, Subject.CARD}
    assert all(len(one) == 32 for one in found.values())


def test_a_short_pepper_is_refused_and_none_is_shown() -> None:
    with pytest.raises(WeakPepper):
        Fingerprints(b"short")
    assert "secret" not in repr(PRINTS)


def test_what_is_no_address_of_the_internet_is_told_without_repeating_it() -> None:
    with pytest.raises(InvalidValue) as caught:
        PRINTS.of(Subject.IP, "unknown, 192.0.2.7")
    assert "192" not in str(caught.value)
