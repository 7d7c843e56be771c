"""Laws of drawing and of postings, for any unit."""

from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commerce.kernel import InvalidValue, new_id
from commerce.testing.conformance.storage import NOW
from commerce.wallet import Book, Draw, Lot, Posting, Transaction, TransactionKind, Wish, draw

ACCOUNTS = ("a", "b", "c")
calm = settings(suppress_health_check=[HealthCheck.too_slow])


def _lot(account: str, left: int, begins: int, days: int | None) -> Lot:
    return Lot(
        id=new_id(),
        account_id=account,
        unit="PTS",
        amount=20,
        left=left,
        active_from=NOW + timedelta(days=begins),
        expires_at=None if days is None else NOW + timedelta(days=days),
    )


lots = st.lists(
    st.builds(_lot, st.sampled_from(ACCOUNTS), st.integers(0, 20), st.integers(-1, 1), st.none() | st.integers(-2, 3)),
    max_size=6,
)
wishes = st.lists(
    st.builds(
        Wish, account_id=st.sampled_from(ACCOUNTS), kind=st.just("points"), amount=st.none() | st.integers(1, 25)
    ),
    min_size=1,
    max_size=4,
)


def units(draws: list[Draw]) -> int:
    return sum(one.amount for one in draws)


@calm
@given(wishes, lots, st.integers(1, 60))
def test_nothing_is_drawn_twice_or_out_of_time(asked: list[Wish], known: list[Lot], limit: int) -> None:
    answers = draw(asked, known, limit, NOW)
    assert [wish for wish, _ in answers] == asked
    every = [one for _, draws in answers for one in draws]
    assert units(every) <= limit
    by_id = {lot.id: lot for lot in known}
    for lot in known:
        assert units([one for one in every if one.lot_id == lot.id]) <= lot.left
    for wish, draws in answers:
        assert all(one.amount > 0 and by_id[one.lot_id].account_id == wish.account_id for one in draws)
        assert all(by_id[one.lot_id].active(NOW) for one in draws)
        assert wish.amount is None or units(draws) <= wish.amount


@calm
@given(wishes, lots, st.integers(1, 60))
def test_a_wish_gets_all_that_is_there_up_to_what_is_open(asked: list[Wish], known: list[Lot], limit: int) -> None:
    there = {
        account: sum(lot.left for lot in known if lot.account_id == account and lot.active(NOW)) for account in ACCOUNTS
    }
    open = limit
    for wish, draws in draw(asked, known, limit, NOW):
        due = min(there[wish.account_id], open, open if wish.amount is None else wish.amount)
        assert units(draws) == due
        there[wish.account_id] -= due
        open -= due


@calm
@given(lots, st.integers(1, 60))
def test_what_expires_sooner_is_gone_before_what_expires_later_is_touched(known: list[Lot], limit: int) -> None:
    known = [evolve(lot, account_id="a") for lot in known]
    (_, draws), *_ = draw([Wish(account_id="a", kind="points")], known, limit, NOW)
    taken = {one.lot_id: one.amount for one in draws}
    usable = [lot for lot in known if lot.active(NOW)]
    for later in usable:
        for sooner in usable:
            if sooner.expires_at and (later.expires_at is None or sooner.expires_at < later.expires_at):
                assert not taken.get(later.id) or taken.get(sooner.id, 0) == sooner.left


@calm
@given(st.lists(st.tuples(st.sampled_from(["EUR", "PTS"]), st.integers(-9, 9)), min_size=1, max_size=5))
def test_a_transaction_that_does_not_sum_to_zero_per_unit_cannot_be_made(sides: list[tuple[str, int]]) -> None:
    postings = tuple(Posting(book=Book.CASH, kind="gift_card", unit=unit, amount=amount) for unit, amount in sides)
    balanced = all(sum(amount for u, amount in sides if u == unit) == 0 for unit, _ in sides)
    facts = {"id": "t", "key": "k", "kind": TransactionKind.ISSUE, "at": NOW}
    if balanced:
        assert Transaction(**facts, postings=postings).postings == postings  # type: ignore[arg-type]
    else:
        with pytest.raises(InvalidValue, match="counterpart"):
            Transaction(**facts, postings=postings)  # type: ignore[arg-type]
