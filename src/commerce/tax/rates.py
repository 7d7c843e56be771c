"""Standard VAT rates to begin with: a quick start, not tax advice.

Standard rates of the EU member states as listed by the European Commission (Taxes in
Europe Database, state of January 2026: Estonia 24 % since July 2025, Romania 21 % since
August 2025, Slovakia 23 % since January 2025), and of Great Britain (VAT Act 1994, s. 2).
Monaco is taxed as France (article 7 of 2006/112/EC). Reduced rates depend on the product and
are for the shop to state, and so are the rates of parts of a member state that have their own
(the Azores and Madeira, Jungholz and Mittelberg, some Greek islands). Territories of member
states where the VAT directive does not hold (article 6: the Canary Islands,
Ceuta and Melilla, the French overseas departments and territories, Helgoland, Büsingen,
Livigno, Campione d'Italia, Åland, Mount Athos) are left out, by their postal codes: what is
charged there is for the shop to state.
"""

from decimal import Decimal

from commerce.tax.model import TaxRate

__all__ = ["EU_COUNTRIES", "OUTSIDE_VAT_AREA", "standard_rates"]

_PERCENT = {
    "AT": "20", "BE": "21", "BG": "20", "CY": "19", "CZ": "21", "DE": "19", "DK": "25", "EE": "24", "ES": "21",
    "FI": "25.5", "FR": "20", "GR": "24", "HR": "25", "HU": "27", "IE": "23", "IT": "22", "LT": "21", "LU": "17",
    "LV": "21", "MT": "18", "NL": "21", "PL": "23", "PT": "23", "RO": "21", "SE": "25", "SI": "22", "SK": "23",
}  # fmt: skip

#: The member states of the European Union, ISO 3166-1 alpha-2.
EU_COUNTRIES = frozenset(_PERCENT)

#: Postal prefixes of the territories that article 6 takes out of the VAT area.
OUTSIDE_VAT_AREA = {
    "DE": ("27498", "78266"),
    "ES": ("35", "38", "51", "52"),
    "FI": ("22",),
    "FR": ("971", "972", "973", "974", "975", "976", "977", "978", "984", "986", "987", "988"),
    "GR": ("63086", "63087"),
    "IT": ("22061", "23041"),
}


def standard_rates() -> tuple[TaxRate, ...]:
    """One standard rate for each EU member state, for Monaco and for Great Britain."""
    percents = _PERCENT | {"GB": "20", "MC": _PERCENT["FR"]}
    return tuple(
        TaxRate(
            id=f"vat-{country.lower()}",
            name="VAT",
            country=country,
            rate=Decimal(percent) / 100,
            except_postal_prefixes=OUTSIDE_VAT_AREA.get(country, ()),
        )
        for country, percent in sorted(percents.items())
    )
