"""Codes: made at random, checked, recognised without being kept."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commerce.adapters.memory import MemoryStorage
from commerce.kernel import CommerceError, Money
from commerce.runtime import Storage
from commerce.testing.conformance.wallet import PEPPER, wallet_on
from commerce.wallet import Tender, UnknownCode, WalletService, is_code
from commerce.wallet.codes import ALPHABET, fingerprint, new_code, normal_code

calm = settings(suppress_health_check=[HealthCheck.too_slow])
WELL_FORMED = "2222-2222-2222-2222"
bodies = st.text(ALPHABET, min_size=15, max_size=15)


def coded(body: str) -> str:
    """The body with the one check symbol that fits."""
    (code,) = [body + symbol for symbol in ALPHABET if is_code(body + symbol)]
    return code


def test_a_code_is_four_groups_of_an_alphabet_without_doubles() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(is_code(code) and [len(group) for group in code.split("-")] == [4] * 4 for code in codes)
    assert {symbol for code in codes for symbol in normal_code(code)} == set(ALPHABET)
    assert len(set(ALPHABET)) == 32
    assert not set(ALPHABET) & set("01IO")


@calm
@given(bodies, st.integers(0, 15), st.sampled_from(ALPHABET))
def test_one_wrong_symbol_is_noticed(body: str, place: int, symbol: str) -> None:
    code = coded(body)
    wrong = code[:place] + symbol + code[place + 1 :]
    assert is_code(wrong) == (wrong == code)


@calm
@given(bodies, st.integers(0, 14))
def test_a_swap_of_neighbours_is_noticed_but_of_the_first_and_last_symbol_of_the_alphabet(
    body: str, place: int
) -> None:
    code = coded(body)
    pair = code[place : place + 2]
    swapped = code[:place] + pair[::-1] + code[place + 2 :]
    assert is_code(swapped) == (pair[0] == pair[1] or set(pair) == {ALPHABET[0], ALPHABET[-1]})


@calm
@given(st.text(max_size=40))
def test_whatever_is_typed_is_looked_at_without_trouble(text: str) -> None:
    """And is either no code, or one in capitals of the alphabet."""
    assert not is_code(text) or set(normal_code(text)) <= set(ALPHABET)
    assert len(fingerprint(PEPPER, text)) == 64


def test_a_code_is_recognised_however_it_is_typed() -> None:
    code = new_code()
    typed = code.lower().replace("-", " ")
    assert fingerprint(PEPPER, typed) == fingerprint(PEPPER, code)
    assert fingerprint(PEPPER + b"2", code) != fingerprint(PEPPER, code)


@pytest.fixture
def cards() -> WalletService:
    wallet = wallet_on(MemoryStorage())
    wallet.grant_credit("g", "ann", Money(5, "EUR"), reason="sorry")
    return wallet


@pytest.mark.parametrize(
    "typed", [WELL_FORMED, "", "K7QX", "0000-0000-0000-0000", "\u0131" * 16, "\x00" * 16, "credit:ann"]
)
def test_mistyped_and_unknown_codes_get_the_same_answer(cards: WalletService, typed: str) -> None:
    answers = []
    for act in (
        lambda: cards.recognise(typed),
        lambda: cards.reserve("o", [Tender.of_code(typed)], limit=Money(1, "EUR")),
    ):
        with pytest.raises(UnknownCode) as caught:
            act()
        answers.append((caught.value.details, str(caught.value)))
    assert answers == [({}, "this gift card code is not known: check it and type it again")] * 2


def test_a_shopper_cannot_name_somebody_elses_account(cards: WalletService) -> None:
    account = cards.accounts_of("ann")[0].id
    for typed in ("credit:ann", f"account:{account}"):
        with pytest.raises(UnknownCode):
            cards.reserve("o", [Tender.of_code(typed)], limit=Money(1, "EUR"))


def test_a_code_is_kept_nowhere_and_said_nowhere(any_storage: Storage) -> None:
    """Neither it nor its fingerprint is in a repr, an event or an error; rows hold the fingerprint and four symbols."""
    wallet = wallet_on(any_storage)
    issued = wallet.issue_gift_card("k", Money(5, "EUR"))
    assert issued.code is not None
    tender = Tender.of_code(issued.code)
    hold = wallet.reserve("o", [tender], limit=Money(3, "EUR"))
    said = [repr(one) for one in (issued, issued.account, tender, hold, wallet, wallet.balance(issued.code))]
    try:
        wallet.reserve("p", [Tender.of_code(issued.code, Money(9, "EUR"))], limit=Money(9, "EUR"))
    except CommerceError as error:
        said += [str(error), repr(error), repr(error.details)]
    wallet.commit("o")
    wallet.refund("r", "o", Money(1, "EUR"))
    said += [repr(line) for line in wallet.statement(issued.account.id)]
    said += [repr(envelope) for _, envelope in any_storage.outbox.archive()]
    everything = "\n".join(said)
    assert tender.instrument not in everything
    assert issued.code not in everything
    assert fingerprint(PEPPER, issued.code) not in everything
    assert PEPPER.decode() not in everything


def test_rows_hold_no_code(commerce_sqlite_storage: Storage) -> None:
    wallet = wallet_on(commerce_sqlite_storage)
    issued = wallet.issue_gift_card("k", Money(5, "EUR"))
    assert issued.code is not None
    wallet.reserve("o", [Tender.of_code(issued.code)], limit=Money(3, "EUR"))
    with commerce_sqlite_storage.engine.connect() as connection:  # type: ignore[attr-defined]
        dump = "\n".join(connection.connection.driver_connection.iterdump())
    assert fingerprint(PEPPER, issued.code) in dump
    assert issued.code not in dump
    assert normal_code(issued.code) not in dump
