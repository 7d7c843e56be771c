"""The catalogue in SQL: a row per product, per variant, and per place of a product in a category."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from commerce.adapters.sql.base import Session, SqlRepository, UtcDateTime, Wire, metadata
from commerce.catalog import (
    Category,
    CategoryNotFound,
    DuplicateHandle,
    DuplicateSku,
    DuplicateSlug,
    Media,
    Option,
    Product,
    ProductNotFound,
    ProductStatus,
    ProductText,
    Sellable,
    Variant,
)
from commerce.kernel import InvalidValue, StaleVersion

__all__ = ["Unit", "among", "categories", "product_categories", "product_variants", "products"]

products = sa.Table(
    "product",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("handle", sa.String(255), nullable=False, unique=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("vendor", sa.Text, nullable=False),
    sa.Column("texts", Wire(Mapping[str, ProductText]), nullable=False),
    sa.Column("options", Wire(tuple[Option, ...]), nullable=False),
    sa.Column("collections", Wire(frozenset[str]), nullable=False),
    sa.Column("attributes", Wire(Mapping[str, str]), nullable=False),
    sa.Column("media", Wire(tuple[Media, ...]), nullable=False),
    sa.Column("tags", Wire(frozenset[str]), nullable=False),
    sa.Column("created_at", UtcDateTime),
    sa.Column("changed_at", UtcDateTime),
    sa.Column("published_at", UtcDateTime),
    sa.Index("ix_product_status_id", "status", "id"),
)

product_variants = sa.Table(
    "product_variant",
    metadata,
    sa.Column("product_id", sa.String(36), sa.ForeignKey("product.id"), primary_key=True),
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("sku", sa.String(128), nullable=False, unique=True),
    sa.Column("option_values", Wire(Mapping[str, str]), nullable=False),
    sa.Column("barcode", sa.String(128), nullable=False),
    sa.Column("weight_grams", sa.Integer, nullable=False),
    sa.Column("dimensions_mm", Wire(tuple[int, int, int])),
    sa.Column("requires_shipping", sa.Boolean, nullable=False),
    sa.Column("tax_category", sa.String(128), nullable=False),
    sa.Column("attributes", Wire(Mapping[str, str]), nullable=False),
)

product_categories = sa.Table(
    "product_category",
    metadata,
    sa.Column("product_id", sa.String(36), sa.ForeignKey("product.id"), primary_key=True),
    sa.Column("category_id", sa.String(36), primary_key=True, index=True),
    sa.Column("position", sa.Integer, nullable=False),
)

categories = sa.Table(
    "category",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("slug", sa.String(255), nullable=False, unique=True),
    sa.Column("parent_id", sa.String(36), sa.ForeignKey("category.id")),
    sa.Column("names", Wire(Mapping[str, str]), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
)

#: What an item needs of its product.
_SOLD_WITH = ("texts", "collections", "attributes", "vendor")
_PLAIN = (*_SOLD_WITH, "handle", "options", "media", "tags", "created_at", "changed_at", "published_at")
_VARIANT = (
    "id",
    "sku",
    "option_values",
    "barcode",
    "weight_grams",
    "dimensions_mm",
    "requires_shipping",
    "tax_category",
    "attributes",
)

_insert_products = {
    True: sqlite.insert(products).on_conflict_do_nothing().returning(products.c.id),
    False: postgresql.insert(products).on_conflict_do_nothing().returning(products.c.id),
}
_insert_variants = {
    True: sqlite.insert(product_variants).on_conflict_do_nothing().returning(product_variants.c.sku),
    False: postgresql.insert(product_variants).on_conflict_do_nothing().returning(product_variants.c.sku),
}
_update_product = (
    sa.update(products)
    .where(products.c.id == sa.bindparam("_id"), products.c.version == sa.bindparam("_version"))
    .values({name: sa.bindparam(name) for name in ("version", "status", *_PLAIN)})
)


def among(column: sa.ColumnElement[Any], values: Iterable[str], *, sqlite: bool) -> sa.ColumnElement[bool]:
    """Membership with one parameter: no limit on how many values, and one plan for any number of them."""
    listed = sorted(values)
    return _within(column, sa.literal(json.dumps(listed) if sqlite else listed, _Listed[sqlite]), sqlite=sqlite)


def _within(column: sa.ColumnElement[Any], listed: sa.ColumnElement[Any], *, sqlite: bool) -> sa.ColumnElement[bool]:
    if sqlite:
        return column.in_(sa.select(sa.func.json_each(listed).table_valued("value").c.value))
    return column == sa.any_(sa.cast(listed, postgresql.ARRAY(sa.Text)))


#: A list as one parameter: JSON text on SQLite, an array on PostgreSQL.
_Listed: dict[bool, sa.types.TypeEngine[Any]] = {True: sa.Text(), False: postgresql.ARRAY(sa.Text)}


def _listed(name: str, values: Iterable[str], *, sqlite: bool) -> dict[str, object]:
    """A list as the one parameter that statements built beforehand take."""
    listed = sorted(values)
    return {name: json.dumps(listed) if sqlite else listed}


def _sold(*columns: sa.ColumnElement[Any]) -> dict[bool, sa.Select[Any]]:
    """What variants and their products have of some SKUs: built once, since carts and quotes ask it all day.

    The status is looked at afterwards: as a condition it makes SQLite walk over all active products.
    """
    query = sa.select(products.c.status, *columns).join_from(product_variants, products)
    return {
        sqlite: query.where(_within(product_variants.c.sku, sa.bindparam("skus", type_=kind), sqlite=sqlite))
        for sqlite, kind in _Listed.items()
    }


_select_sold = _sold(product_variants.c.sku)
_select_sellable = _sold(
    *(product_variants.c[name] for name in _VARIANT),
    product_variants.c.product_id,
    *(products.c[name].label(f"product_{name}") for name in _SOLD_WITH),
)
_select_places = {
    sqlite: sa.select(product_categories.c.product_id, product_categories.c.category_id)
    .where(_within(product_categories.c.product_id, sa.bindparam("ids", type_=kind), sqlite=sqlite))
    .order_by(product_categories.c.position)
    for sqlite, kind in _Listed.items()
}


class SqlProducts:
    """The tables of products, their variants and their places."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._read: dict[str, tuple[tuple[Variant, ...], tuple[str, ...]]] = {}

    def get(self, product_id: str) -> Product:
        """The product, or `ProductNotFound`."""
        found = self._load(sa.select(products).where(products.c.id == product_id))
        if not found:
            raise ProductNotFound(product=product_id)
        return found[0]

    def by_handles(self, handles: Collection[str]) -> Mapping[str, Product]:
        """Those of the handles that are known."""
        query = sa.select(products).where(self._among(products.c.handle, handles))
        return {product.handle: product for product in self._load(query)}

    def by_ids(self, product_ids: Collection[str]) -> Mapping[str, Product]:
        """Those of the ids that are known."""
        query = sa.select(products).where(self._among(products.c.id, product_ids))
        return {product.id: product for product in self._load(query)}

    def owners(self, skus: Collection[str]) -> Mapping[str, str]:
        """The id of the product of each SKU that is known."""
        query = sa.select(product_variants.c.sku, product_variants.c.product_id)
        rows = self._session.execute(query.where(self._among(product_variants.c.sku, skus)))
        return {row.sku: row.product_id for row in rows}

    def add(self, added: Sequence[Product]) -> None:
        """Store new products: the unique indexes decide."""
        if not added:
            return
        for product in added:
            product.version = 1
        rows = [{"id": product.id, **_row(product)} for product in added]
        stored = self._session.execute(_insert_products[self._session.is_sqlite], rows).scalars().all()
        if refused := {product.id for product in added} - set(stored):
            self._refuse(next(product for product in added if product.id in refused))
        self._add_variants(added)
        self._add_places(added)
        self._done(added)

    def save(self, changed: Sequence[Product]) -> None:
        """Store over the versions that were read; children that changed are written anew."""
        if not changed:
            return
        self._update(changed)
        variants = [product for product in changed if self._known(product)[0] != product.variants]
        places = [product for product in changed if self._known(product)[1] != product.category_ids]
        self._drop(product_variants, variants)
        self._drop(product_categories, places)
        self._add_variants(variants)
        self._add_places(places)
        self._done(changed)

    def page(
        self, *, status: ProductStatus | None, category_ids: Collection[str] | None, after: str | None, limit: int
    ) -> Sequence[Product]:
        """Products by id."""
        query = sa.select(products).order_by(products.c.id).limit(limit)
        if status is not None:
            query = query.where(products.c.status == status.value)
        if category_ids is not None:
            within = sa.select(product_categories.c.product_id).where(
                self._among(product_categories.c.category_id, category_ids)
            )
            query = query.where(products.c.id.in_(within))
        if after is not None:
            query = query.where(products.c.id > after)
        return self._load(query)

    def sellable(self, skus: Collection[str]) -> Sequence[Sellable]:
        """The variants of active products among the SKUs: one statement, and one for their places."""
        rows = self._ask(_select_sellable, skus)
        places = self._places({row["product_id"] for row in rows})
        return [
            Sellable(
                variant=_variant(row),
                product_id=row["product_id"],
                category_ids=tuple(places[row["product_id"]]),
                **{name: row[f"product_{name}"] for name in _SOLD_WITH},
            )
            for row in rows
        ]

    def sold(self, skus: Collection[str]) -> Collection[str]:
        """Those of the SKUs that belong to an active product."""
        return {row["sku"] for row in self._ask(_select_sold, skus)}

    def _ask(self, query: Mapping[bool, sa.Select[Any]], skus: Collection[str]) -> list[sa.RowMapping]:
        rows = self._session.execute(query[self._session.is_sqlite], self._listed("skus", skus)).mappings().all()
        return [row for row in rows if row["status"] == ProductStatus.ACTIVE]

    def _listed(self, name: str, values: Collection[str]) -> dict[str, object]:
        return _listed(name, values, sqlite=self._session.is_sqlite)

    def _among(self, column: sa.ColumnElement[Any], values: Collection[str]) -> sa.ColumnElement[bool]:
        return among(column, values, sqlite=self._session.is_sqlite)

    def _load(self, query: sa.Select[Any]) -> list[Product]:
        rows = self._session.execute(query).mappings().all()
        ids = {row["id"] for row in rows}
        variants, places = self._variants(ids), self._places(ids)
        found = []
        for row in rows:
            product = Product(
                id=row["id"],
                version=row["version"],
                status=ProductStatus(row["status"]),
                variants=tuple(variants[row["id"]]),
                category_ids=tuple(places[row["id"]]),
                **{name: row[name] for name in _PLAIN},
            )
            self._read[product.id] = (product.variants, product.category_ids)
            found.append(product)
        return found

    def _variants(self, product_ids: Collection[str]) -> Mapping[str, list[Variant]]:
        found: dict[str, list[Variant]] = defaultdict(list)
        if product_ids:
            query = sa.select(product_variants).where(self._among(product_variants.c.product_id, product_ids))
            for row in self._session.execute(query.order_by(product_variants.c.position)).mappings():
                found[row["product_id"]].append(_variant(row))
        return found

    def _places(self, product_ids: Collection[str]) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        if product_ids:
            rows = self._session.execute(_select_places[self._session.is_sqlite], self._listed("ids", product_ids))
            for product_id, category_id in rows.all():
                found[product_id].append(category_id)
        return found

    def _known(self, product: Product) -> tuple[tuple[Variant, ...], tuple[str, ...]]:
        """What was read of the children, or nothing, so that they are written."""
        return self._read.get(product.id, ((), ()))

    def _update(self, changed: Sequence[Product]) -> None:
        rows = [
            {"_id": product.id, "_version": product.version, **_row(product), "version": product.version + 1}
            for product in changed
        ]
        try:
            done = self._session.execute(_update_product, rows)
        except sa.exc.IntegrityError as error:  # of all columns here, only the handle is unique
            raise DuplicateHandle(handle=changed[0].handle).because(error) from error
        if done.rowcount != len(changed):
            self._stale(changed)
        for product in changed:
            product.version += 1

    def _stale(self, changed: Sequence[Product]) -> None:
        ids = {product.id for product in changed}
        stored = {
            product.id: product for product in self._load(sa.select(products).where(self._among(products.c.id, ids)))
        }
        late = next(
            product
            for product in changed
            if product.id not in stored or stored[product.id].version not in (product.version, product.version + 1)
        )
        raise StaleVersion(entity="product", id=late.id, version=late.version, fresh=stored.get(late.id))

    def _refuse(self, product: Product) -> None:
        if product.handle in self.by_handles([product.handle]):
            raise DuplicateHandle(handle=product.handle)
        raise InvalidValue(field="id", reason=f"{product.id} is another product: leave the id out")

    def _drop(self, table: sa.Table, of: Sequence[Product]) -> None:
        if of:
            ids = [product.id for product in of]
            self._session.execute(sa.delete(table).where(self._among(table.c.product_id, ids)))

    def _add_variants(self, of: Sequence[Product]) -> None:
        rows = [
            {"product_id": product.id, "position": n, **{name: getattr(variant, name) for name in _VARIANT}}
            for product in of
            for n, variant in enumerate(product.variants)
        ]
        if rows:
            rows.sort(key=lambda row: row["sku"])
            stored = set(self._session.execute(_insert_variants[self._session.is_sqlite], rows).scalars())
            for row in rows:
                if row["sku"] not in stored:
                    raise DuplicateSku(sku=row["sku"])

    def _add_places(self, of: Sequence[Product]) -> None:
        rows = [
            {"product_id": product.id, "category_id": category_id, "position": n}
            for product in of
            for n, category_id in enumerate(product.category_ids)
        ]
        if rows:
            self._session.execute(sa.insert(product_categories), rows)

    def _done(self, stored: Sequence[Product]) -> None:
        for product in stored:
            self._read[product.id] = (product.variants, product.category_ids)
            self._session.collect(product)


def _row(product: Product) -> dict[str, Any]:
    plain = {name: getattr(product, name) for name in _PLAIN}
    return {"version": product.version, "status": product.status.value, **plain}


def _variant(row: sa.RowMapping) -> Variant:
    return Variant(**{name: row[name] for name in _VARIANT})


def _with_parents(*, sqlite: bool) -> sa.Select[Any]:
    own, kind = categories.c, _Listed[sqlite]
    asked = _within(own.id, sa.bindparam("ids", type_=kind), sqlite=sqlite)
    up = sa.select(own.id, own.parent_id).where(asked).cte("up", recursive=True)
    return sa.select(up.union(sa.select(own.id, own.parent_id).join_from(categories, up, own.id == up.c.parent_id)))


_select_parents = {sqlite: _with_parents(sqlite=sqlite) for sqlite in _Listed}


class SqlCategories(SqlRepository[Category]):
    """The table of categories."""

    table = categories
    entity = "category"

    def to_row(self, entity: Category) -> dict[str, Any]:
        """Columns of a category."""
        return {name: getattr(entity, name) for name in ("slug", "parent_id", "names", "position")}

    def from_row(self, row: sa.RowMapping) -> Category:
        """Category of a row."""
        return Category(**row)

    def missing(self, id: str) -> Exception:
        """There is no such category."""
        return CategoryNotFound(category_id=id)

    def all(self, *, alone: bool = False) -> Sequence[Category]:
        """Every category; ``alone`` locks the rows in one order, so two moves cannot close a circle together."""
        query = sa.select(categories).order_by(categories.c.id)
        rows = self.session.execute(query.with_for_update() if alone else query).mappings()
        return [self.from_row(row) for row in rows]

    def parents(self, category_ids: Collection[str]) -> Mapping[str, str | None]:
        """The parents of these and of all that they lie in: rows of the branches asked for, not of the whole tree."""
        sqlite = self.session.is_sqlite
        rows = self.session.execute(_select_parents[sqlite], _listed("ids", category_ids, sqlite=sqlite))
        return {row.id: row.parent_id for row in rows.all()}

    def add(self, entity: Category) -> None:
        """Store a new category, or raise `DuplicateSlug`."""
        try:
            super().add(entity)
        except sa.exc.IntegrityError as error:
            raise DuplicateSlug(slug=entity.slug) from error

    def save(self, entity: Category) -> None:
        """Store a changed category, or raise `DuplicateSlug`."""
        try:
            super().save(entity)
        except sa.exc.IntegrityError as error:
            raise DuplicateSlug(slug=entity.slug) from error


class Unit:
    """One transaction of the catalog module."""

    def __init__(self, session: Session) -> None:
        self.products = SqlProducts(session)
        self.categories = SqlCategories(session)
