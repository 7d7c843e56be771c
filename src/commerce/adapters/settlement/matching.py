"""Matching a settlement report with the ledger: by the gateway's references and our keys, in one pass each."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import define, field

from commerce.adapters.rows import RowError
from commerce.adapters.settlement.formats import FeeTerms
from commerce.adapters.settlement.values import (
    DifferenceKind,
    EmptyReport,
    Reconciliation,
    SettlementDifference,
    SettlementRow,
    SkippedRow,
)
from commerce.kernel import Currency, Money, Rounding, aware, divide, exponent
from commerce.payments import Entry, OperationKind, OperationStatus, PaymentService

__all__ = ["Ledger", "reconcile", "reconcile_payments"]

#: The ledger's succeeded entries that were first asked in a time.
Ledger = Callable[[datetime, datetime], Iterable[tuple[str, Entry]]]

#: What moves money.
_MOVING = (
    OperationKind.CAPTURE,
    OperationKind.REFUND,
    OperationKind.CHARGEBACK,
    OperationKind.CHARGEBACK_REVERSAL,
)

#: How long before and after the time of a report the ledger is searched for what a row names.
MARGIN = timedelta(days=7)

_TICK = timedelta(microseconds=1)


def reconcile_payments(
    payments: PaymentService,
    gateway: str,
    rows: Iterable[SettlementRow | SkippedRow | RowError],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    margin: timedelta = MARGIN,
    terms: FeeTerms | None = None,
) -> Reconciliation:
    """Compare a report with the ledger of one gateway. See `reconcile`."""

    def ledger(first: datetime, last: datetime) -> Iterable[tuple[str, Entry]]:
        with payments.begin() as uow:
            return uow.payments.entries(gateway, first, last)

    return reconcile(gateway, rows, ledger, since=since, until=until, margin=margin, terms=terms)


def reconcile(
    gateway: str,
    rows: Iterable[SettlementRow | SkippedRow | RowError],
    ledger: Ledger,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    margin: timedelta = MARGIN,
    terms: FeeTerms | None = None,
) -> Reconciliation:
    """Every difference between a report and the ledger.

    The report is about the time from ``since`` to ``until``, or else from its first row to its last. What the
    ledger has of that time and the report does not is missing there; what was asked up to ``margin`` before or
    after is matched, too, and not missed. Raises `EmptyReport` if nobody says which time it is about.
    """
    told = _Told()
    for row in rows:
        told.take(row, terms)
    first = aware(since, "since") if since is not None else told.first
    last = aware(until, "until") if until is not None else told.last and told.last + _TICK
    if first is None or last is None:
        raise EmptyReport
    ours = _Ours()
    for payment_id, entry in ledger(first - margin, last + margin):
        if entry.kind in _MOVING and entry.status is OperationStatus.SUCCEEDED:
            ours.take(payment_id, entry)
    compared = [*_compare(told, ours, first, last)]
    return Reconciliation(
        gateway=gateway,
        since=first,
        until=last,
        rows=told.rows,
        agreed=sum(found is None for found in compared),
        differences=tuple(
            sorted(
                (*told.differences, *(found for found in compared if found is not None)),
                key=lambda one: (one.lines or (0,), one.reference),
            )
        ),
        broken=tuple(told.broken),
        skipped=dict(told.skipped),
    )


@define
class _Group:
    """What the report says of one operation: usually one row."""

    operation: OperationKind
    reference: str
    related: tuple[str, ...]
    rows: list[SettlementRow] = field(factory=list)

    @property
    def lines(self) -> tuple[int, ...]:
        return tuple(row.line for row in self.rows)

    @property
    def total(self) -> Money:
        return _sum(row.amount for row in self.rows)

    @property
    def once(self) -> Money:
        """The total without rows that say what an earlier one said."""
        return _sum({row.amount: None for row in self.rows})

    @property
    def mixed(self) -> bool:
        return len({row.amount.currency for row in self.rows}) > 1


@define
class _Known:
    """What the ledger has of one operation: usually one entry."""

    payment_id: str
    operation: OperationKind
    reference: str
    entries: list[Entry] = field(factory=list)
    told: bool = False

    @property
    def total(self) -> Money:
        return _sum(entry.amount for entry in self.entries)


@define
class _Told:
    """The report, by operation."""

    groups: dict[tuple[OperationKind, str], _Group] = field(factory=dict)
    ids: dict[tuple[OperationKind, str], int] = field(factory=dict)
    differences: list[SettlementDifference] = field(factory=list)
    broken: list[RowError] = field(factory=list)
    skipped: Counter[str] = field(factory=Counter)
    rows: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def take(self, row: SettlementRow | SkippedRow | RowError, terms: FeeTerms | None) -> None:
        """Put a row where it belongs."""
        self.rows += 1
        if isinstance(row, RowError):
            self.broken.append(row)
        elif isinstance(row, SkippedRow):
            self.skipped[row.kind] += 1
        elif not self._repeated(row):
            self._group(row)
            self.differences.extend(_fee(row, terms))

    def _repeated(self, row: SettlementRow) -> bool:
        if not row.id:
            return False
        line = self.ids.setdefault((row.operation, row.id), row.line)
        if line != row.line:
            self.differences.append(
                SettlementDifference(
                    kind=DifferenceKind.DUPLICATE,
                    operation=row.operation,
                    reference=row.reference,
                    theirs=row.amount,
                    lines=(line, row.line),
                )
            )
        return line != row.line

    def _group(self, row: SettlementRow) -> None:
        place = (row.operation, row.reference)
        group = self.groups.get(place)
        if group is None:
            group = self.groups[place] = _Group(row.operation, row.reference, row.related)
        group.rows.append(row)
        if row.at is not None:
            self.first = row.at if self.first is None else min(self.first, row.at)
            self.last = row.at if self.last is None else max(self.last, row.at)


@define
class _Ours:
    """The ledger, by every name that an operation has: the gateway's, ours, and that of the call it went with."""

    known: dict[tuple[OperationKind, str], _Known] = field(factory=dict)
    names: dict[tuple[OperationKind, str], _Known] = field(factory=dict)
    payments: dict[str, list[_Known]] = field(factory=dict)

    def take(self, payment_id: str, entry: Entry) -> None:
        """Put an entry where it belongs."""
        place = (entry.kind, entry.reference or entry.id)
        known = self.known.get(place)
        if known is None:
            known = self.known[place] = _Known(payment_id, entry.kind, place[1])
            self.payments.setdefault(payment_id, []).append(known)
        known.entries.append(entry)
        for name in filter(None, (entry.reference, entry.id, entry.leader)):
            self.names.setdefault((entry.kind, name), known)

    def find(self, group: _Group) -> _Known | None:
        """The operation that a group of rows is about: by its own name, or the only one it can be of what it names."""
        found = self.names.get((group.operation, group.reference))
        if found is not None:
            return found
        for name in group.related:
            found = self.names.get((group.operation, name)) or self._of_payment(group, name)
            if found is not None and not found.told:
                return found
        return None

    def _of_payment(self, group: _Group, name: str) -> _Known | None:
        capture = self.names.get((OperationKind.CAPTURE, name))
        if capture is None:
            return None
        possible = [
            known
            for known in self.payments[capture.payment_id]
            if known.operation is group.operation and not known.told
        ]
        same = [known for known in possible if known.total == group.total]
        return next(iter(same), possible[0] if len(possible) == 1 else None)


def _compare(told: _Told, ours: _Ours, first: datetime, last: datetime) -> Iterator[SettlementDifference | None]:
    """One answer per operation: nothing where both agree. Rows with a name of their own are matched first."""
    named: list[_Group] = []
    others: list[_Group] = []
    for group in told.groups.values():
        (named if (group.operation, group.reference) in ours.names else others).append(group)
    for group in (*named, *others):
        known = ours.find(group)
        if known is not None:
            known.told = True
            yield _differs(group, known)
        elif group.mixed or group.total.minor:
            yield SettlementDifference(
                kind=DifferenceKind.MISSING_HERE,
                operation=group.operation,
                reference=group.reference,
                theirs=None if group.mixed else group.total,
                lines=group.lines,
            )
    for known in ours.known.values():
        if not known.told and any(first <= entry.at < last for entry in known.entries):
            yield SettlementDifference(
                kind=DifferenceKind.MISSING_THERE,
                operation=known.operation,
                reference=known.reference,
                payment_id=known.payment_id,
                ours=known.total,
            )


def _differs(group: _Group, known: _Known) -> SettlementDifference | None:
    ours = known.total
    theirs = None if group.mixed else group.total
    if theirs == ours:
        return None
    kind = DifferenceKind.AMOUNT
    if theirs is None or theirs.currency != ours.currency:
        kind = DifferenceKind.CURRENCY
    elif group.once == ours:
        kind = DifferenceKind.DUPLICATE
    return SettlementDifference(
        kind=kind,
        operation=group.operation,
        reference=group.reference,
        payment_id=known.payment_id,
        ours=ours,
        theirs=theirs,
        lines=group.lines,
    )


def _fee(row: SettlementRow, terms: FeeTerms | None) -> Iterator[SettlementDifference]:
    """Gross less fee is net; and a capture costs what was agreed."""
    if row.fee is None:
        return
    due = None
    if row.net is not None and row.settled - row.fee != row.net:
        due = row.settled - row.net
    elif terms is not None and row.operation is OperationKind.CAPTURE and row.amount.minor > 0:
        agreed = _agreed(row.settled, terms)
        due = agreed if abs((row.fee - agreed).minor) > 1 else None
    if due is not None:
        yield SettlementDifference(
            kind=DifferenceKind.FEE,
            operation=row.operation,
            reference=row.reference,
            ours=due,
            theirs=row.fee,
            lines=(row.line,),
        )


def _agreed(gross: Money, terms: FeeTerms) -> Money:
    numerator, denominator = (terms.percent / 100).as_integer_ratio()
    share = divide(gross.minor * numerator, denominator, Rounding.HALF_UP)
    return Money.of_minor(share + _fixed(terms.fixed, gross.currency), gross.currency)


def _fixed(fixed: Mapping[str, Decimal], of: Currency) -> int:
    return int(fixed.get(of.code, Decimal(0)).scaleb(exponent(of)))


def _sum(amounts: Iterable[Money]) -> Money:
    """The sum of one or more amounts of one currency."""
    first, *rest = amounts
    if not rest:
        return first
    return Money.of_minor(first.minor + sum(one.minor for one in rest), first.currency)
