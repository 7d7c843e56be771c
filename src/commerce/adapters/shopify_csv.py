"""Products from the CSV file that Shopify exports, which other shops and suppliers write too.

`read_products` only reads: it yields products with their prices and quantities as
values, and what is wrong with a row as a `commerce.adapters.rows.RowError`. Storing them is the caller's.

The columns are those of Shopify's help page "Using CSV files to import and export
products", in the spelling of its exports (``Handle``, ``Variant SKU``) and of its
newer template (``URL handle``, ``SKU``); capitals do not count.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from attrs import define, field, frozen

from commerce.adapters.rows import RowError
from commerce.catalog import (
    DuplicateOptions,
    Media,
    Option,
    Product,
    ProductStatus,
    ProductText,
    Variant,
)
from commerce.kernel import Currency, Invalid, InvalidMoney, InvalidValue, Money
from commerce.kernel import currency as to_currency

__all__ = ["ImportedProduct", "MissingColumns", "read_products"]

#: What we call a column, and its header in exports and in the newer template.
_COLUMNS = {
    "handle": ("Handle", "URL handle"),
    "title": ("Title",),
    "description": ("Body (HTML)", "Description"),
    "vendor": ("Vendor",),
    "category": ("Product Category",),
    "type": ("Type",),
    "tags": ("Tags",),
    "published": ("Published", "Published on online store"),
    "status": ("Status",),
    **{f"name_{n}": (f"Option{n} Name",) for n in (1, 2, 3)},
    **{f"value_{n}": (f"Option{n} Value",) for n in (1, 2, 3)},
    "sku": ("Variant SKU", "SKU"),
    "grams": ("Variant Grams", "Weight value (grams)"),
    "tracker": ("Variant Inventory Tracker", "Inventory tracker"),
    "quantity": ("Variant Inventory Qty", "Inventory quantity"),
    "policy": ("Variant Inventory Policy", "Continue selling when out of stock"),
    "price": ("Variant Price", "Price"),
    "compare_at": ("Variant Compare At Price", "Compare-at price"),
    "shipping": ("Variant Requires Shipping", "Requires shipping"),
    "taxable": ("Variant Taxable", "Charge tax"),
    "barcode": ("Variant Barcode", "Barcode"),
    "image": ("Image Src", "Product image URL"),
    "position": ("Image Position",),
    "alt": ("Image Alt Text",),
}
_REQUIRED = ("handle", "title", "sku", "price")
_OPTIONS = (1, 2, 3)

#: A row with one of these is a variant; others only add a picture.
_VARIANT = ("sku", "price", "value_1", "value_2", "value_3")

#: How a product without options writes its only option.
_NO_OPTION = ("title", "default title")

#: Where the fields of a product come from, if not from its title.
_FIELDS = {
    "handle": "handle",
    "vendor": "vendor",
    "tags": "tags",
    "attributes": "type",
    "media": "image",
    "options": "name_1",
}

_YES = {"true", "yes", "1", "continue"}
_NO = {"false", "no", "0", "deny"}

_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_POSITION = re.compile("[0-9]{1,6}")


@define(kw_only=True, slots=False)
class MissingColumns(Invalid):
    """The file is no product file, or lacks what a product cannot do without."""

    message = "the file has no column {missing}: export it again with it, or rename the column that holds it"
    missing: tuple[str, ...]
    found: tuple[str, ...] = ()


@frozen(kw_only=True)
class ImportedProduct:
    """A product with what a file says beside it, each by SKU.

    ``compare_at`` holds former prices that are dearer than the price. ``quantities`` holds the
    tracked stock, oversold stock as 0; a SKU that is not in it is not tracked. ``oversell`` are
    SKUs that sell on when out of stock. ``category`` is Shopify's category path as text.
    """

    line: int
    product: Product
    prices: Mapping[str, Money]
    compare_at: Mapping[str, Money] = field(factory=dict)
    quantities: Mapping[str, int] = field(factory=dict)
    oversell: frozenset[str] = frozenset()
    category: str = ""


def read_products(
    lines: Iterable[str], currency: str | Currency, *, locale: str = "en"
) -> Iterator[ImportedProduct | RowError]:
    """The products of a file, one at a time, and the errors of those that cannot be imported.

    A product with an error in any row is left out whole, after all its errors: without its broken
    variant it would take that variant out of a shop that has it. Raises `MissingColumns`.
    """
    reader = _Reader(lines)
    seen = _Seen()
    for rows in reader.products():
        found = _Parse(rows, to_currency(currency), locale, reader.headers, seen)
        product = found.product()
        yield from found.errors
        if product is not None and not found.errors:
            yield product


@frozen
class _Row:
    """One row: its cells by our names, without spaces around."""

    line: int
    cells: Mapping[str, str]
    broken: str = ""

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@define
class _Seen:
    """What earlier products of the file have: handles, and SKUs with their lines."""

    handles: set[str] = field(factory=set)
    skus: dict[str, int] = field(factory=dict)


class _Reader:
    """Rows of a file, grouped into products."""

    def __init__(self, lines: Iterable[str]) -> None:
        rest = iter(lines)
        first = next(rest, "").removeprefix("\ufeff")
        delimiter = max(",;\t", key=first.count)
        header = next(csv.reader([first], delimiter=delimiter), [])
        names = {title.casefold(): ours for ours, titles in _COLUMNS.items() for title in titles}
        self._columns = [names.get(title.strip().casefold(), "") for title in header]
        self.headers = {ours: title.strip() for ours, title in zip(self._columns, header, strict=True) if ours}
        if missing := [_COLUMNS[ours][0] for ours in _REQUIRED if ours not in self.headers]:
            raise MissingColumns(missing=tuple(missing), found=tuple(header[:50]))
        self._rows = csv.reader(rest, delimiter=delimiter, strict=True)

    def products(self) -> Iterator[list[_Row]]:
        """Rows that follow each other with one handle; one without may belong to those before it."""
        group: list[_Row] = []
        for row in self._read():
            if group and row["handle"] and row["handle"] != group[0]["handle"]:
                yield group
                group = []
            group.append(row)
        if group:
            yield group

    def _read(self) -> Iterator[_Row]:
        while True:
            line = self._rows.line_num + 2
            try:
                cells = next(self._rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield _Row(line, {}, str(error))
                continue
            if any(cell.strip() for cell in cells):
                yield self._row(line, cells)

    def _row(self, line: int, cells: list[str]) -> _Row:
        broken = ""
        if any(cell.strip() for cell in cells[len(self._columns) :]):
            broken = f"it has {len(cells)} cells for {len(self._columns)} columns"
        named = zip(self._columns, cells, strict=False)
        return _Row(line, {ours: cell.strip() for ours, cell in named if ours}, broken)


class _Parse:
    """The rows of one product, read: either no errors, or no product."""

    def __init__(
        self, rows: list[_Row], currency: Currency, locale: str, headers: Mapping[str, str], seen: _Seen
    ) -> None:
        self._rows = rows
        self._first = rows[0]
        self._currency = currency
        self._locale = locale
        self._headers = headers
        self._seen = seen
        self._rows_by_sku: dict[str, _Row] = {}
        self.errors: list[RowError] = []

    def product(self) -> ImportedProduct | None:
        """The product, if nothing is wrong with it as a whole."""
        if not self._is_whole():
            return None
        options = self._options()
        given = [row for row in self._rows if any(row[column] for column in _VARIANT)]
        if not given:
            self._wrong(self._first, "sku", "no row of the product has a SKU and a price", "add one")
        variants = [variant for row in given if (variant := self._variant(row, options)) is not None]
        prices = {row["sku"]: price for row in given if (price := self._price(row, "price")) is not None}
        former = {row["sku"]: price for row in given if (price := self._price(row, "compare_at")) is not None}
        quantities = {row["sku"]: units for row in given if (units := self._quantity(row)) is not None}
        oversell = frozenset(row["sku"] for row in given if self._flag(row, "policy", default=False))
        product = self._made(options, variants)
        if product is None:
            return None
        return ImportedProduct(
            line=self._first.line,
            product=product,
            prices=prices,
            compare_at={sku: price for sku, price in former.items() if sku in prices and price > prices[sku]},
            quantities=quantities,
            oversell=oversell,
            category=self._first["category"],
        )

    def _is_whole(self) -> bool:
        for row in self._rows:
            if row.broken:
                self._wrong(row, "", f"it cannot be read: {row.broken}", "check the quotes and commas in it")
            elif not row["handle"]:
                self._wrong(row, "handle", "it is empty", "repeat the handle in every row of a product")
        handle = self._first["handle"]
        if handle and handle in self._seen.handles:
            reason = "the product began further up and has only those rows now"
            self._wrong(self._first, "handle", reason, "let all rows of a product follow each other")
        self._seen.handles.add(handle)
        return not self.errors

    def _options(self) -> dict[int, str]:
        """The names of the options in use, by number; ``Title: Default Title`` is how having none is written."""
        names = {n: self._first[f"name_{n}"] for n in _OPTIONS if self._first[f"name_{n}"]}
        if {n: name.casefold() for n, name in names.items()} == {1: _NO_OPTION[0]} and all(
            row["value_1"].casefold() in ("", _NO_OPTION[1]) for row in self._rows
        ):
            return {}
        return names

    def _variant(self, row: _Row, options: Mapping[int, str]) -> Variant | None:
        earlier = self._seen.skus.setdefault(row["sku"], row.line) if row["sku"] else row.line
        if earlier != row.line:
            self._wrong(row, "sku", f"line {earlier} has it too", "give every variant a SKU of its own")
        if not row["sku"]:
            self._wrong(row, "sku", "it is empty", "give the variant a SKU: prices and stock hang on it")
            return None
        self._rows_by_sku[row["sku"]] = row
        chosen = {name: row[f"value_{n}"] for n, name in options.items()}
        for n, name in options.items():
            if not row[f"value_{n}"]:
                self._wrong(row, f"value_{n}", f"the variant has no {name}", f"say which {name} it is")
        taxable = self._flag(row, "taxable", default=True)
        try:
            return Variant(
                sku=row["sku"],
                option_values=chosen,
                barcode=row["barcode"].removeprefix("'"),
                weight_grams=self._grams(row),
                requires_shipping=self._flag(row, "shipping", default=True),
                tax_category="standard" if taxable else "untaxed",
            )
        except InvalidValue as error:
            self._wrong(row, error.field if error.field in _COLUMNS else "sku", error.reason, "correct it")
            return None

    def _price(self, row: _Row, column: str) -> Money | None:
        text = row[column]
        if not text:
            if column == "price":
                self._wrong(row, column, "it is empty", f"write an amount such as {self._example}")
            return None
        try:
            return Money(text if _AMOUNT.fullmatch(text) else "", self._currency)
        except InvalidMoney:
            self._wrong(row, column, f"it is no price in {self._currency.code}", f"write it as {self._example}")
            return None

    @property
    def _example(self) -> str:
        return str(Money.of_minor(2490, self._currency).amount)

    def _quantity(self, row: _Row) -> int | None:
        if not row["quantity"] or ("tracker" in self._headers and not row["tracker"]):
            return None
        units = self._number(row, "quantity")
        return None if units is None else max(0, int(units))

    def _grams(self, row: _Row) -> int:
        grams = self._number(row, "grams", lowest=0) if row["grams"] else None
        return 0 if grams is None else int(grams.to_integral_value(ROUND_HALF_UP))

    def _number(self, row: _Row, column: str, lowest: int | None = None) -> Decimal | None:
        try:
            number = Decimal(row[column])
        except InvalidOperation:
            number = Decimal("NaN")
        whole = column != "quantity" or (number.is_finite() and number == number.to_integral_value())
        if not number.is_finite() or abs(number) >= 10**9 or not whole or (lowest is not None and number < lowest):
            self._wrong(row, column, "it is not such a number", "write digits only, such as 180")
            return None
        return number

    def _flag(self, row: _Row, column: str, *, default: bool) -> bool:
        text = row[column].casefold()
        if text and text not in _YES | _NO:
            self._wrong(row, column, "it is neither yes nor no", "write true or false")
        return text in _YES if text else default

    def _made(self, options: Mapping[int, str], variants: list[Variant]) -> Product | None:
        first = self._first
        if not first["title"]:
            self._wrong(first, "title", "it is empty", "give the product a title in its first row")
        status = self._status()
        if self.errors:
            return None
        offered = {
            name: dict.fromkeys(variant.option_values[name] for variant in variants) for name in options.values()
        }
        try:
            product = Product(
                handle=first["handle"],
                texts={self._locale: ProductText(name=first["title"], description=first["description"])},
                options=[Option(name=name, values=values) for name, values in offered.items()],
                variants=variants,
                attributes={"type": first["type"]} if first["type"] else {},
                media=self._media(),
                vendor=first["vendor"],
                tags={tag.strip() for tag in first["tags"].split(",")} - {""},
                status=status,
            )
            product.check()
        except DuplicateOptions as error:
            self._wrong(self._rows_by_sku[error.second], "value_1", f"{error.first} has the same options", "change one")
            return None
        except InvalidValue as error:
            self._wrong(first, _FIELDS.get(error.field, "title"), error.reason, "correct it")
            return None
        return product

    def _status(self) -> ProductStatus:
        """Sold if it is both active and published; what is hidden anywhere must not show here."""
        text = self._first["status"].casefold()
        published = self._flag(self._first, "published", default=True)
        if text == "archived":
            return ProductStatus.ARCHIVED
        if text not in ("", "active", "draft", "unlisted"):
            self._wrong(self._first, "status", "there is no such status", "write active, draft or archived")
        return ProductStatus.ACTIVE if published and text in ("", "active") else ProductStatus.DRAFT

    def _media(self) -> list[Media]:
        """Pictures by position, each once."""
        found: dict[str, Media] = {}
        for number, row in enumerate(self._rows, 1):
            if row["image"] and row["image"] not in found:
                position = int(row["position"]) if _POSITION.fullmatch(row["position"]) else number
                found[row["image"]] = Media(url=row["image"], alt=row["alt"], position=position)
        return list(found.values())

    def _wrong(self, row: _Row, column: str, reason: str, next_step: str) -> None:
        error = RowError(
            line=row.line,
            column=self._headers.get(column, "row"),
            value=row[column],
            reason=reason,
            next_step=next_step,
        )
        if error not in self.errors:
            self.errors.append(error)
