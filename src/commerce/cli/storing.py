"""Commands about storage, and the shop that the others work on."""

import time
from pkgutil import resolve_name

import click
import sqlalchemy as sa
from attrs import define

from commerce.adapters.sql import SqlStorage
from commerce.app import Commerce
from commerce.kernel import InvalidValue, Misconfigured

__all__ = ["StorageUnreachable", "migrate", "open_storage", "storage_option", "work"]

storage_option = click.option(
    "--storage",
    "url",
    required=True,
    metavar="URL",
    help="Where the shop is kept: sqlite:///shop.db or postgresql+psycopg://user@host/shop",
)


@define(kw_only=True, slots=False)
class StorageUnreachable(Misconfigured):
    """The database cannot be opened with this URL."""

    message = "cannot open the storage ({reason}): check the URL, such as sqlite:///shop.db"
    reason: str


def open_storage(url: str, *, migrate: bool = False) -> SqlStorage:
    """The storage behind a URL, migrated if wanted. Raises `StorageUnreachable`."""
    try:
        storage = SqlStorage(url)
        if migrate:
            storage.migrate()
        else:
            with storage.engine.connect():
                pass
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise StorageUnreachable(reason=str(error).splitlines()[0]) from error
    except sa.exc.DBAPIError as error:
        # The driver's text may hold the password of the URL: its kind is enough.
        raise StorageUnreachable(reason=type(error.orig).__name__) from error
    return storage


@click.command()
@storage_option
def migrate(url: str) -> None:
    """Bring the tables of a database to this release, from empty or from an earlier one."""
    open_storage(url, migrate=True).close()
    click.echo("the database is ready")


@click.command()
@click.option(
    "--shop",
    "path",
    required=True,
    metavar="MODULE:NAME",
    help="The function of yours that builds the shop, such as host.shop:build",
)
@click.option("--every", default=1.0, show_default=True, metavar="SECONDS", help="How long to rest between rounds.")
@click.option("--once", is_flag=True, help="Do one round and end.")
def work(path: str, every: float, *, once: bool) -> None:
    """Do what is due: deliver events, take up interrupted orders, settle payments, sweep expired holds.

    The worker needs the shop that the host has: its gateways, carriers, hooks, secret and settings.
    """
    with _shop(path) as shop:
        while True:
            report = shop.timers.run()
            if once:
                click.echo(str(report))
                return
            time.sleep(every)


def _shop(path: str) -> Commerce:
    try:
        shop = resolve_name(path)()
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidValue(field="shop", reason=f"{path} cannot be imported ({error}): use MODULE:NAME") from error
    if not isinstance(shop, Commerce):
        raise InvalidValue(field="shop", reason=f"{path}() gives a {type(shop).__name__}, not a Commerce")
    return shop
