"""Any sequence of commands: the books balance, nothing is negative, and no minor unit is spent twice."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from commerce.adapters.memory import MemoryStorage
from commerce.kernel import Money
from commerce.testing.conformance.storage import NOW
from commerce.testing.conformance.wallet import wallet_on
from commerce.wallet import (
    AlreadyRedeemed,
    Hold,
    HoldEnded,
    HoldNotFound,
    HoldStatus,
    InstrumentExpired,
    NotEnough,
    NothingLeft,
    RefundTooLarge,
    Tender,
)

amounts = st.integers(1, 12)
some_days = st.none() | st.integers(1, 6)


def eur(minor: int) -> Money:
    return Money.of_minor(minor, "EUR")


class WalletMachine(RuleBasedStateMachine):
    """Cards and the credit of one customer; every command is given twice, since it has a key."""

    instruments = Bundle("instruments")
    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.passed = timedelta(0)
        self.wallet = wallet_on(MemoryStorage(), lambda: self.passed)
        self.number = 0
        self.came = 0
        self.known: set[str] = set()

    def fresh(self) -> str:
        self.number += 1
        return f"key {self.number}"

    def tolerate(self, act: Callable[[], object]) -> bool:
        """Twice; whether it was refused, with a typed reason, both times alike."""
        outcomes = []
        for _ in range(2):
            try:
                act()
            except (
                AlreadyRedeemed,
                HoldEnded,
                HoldNotFound,
                InstrumentExpired,
                NotEnough,
                NothingLeft,
                RefundTooLarge,
            ) as error:
                outcomes.append(error.code)
            else:
                outcomes.append("done")
        assert outcomes[0] == outcomes[1]
        return outcomes[0] == "done"

    def hold(self, key: str) -> Hold | None:
        return self.wallet.hold(key)

    def available(self, instrument: str) -> int:
        return self.wallet.balance(instrument, "EUR").available.minor

    @rule(target=instruments, amount=amounts, days=some_days)
    def issue(self, amount: int, days: int | None) -> str:
        until = None if days is None else NOW + self.passed + timedelta(days=days)
        account = self.wallet.issue_gift_card(key := self.fresh(), eur(amount), expires_at=until).account
        assert self.wallet.issue_gift_card(key, eur(amount), expires_at=until).account.id == account.id
        self.came += amount
        self.known.add(f"account:{account.id}")
        return f"account:{account.id}"

    @rule(target=instruments, amount=amounts, days=some_days, later=st.integers(0, 2))
    def grant(self, amount: int, days: int | None, later: int) -> str:
        begin = NOW + self.passed + timedelta(days=later)
        until = None if days is None else begin + timedelta(days=days)
        key = self.fresh()
        for _ in range(2):
            self.wallet.grant_credit(key, "ann", eur(amount), reason="r", active_from=begin, expires_at=until)
        self.came += amount
        self.known.add("credit:ann")
        return "credit:ann"

    @rule(
        target=keys,
        named=st.lists(st.tuples(instruments, st.none() | amounts), min_size=1, max_size=3),
        limit=st.integers(1, 20),
        days=some_days,
    )
    def reserve(self, named: list[tuple[str, int | None]], limit: int, days: int | None) -> str:
        """Refused only if a tender that is needed has too little; else exactly what is there, up to the limit."""
        key = self.fresh()
        there = {instrument: self.available(instrument) for instrument, _ in named}
        open, enough = limit, True
        for instrument, most in named:
            wanted = open if most is None else min(open, most)
            got = min(there[instrument], wanted)
            enough = enough and not (open and not got) and (most is None or got == wanted)
            there[instrument] -= got
            open -= got
        tenders = [Tender(instrument=one, amount=None if most is None else eur(most)) for one, most in named]
        until = None if days is None else NOW + self.passed + timedelta(days=days)
        held = self.tolerate(lambda: self.wallet.reserve(key, tenders, limit=eur(limit), expires_at=until))
        assert held == enough
        if held:
            hold = self.hold(key)
            assert hold is not None
            assert hold.units == limit - open
        return key

    @rule(key=keys)
    def commit(self, key: str) -> None:
        hold = self.hold(key)
        live = hold is not None and hold.live(NOW + self.passed)
        assert self.tolerate(lambda: self.wallet.commit(key)) == live

    @rule(key=keys)
    def release(self, key: str) -> None:
        hold = self.hold(key)
        paid = hold is not None and hold.status is HoldStatus.COMMITTED
        assert self.tolerate(lambda: self.wallet.release(key)) != paid

    @rule(key=keys, amount=amounts, part=st.integers(-1, 1))
    def refund(self, key: str, amount: int, part: int) -> None:
        """Exactly what was redeemed comes back, at once to be spent; never more."""
        hold = self.hold(key)
        named = hold.parts[part].account_id if hold is not None and 0 <= part < len(hold.parts) else None
        possible = hold is not None and amount <= hold.refundable(named)
        before = self.spendable()
        refund = self.fresh()
        done = self.tolerate(lambda: self.wallet.refund(refund, key, eur(amount), part=named))
        assert done == possible
        assert self.spendable() == before + (amount if done else 0)

    @rule(days=st.integers(1, 3), sweep=st.booleans())
    def wait(self, days: int, sweep: bool) -> None:
        self.passed += timedelta(days=days)
        if sweep:
            before = self.spendable()
            self.wallet.expire()
            assert self.wallet.expire() == 0
            assert self.spendable() == before, "a sweep changes no answer"

    def spendable(self) -> int:
        """What could be spent of all accounts together."""
        return sum(self.available(instrument) for instrument in self.known)

    @invariant()
    def books_are_right(self) -> None:
        assert self.wallet.reconcile() == []
        now = NOW + self.passed
        with self.wallet.begin() as uow:
            sums = uow.ledger.sums(now)
        assert sum(sums.values()) == 0
        lines = self.wallet.liability_report()
        for line in lines:
            assert line.liability == line.sold + line.granted - line.redeemed - line.breakage
            assert min(line.available, line.held, line.redeemed, line.breakage) >= eur(0)
        assert sum(line.sold.minor + line.granted.minor for line in lines) == self.came
        holds = [hold for n in range(self.number + 1) if (hold := self.hold(f"key {n}")) is not None]
        held = sum(hold.units for hold in holds if hold.status is HoldStatus.HELD)
        paid = sum(hold.refundable() for hold in holds)
        assert sum(line.held.minor for line in lines) == held
        assert sum(line.redeemed.minor for line in lines) == paid

    @invariant()
    def balances_are_lots_and_postings(self) -> None:
        """What is in an account is the sum of its lots and the end of its statement; no lot is negative or too full."""
        for instrument in self.known:
            account = self.wallet.balance(instrument, "EUR").account
            assert account is not None
            with self.wallet.begin() as uow:
                lots = uow.lots.of([account.id])
            assert all(0 <= lot.left <= lot.amount for lot in lots)
            assert sum(lot.left for lot in lots) == self.wallet.statement(account.id)[-1].balance

    def teardown(self) -> None:
        """In ten years nothing with an end is owed any more, but for what has paid."""
        self.passed += timedelta(days=3650)
        self.wallet.expire()
        self.books_are_right()
        for n in range(self.number + 1):
            hold = self.hold(f"key {n}")
            assert hold is None or hold.status is not HoldStatus.HELD or hold.expires_at is None


WalletMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow]
)
TestWallet = WalletMachine.TestCase
