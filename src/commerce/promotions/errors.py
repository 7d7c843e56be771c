"""What can be wrong with promotions and their codes."""

from attrs import define, frozen

from commerce.kernel import Conflict, Invalid, NotFound

__all__ = [
    "CodeTaken",
    "InvalidPromotion",
    "LimitReached",
    "Problem",
    "PromotionNotFound",
    "UseExpired",
    "UsesNotReserved",
]


@frozen
class Problem:
    """One thing wrong with a promotion: where (a path such as ``benefit.tiers[1].start``), and what."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@define(kw_only=True, slots=False)
class InvalidPromotion(Invalid):
    """A promotion contradicts itself; every problem names its place."""

    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, self.problems))


@define(kw_only=True, slots=False)
class PromotionNotFound(NotFound):
    """No promotion has that id."""

    message = "there is no promotion {promotion_id}: add it first"
    promotion_id: str


@define(kw_only=True, slots=False)
class CodeTaken(Conflict):
    """A code stands for one promotion only."""

    message = "code {coupon} exists already: choose another one"
    coupon: str


@define(kw_only=True, slots=False)
class LimitReached(Conflict):
    """Somebody took the last use since the cart was priced."""

    message = "promotion {promotion_id} is used up ({counter}): price the cart again"
    promotion_id: str
    counter: str


@define(kw_only=True, slots=False)
class UsesNotReserved(NotFound):
    """No uses were ever reserved with that key."""

    message = "no uses were reserved with key {key}: reserve first"
    key: str


@define(kw_only=True, slots=False)
class UseExpired(Conflict):
    """The hold of these uses is over, so they may be somebody else's."""

    message = "the uses reserved with key {key} are no longer held: price the cart and reserve again"
    key: str
