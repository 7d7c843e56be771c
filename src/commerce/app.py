"""`Commerce`: one object that wires modules, flows, providers and plugins, each on first use."""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define

from commerce.kernel import QUICK_START, Clock, Misconfigured, RoundingProfile, utc_now
from commerce.kernel import currency as to_currency
from commerce.kernel import time_zone as to_zone
from commerce.runtime import (
    Bus,
    Envelope,
    HookRelay,
    Providers,
    Relay,
    SagaRunner,
    Storage,
    build_hooks,
    load_plugin,
    unit_of_work,
)

if TYPE_CHECKING:
    from commerce.cart import CartService
    from commerce.catalog import CatalogService
    from commerce.customers import CustomerService
    from commerce.flows import Aftersales, Browsing, Checkout, Editing, Fulfillment, Importing, Paying, Quoting, Timers
    from commerce.flows.sagas import Clawing, Refunding
    from commerce.fraud import FraudPolicy, FraudService
    from commerce.inventory import InventoryService
    from commerce.orders import OrderNumbers, OrderService
    from commerce.payments import PaymentGateway, PaymentService
    from commerce.pricing import ConversionPolicy, ExchangeRates, PricingService
    from commerce.promotions import PromotionPolicy, PromotionService
    from commerce.returns import ReturnPolicy, ReturnService
    from commerce.search import SearchEngine, SearchService
    from commerce.shipping import Carrier, ShippingService
    from commerce.tax import SoldAbroad, TaxPolicy, TaxProvider, TaxService
    from commerce.wallet import WalletService

__all__ = ["Commerce", "DuplicateProvider", "PepperMissing"]

T = TypeVar("T")

#: The modules that have hook specifications, each in its file ``hooks``.
_HOOKED = ("cart", "catalog", "fraud", "orders", "payments", "pricing", "promotions", "returns", "shipping")


@define(kw_only=True, slots=False)
class DuplicateProvider(Misconfigured):
    """Two plugins, or a plugin and the host, offer a provider of the same name."""

    message = "two {kind}s are named {name!r}: give one of them another name"
    kind: str
    name: str


@define(kw_only=True, slots=False)
class PepperMissing(Misconfigured):
    """What this part recognises people and codes by was not configured."""

    message = "{purpose} needs a secret: pass pepper=, 32 random bytes or more that never change, to Commerce"
    purpose: str


if TYPE_CHECKING:
    _lazy = cached_property
else:

    class _lazy(cached_property):  # noqa: N801 - reads as the decorator it is
        """A part that is built on first use: once, however many threads ask for it first."""

        def __get__(self, shop: Any, owner: type | None = None) -> Any:
            if shop is None or self.attrname in shop.__dict__:
                return super().__get__(shop, owner)
            with shop.building:
                return super().__get__(shop, owner)


class Commerce:
    """A shop. Ten of them fit in one process: nothing is global, no environment is read.

    ``Commerce()`` alone works, in memory. A host passes what is its own:

    * ``currency`` (ISO 4217), ``country`` of the seller (ISO 3166-1 alpha-2), ``time_zone`` (an IANA name: which day
      and hour it is for promotions and order numbers), ``profile`` of rounding;
    * ``storage`` for everything, ``storages`` for single modules (``{"cart": DjangoStorage()}``);
    * ``plugins``: which installed plugins to load, by name, with their settings; nothing else is loaded;
    * ``hooks``: objects with ``@hookimpl`` methods;
    * ``gateways``, ``carriers``: providers by name, besides those of plugins and the built-in gateway
      ``manual`` and carrier ``flat_rate``;
    * ``search``: an engine; without it the full text of the storage's database, or Whoosh in memory;
    * ``tax_policy``, ``promotion_policy``, ``conversion``: named choices; ``tax_provider`` and ``exchange``:
      taxes and exchange rates from outside; ``sold_abroad``: what a ``tax_policy`` with the EU threshold asks;
    * ``pepper``: a secret of 32 random bytes or more, the same for good: it opens the wallet and the fraud screening
      (by ``fraud_policy``), which recognise codes and people by keyed hashes only;
    * ``clock``, ``numbers`` (order numbers), ``return_policy``, ``cart_lifetime``, ``abandon_after`` (how long a
      checkout waits for its payment);
    * ``inline``: deliver events right after each commit, or leave that to ``timers`` in a worker.

    Modules and flows are attributes: ``shop.cart``, ``shop.catalog``, ``shop.checkout`` …
    """

    def __init__(
        self,
        *,
        currency: str = "EUR",
        country: str = "",
        time_zone: str = "UTC",
        storage: Storage | None = None,
        storages: Mapping[str, Storage] | None = None,
        plugins: Mapping[str, Mapping[str, object]] | None = None,
        hooks: Sequence[object] = (),
        gateways: "Mapping[str, PaymentGateway] | None" = None,
        carriers: "Mapping[str, Carrier] | None" = None,
        search: "SearchEngine | None" = None,
        profile: RoundingProfile = QUICK_START,
        agreed_prices_include_tax: bool = False,
        tax_policy: "TaxPolicy | None" = None,
        tax_provider: "TaxProvider | None" = None,
        sold_abroad: "SoldAbroad | None" = None,
        promotion_policy: "PromotionPolicy | None" = None,
        fraud_policy: "FraudPolicy | None" = None,
        pepper: bytes = b"",
        conversion: "ConversionPolicy | None" = None,
        exchange: "ExchangeRates | None" = None,
        clock: Clock = utc_now,
        numbers: "OrderNumbers | None" = None,
        return_policy: "ReturnPolicy | None" = None,
        cart_lifetime: timedelta = timedelta(days=30),
        abandon_after: timedelta = timedelta(hours=1),
        inline: bool = True,
    ) -> None:
        self.building = RLock()
        self.currency = to_currency(currency).code
        self.country = country
        self.time_zone = to_zone(time_zone)
        self.profile = profile
        self.clock = clock
        self.storage = storage if storage is not None else _in_memory()
        self._storages = dict(storages or {})
        self._plugins = [load_plugin(name, settings) for name, settings in (plugins or {}).items()]
        self._hooks = hooks
        self._gateways = gateways or {}
        self._carriers = carriers or {}
        self._search = search
        self._agreed_prices_include_tax = agreed_prices_include_tax
        self._tax_policy = tax_policy
        self._tax_provider = tax_provider
        self._sold_abroad = sold_abroad
        self._promotion_policy = promotion_policy
        self._fraud_policy = fraud_policy
        self._pepper = pepper
        self._conversion = conversion
        self._exchange = exchange
        self._numbers = numbers
        self._return_policy = return_policy
        self._cart_lifetime = cart_lifetime
        self._abandon_after = abandon_after
        outboxes = {id(one.outbox): one.outbox for one in (self.storage, *self._storages.values())}
        self.relay = Relay(tuple(outboxes.values()), self._deliver, clock, inline=inline)
        if self._plugins or hooks:
            self.hooks  # noqa: B018 - a typing mistake in a plugin fails here and not at checkout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give connections back, where a storage or plugin has any."""
        for part in (self.storage, *self._storages.values(), *self._plugins):
            getattr(part, "close", lambda: None)()

    # -- modules: what happens inside one of them ----------------------------

    @_lazy
    def catalog(self) -> "CatalogService":
        """Products and categories."""
        from commerce.catalog import CatalogService

        return CatalogService(self._begin("catalog"), self.clock, self.hooks)

    @_lazy
    def search(self) -> "SearchService":
        """The search index; `browsing` fills it."""
        from commerce.search import SearchService

        return SearchService(self._search if self._search is not None else _search_of(self.storage))

    @_lazy
    def pricing(self) -> "PricingService":
        """Price lists."""
        from commerce.pricing import PricingService

        return PricingService(
            self._begin("pricing"), self.clock, self.hooks, conversion=self._conversion, exchange=self._exchange
        )

    @_lazy
    def promotions(self) -> "PromotionService":
        """Promotions and codes, their limits and budgets."""
        from commerce.promotions import BEST_FOR_CUSTOMER, PromotionService

        policy = self._promotion_policy or BEST_FOR_CUSTOMER
        return PromotionService(self._begin("promotions"), self.clock, self.hooks, policy)

    @_lazy
    def tax(self) -> "TaxService":
        """Tax rates."""
        from commerce.tax import BY_DESTINATION, TaxService

        return TaxService(
            self._begin("tax"),
            origin=self.country,
            policy=self._tax_policy or BY_DESTINATION,
            provider=self._tax_provider,
            sold_abroad=self._sold_abroad,
        )

    @_lazy
    def cart(self) -> "CartService":
        """Carts."""
        from commerce.cart import CartService

        return CartService(
            self._begin("cart"), self.clock, self.catalog, self.hooks, self.currency, lifetime=self._cart_lifetime
        )

    @_lazy
    def inventory(self) -> "InventoryService":
        """Stock and what is held of it."""
        from commerce.inventory import InventoryService

        return InventoryService(self._begin("inventory"), self.clock)

    @_lazy
    def orders(self) -> "OrderService":
        """Orders."""
        from commerce.orders import DatedNumbers, OrderService

        return OrderService(
            self._begin("orders"), self.clock, self._numbers or DatedNumbers(zone=self.time_zone), self.hooks
        )

    @_lazy
    def payments(self) -> "PaymentService":
        """Payments and their ledgers."""
        from commerce.adapters.manual_gateway import ManualGateway
        from commerce.payments import PaymentService

        offered = [*self.hooks.commerce_payment_gateways(), self._gateways]
        gateways = _named("gateway", {"manual": ManualGateway()}, offered)
        return PaymentService(self._begin("payments"), self.clock, gateways, self.hooks)

    @_lazy
    def shipping(self) -> "ShippingService":
        """Shipping methods and shipments."""
        from commerce.adapters.flat_rate import FlatRateCarrier
        from commerce.shipping import ShippingService

        offered = [*self.hooks.commerce_carriers(), self._carriers]
        carriers = _named("carrier", {"flat_rate": FlatRateCarrier()}, offered)
        return ShippingService(self._begin("shipping"), self.clock, carriers, self.hooks)

    @_lazy
    def customers(self) -> "CustomerService":
        """Customers and their addresses."""
        from commerce.customers import CustomerService

        return CustomerService(self._begin("customers"), self.clock)

    @_lazy
    def returns(self) -> "ReturnService":
        """Returns."""
        from commerce.returns import ReturnPolicy, ReturnService

        return ReturnService(
            self._begin("returns"), self.clock, self.hooks, policy=self._return_policy or ReturnPolicy()
        )

    @_lazy
    def wallet(self) -> "WalletService":
        """Gift cards and store credit. Needs a ``pepper``."""
        from commerce.wallet import WalletService

        return WalletService(self._begin("wallet"), self.clock, self._secret("wallet"))

    @_lazy
    def fraud(self) -> "FraudService":
        """Screening of orders. Needs a ``pepper``."""
        from commerce.fraud import STANDARD, Fingerprints, FraudService

        fingerprints = Fingerprints(self._secret("fraud"))
        return FraudService(self._begin("fraud"), self.clock, self.hooks, fingerprints, self._fraud_policy or STANDARD)

    # -- flows: what crosses modules -----------------------------------------

    @_lazy
    def browsing(self) -> "Browsing":
        """Search with names and prices, and the index behind it."""
        from commerce.flows import Browsing

        return Browsing(self.catalog, self.pricing, self.search, self.clock, self.currency)

    @_lazy
    def importing(self) -> "Importing":
        """Bring products, prices and stock in from another system."""
        from commerce.flows import Importing

        return Importing(self.catalog, self.pricing, self.inventory, self.relay, self.currency)

    @_lazy
    def quoting(self) -> "Quoting":
        """Quotes."""
        from commerce.flows import Quoting, SellingPolicy

        policy = SellingPolicy(
            profile=self.profile,
            country=self.country,
            agreed_prices_include_tax=self._agreed_prices_include_tax,
            time_zone=self.time_zone.key,
        )
        return Quoting(
            self.catalog,
            self.customers,
            self.pricing,
            self.promotions,
            self.shipping,
            self.tax,
            self.inventory,
            self.orders,
            self.clock,
            policy,
        )

    @_lazy
    def checkout(self) -> "Checkout":
        """Quote, place and cancel orders."""
        from commerce.flows import Checkout

        return Checkout(
            self.cart,
            self.inventory,
            self.quoting,
            self.orders,
            self.payments,
            self.wallet if self._pepper else None,
            self.fraud if self._pepper else None,
            self._refunding,
            self.runner,
            self.relay,
        )

    @_lazy
    def editing(self) -> "Editing":
        """Change placed orders, exchange goods."""
        from commerce.flows import Editing
        from commerce.flows.sagas import Balancing

        return Editing(
            self.quoting,
            self.orders,
            self.returns,
            self.payments,
            Balancing(self._refunding, self.returns, self._clawing),
            self.runner,
            self.relay,
        )

    @_lazy
    def fulfillment(self) -> "Fulfillment":
        """Ship orders and note what arrives."""
        from commerce.flows import Fulfillment

        return Fulfillment(self.orders, self.shipping, self.runner, self.relay)

    @_lazy
    def aftersales(self) -> "Aftersales":
        """Take goods back and refund them."""
        from commerce.flows import Aftersales

        return Aftersales(self.orders, self.returns, self._clawing, self.runner, self.relay)

    @_lazy
    def paying(self) -> "Paying":
        """Notices of gateways, and what follows from payments."""
        from commerce.flows import Paying

        return Paying(self.payments, self.orders, self.runner, self.relay)

    @_lazy
    def timers(self) -> "Timers":
        """What is due because time has passed: call ``shop.timers.run()`` every few seconds."""
        from commerce.flows import Timers

        return Timers(
            self.runner,
            self.payments,
            self.inventory,
            self.promotions,
            self.shipping,
            self.wallet if self._pepper else None,
            self.fraud if self._pepper else None,
            self.relay,
            self.clock,
            abandon_after=self._abandon_after,
        )

    # -- wiring ----------------------------------------------------------------

    @_lazy
    def hooks(self) -> HookRelay:
        """Every hook of every module, answered by plugins and the host's own objects."""
        specifications = [import_module(f"commerce.{module}.hooks") for module in _HOOKED]
        return build_hooks(specifications, [*self._plugins, *self._hooks])

    @_lazy
    def runner(self) -> SagaRunner:
        """Runs the business processes over the storage's journal."""
        from commerce.flows.sagas import processes

        return SagaRunner(
            self.storage.sagas,
            self.clock,
            sagas=processes(
                carts=self.cart,
                inventory=self.inventory,
                orders=self.orders,
                payments=self.payments,
                promotions=self.promotions,
                returns=self.returns,
                shipping=self.shipping,
                wallet=self.wallet if self._pepper else None,
                fraud=self.fraud if self._pepper else None,
                refunding=self._refunding,
                clawing=self._clawing,
                journal=self.storage.sagas,
            ),
        )

    @_lazy
    def _refunding(self) -> "Refunding":
        from commerce.flows.sagas import Refunding

        return Refunding(self.payments, self.orders, self.wallet if self._pepper else None)

    @_lazy
    def _clawing(self) -> "Clawing":
        from commerce.flows.sagas import Clawing

        return Clawing(self.promotions, self.customers, self.time_zone.key)

    @_lazy
    def bus(self) -> Bus:
        """Who is told about which event. A host may subscribe its own reactions before the first command."""
        from commerce.flows.reactions import reactions

        return Bus(reactions(self))

    def _secret(self, purpose: str) -> bytes:
        """A secret of its own for each purpose, so that nobody is recognised across modules."""
        if not self._pepper:
            raise PepperMissing(purpose=purpose)
        return hmac.new(self._pepper, purpose.encode(), hashlib.sha256).digest()

    def _begin(self, module: str) -> Callable[[], Any]:
        storage = self._storages.get(module, self.storage)
        return unit_of_work(storage, module, self.clock, self._wants, self.relay.kick)

    def _wants(self, event: str) -> bool:
        return self.bus.wants(event)

    def _deliver(self, envelopes: Sequence[Envelope]) -> Mapping[str, Exception]:
        return self.bus.deliver(envelopes)


def _in_memory() -> Storage:
    from commerce.adapters.memory import MemoryStorage

    return MemoryStorage()


def _search_of(storage: Storage) -> "SearchEngine":
    """Full text where the data is; where it is only in memory, the index is too."""
    engine = getattr(storage, "engine", None)
    if engine is None:
        from commerce.adapters.whoosh import WhooshSearch

        return WhooshSearch()
    from commerce.adapters.sql.search import SqlSearch

    return SqlSearch(engine)


def _named(kind: str, built_in: Mapping[str, T], offered: Sequence[Mapping[str, T]]) -> Providers[T]:
    """All providers of a kind; what a host or plugin offers may replace what is built in, never each other."""
    found: dict[str, T] = {}
    for mapping in offered:
        for name, provider in mapping.items():
            if name in found:
                raise DuplicateProvider(kind=kind, name=name)
            found[name] = provider
    return Providers(kind, {**built_in, **found})
