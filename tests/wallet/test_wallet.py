"""What a wallet promises, on every storage."""

from datetime import UTC, datetime, timedelta

import pytest

from commerce.adapters.memory import MemoryStorage
from commerce.kernel import CurrencyMismatch, InvalidValue, KeyReused, Money
from commerce.kernel.cards import CardNumberRefused
from commerce.runtime import Storage
from commerce.testing.conformance.storage import NOW
from commerce.testing.conformance.wallet import PEPPER, wallet_on
from commerce.wallet import (
    AccountNotFound,
    AlreadyRedeemed,
    HoldEnded,
    HoldNotFound,
    HoldStatus,
    InstrumentExpired,
    NotEnough,
    NothingLeft,
    OtherCurrency,
    RefundTooLarge,
    Tender,
    TransactionKind,
    UnknownCode,
    WalletService,
    WeakPepper,
)

DAY = timedelta(days=1)

#: Rules that no storage has a part in.
in_memory = pytest.mark.parametrize("any_storage", ["memory"], indirect=True)


def eur(amount: str) -> Money:
    return Money(amount, "EUR")


def card(wallet: WalletService, amount: str = "100.00", key: str = "card", *, days: int | None = None) -> Tender:
    """The tender of a new card."""
    issued = wallet.issue_gift_card(key, eur(amount), expires_at=None if days is None else NOW + days * DAY)
    assert issued.code is not None
    return Tender.of_code(issued.code)


def left(wallet: WalletService, tender: Tender) -> Money:
    return wallet.balance(tender.instrument, "EUR").available


# Value comes in.


def test_a_card_is_issued_once_and_its_code_is_told_once(wallet: WalletService) -> None:
    first = wallet.issue_gift_card("k", eur("50"), expires_at=NOW + DAY, reason="sold")
    again = wallet.issue_gift_card("k", eur("50"), expires_at=(NOW + DAY).astimezone(UTC), reason="sold")
    assert first.code is not None
    assert (again.account.id, again.code) == (first.account.id, None)
    assert wallet.recognise(f" {first.code.lower()} ").id == first.account.id
    assert wallet.balance(first.code).available == eur("50")


@in_memory
@pytest.mark.parametrize(
    "other", [{"amount": eur("51")}, {"expires_at": NOW + DAY}, {"granted": True}, {"reason": "x"}]
)
def test_a_key_stands_for_one_card(wallet: WalletService, other: dict[str, object]) -> None:
    wallet.issue_gift_card("k", eur("50"))
    with pytest.raises(KeyReused):
        wallet.issue_gift_card("k", **{"amount": eur("50"), **other})  # type: ignore[arg-type]


@in_memory
def test_a_card_may_be_issued_again_by_its_key_even_when_it_has_expired(
    wallet: WalletService, passed: list[timedelta]
) -> None:
    first = wallet.issue_gift_card("k", eur("50"), expires_at=NOW + DAY)
    passed[0] = 2 * DAY
    assert wallet.issue_gift_card("k", eur("50"), expires_at=NOW + DAY).account.id == first.account.id


def test_a_lost_code_is_replaced_and_the_old_one_opens_nothing(wallet: WalletService) -> None:
    tender = card(wallet)
    account = wallet.recognise(tender.instrument)
    fresh = wallet.replace_code(account.id)
    assert fresh.code is not None
    assert wallet.recognise(fresh.code).id == account.id
    with pytest.raises(UnknownCode):
        wallet.recognise(tender.instrument)
    with pytest.raises(InvalidValue):
        wallet.replace_code(wallet.grant_credit("g", "ann", eur("1"), reason="sorry").id)


def test_credit_of_a_customer_adds_up_per_currency(wallet: WalletService) -> None:
    first = wallet.grant_credit("g1", "ann", eur("5"), reason="sorry")
    assert wallet.grant_credit("g2", "ann", eur("2.50"), reason="goodwill").id == first.id
    wallet.grant_credit("g3", "ann", Money(9, "JPY"), reason="sorry")
    assert wallet.grant_credit("g1", "ann", eur("5"), reason="sorry").id == first.id
    assert wallet.balance("credit:ann", "eur").available == eur("7.50")
    assert wallet.balance("credit:ann", "JPY").available == Money(9, "JPY")
    assert wallet.balance("credit:bob", "EUR").account is None
    assert [account.unit for account in wallet.accounts_of("ann")] == ["EUR", "JPY"]
    for customer, amount in (("bob", "5"), ("ann", "6")):
        with pytest.raises(KeyReused):
            wallet.grant_credit("g1", customer, eur(amount), reason="sorry")
    with pytest.raises(InvalidValue):
        wallet.balance("credit:ann")


@in_memory
@pytest.mark.parametrize("key", ["", "k" * 201, "a\0b", "\ud800"], ids=["none", "long", "NUL", "half"])
def test_a_key_is_what_every_storage_keeps(wallet: WalletService, key: str) -> None:
    """An empty one would be everybody's; the others some storages would refuse, or cut."""
    tender = card(wallet)
    wallet.reserve("paid", [tender], limit=eur("1"))
    wallet.commit("paid")
    for command in (
        lambda: wallet.issue_gift_card(key, eur("1")),
        lambda: wallet.grant_credit(key, "ann", eur("1"), reason="sorry"),
        lambda: wallet.reserve(key, [tender], limit=eur("1")),
        lambda: wallet.refund(key, "paid", eur("1")),
    ):
        with pytest.raises(InvalidValue, match="key"):
            command()


@in_memory
def test_what_no_storage_keeps_is_refused(wallet: WalletService) -> None:
    """Credit of nobody, reasons with NUL, and more money than a column counts."""
    for customer in ("", "c" * 37, "a\0b"):
        with pytest.raises(InvalidValue, match="customer_id"):
            wallet.grant_credit("k", customer, eur("1"), reason="sorry")
    with pytest.raises(InvalidValue, match="reason"):
        wallet.grant_credit("k", "ann", eur("1"), reason="a\0b")
    for amount in (Money.of_minor(2**63, "EUR"), eur("-1")):
        with pytest.raises(InvalidValue, match="amount"):
            wallet.issue_gift_card("k", amount)
        with pytest.raises(InvalidValue, match="limit"):
            wallet.reserve("k", [Tender.of_account("a")], limit=amount)


@in_memory
def test_value_that_could_never_be_spent_is_refused(wallet: WalletService) -> None:
    for bad in ({"expires_at": NOW}, {"active_from": NOW + DAY, "expires_at": NOW + DAY}):
        with pytest.raises(InvalidValue, match="expires_at"):
            wallet.issue_gift_card("k", eur("5"), **bad)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="amount"):
        wallet.issue_gift_card("k", eur("0"))
    with pytest.raises(InvalidValue, match="active_from"):
        wallet.grant_credit("k", "ann", eur("5"), reason="r", active_from=datetime(2026, 3, 1))  # noqa: DTZ001 - that is the point
    with pytest.raises(CardNumberRefused):
        wallet.grant_credit("k", "ann", eur("5"), reason="for 4111 1111 1111 1111")
    assert wallet.liability_report() == []


@in_memory
def test_value_is_pending_until_it_is_active(wallet: WalletService, passed: list[timedelta]) -> None:
    wallet.grant_credit("g", "ann", eur("5"), reason="sorry", active_from=NOW + DAY)
    balance = wallet.balance("credit:ann", "EUR")
    assert (balance.available, balance.pending) == (eur("0"), eur("5"))
    with pytest.raises(NothingLeft):
        wallet.reserve("o", [Tender.of_credit("ann")], limit=eur("1"))
    passed[0] = DAY
    assert wallet.reserve("o", [Tender.of_credit("ann")], limit=eur("1")).amount == eur("1")


# Value is held.


@in_memory
def test_a_hold_takes_no_more_than_is_due(wallet: WalletService) -> None:
    tender = card(wallet)
    hold = wallet.reserve("o", [tender], limit=eur("19.99"))
    assert (hold.amount, hold.status) == (eur("19.99"), HoldStatus.HELD)
    balance = wallet.balance(tender.instrument)
    assert (balance.available, balance.held) == (eur("80.01"), eur("19.99"))


@in_memory
def test_a_hold_takes_what_is_there(wallet: WalletService) -> None:
    hold = wallet.reserve("o", [card(wallet, "5.00")], limit=eur("19.99"))
    assert hold.amount == eur("5.00")


@in_memory
def test_tenders_are_taken_in_their_order_and_no_further_than_needed(wallet: WalletService) -> None:
    wallet.grant_credit("g", "ann", eur("30"), reason="sorry")
    first, second = card(wallet, "10.00", "c1"), card(wallet, "10.00", "c2")
    tenders = [first, Tender.of_credit("ann", eur("4.00")), second, Tender.of_credit("bob")]
    hold = wallet.reserve("o", tenders, limit=eur("20.00"))
    assert [(part.kind, part.amount) for part in hold.parts] == [
        ("gift_card", eur("10.00")),
        ("store_credit", eur("4.00")),
        ("gift_card", eur("6.00")),
    ]


@in_memory
def test_one_account_named_twice_is_not_spent_twice(wallet: WalletService) -> None:
    tender = card(wallet, "10.00")
    hold = wallet.reserve("o", [Tender.of_code(tender.instrument, eur("4")), tender], limit=eur("50"))
    assert [(part.amount, part.last4) for part in hold.parts] == [(eur("10.00"), tender.instrument[-4:])]


@in_memory
def test_the_soonest_to_expire_is_spent_first(wallet: WalletService) -> None:
    for key, days in (("g1", None), ("g2", 30), ("g3", 2)):
        until = None if days is None else NOW + days * DAY
        wallet.grant_credit(key, "ann", eur("5"), reason=key, expires_at=until)
    assert wallet.balance("credit:ann", "EUR").expires_at == NOW + 2 * DAY
    wallet.reserve("o", [Tender.of_credit("ann")], limit=eur("7"))
    assert wallet.balance("credit:ann", "EUR").expires_at == NOW + 30 * DAY
    wallet.reserve("p", [Tender.of_credit("ann")], limit=eur("3"))
    assert wallet.balance("credit:ann", "EUR").expires_at is None


def test_a_hold_is_made_once_per_key(wallet: WalletService) -> None:
    tender = card(wallet)
    hold = wallet.reserve("o", [tender], limit=eur("10"))
    assert wallet.reserve("o", [tender], limit=eur("10")).id == hold.id
    for tenders, limit in (([tender], eur("11")), ([Tender.of_code(tender.instrument, eur("10"))], eur("10"))):
        with pytest.raises(KeyReused):
            wallet.reserve("o", tenders, limit=limit)
    wallet.commit("o")
    assert wallet.reserve("o", [tender], limit=eur("10")).status is HoldStatus.COMMITTED
    assert left(wallet, tender) == eur("90")


def test_what_is_released_can_be_had_again_under_the_same_key(wallet: WalletService) -> None:
    tender = card(wallet, "10")
    first = wallet.reserve("o", [tender], limit=eur("10"))
    for _ in range(2):
        wallet.release("o")
        assert left(wallet, tender) == eur("10")
    wallet.release("never reserved")
    again = wallet.reserve("o", [tender], limit=eur("8"))
    assert (again.id, again.amount) == (first.id, eur("8"))
    assert left(wallet, tender) == eur("2")


def test_a_hold_out_of_time_holds_nothing_swept_or_not(wallet: WalletService, passed: list[timedelta]) -> None:
    tender = card(wallet, "10", days=30)
    wallet.reserve("o", [tender], limit=eur("10"), expires_at=NOW + timedelta(minutes=5))
    with pytest.raises(NothingLeft):
        wallet.reserve("p", [tender], limit=eur("1"))
    passed[0] = timedelta(minutes=5)
    balance = wallet.balance(tender.instrument)
    assert (balance.available, balance.held, balance.expires_at) == (eur("10"), eur("0"), NOW + 30 * DAY)
    with pytest.raises(HoldEnded, match="is expired"):
        wallet.commit("o")
    assert wallet.reserve("p", [tender], limit=eur("10")).amount == eur("10")
    hold = wallet.hold("o")
    assert hold is not None
    assert hold.status is HoldStatus.EXPIRED
    with pytest.raises(NothingLeft):
        wallet.reserve("o", [tender], limit=eur("10"))
    assert wallet.reconcile() == []


def test_a_lapsed_key_may_be_reserved_anew_on_another_card(wallet: WalletService, passed: list[timedelta]) -> None:
    first, second = card(wallet, "10", "c1"), card(wallet, "10", "c2")
    wallet.reserve("o", [first], limit=eur("4"), expires_at=NOW + timedelta(minutes=5))
    passed[0] = timedelta(minutes=5)
    wallet.reserve("o", [second], limit=eur("4"))
    assert (left(wallet, first), left(wallet, second)) == (eur("10"), eur("6"))


@in_memory
def test_bad_wishes_are_refused(wallet: WalletService) -> None:
    tender = card(wallet)
    with pytest.raises(InvalidValue, match="limit"):
        wallet.reserve("o", [tender], limit=eur("0"))
    with pytest.raises(InvalidValue, match="tenders"):
        wallet.reserve("o", [], limit=eur("1"))
    with pytest.raises(InvalidValue, match="tenders"):
        wallet.reserve("o", [Tender.of_code(tender.instrument, eur("0"))], limit=eur("1"))
    with pytest.raises(CurrencyMismatch):
        wallet.reserve("o", [Tender.of_code(tender.instrument, Money(1, "USD"))], limit=eur("1"))
    with pytest.raises(InvalidValue, match="expires_at"):
        wallet.reserve("o", [tender], limit=eur("1"), expires_at=NOW)
    with pytest.raises(AccountNotFound):
        wallet.reserve("o", [Tender.of_account("unknown")], limit=eur("1"))
    assert left(wallet, tender) == eur("100")
    assert wallet.hold("o") is None


@in_memory
def test_every_refusal_has_its_own_type(wallet: WalletService, passed: list[timedelta]) -> None:
    old, dollars = card(wallet, "10", "old", days=1), wallet.issue_gift_card("usd", Money(5, "USD"))
    passed[0] = DAY
    with pytest.raises(InstrumentExpired, match="expired on 2026-03-02 12:00 UTC"):
        wallet.reserve("o", [old], limit=eur("1"))
    with pytest.raises(OtherCurrency, match="holds USD, but EUR"):
        wallet.reserve("o", [Tender.of_account(dollars.account.id)], limit=eur("1"))
    with pytest.raises(NothingLeft, match="store credit"):
        wallet.reserve("o", [Tender.of_credit("ann")], limit=eur("1"))
    some = card(wallet, "3", "some")
    with pytest.raises(NotEnough, match=r"3\.00 EUR can be spent of gift card …\w{4}, 4\.00 EUR wanted"):
        wallet.reserve("o", [Tender.of_code(some.instrument, eur("4"))], limit=eur("9"))
    assert wallet.reserve("o", [Tender.of_code(some.instrument, eur("4"))], limit=eur("2")).amount == eur("2")


def test_one_refused_tender_holds_nothing_of_the_others(wallet: WalletService) -> None:
    tender = card(wallet, "10")
    with pytest.raises(NothingLeft):
        wallet.reserve("o", [tender, Tender.of_credit("ann")], limit=eur("20"))
    assert left(wallet, tender) == eur("10")


# Value has paid, and comes back.


@in_memory
def test_what_has_paid_is_not_released(wallet: WalletService, passed: list[timedelta]) -> None:
    tender = card(wallet)
    wallet.reserve("o", [tender], limit=eur("10"), expires_at=NOW + DAY)
    wallet.commit("o")
    passed[0] = DAY
    wallet.commit("o")
    hold = wallet.hold("o")
    assert hold is not None
    assert (hold.status, hold.expires_at) == (HoldStatus.COMMITTED, None)
    with pytest.raises(AlreadyRedeemed, match="refund it instead"):
        wallet.release("o")
    balance = wallet.balance(tender.instrument)
    assert (balance.available, balance.held) == (eur("90"), eur("0"))


@in_memory
def test_only_what_is_held_can_pay(wallet: WalletService) -> None:
    with pytest.raises(HoldNotFound):
        wallet.commit("o")
    wallet.reserve("o", [card(wallet)], limit=eur("10"))
    with pytest.raises(HoldEnded, match="only what has paid"):
        wallet.refund("r", "o", eur("1"))
    wallet.release("o")
    with pytest.raises(HoldEnded, match="is released: reserve again"):
        wallet.commit("o")
    with pytest.raises(HoldNotFound):
        wallet.refund("r", "unknown", eur("1"))


def paid_by_two(wallet: WalletService) -> tuple[Tender, Tender]:
    """An order of 15.00: 10.00 from a card, 5.00 from credit."""
    tender = card(wallet, "10")
    wallet.grant_credit("g", "ann", eur("8"), reason="sorry")
    wallet.reserve("o", [tender, Tender.of_credit("ann")], limit=eur("15"))
    wallet.commit("o")
    return tender, Tender.of_credit("ann")


def test_a_refund_comes_back_where_it_was_last_taken_first(wallet: WalletService) -> None:
    tender, credit = paid_by_two(wallet)
    assert wallet.refund("r1", "o", eur("6")).amount == eur("6")
    assert (left(wallet, tender), left(wallet, credit)) == (eur("1"), eur("8"))
    hold = wallet.hold("o")
    assert hold is not None
    assert [(part.amount, part.refunded) for part in hold.parts] == [
        (eur("10"), eur("1")),
        (eur("5"), eur("5")),
    ]


@in_memory
def test_a_refund_goes_to_the_part_that_is_named_and_no_further(wallet: WalletService) -> None:
    tender, credit = paid_by_two(wallet)
    part = wallet.recognise(tender.instrument).id
    wallet.refund("r1", "o", eur("7"), part=part)
    assert (left(wallet, tender), left(wallet, credit)) == (eur("7"), eur("3"))
    with pytest.raises(RefundTooLarge, match=r"4\.00 EUR cannot come back .* 3\.00 EUR is left"):
        wallet.refund("r2", "o", eur("4"), part=part)
    with pytest.raises(RefundTooLarge):
        wallet.refund("r2", "o", eur("8.01"))
    wallet.refund("r2", "o", eur("8"))
    with pytest.raises(RefundTooLarge):
        wallet.refund("r3", "o", eur("0.01"))
    assert (left(wallet, tender), left(wallet, credit)) == (eur("10"), eur("8"))


def test_a_refund_happens_once_per_key(wallet: WalletService) -> None:
    tender, _ = paid_by_two(wallet)
    first = wallet.refund("r", "o", eur("6"))
    assert wallet.refund("r", "o", eur("6")) == first
    wallet.reserve("p", [tender], limit=eur("1"))
    wallet.commit("p")
    for hold_key, amount, part in (("o", "5", None), ("o", "6", "elsewhere"), ("p", "1", None)):
        with pytest.raises(KeyReused):
            wallet.refund("r", hold_key, eur(amount), part=part)
    with pytest.raises(InvalidValue):
        wallet.refund("s", "o", eur("0"))
    with pytest.raises(CurrencyMismatch):
        wallet.refund("s", "o", Money(1, "USD"))


def test_a_refund_of_expired_value_can_be_spent_for_a_while(wallet: WalletService, passed: list[timedelta]) -> None:
    tender = card(wallet, "10", days=1)
    wallet.reserve("o", [tender], limit=eur("4"))
    wallet.commit("o")
    passed[0] = 2 * DAY
    assert wallet.expire() == 1
    for key in ("r1", "r2"):
        wallet.refund(key, "o", eur("2"))
    balance = wallet.balance(tender.instrument)
    assert (balance.available, balance.expires_at) == (eur("4"), NOW + 32 * DAY)
    assert wallet.reserve("p", [tender], limit=eur("9")).amount == eur("4")
    assert wallet.reconcile() == []


# Time and books.


def test_expired_value_counts_for_nothing_swept_or_not(wallet: WalletService, passed: list[timedelta]) -> None:
    tender = card(wallet, "10", days=1)
    passed[0] = DAY
    balance = wallet.balance(tender.instrument)
    assert (balance.available, balance.pending, balance.expires_at) == (eur("0"), eur("0"), None)
    (line,) = wallet.liability_report()
    assert (line.liability, line.breakage) == (eur("10"), eur("0"))
    assert (wallet.expire(), wallet.expire()) == (1, 0)
    (line,) = wallet.liability_report()
    assert (line.liability, line.breakage) == (eur("0"), eur("10"))
    with pytest.raises(InstrumentExpired):
        wallet.reserve("o", [tender], limit=eur("1"))


def test_a_sweep_takes_as_much_as_it_is_told(wallet: WalletService, passed: list[timedelta]) -> None:
    tenders = [card(wallet, "10", f"c{n}", days=2) for n in range(3)]
    for n, tender in enumerate(tenders):
        wallet.reserve(f"o{n}", [tender], limit=eur("4"), expires_at=NOW + DAY)
    passed[0] = 2 * DAY
    assert [wallet.expire(2), wallet.expire(2), wallet.expire(2)] == [4, 2, 0]
    (line,) = wallet.liability_report()
    assert (line.liability, line.breakage) == (eur("0"), eur("30"))
    assert wallet.reconcile() == []


@in_memory
def test_value_that_expires_while_it_is_held_still_pays(wallet: WalletService, passed: list[timedelta]) -> None:
    """It was reserved in time; if it is let go of instead, it is gone."""
    tender = card(wallet, "10", days=1)
    wallet.reserve("o", [tender], limit=eur("4"))
    wallet.reserve("p", [tender], limit=eur("6"))
    passed[0] = DAY
    wallet.commit("o")
    wallet.release("p")
    assert left(wallet, tender) == eur("0")
    assert wallet.expire() == 1
    (line,) = wallet.liability_report()
    assert (line.redeemed, line.breakage, line.liability) == (eur("4"), eur("6"), eur("0"))


def test_the_liability_is_told_by_kind_and_currency_for_any_moment(
    wallet: WalletService, passed: list[timedelta]
) -> None:
    tender, _ = paid_by_two(wallet)
    wallet.issue_gift_card("promo", Money(900, "JPY"), granted=True)
    passed[0] = DAY
    wallet.refund("r", "o", eur("6"))
    wallet.reserve("p", [tender], limit=eur("1"))
    cards, yen, credit = wallet.liability_report()
    assert (cards.kind, cards.sold, cards.redeemed, cards.held, cards.available) == (
        "gift_card",
        eur("10"),
        eur("9"),
        eur("1"),
        eur("0"),
    )
    assert (yen.currency, yen.granted, yen.sold, yen.liability) == (
        "JPY",
        Money(900, "JPY"),
        Money(0, "JPY"),
        Money(900, "JPY"),
    )
    assert (credit.kind, credit.granted, credit.redeemed, credit.liability) == (
        "store_credit",
        eur("8"),
        eur("0"),
        eur("8"),
    )
    before = wallet.liability_report(NOW)
    assert [(line.kind, line.liability.minor) for line in before] == [
        ("gift_card", 0),
        ("gift_card", 900),
        ("store_credit", 300),
    ]
    for line in (*before, cards, yen, credit):
        assert line.liability == line.sold + line.granted - line.redeemed - line.breakage


def test_a_statement_tells_what_moved_an_account(wallet: WalletService) -> None:
    tender, _ = paid_by_two(wallet)
    wallet.refund("r", "o", eur("6"))
    lines = wallet.statement(wallet.recognise(tender.instrument).id)
    assert [(line.kind, line.amount, line.balance, line.reference) for line in lines] == [
        (TransactionKind.ISSUE, 1000, 1000, "card"),
        (TransactionKind.RESERVE, -1000, 0, "o"),
        (TransactionKind.REFUND, 100, 100, "o"),
    ]
    with pytest.raises(AccountNotFound):
        wallet.statement("unknown")


def test_what_happens_is_told(wallet: WalletService, any_storage: Storage, passed: list[timedelta]) -> None:
    _, credit = paid_by_two(wallet)
    wallet.refund("r", "o", eur("6"))
    wallet.reserve("p", [credit], limit=eur("1"))
    wallet.release("p")
    wallet.reserve("q", [credit], limit=eur("1"), expires_at=NOW + DAY)
    wallet.issue_gift_card("short", eur("1"), expires_at=NOW + DAY)
    passed[0] = DAY
    wallet.expire()
    assert [envelope.name.removeprefix("wallet.") for _, envelope in any_storage.outbox.archive()] == [
        "GiftCardIssued",
        "CreditGranted",
        "ValueReserved",
        "ValueRedeemed",
        "ValueRefunded",
        "ValueReserved",
        "ValueReleased",
        "ValueReserved",
        "GiftCardIssued",
        "ValueReleased",
        "ValueExpired",
    ]


def test_a_short_pepper_is_refused() -> None:
    good = wallet_on(MemoryStorage())
    with pytest.raises(WeakPepper, match="15 bytes"):
        WalletService(good.begin, good.clock, PEPPER[:15])
