"""The shop of this process."""

from functools import cache

from django.conf import settings

from basket.storage import DjangoStorage
from commerce import Commerce
from commerce.adapters.sql import SqlStorage


@cache
def the_shop() -> Commerce:
    """Built when it is first asked for: after Django's settings, and after a server has forked."""
    storage = SqlStorage(settings.SHOP_STORAGE)
    return Commerce(
        currency="EUR",
        country="DE",
        storage=storage,
        storages={"cart": DjangoStorage(storage.sagas)},
    )
