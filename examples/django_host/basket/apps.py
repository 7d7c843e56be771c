"""The app."""

from django.apps import AppConfig
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate

from commerce.adapters.sql import SqlStorage


class BasketConfig(AppConfig):
    """Carts of this site."""

    name = "basket"

    def ready(self) -> None:
        """Let ``manage.py migrate`` prepare the shop's own storage too."""
        post_migrate.connect(_migrate_shop, sender=self)


def _migrate_shop(using: str, **_: object) -> None:
    if using == DEFAULT_DB_ALIAS:
        SqlStorage(settings.SHOP_STORAGE).migrate().close()
