"""From the form to the values that pricing, promotions, shipping and tax work on."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from attrs import define, field, frozen

from commerce.adapters.promotion_json import PromotionJson
from commerce.adapters.quote_document.errors import DocumentProblem, InvalidDocument
from commerce.adapters.quote_document.forms import ArticleForm, LineForm, QuoteForm
from commerce.adapters.quote_document.reading import joined
from commerce.kernel import (
    Address,
    CashRounding,
    Currency,
    Invalid,
    InvalidMoney,
    InvalidValue,
    Item,
    Money,
    Price,
    RoundingProfile,
    require_storable,
)
from commerce.kernel import currency as to_currency
from commerce.pricing import PriceBook, PriceContext, PriceEntry, PriceList, require_no_overlap
from commerce.promotions import Coupon, InvalidPromotion, Promotion, PromotionContext, PromotionPolicy
from commerce.shipping import RateBasis, RateTable, RateTier, ShippingMethod
from commerce.tax import TaxPolicy, TaxRate, standard_rates

__all__ = ["Asked", "Tender", "Wish", "build"]

#: Lines times promotions that one document may ask for.
MOST_WORK = 10_000_000


@frozen(kw_only=True)
class Wish:
    """A line as it was asked for; ``price`` if it was agreed."""

    id: str
    item: Item
    quantity: int
    price: Price | None


@frozen(kw_only=True)
class Tender:
    """Stored value that is to pay."""

    kind: str
    amount: Money


@frozen(kw_only=True)
class Asked:
    """Everything that a quote depends on."""

    currency: Currency
    profile: RoundingProfile
    cash: CashRounding | None
    included: bool
    wishes: tuple[Wish, ...]
    gifts: tuple[Wish, ...]
    book: PriceBook
    prices: PriceContext
    promotions: tuple[Promotion, ...]
    policy: PromotionPolicy
    context: PromotionContext
    destination: Address | None
    method: ShippingMethod | None
    rates: tuple[TaxRate, ...]
    tax_policy: TaxPolicy
    origin: Address | None
    vat_id: str
    exempt: str
    sold: tuple[Money, Money] | None
    tenders: tuple[Tender, ...]


def build(form: QuoteForm, promotion_json: PromotionJson, at: datetime | None) -> Asked:
    """The values of a form. Raises `InvalidDocument` with what contradicts."""
    moment = at or form.at
    if moment is None:
        raise InvalidDocument(problems=(DocumentProblem("at", "required: give the moment, or pass it beside"),))
    try:
        code = to_currency(form.currency)
    except InvalidValue as error:
        raise InvalidDocument(problems=(DocumentProblem("currency", error.reason),)) from None
    return _Builder(form, promotion_json, moment, code).asked()


@define
class _Builder:
    form: QuoteForm
    promotion_json: PromotionJson
    at: datetime
    currency: Currency
    problems: list[DocumentProblem] = field(factory=list)

    @contextmanager
    def _in(self, path: str) -> Iterator[None]:
        """Whatever is refused inside is a problem of this place."""
        try:
            yield
        except InvalidPromotion as error:
            self.problems += [DocumentProblem(joined(path, one.path), one.reason) for one in error.problems]
        except InvalidValue as error:
            self.problems.append(DocumentProblem(joined(path, error.field), error.reason))
        except Invalid as error:
            self.problems.append(DocumentProblem(path, str(error)))

    @contextmanager
    def _need(self, path: str) -> Iterator[None]:
        """As `_in`, for what all the rest needs: here it ends, with all problems."""
        with self._in(path):
            yield
        self._require_sound()

    def _require_sound(self) -> None:
        if self.problems:
            raise InvalidDocument(problems=tuple(self.problems))

    def asked(self) -> Asked:
        """All values. First what may be wrong in many places, so that all of them are told at once."""
        form, shop = self.form, self.form.shop
        self._require_bound()
        wishes, gifts = self._wishes(), self._gifts()
        book = PriceBook(self._lists(), self._entries())
        promotions, coupons = self._promotions(), self._coupons()
        rates, tenders = self._rates(), self._tenders()
        self._require_sound()
        destination = (
            None if form.destination is None else self._address("destination", **form.destination.model_dump())
        )
        origin = self._address("shop", country=shop.country, region=shop.region) if shop.country else None
        country = destination.country if destination else shop.country or ""
        with self._need("shop.promotion_policy"):
            policy = PromotionPolicy(**shop.promotion_policy.model_dump())
        with self._need(""):
            context = self._context(country, coupons)
        with self._need("shipping"):
            method = self._method()
        with self._need("shop.tax_policy"):
            tax_policy = self._tax_policy()
        with self._need("tax.sold_abroad"):
            sold = self._sold()
        with self._need("shop.cash_rounding"):
            cash = self._cash()
        return Asked(
            currency=self.currency,
            profile=RoundingProfile(**shop.rounding.model_dump()),
            cash=cash,
            included=shop.prices_include_tax,
            wishes=wishes,
            gifts=gifts,
            book=book,
            prices=PriceContext(
                currency=self.currency, at=self.at, channel=form.channel, country=country, groups=form.customer.groups
            ),
            promotions=promotions,
            policy=policy,
            context=context,
            destination=destination,
            method=method,
            rates=rates,
            tax_policy=tax_policy,
            origin=origin,
            vat_id=form.customer.vat_id,
            exempt=form.customer.exempt,
            sold=sold,
            tenders=tenders,
        )

    def _require_bound(self) -> None:
        work = len(self.form.lines) * len(self.form.promotions)
        if work > MOST_WORK:
            reason = f"{work} pairs of line and promotion are too many: at most {MOST_WORK} are quoted, split them"
            self.problems.append(DocumentProblem("promotions", reason))
            self._require_sound()

    def _address(self, path: str, country: str, region: str, postal_code: str = "") -> Address:
        with self._need(path):
            require_storable("region", region)
            require_storable("postal_code", postal_code)
            return Address(country=country, region=region, postal_code=postal_code)

    def _money(self, amount: str, name: str) -> Money:
        try:
            return Money(amount, self.currency)
        except InvalidMoney as error:
            raise InvalidValue(field=name, reason=f"{amount}: {error.reason}") from None

    def _maybe(self, amount: str | None, name: str) -> Money | None:
        return None if amount is None else self._money(amount, name)

    # what is bought

    def _wishes(self) -> tuple[Wish, ...]:
        lines = self.form.lines
        names = _names(lines)
        found = []
        for n, (name, line) in enumerate(zip(names, lines, strict=True)):
            with self._in(f"lines[{n}]"):
                found.append(self._wish(name, line, line.quantity))
        for n, name in _repeated(names):
            self.problems.append(DocumentProblem(f"lines[{n}].id", f"{name!r} is taken: give each line its own"))
        return tuple(found)

    def _gifts(self) -> tuple[Wish, ...]:
        found = []
        for n, gift in enumerate(self.form.gifts):
            with self._in(f"gifts[{n}]"):
                found.append(self._wish(gift.sku, gift, 1))
        for n, sku in _repeated(gift.sku for gift in self.form.gifts):
            self.problems.append(DocumentProblem(f"gifts[{n}].sku", f"{sku!r} is there already: name each gift once"))
        return tuple(found)

    def _wish(self, id: str, article: ArticleForm, quantity: int) -> Wish:
        price = self._maybe(article.unit_price, "unit_price")
        if price is None and article.per != 1:
            raise InvalidValue(field="per", reason="it belongs to a unit_price: give one, or leave it out")
        facts = article.model_dump(exclude={"id", "quantity", "unit_price", "per"})
        agreed = None if price is None else Price(price, per=article.per)
        return Wish(id=id, item=Item(**facts), quantity=quantity, price=agreed)

    # what it costs

    def _lists(self) -> tuple[PriceList, ...]:
        found = []
        for n, form in enumerate(self.form.price_lists):
            with self._in(f"price_lists[{n}]"):
                facts = form.model_dump(exclude={"prices"})
                facts["name"] = form.name or form.id
                if form.tax_included is None:
                    facts["tax_included"] = self.form.shop.prices_include_tax
                found.append(PriceList(**facts, currency=self.currency.code))
        for n, id in _repeated(form.id for form in self.form.price_lists):
            self.problems.append(DocumentProblem(f"price_lists[{n}].id", f"{id!r} is taken: put all its prices in one"))
        return tuple(found)

    def _entries(self) -> Iterator[PriceEntry]:
        for n, form in enumerate(self.form.price_lists):
            entries = []
            for m, price in enumerate(form.prices):
                with self._in(f"price_lists[{n}].prices[{m}]"):
                    facts = price.model_dump(exclude={"price", "per"})
                    exact = Price(self._money(price.price, "price"), per=price.per)
                    entries.append(PriceEntry(list_id=form.id, price=exact, **facts))
            with self._in(f"price_lists[{n}].prices"):
                require_no_overlap(entries)
                yield from entries

    # what is taken off

    def _promotions(self) -> tuple[Promotion, ...]:
        found = []
        for n, plain in enumerate(self.form.promotions):
            with self._in(f"promotions[{n}]"):
                found.append(self.promotion_json.build(plain))
        for n, id in _repeated(self._promotion_ids()):
            self.problems.append(DocumentProblem(f"promotions[{n}].id", f"{id!r} is taken: give each its own"))
        return tuple(found)

    def _promotion_ids(self) -> list[str | None]:
        """The ids as far as they are any; what is none is told by whoever builds the promotion."""
        ids = [plain.get("id") for plain in self.form.promotions]
        return [id if isinstance(id, str) else None for id in ids]

    def _coupons(self) -> tuple[Coupon, ...]:
        known = set(self._promotion_ids())
        found = []
        for n, form in enumerate(self.form.coupons):
            with self._in(f"coupons[{n}]"):
                if form.promotion_id not in known:
                    raise InvalidValue(
                        field="promotion_id", reason=f"no promotion is called {form.promotion_id!r}: add it"
                    )
                found.append(Coupon(**form.model_dump()))
        for n, code in _repeated(coupon.code for coupon in found):
            self.problems.append(DocumentProblem(f"coupons[{n}].code", f"{code!r} is taken: a code has one promotion"))
        return tuple(found)

    def _context(self, country: str, coupons: tuple[Coupon, ...]) -> PromotionContext:
        form, customer = self.form, self.form.customer
        _require_timezone(form.shop.timezone, self.at)
        return PromotionContext(
            at=self.at,
            channel=form.channel,
            country=country,
            customer_id=customer.id,
            groups=customer.groups,
            segments=customer.segments,
            first_order=customer.first_order,
            codes=tuple(form.codes),
            coupons=coupons,
            shipping_method=form.shipping.method if form.shipping else "",
            payment_method=form.payment_method,
            timezone=form.shop.timezone,
            used=form.used,
            refused_gifts=form.refused_gifts,
            floors={sku: Price(self._money(floor, f"floors.{sku}")) for sku, floor in form.floors.items()},
        )

    # what is added

    def _method(self) -> ShippingMethod | None:
        form = self.form.shipping
        if form is None:
            return None
        if (form.price is None) == (form.table is None):
            raise InvalidValue(field="price", reason="give a price or a table, one of the two")
        price = self._maybe(form.price, "price")
        return ShippingMethod(
            id=form.method,
            names={"en": form.label},
            carrier="",
            currency=self.currency.code,
            rates=self._table() if price is None else RateTable.flat(price),
            free_above=self._maybe(form.free_above, "free_above"),
            handling_fee=self._maybe(form.handling_fee, "handling_fee"),
            tax_category=form.tax_category,
        )

    def _table(self) -> RateTable:
        form = self.form.shipping.table if self.form.shipping else None
        assert form is not None  # noqa: S101 - it is asked where there is no price
        tiers = []
        for n, tier in enumerate(form.tiers):
            place, amount = f"table.tiers[{n}]", tier.up_to_amount
            if amount is not None and (form.basis is not RateBasis.VALUE or tier.up_to is not None):
                raise InvalidValue(field=f"{place}.up_to_amount", reason="only for basis value, and instead of up_to")
            if tier.up_to is not None and form.basis is RateBasis.VALUE:
                raise InvalidValue(field=f"{place}.up_to", reason="basis value has amounts: use up_to_amount")
            tiers.append(
                RateTier(
                    price=self._money(tier.price, f"{place}.price"),
                    up_to=tier.up_to if amount is None else self._money(amount, f"{place}.up_to_amount").minor,
                    step=tier.step,
                    step_price=self._maybe(tier.step_price, f"{place}.step_price"),
                )
            )
        return RateTable(basis=form.basis, divisor=form.divisor, tiers=tuple(tiers))

    def _rates(self) -> tuple[TaxRate, ...]:
        rates = {rate.id: rate for rate in standard_rates()} if self.form.tax.standard_rates else {}
        for n, form in enumerate(self.form.tax.rates):
            with self._in(f"tax.rates[{n}]"):
                rates[form.id] = TaxRate(**form.model_dump())
        for n, id in _repeated(form.id for form in self.form.tax.rates):
            self.problems.append(DocumentProblem(f"tax.rates[{n}].id", f"{id!r} is taken: give each rate its own"))
        return tuple(rates.values())

    def _tax_policy(self) -> TaxPolicy:
        form = self.form.shop.tax_policy
        threshold = self._maybe(form.distance_selling, "distance_selling")
        return TaxPolicy(**{**form.model_dump(), "distance_selling": threshold})

    def _sold(self) -> tuple[Money, Money] | None:
        form = self.form.tax.sold_abroad
        if form is None:
            return None
        return self._money(form.this_year, "this_year"), self._money(form.last_year, "last_year")

    # what pays

    def _tenders(self) -> tuple[Tender, ...]:
        found = []
        for n, form in enumerate(self.form.tenders):
            with self._in(f"tenders[{n}]"):
                found.append(Tender(kind=form.kind, amount=self._money(form.amount, "amount")))
        return tuple(found)

    def _cash(self) -> CashRounding | None:
        form = self.form.shop.cash_rounding
        if form is None:
            return None
        return CashRounding(name="cash", step=self._money(form.step, "step"), rounding=form.rounding)


def _names(lines: list[LineForm]) -> list[str]:
    """The id of each line. Who has none is called by its SKU, numbered by what it says, not by where it stands."""
    unnamed: dict[str, list[int]] = {}
    names = []
    for n, line in enumerate(lines):
        names.append(line.id or line.sku)
        if line.id is None:
            unnamed.setdefault(line.sku, []).append(n)
    for sku, places in unnamed.items():
        ranked = sorted(places, key=lambda n: _said(lines[n])) if len(places) > 1 else places
        for number, n in enumerate(ranked[1:], 2):
            names[n] = f"{sku}/{number}"
    return names


def _said(line: LineForm) -> str:
    plain: Mapping[str, object] = line.model_dump()
    return repr([(name, sorted(v) if isinstance(v, frozenset) else v) for name, v in sorted(plain.items())])


def _repeated(names: Iterable[str | None]) -> Iterator[tuple[int, str]]:
    """Those that occurred before, and where."""
    seen: set[str] = set()
    for n, name in enumerate(names):
        if name is None:
            continue
        if name in seen:
            yield n, name
        seen.add(name)


def _require_timezone(name: str, at: datetime) -> None:
    try:
        at.astimezone(ZoneInfo(name))
    except OverflowError:
        raise InvalidValue(field="at", reason=f"the calendar ends before it is {at} in {name}") from None
    except (KeyError, ValueError, OSError):
        raise InvalidValue(
            field="shop.timezone", reason=f"{name!r} is no IANA time zone: Europe/Berlin is one"
        ) from None
