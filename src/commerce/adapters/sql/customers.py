"""Customers in SQL: one row each, the address book inside."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from commerce.adapters.sql.base import Session, SqlRepository, UtcDateTime, Wire, metadata
from commerce.customers import Consent, Customer, CustomerAddress, CustomerNotFound, EmailTaken

__all__ = ["Unit", "customers"]

#: ``email`` is NULL once it was erased, so that the unique index lets everybody forgotten be.
customers = sa.Table(
    "customer",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("key", sa.String(255), nullable=False, unique=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("email", sa.String(254), unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("locale", sa.String(35), nullable=False),
    sa.Column("vat_id", sa.String(32), nullable=False),
    sa.Column("groups", Wire(frozenset[str]), nullable=False),
    sa.Column("segments", Wire(frozenset[str]), nullable=False),
    sa.Column("tags", Wire(frozenset[str]), nullable=False),
    sa.Column("addresses", Wire(tuple[CustomerAddress, ...]), nullable=False),
    sa.Column("default_billing", sa.String(36)),
    sa.Column("default_shipping", sa.String(36)),
    sa.Column("consents", Wire(tuple[Consent, ...]), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("anonymised_at", UtcDateTime),
)

_PLAIN = tuple(column.name for column in customers.columns if column.name not in ("id", "version", "email"))

# One statement decides: a row comes back unless the key or the address is taken.
_insert: dict[bool, ReturningInsert[tuple[str]]] = {
    True: sqlite.insert(customers).on_conflict_do_nothing().returning(customers.c.id),
    False: postgresql.insert(customers).on_conflict_do_nothing().returning(customers.c.id),
}


class SqlCustomers(SqlRepository[Customer]):
    """The table of customers."""

    table = customers
    entity = "customer"

    def to_row(self, entity: Customer) -> dict[str, Any]:
        """Columns of a customer."""
        return {"email": entity.email or None, **{name: getattr(entity, name) for name in _PLAIN}}

    def from_row(self, row: sa.RowMapping) -> Customer:
        """Customer of a row."""
        return Customer(
            id=row["id"], version=row["version"], email=row["email"] or "", **{name: row[name] for name in _PLAIN}
        )

    def missing(self, id: str) -> Exception:
        """There is no such customer."""
        return CustomerNotFound(customer_id=id)

    def by_key(self, key: str) -> Customer | None:
        """The customer who was registered with that key, or nothing."""
        return next(iter(self.where(customers.c.key == key)), None)

    def by_email(self, email: str) -> Customer | None:
        """The customer with that normalised e-mail address, or nothing."""
        return next(iter(self.where(customers.c.email == email)), None)

    def add(self, entity: Customer) -> bool:  # type: ignore[override]  # says whether key and address were free
        """Store a new customer, unless the key or the e-mail address is taken: the unique indexes decide."""
        entity.version = 1
        row = {"id": entity.id, "version": 1, **self.to_row(entity)}
        if self.session.execute(_insert[self.session.is_sqlite], row).first() is None:
            return False
        self.session.collect(entity)
        return True

    def save(self, entity: Customer) -> None:
        """Store over the version that was read; the unique index says if the e-mail address is taken."""
        try:
            super().save(entity)
        except sa.exc.IntegrityError:
            raise EmailTaken from None  # the database's own words repeat the address

    def page(self, *, before: str | None, limit: int) -> Sequence[Customer]:
        """Customers, newest first."""
        criteria = [] if before is None else [customers.c.id < before]
        return self.where(*criteria, order_by=(customers.c.id.desc(),), limit=limit)


class Unit:
    """One transaction of the customers module."""

    def __init__(self, session: Session) -> None:
        self.customers = SqlCustomers(session)
