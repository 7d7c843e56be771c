"""Tax rates in memory."""

from collections.abc import Sequence

from commerce.adapters.memory.storage import MemorySession
from commerce.tax import TaxRate

__all__ = ["Unit"]


class MemoryTaxRates:
    """The rates, by id."""

    def __init__(self, session: MemorySession) -> None:
        self._rows = session.table("tax_rate")

    def put(self, rates: Sequence[TaxRate]) -> None:
        """Store rates, replacing those with the same id."""
        for rate in rates:
            self._rows[rate.id] = rate

    def remove(self, ids: Sequence[str]) -> None:
        """Forget rates."""
        for id in ids:
            del self._rows[id]

    def of(self, country: str, region: str | None = None) -> Sequence[TaxRate]:
        """All rates of a country, by id; with a region, only its own and those of the whole country."""
        found = (rate for rate in self._rows.values() if rate.country == country)
        return sorted(
            (rate for rate in found if region is None or rate.region in ("", region)), key=lambda r: str(r.id)
        )


class Unit:
    """One transaction of the tax module."""

    def __init__(self, session: MemorySession) -> None:
        self.rates = MemoryTaxRates(session)
