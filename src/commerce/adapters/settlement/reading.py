"""Rows of a settlement report, one at a time; a broken one never stops the others."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from attrs import define, field

from commerce.adapters.rows import RowError
from commerce.adapters.settlement.formats import Columns, SettlementFormat
from commerce.adapters.settlement.values import MissingColumns, SettlementRow, SkippedRow
from commerce.kernel import Currency, Invalid, Money, currency, exponent
from commerce.kernel.cards import mask_card_numbers
from commerce.payments import OperationKind

__all__ = ["read_report"]

_REQUIRED = ("kind", "references", "currency", "amount")

#: Which sign of the balance an operation has.
_DEBITS = (OperationKind.REFUND, OperationKind.CHARGEBACK)

_AMOUNT = re.compile(r"([+-]?)([0-9]{1,15})(?:\.([0-9]{0,6}))?")

_UNSEEN = object()


def read_report(lines: Iterable[str], format: SettlementFormat) -> Iterator[SettlementRow | SkippedRow | RowError]:
    """What a report says, row by row. Raises `MissingColumns` for a file that is none."""
    rows = csv.reader(lines, delimiter=format.delimiter)
    parse: _Parse | None = None
    while True:
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield RowError(
                line=rows.line_num, column="row", value="", reason=str(error), next_step="export the report again"
            )
            continue
        if cells is None:
            break
        if not any(cells):
            continue
        if _is_header(cells, format, parse):
            parse = _Parse.of(cells, format)
        elif parse is not None and _is_data(cells, format):
            yield parse.row(rows.line_num, cells)
    if parse is None:
        raise MissingColumns(missing=tuple(getattr(format.columns, name)[0] for name in _REQUIRED))


def _is_header(cells: Sequence[str], format: SettlementFormat, parse: "_Parse | None") -> bool:
    return parse is None if format.record is None else cells[0].strip("\ufeff ") == format.record[0]


def _is_data(cells: Sequence[str], format: SettlementFormat) -> bool:
    return format.record is None or cells[0] == format.record[1]


class _Broken(Exception):
    """Leaves the parsing of one row."""

    def __init__(self, column: str, value: str, reason: str, next_step: str) -> None:
        self.row = (column, mask_card_numbers(value), reason, next_step)


@define
class _Parse:
    """Reads the rows under one header."""

    format: SettlementFormat
    places: Mapping[str, tuple[int, ...]]
    titles: Mapping[str, str]
    width: int
    currencies: dict[str, Currency] = field(factory=dict)
    operations: dict[str, Any] = field(factory=dict)

    @classmethod
    def of(cls, header: Sequence[str], format: SettlementFormat) -> "_Parse":
        """Find the columns. Raises `MissingColumns`."""
        found = {title.strip("\ufeff ").casefold(): place for place, title in enumerate(header)}
        places, titles = {}, {}
        for name in Columns.model_fields:
            names = getattr(format.columns, name)
            places[name] = tuple(found[one.casefold()] for one in names if one.casefold() in found)
            titles[name] = names[0] if names else name
        missing = tuple(titles[name] for name in _REQUIRED if not places[name])
        if missing:
            raise MissingColumns(missing=missing)
        return cls(format, places, titles, len(header))

    def row(self, line: int, cells: Sequence[str]) -> SettlementRow | SkippedRow | RowError:
        """What one row says."""
        try:
            return self._row(line, cells)
        except _Broken as broken:
            column, value, reason, next_step = broken.row
            return RowError(line=line, column=column, value=value, reason=reason, next_step=next_step)

    def _row(self, line: int, cells: Sequence[str]) -> SettlementRow | SkippedRow:
        if len(cells) < self.width:
            raise _Broken("row", "", f"it has {len(cells)} cells of {self.width}", "export the report again")
        kind = self._cell(cells, "kind")
        operation = self.operations.get(kind, _UNSEEN)
        if operation is _UNSEEN:
            operation = self.operations[kind] = self.format.operation(kind)
        if operation is None:
            return SkippedRow(line=line, kind=kind)
        if operation is False:
            raise _Broken(self.titles["kind"], kind, "nobody said what this is", "name it in kinds or skipped of a map")
        settled = self._signed(cells, "amount", "direction", self._currency(cells, "currency"))
        assert settled is not None  # the column is required  # noqa: S101
        names = self._references(cells, kind)
        # What a refund takes from the balance it gives to the customer.
        flipped = -settled if operation in _DEBITS else settled
        return SettlementRow(
            line=line,
            operation=operation,
            reference=names[0],
            related=names[1:],
            id=self._cell(cells, "id"),
            amount=self._charged(cells, flipped),
            settled=settled,
            fee=self._fee(cells, settled),
            net=self._signed(cells, "net", "", settled.currency),
            at=self._moment(cells),
        )

    def _references(self, cells: Sequence[str], kind: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(text for place in self.places["references"] if (text := cells[place].strip())))
        if kind in self.format.by_related and len(names) > 1:
            names = (names[1], names[0], *names[2:])
        if not names:
            raise _Broken(self.titles["references"], "", "it is empty", "look the row up in the gateway's dashboard")
        return names

    def _charged(self, cells: Sequence[str], settled: Money) -> Money:
        if not self._cell(cells, "charged_amount"):
            return settled
        paid = self._signed(cells, "charged_amount", "", self._currency(cells, "charged_currency"))
        if paid is None or paid.currency == settled.currency:
            return settled
        return -abs(paid) if settled.minor < 0 else abs(paid)

    def _fee(self, cells: Sequence[str], settled: Money) -> Money | None:
        fee = self._signed(cells, "fee", "", settled.currency)
        credited = self._cell(cells, "fee_direction").upper() == "CR"
        return -fee if fee is not None and credited else fee

    def _signed(self, cells: Sequence[str], name: str, direction: str, of: Currency) -> Money | None:
        text = self._cell(cells, name)
        if not text:
            if name in _REQUIRED:
                raise _Broken(self.titles[name], "", "it is empty", "export the report again")
            return None
        found = _AMOUNT.fullmatch(text.replace(self.format.decimal, "."))
        amount = None if found is None else self._money(found, of)
        if amount is None:
            raise _Broken(self.titles[name], text, f"it is no amount in {of.code}", "write it as 24.90")
        way = self._cell(cells, direction).upper() if direction else ""
        if direction and self.places[direction] and way not in ("CR", "DR"):
            raise _Broken(self.titles[direction], way, "it is neither CR nor DR", "export the report again")
        return -amount if way == "DR" else amount

    def _money(self, found: re.Match[str], of: Currency) -> Money | None:
        sign, whole, rest = found.groups("")
        digits = 0 if self.format.minor_units else exponent(of)
        kept, lost = rest[:digits].ljust(digits, "0"), rest[digits:]
        return None if lost.strip("0") else Money.of_minor(int(f"{sign}{whole}{kept}"), of)

    def _currency(self, cells: Sequence[str], name: str) -> Currency:
        code = self._cell(cells, name)
        known = self.currencies.get(code)
        if known is None:
            try:
                known = self.currencies[code] = currency(code.upper())
            except Invalid:
                raise _Broken(self.titles[name], code, "it is no currency", "write an ISO 4217 code") from None
        return known

    def _moment(self, cells: Sequence[str]) -> datetime | None:
        text = self._cell(cells, "at")
        if not text:
            return None
        plain = text.replace("/", "-").replace(" +", "+").replace(" -", "-").removesuffix(" UTC")
        try:
            moment = datetime.fromisoformat(plain)
        except ValueError:
            raise _Broken(self.titles["at"], text, "it is no moment", "write it as 2026-03-01 12:00:00") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.format.timezone))

    def _cell(self, cells: Sequence[str], name: str) -> str:
        for place in self.places[name]:
            if text := cells[place].strip():
                return text
        return ""
