"""The product file: what is read from it, and what is said of what cannot be read."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commerce.adapters.memory import MemoryStorage
from commerce.adapters.rows import RowError, Undecodable, decoded
from commerce.adapters.shopify_csv import (
    ImportedProduct,
    MissingColumns,
    read_products,
)
from commerce.catalog import CatalogService, Media, Option, Product, ProductStatus, ProductText
from commerce.catalog import hooks as catalog_hooks
from commerce.kernel import Money, utc_now
from commerce.runtime import build_hooks, unit_of_work

EXPORT = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,"
    "Option2 Value,Option3 Name,Option3 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,"
    "Variant Inventory Qty,Variant Inventory Policy,Variant Fulfillment Service,Variant Price,"
    "Variant Compare At Price,Variant Requires Shipping,Variant Taxable,Variant Barcode,Image Src,Image Position,"
    "Image Alt Text,Gift Card,SEO Title,Variant Image,Variant Weight Unit,Cost per item,Status"
)
TEMPLATE = (
    "Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,Status,SKU,Barcode,"
    "Option1 name,Option1 value,Option1 Linked To,Price,Compare-at price,Charge tax,Inventory tracker,"
    "Inventory quantity,Continue selling when out of stock,Weight value (grams),Requires shipping,"
    "Product image URL,Image position,Image alt text"
)


def file(*rows: dict[str, str], header: str = EXPORT) -> list[str]:
    """The lines of a file with these cells; the others are empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, header.split(","))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().splitlines(keepends=True)


def tee(size: str = "S", **cells: str) -> dict[str, str]:
    """The row of a variant; only the first of a product has its title."""
    first = {"Title": "Organic tee", "Option1 Name": "Size"} if size == "S" else {}
    row = {"Handle": "tee", "Option1 Value": size, "Variant SKU": f"TEE-{size}", "Variant Price": "24.90"}
    return row | first | {name.replace("_", " "): value for name, value in cells.items()}


def read(lines: Iterable[str], currency: str = "EUR") -> tuple[list[ImportedProduct], list[RowError]]:
    found = list(read_products(lines, currency))
    return [f for f in found if isinstance(f, ImportedProduct)], [f for f in found if isinstance(f, RowError)]


def only(lines: Iterable[str], currency: str = "EUR") -> ImportedProduct:
    products, errors = read(lines, currency)
    assert errors == []
    assert len(products) == 1
    return products[0]


def wrong(*rows: dict[str, str]) -> list[tuple[int, str, str]]:
    """Where errors are: nothing of the product is imported."""
    products, errors = read(file(*rows))
    assert products == []
    for error in errors:
        assert error.reason
        assert error.next_step
    return [(error.line, error.column, error.value) for error in errors]


def test_an_export_is_read_whole() -> None:
    """Texts, options, variants, pictures, prices and stock, over rows that leave out what the first one says."""
    found = only(
        file(
            tee(
                **{
                    "Body (HTML)": "<p>Heavy cotton,\n<em>straight</em> cut</p>",
                    "Vendor": "Hafen",
                    "Product Category": "Apparel & Accessories > Clothing",
                    "Type": "Shirts",
                    "Tags": "clothes, cotton , ,new",
                    "Published": "true",
                    "Option2 Name": "Colour",
                    "Option2 Value": "Navy",
                    "Variant Grams": "210.4",
                    "Variant Inventory Tracker": "shopify",
                    "Variant Inventory Qty": "30",
                    "Variant Inventory Policy": "continue",
                    "Variant Compare At Price": "29.90",
                    "Variant Requires Shipping": "TRUE",
                    "Variant Taxable": "true",
                    "Variant Barcode": "'4006381333931",
                    "Image Src": "https://img.example/2.jpg",
                    "Image Position": "2",
                    "Image Alt Text": "Back",
                    "Status": "active",
                }
            ),
            tee(
                "M",
                **{
                    "Option2 Value": "Ecru",
                    "Variant Inventory Tracker": "shopify",
                    "Variant Inventory Qty": "-3",
                    "Variant Inventory Policy": "deny",
                    "Variant Compare At Price": "24.90",
                    "Variant Requires Shipping": "false",
                    "Variant Taxable": "FALSE",
                },
            ),
            {"Handle": "tee", "Image Src": "https://img.example/1.jpg", "Image Position": "1"},
            tee(
                "L", **{"Option2 Value": "Ecru", "Variant Inventory Qty": "7", "Image Src": "https://img.example/1.jpg"}
            ),
        )
    )
    product = found.product
    assert (product.handle, product.vendor, product.status) == ("tee", "Hafen", ProductStatus.ACTIVE)
    text = ProductText(name="Organic tee", description="<p>Heavy cotton,\n<em>straight</em> cut</p>")
    assert product.texts == {"en": text}
    assert product.options == (
        Option(name="Size", values=["S", "M", "L"]),
        Option(name="Colour", values=["Navy", "Ecru"]),
    )
    assert product.skus == ("TEE-S", "TEE-M", "TEE-L")
    small, medium, _ = product.variants
    assert small.option_values == {"Size": "S", "Colour": "Navy"}
    assert (small.barcode, small.weight_grams, small.requires_shipping) == ("4006381333931", 210, True)
    assert (small.tax_category, medium.tax_category) == ("standard", "untaxed")
    assert not medium.requires_shipping
    assert product.tags == {"clothes", "cotton", "new"}
    assert product.attributes == {"type": "Shirts"}
    assert product.media == (
        Media(url="https://img.example/1.jpg", position=1),
        Media(url="https://img.example/2.jpg", alt="Back", position=2),
    )
    assert found.prices == {sku: Money("24.90", "EUR") for sku in product.skus}
    assert found.compare_at == {"TEE-S": Money("29.90", "EUR")}
    assert found.quantities == {"TEE-S": 30, "TEE-M": 0}
    assert found.oversell == {"TEE-S"}
    assert found.category == "Apparel & Accessories > Clothing"
    assert found.line == 2


def test_the_newer_template_is_read_too() -> None:
    """Other headers, another order, other words for yes and no."""
    found = only(
        file(
            {
                "Title": "Mug",
                "URL handle": "mug",
                "Description": "White",
                "Published on online store": "TRUE",
                "Status": "Active",
                "SKU": "MUG",
                "Option1 name": "Title",
                "Option1 value": "Default Title",
                "Price": "1200",
                "Compare-at price": "1500",
                "Charge tax": "FALSE",
                "Inventory tracker": "shopify",
                "Inventory quantity": "5",
                "Continue selling when out of stock": "FALSE",
                "Weight value (grams)": "350",
                "Requires shipping": "TRUE",
                "Product image URL": "https://img.example/mug.jpg",
            },
            header=TEMPLATE,
        ),
        "JPY",
    )
    assert found.product.options == ()
    assert found.product.variants[0].option_values == {}
    assert found.product.variants[0].weight_grams == 350
    assert found.prices == {"MUG": Money("1200", "JPY")}
    assert found.quantities == {"MUG": 5}
    assert found.oversell == frozenset()


@pytest.mark.parametrize(
    ("published", "status", "becomes"),
    [
        ("", "", "active"),
        ("true", "", "active"),
        ("false", "", "draft"),
        ("true", "draft", "draft"),
        ("false", "active", "draft"),
        ("true", "unlisted", "draft"),
        ("true", "Archived", "archived"),
    ],
)
def test_only_what_is_active_and_published_is_sold(published: str, status: str, becomes: str) -> None:
    assert only(file(tee(Published=published, Status=status))).product.status == becomes


def test_good_products_come_through_beside_broken_ones() -> None:
    """A broken row takes its product with it, whole, and no other."""
    products, errors = read(
        file(
            tee(),
            {**tee("M", Variant_Price="24,90"), "Handle": "broken", "Title": "Broken", "Option1 Name": "Size"},
            {**tee("L"), "Handle": "broken"},
            {"Handle": "mug", "Title": "Mug", "Variant SKU": "MUG", "Variant Price": "9"},
        )
    )
    assert [found.product.handle for found in products] == ["tee", "mug"]
    assert [str(error) for error in errors] == [
        "line 3, Variant Price '24,90': it is no price in EUR; write it as 24.90"
    ]


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ([tee(Variant_Price="")], [(2, "Variant Price", "")]),
        ([tee(Variant_Price="-1")], [(2, "Variant Price", "-1")]),
        ([tee(Variant_Price="1.005")], [(2, "Variant Price", "1.005")]),
        ([tee(Variant_Price="1e9")], [(2, "Variant Price", "1e9")]),
        ([tee(Variant_Price="€ 5")], [(2, "Variant Price", "€ 5")]),
        ([tee(Variant_Compare_At_Price="x")], [(2, "Variant Compare At Price", "x")]),
        ([tee(Variant_Grams="-1")], [(2, "Variant Grams", "-1")]),
        ([tee(Variant_Grams="200 g")], [(2, "Variant Grams", "200 g")]),
        ([tee(Variant_Inventory_Qty="1.5", Variant_Inventory_Tracker="x")], [(2, "Variant Inventory Qty", "1.5")]),
        ([tee(Variant_Inventory_Qty="1e99", Variant_Inventory_Tracker="x")], [(2, "Variant Inventory Qty", "1e99")]),
        ([tee(Variant_Taxable="perhaps")], [(2, "Variant Taxable", "perhaps")]),
        ([tee(Variant_Barcode="1\t2")], [(2, "Variant Barcode", "1\t2")]),
        ([tee(Status="gone")], [(2, "Status", "gone")]),
        ([tee(Title="")], [(2, "Title", "")]),
        ([tee(Variant_SKU="")], [(2, "Variant SKU", "")]),
        ([tee(Handle="Not A Handle")], [(2, "Handle", "Not A Handle")]),
        ([tee(Handle="")], [(2, "Handle", "")]),
        ([tee(), {**tee("M"), "Handle": ""}], [(3, "Handle", "")]),
        ([tee(), tee("M", Option1_Value="")], [(3, "Option1 Value", "")]),
        ([tee(), tee("M", Option1_Value="S")], [(3, "Option1 Value", "S")]),
        ([tee(), tee("M", Variant_SKU="TEE-S")], [(3, "Variant SKU", "TEE-S")]),
        ([{"Handle": "tee", "Title": "Tee"}], [(2, "Variant SKU", "")]),
        (
            [tee(Title="", Variant_Price="x"), tee("M", Variant_Price="y")],
            [(2, "Variant Price", "x"), (3, "Variant Price", "y"), (2, "Title", "")],
        ),
    ],
)
def test_every_error_has_its_place(rows: list[dict[str, str]], where: list[tuple[int, str, str]]) -> None:
    assert wrong(*rows) == where


def test_a_sku_belongs_to_one_product_of_the_file() -> None:
    products, errors = read(file(tee(), {**tee(), "Handle": "twin"}))
    assert [found.product.handle for found in products] == ["tee"]
    assert [(error.line, error.reason) for error in errors] == [(3, "line 2 has it too")]


def test_rows_of_a_product_that_lie_apart_are_refused() -> None:
    products, errors = read(
        file(tee(), {**tee("M"), "Handle": "mug", "Title": "Mug", "Option1 Name": "Size"}, tee("L"))
    )
    assert [found.product.handle for found in products] == ["tee", "mug"]
    assert [(error.line, error.column) for error in errors] == [(4, "Handle")]


def test_a_row_that_is_no_csv_spoils_only_its_product() -> None:
    """Too many cells, or a quote that is never closed; lines are those of the file."""
    lines = file(
        {"Handle": "mug", "Title": "Mug", "Body (HTML)": "two\nlines", "Variant SKU": "MUG", "Variant Price": "9"},
        tee(),
        tee("M"),
        {"Handle": "cap", "Title": "Cap", "Variant SKU": "CAP", "Variant Price": "9"},
    )
    lines[4] = lines[4].rstrip() + ",surplus\n"
    products, errors = read([*lines, 'hat,"Hat'])
    assert [found.product.handle for found in products] == ["mug"]
    assert [(error.line, error.column) for error in errors] == [(5, "row"), (7, "row")]


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        ([], ("Handle", "Title", "Variant SKU", "Variant Price")),
        (["Handle,Title,Variant SKU\n"], ("Variant Price",)),
        (["Title,Price,SKU"], ("Handle",)),
        (["%PDF-1.7"], ("Handle", "Title", "Variant SKU", "Variant Price")),
    ],
)
def test_missing_columns_are_named(lines: list[str], missing: tuple[str, ...]) -> None:
    with pytest.raises(MissingColumns) as caught:
        list(read_products(lines, "EUR"))
    assert caught.value.missing == missing


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheets_may_choose_the_separator(delimiter: str) -> None:
    lines = ["\ufeffHandle,title,VARIANT SKU,Variant Price", "mug,Mug,MUG,9.00"]
    assert only(line.replace(",", delimiter) for line in lines).prices == {"MUG": Money("9.00", "EUR")}


def test_the_encoding_is_checked_and_never_guessed() -> None:
    """UTF-8 with or without a byte order mark; anything else is named by its line."""
    text = "Handle,Title,SKU,Price\r\ncafe,Café,CAFE,3\r\n"
    for encoding in ("utf-8", "utf-8-sig"):
        assert only(decoded(io.BytesIO(text.encode(encoding)))).product.texts["en"].name == "Café"
    excel = text.encode("cp1252")
    assert only(decoded(io.BytesIO(excel), "cp1252")).product.texts["en"].name == "Café"
    with pytest.raises(Undecodable, match="line 2 is not utf-8-sig") as caught:
        only(decoded(io.BytesIO(excel)))
    assert caught.value.line == 2


def test_reads_a_file_as_it_comes() -> None:
    """One product at a time: nothing is read ahead but the row that begins the next."""
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        yield "Handle,Title,SKU,Price\n"
        for n in range(1_000):
            taken += 1
            yield f"p{n},Product {n},SKU-{n},1\n"

    first = next(read_products(lines(), "EUR"))
    assert isinstance(first, ImportedProduct)
    assert taken == 2


def test_importing_twice_changes_nothing() -> None:
    """Handle and SKU are the keys: new ids in every reading, the stored ones stay."""
    storage = MemoryStorage()
    begin: Any = unit_of_work(storage, "catalog", utc_now, lambda _: True, lambda: None)
    catalog = CatalogService(begin, utc_now, build_hooks([catalog_hooks], []))

    def products() -> list[Product]:
        return [only(file(tee(Tags="a,b"), tee("M"))).product]

    assert catalog.put_products(products()).added == ("tee",)
    assert catalog.put_products(products()).unchanged == ("tee",)


_cell = st.text(max_size=12) | st.sampled_from(["tee", "1", "9.90", "true", "S", "active", "Title", "Default Title"])
_rows = st.lists(st.lists(_cell, max_size=36), max_size=6)


@settings(max_examples=200)
@given(rows=_rows, quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
@example(rows=[["tee", "Tee", "\x00", '"'] * 9], quoting=csv.QUOTE_ALL)
def test_no_row_is_a_crash(rows: list[list[str]], quoting: Any) -> None:
    """Whatever the cells hold, each product is whole, and all else is told as errors with a place."""
    text = io.StringIO()
    csv.writer(text, quoting=quoting, escapechar="\\").writerows(rows)
    for found in read_products([EXPORT + "\n", *text.getvalue().splitlines(keepends=True)], "EUR"):
        if isinstance(found, ImportedProduct):
            found.product.check()
            assert set(found.prices) == set(found.product.skus)
        else:
            assert found.line >= 2


@settings(max_examples=100)
@given(lines=st.lists(st.text(max_size=40), max_size=8))
def test_no_text_is_a_crash(lines: list[str]) -> None:
    """Not even half-quoted lines."""
    assert list(read_products(["Handle,Title,SKU,Price\n", *lines], "EUR")) is not None
