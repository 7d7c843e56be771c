"""Tax rates in SQL."""

from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa

from commerce.adapters.sql.base import Session, UtcDateTime, Wire, metadata
from commerce.tax import TaxRate

__all__ = ["Unit", "tax_rates"]

tax_rates = sa.Table(
    "tax_rate",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("country", sa.String(2), nullable=False, index=True),
    sa.Column("rate", sa.String(32), nullable=False),  # exact text: SQLite has no decimals
    sa.Column("category", sa.String(64), nullable=False),
    sa.Column("region", sa.String(16), nullable=False),
    sa.Column("postal_prefixes", Wire(tuple[str, ...]), nullable=False),
    sa.Column("except_postal_prefixes", Wire(tuple[str, ...]), nullable=False),
    sa.Column("order", sa.Integer, nullable=False),
    sa.Column("compound", sa.Boolean, nullable=False),
    sa.Column("starts_at", UtcDateTime),
    sa.Column("ends_at", UtcDateTime),
)

_FIELDS = tuple(column.name for column in tax_rates.columns if column.name != "rate")


class SqlTaxRates:
    """The table of rates."""

    _of = sa.select(tax_rates).where(tax_rates.c.country == sa.bindparam("_country")).order_by(tax_rates.c.id)
    _near = _of.where(tax_rates.c.region.in_(["", sa.bindparam("_region")]))
    _delete = sa.delete(tax_rates).where(tax_rates.c.id.in_(sa.bindparam("_ids", expanding=True)))

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, rates: Sequence[TaxRate]) -> None:
        """Store rates, replacing those with the same id."""
        if rates:
            self.remove([rate.id for rate in rates])
            self._session.execute(
                sa.insert(tax_rates),
                [{"rate": str(rate.rate), **{name: getattr(rate, name) for name in _FIELDS}} for rate in rates],
            )

    def remove(self, ids: Sequence[str]) -> None:
        """Forget rates."""
        for start in range(0, len(ids), 500):  # a statement has room for a limited number of parameters
            self._session.execute(self._delete, {"_ids": list(ids[start : start + 500])})

    def of(self, country: str, region: str | None = None) -> Sequence[TaxRate]:
        """All rates of a country, by id; with a region, only its own and those of the whole country."""
        query = self._of if region is None else self._near
        rows = self._session.execute(query, {"_country": country, "_region": region}).mappings()
        return [TaxRate(rate=Decimal(row["rate"]), **{name: row[name] for name in _FIELDS}) for row in rows]


class Unit:
    """One transaction of the tax module."""

    def __init__(self, session: Session) -> None:
        self.rates = SqlTaxRates(session)
