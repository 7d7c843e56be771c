"""Whatever goes wrong, in any order: no money twice, never more than there is, and the gateway's truth in the end."""

from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.payments.shop import HUNDRED, NOTHING, Till

from commerce.kernel import CommerceError, KeyReused, Misconfigured, Money
from commerce.payments import GatewayAbilities, OperationKind, OperationStatus, Payment
from commerce.testing.gateways import FakeGateway, Fault, Tokens


class Crash(BaseException):
    """The process dies here."""


def die() -> None:
    raise Crash


CRASHES: dict[str, dict[str, Callable[[], None]]] = {"crash before": {"before": die}, "crash after": {"after": die}}
ABILITIES = (
    GatewayAbilities(multi_capture=True, increment=True),
    GatewayAbilities(),
    GatewayAbilities(separate_capture=False, void=False, cancel=False),
    GatewayAbilities(cancel=False, partial_refund=False),
)
troubles = st.sampled_from(["", "", *Fault, *CRASHES])
amounts = st.integers(1, 120_00).map(lambda minor: Money.of_minor(minor, "EUR"))
methods = ("authorize", "capture", "refund", "void", "increment", "fetch")


class PaymentMachine(RuleBasedStateMachine):
    commands = Bundle("commands")

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    @initialize(abilities=st.sampled_from(ABILITIES))
    def open(self, abilities: GatewayAbilities) -> None:
        self.till = Till(gateway=FakeGateway(abilities=abilities))
        self.service, self.fake = self.till.service, self.till.fake

    def run(self, command: Callable[[], object]) -> None:
        """As a careful caller: refusals and outages are expected, mistakes of ours are not."""
        try:
            command()
        except (KeyReused, Misconfigured):
            raise
        except (CommerceError, Crash):
            pass

    def trouble(self, method: str, what: str) -> None:
        if what in CRASHES:
            self.fake.script(method, **CRASHES[what])  # type: ignore[arg-type]
        elif what:
            self.fake.script(method, Fault(what))

    @property
    def payments(self) -> tuple[Payment, ...]:
        return self.service.of_order("order-1")

    def pick(self, n: int) -> str:
        return self.payments[n % len(self.payments)].id

    @rule(target=commands, token=st.sampled_from(Tokens), capture=st.booleans(), what=troubles)
    def authorize(self, token: Tokens, what: str, *, capture: bool) -> Callable[[], object]:
        self.count += 1
        key = f"pay {self.count}"
        self.trouble("authorize", what)
        command = lambda: self.till.pay(key, token=token, capture=capture)  # noqa: E731 - kept to be repeated
        self.run(command)
        return command

    @precondition(lambda self: self.payments)
    @rule(
        target=commands,
        kind=st.sampled_from(["capture", "final", "refund", "refund", "increment"]),
        n=st.integers(0, 9),
        amount=amounts | st.none(),
        what=troubles,
    )
    def operate(self, kind: str, n: int, amount: Money | None, what: str) -> Callable[[], object]:
        self.count += 1
        id, key = self.pick(n), f"{kind} {self.count}"
        self.trouble("capture" if kind == "final" else kind, what)
        acts: dict[str, Callable[[], object]] = {
            "capture": lambda: self.service.capture(id, key, amount),
            "final": lambda: self.service.capture(id, key, amount, final=True),
            "refund": lambda: self.service.refund(id, key, amount),
            "increment": lambda: self.service.increment(id, key, amount or HUNDRED),
        }
        self.run(acts[kind])
        return acts[kind]

    @precondition(lambda self: self.payments)
    @rule(target=commands, n=st.integers(0, 9), what=troubles, whole=st.booleans())
    def take_back(self, n: int, what: str, *, whole: bool) -> Callable[[], object]:
        self.count += 1
        id, key = self.pick(n), f"back {self.count}"
        self.trouble("void", what)
        command = lambda: (self.service.cancel if whole else self.service.void)(id, key)  # noqa: E731 - kept
        self.run(command)
        return command

    @rule(command=commands)
    def again(self, command: Callable[[], object]) -> None:
        self.run(command)

    @precondition(lambda self: self.payments)
    @rule(n=st.integers(0, 9), good=st.booleans(), what=st.sampled_from(["customer", "finish", "refund comes back"]))
    def outside(self, n: int, what: str, *, good: bool) -> None:
        id = self.pick(n)
        if what == "customer":
            self.fake.customer_acts(id, approves=good)
        elif what == "finish":
            self.fake.finish(id, succeeds=good)
        elif self.fake.total(OperationKind.REFUND, id):
            self.fake.fail_refund(id)

    @precondition(lambda self: self.payments)
    @rule(n=st.integers(0, 9), minor=st.integers(1, 50_00))
    def dashboard(self, n: int, minor: int) -> None:
        """Somebody refunds at the gateway what nobody here is refunding."""
        id, amount = self.pick(n), Money.of_minor(minor, "EUR")
        left = self.fake.total(OperationKind.CAPTURE, id) - self.fake.total(OperationKind.REFUND, id)
        if amount <= left and not self.service.get(id).open:
            self.fake.happen(id, OperationKind.REFUND, amount)

    @rule(order=st.randoms(use_true_random=False), repeats=st.integers(1, 2), what=troubles)
    def notices(self, order: st.DataObject, repeats: int, what: str) -> None:
        told = [*self.fake.notices()] * repeats
        order.shuffle(told)  # type: ignore[attr-defined]
        if what == Fault.UNAVAILABLE:
            self.trouble("fetch", what)
        for raw in told:
            self.run(lambda raw=raw: self.service.receive_notice("fake", raw))  # type: ignore[misc]

    @rule(minutes=st.sampled_from([1, 6, 60, 1500]), settle=st.booleans())
    def wait(self, minutes: int, *, settle: bool) -> None:
        self.till.wait(minutes)
        if settle:
            self.run(self.service.settle_open)

    @invariant()
    def never_more_than_there_is(self) -> None:
        for payment in self.payments if hasattr(self, "till") else ():
            assert NOTHING <= payment.refunded <= payment.captured <= payment.authorized
            totals = [self.fake.total(kind, payment.id) for kind in (OperationKind.REFUND, OperationKind.CAPTURE)]
            assert totals[0] <= totals[1]
        live = [payment for payment in self.payments if payment.live] if hasattr(self, "till") else []
        assert len(live) <= 1

    def teardown(self) -> None:
        if not hasattr(self, "till"):
            return
        self.fake.heal()
        for payment in self.payments:
            self.fake.finish(payment.id)
        for _ in range(3):
            self.till.wait(3000)
            self.service.settle_open()
        for payment in self.payments:
            settled = self.service.settle(payment.id)
            assert self.service.compare(payment.id) == ()
            assert not settled.owes_surplus
            (first, *_) = self.fake.operations(payment.id) or (None,)
            assert not settled.open or (first is not None and first.status is OperationStatus.WAITING)


PaymentMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, suppress_health_check=[HealthCheck.too_slow]
)
TestPayments = PaymentMachine.TestCase
