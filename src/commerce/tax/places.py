"""Places where tax law and country codes differ."""

from commerce.kernel import Address, postal_key
from commerce.tax.rates import EU_COUNTRIES, OUTSIDE_VAT_AREA

__all__ = ["crosses_borders", "in_eu_vat_area", "reverse_charged", "valid_vat_id"]

#: Goods in Northern Ireland are treated as in a member state (protocol on Ireland/Northern Ireland, article 8), and its
#: VAT ids begin with XI (directive (EU) 2020/1756). Its postal codes begin with BT.
_NORTHERN_IRELAND, _ITS_POSTAL_CODES = "XI", "BT"
#: What goes to or from Monaco goes to or from France (council directive 2006/112/EC, article 7).
_MONACO, _FRANCE = "MC", "FR"


def in_eu_vat_area(address: Address) -> bool:
    """Whether EU VAT law holds there for goods.

    It does in a member state without the territories that article 6 of council directive 2006/112/EC takes out, in
    Monaco, and in Northern Ireland. Territories are told by postal code: an address without one is taken for the rest
    of its country.
    """
    state = _state(address)
    if state == _NORTHERN_IRELAND:
        return True
    outside = OUTSIDE_VAT_AREA.get(state, ())
    return state in EU_COUNTRIES and not postal_key(address.postal_code).startswith(outside)


def crosses_borders(origin: Address | None, destination: Address) -> bool:
    """Whether goods go from one member state of the EU to another, both inside the VAT area."""
    if origin is None or _state(origin) == _state(destination):
        return False
    return in_eu_vat_area(origin) and in_eu_vat_area(destination)


def reverse_charged(origin: Address | None, destination: Address, vat_id: str) -> bool:
    """Whether a business buyer owes the VAT on goods that go there itself.

    True for goods that leave one member state for another, and a well-formed VAT id of the latter (council directive
    2006/112/EC, articles 138 and 196). Whether the number is registered only VIES knows: ask it before relying on it.
    """
    return crosses_borders(origin, destination) and valid_vat_id(vat_id, _state(destination))


def valid_vat_id(vat_id: str, country: str) -> bool:
    """Whether a VAT id has the form and check digits of that member state, or of ``XI`` (python-stdnum)."""
    from stdnum.eu import vat

    prefix = {"GR": "EL"}.get(country, country)
    return vat_id.strip().upper().startswith(prefix) and bool(vat.is_valid(vat_id))


def _state(address: Address) -> str:
    """The member state, or what counts as one."""
    if address.country == _MONACO:
        return _FRANCE
    northern = address.country == "GB" and postal_key(address.postal_code).startswith(_ITS_POSTAL_CODES)
    return _NORTHERN_IRELAND if northern else address.country
