"""A service of promotions on any storage, on a clock that tests turn."""

from collections.abc import Callable
from datetime import timedelta

from tests.promotions.carts import NOW

from commerce.promotions import PromotionService, hooks
from commerce.runtime import Storage, build_hooks, unit_of_work


def service_on(storage: Storage, passed: Callable[[], timedelta] = lambda: timedelta(0)) -> PromotionService:
    begin = unit_of_work(storage, "promotions", lambda: NOW + passed(), lambda _: True, lambda: None)
    return PromotionService(begin=begin, clock=lambda: NOW + passed(), hooks=build_hooks([hooks], []))
