"""The other side of ``benchmarks/pricing.py``: django-oscar, in its own environment, over its own SQLite file.

Started by that script. Reads one JSON command a line from standard input, answers with one JSON line:

* ``{"do": "fill", "categories": 20, "lines": 50, "promotions": 20}``: a basket and as many offers in a fresh database;
* ``{"do": "run", "how": "stored", "seconds": 2}``: applies offers again and again, says how long that took
  and what each line lost; ``stored`` reads basket and offers from the database each time, ``ready`` keeps them.
"""
# ruff: noqa: T201 - a script that answers on standard output

import json
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command


def configure(database: Path) -> None:
    """Oscar as its documentation sets it up, with SQLite and without a web server."""
    from oscar import defaults

    apps = [
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.sites",
        "django.contrib.messages",
        "django.contrib.flatpages",
        "oscar.config.Shop",
        "oscar.apps.analytics.apps.AnalyticsConfig",
        "oscar.apps.checkout.apps.CheckoutConfig",
        "oscar.apps.address.apps.AddressConfig",
        "oscar.apps.shipping.apps.ShippingConfig",
        "oscar.apps.catalogue.apps.CatalogueConfig",
        "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
        "oscar.apps.communication.apps.CommunicationConfig",
        "oscar.apps.partner.apps.PartnerConfig",
        "oscar.apps.basket.apps.BasketConfig",
        "oscar.apps.payment.apps.PaymentConfig",
        "oscar.apps.offer.apps.OfferConfig",
        "oscar.apps.order.apps.OrderConfig",
        "oscar.apps.customer.apps.CustomerConfig",
        "oscar.apps.search.apps.SearchConfig",
        "oscar.apps.voucher.apps.VoucherConfig",
        "oscar.apps.wishlists.apps.WishlistsConfig",
        "oscar.apps.dashboard.apps.DashboardConfig",
        "oscar.apps.dashboard.reports.apps.ReportsDashboardConfig",
        "oscar.apps.dashboard.users.apps.UsersDashboardConfig",
        "oscar.apps.dashboard.orders.apps.OrdersDashboardConfig",
        "oscar.apps.dashboard.catalogue.apps.CatalogueDashboardConfig",
        "oscar.apps.dashboard.offers.apps.OffersDashboardConfig",
        "oscar.apps.dashboard.partners.apps.PartnersDashboardConfig",
        "oscar.apps.dashboard.pages.apps.PagesDashboardConfig",
        "oscar.apps.dashboard.ranges.apps.RangesDashboardConfig",
        "oscar.apps.dashboard.reviews.apps.ReviewsDashboardConfig",
        "oscar.apps.dashboard.vouchers.apps.VouchersDashboardConfig",
        "oscar.apps.dashboard.communications.apps.CommunicationsDashboardConfig",
        "oscar.apps.dashboard.shipping.apps.ShippingDashboardConfig",
        "widget_tweaks",
        "haystack",
        "treebeard",
        "django_tables2",
    ]
    own = {name: getattr(defaults, name) for name in dir(defaults) if name.isupper()}
    settings.configure(
        **own
        | {
            "DEBUG": False,
            "SECRET_KEY": "for a benchmark",
            "SITE_ID": 1,
            "ROOT_URLCONF": "oscar.config",
            "INSTALLED_APPS": apps,
            "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}},
            "HAYSTACK_CONNECTIONS": {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
            "OSCAR_DEFAULT_CURRENCY": "EUR",
            "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
            "USE_TZ": True,
        }
    )
    django.setup()
    call_command("migrate", verbosity=0)


def fill(categories: int, lines: int, promotions: int) -> dict[str, Any]:
    """Products in categories, a basket with all of them, and 5 % off each of some categories."""
    from oscar.core.loading import get_class, get_model

    model = get_model
    call_command("flush", interactive=False, verbosity=0)
    kind = model("catalogue", "ProductClass").objects.create(name="Goods", track_stock=False)
    partner = model("partner", "Partner").objects.create(name="Us")
    roots = [model("catalogue", "Category").add_root(name=f"Category {n}") for n in range(max(categories, promotions))]
    basket = model("basket", "Basket").objects.create()
    basket.strategy = get_class("partner.strategy", "Selector")().strategy()
    for n in range(lines):
        product = model("catalogue", "Product").objects.create(product_class=kind, title=f"Product {n}")
        model("catalogue", "ProductCategory").objects.create(product=product, category=roots[n % categories])
        model("partner", "StockRecord").objects.create(
            product=product,
            partner=partner,
            partner_sku=f"SKU{n}",
            price=Decimal(price(n)) / 100,
            price_currency="EUR",
            num_in_stock=10**6,
        )
        basket.add_product(product, quantity=1 + n % 3)
    for n in range(promotions):
        reach = model("offer", "Range").objects.create(name=f"Range {n}")
        reach.included_categories.add(roots[n])
        model("offer", "ConditionalOffer").objects.create(
            name=f"Offer {n}",
            offer_type="Site",
            condition=model("offer", "Condition").objects.create(range=reach, type="Count", value=1),
            benefit=model("offer", "Benefit").objects.create(range=reach, type="Percentage", value=5),
        )
    return {"basket": basket.id}


def price(n: int) -> int:
    """Cents, as in the other script: 5 % of them are whole cents, since oscar does not round lines."""
    return 1000 + 20 * n


def load(basket_id: int) -> Any:
    """The basket from the database."""
    from oscar.core.loading import get_class, get_model

    basket = get_model("basket", "Basket").objects.get(id=basket_id)
    basket.strategy = get_class("partner.strategy", "Selector")().strategy()
    return basket


def discounts(basket: Any) -> dict[str, int]:
    """Cents off by SKU."""
    return {line.stockrecord.partner_sku: int(line.discount_value * 100) for line in basket.all_lines()}


def run(basket_id: int, how: str, seconds: float) -> dict[str, Any]:
    """As many baskets as fit, at least one."""
    from oscar.apps.offer.applicator import Applicator

    basket, applicator = load(basket_id), Applicator()
    offers = applicator.get_offers(basket)
    done, wall, cpu = 0, time.perf_counter(), time.process_time()
    while not done or time.perf_counter() - wall < seconds:
        if how == "stored":
            basket = load(basket_id)
            applicator.apply(basket)
        else:
            basket.reset_offer_applications()
            applicator.apply_offers(basket, offers)
        done += 1
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"done": done, "wall": wall, "cpu": cpu, "discounts": discounts(basket)}


def main() -> None:
    """Answer commands until there are no more."""
    import oscar

    configure(Path(sys.argv[1]))
    print(json.dumps({"oscar": oscar.get_version(), "django": django.get_version()}), flush=True)
    basket_id = 0
    for line in sys.stdin:
        command = json.loads(line)
        do = command.pop("do")
        if do == "fill":
            answer = fill(**command)
            basket_id = answer["basket"]
        else:
            answer = run(basket_id, **command)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
