"""The statement budget of the catalogue: carts and quotes ask it all day, imports fill it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from commerce.adapters.sql import SqlStorage
from commerce.catalog import CatalogService, Category, Option, Product, ProductStatus, ProductText, Variant
from commerce.catalog import hooks as catalog_hooks
from commerce.kernel import utc_now
from commerce.runtime import build_hooks, unit_of_work


@contextmanager
def _counted(storage: SqlStorage) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement.split(maxsplit=1)[0])

    sa.event.listen(storage.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(storage.engine, "before_cursor_execute", note)


def _products(count: int, category_id: str, vendor: str = "") -> list[Product]:
    return [
        Product(
            handle=f"tee-{n}",
            texts={"en": ProductText(name=f"Tee {n}")},
            options=[Option(name="Size", values=("S", "M"))],
            variants=[Variant(sku=f"TEE-{n}-{size}", option_values={"Size": size}) for size in ("S", "M")],
            category_ids=[category_id],
            status=ProductStatus.ACTIVE,
            vendor=vendor,
        )
        for n in range(count)
    ]


@pytest.fixture
def service(commerce_sqlite_storage: SqlStorage) -> CatalogService:
    begin: Any = unit_of_work(commerce_sqlite_storage, "catalog", utc_now, lambda _: True, lambda: None)
    return CatalogService(begin, utc_now, build_hooks([catalog_hooks], []))


def test_any_number_of_skus_takes_the_same_statements(
    service: CatalogService, commerce_sqlite_storage: SqlStorage
) -> None:
    """Three for items (variants, places, categories), one for what is unsold, three and four for products."""
    shirts = service.add_category(Category(slug="shirts", names={"en": "Shirts"}))
    service.put_products(_products(100, shirts.id))
    for count in (1, 100):
        skus = [f"TEE-{n}-S" for n in range(count)]
        with _counted(commerce_sqlite_storage) as seen:
            assert len(service.items(skus)) == count
        assert seen == ["SELECT", "SELECT", "WITH"]
        with _counted(commerce_sqlite_storage) as seen:
            assert service.unsold(skus) == []
        assert seen == ["SELECT"]
        with _counted(commerce_sqlite_storage) as seen:
            ids = [product.id for product in service.by_skus(skus).values()]
        assert seen == ["SELECT"] * 4
        with _counted(commerce_sqlite_storage) as seen:
            assert len(service.find(ids)) == count
        assert seen == ["SELECT"] * 3


def test_more_skus_than_a_statement_has_parameters(service: CatalogService) -> None:
    """SQLite allows 32,766 parameters; the list is one."""
    asked = [f"NONE-{n}" for n in range(40_000)]
    assert service.unsold(asked) == asked
    assert service.items(asked) == {}


def test_a_chunk_is_put_in_few_statements(service: CatalogService, commerce_sqlite_storage: SqlStorage) -> None:
    """Known handles, categories; products, variants, places and events to write. Nothing new writes nothing."""
    shirts = service.add_category(Category(slug="shirts", names={"en": "Shirts"}))
    with _counted(commerce_sqlite_storage) as seen:
        service.put_products(_products(100, shirts.id))
    assert seen == ["SELECT", "SELECT", "INSERT", "INSERT", "INSERT", "INSERT"]
    with _counted(commerce_sqlite_storage) as seen:
        service.put_products(_products(100, shirts.id))
    assert seen == ["SELECT"] * 4
    with _counted(commerce_sqlite_storage) as seen:
        service.put_products(_products(100, shirts.id, vendor="Acme"))
    assert seen == ["SELECT"] * 4 + ["UPDATE", "INSERT"]
