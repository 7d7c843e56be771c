"""Use cases of promotions."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from attrs import define, evolve, field, frozen

from commerce.kernel import Clock, InvalidValue, KeyReused, Line, Money, Page, PricedCart, aware, new_id
from commerce.promotions.engine import PromotionBook
from commerce.promotions.errors import LimitReached, UsesNotReserved
from commerce.promotions.events import PromotionChanged
from commerce.promotions.groups import require_one_choice
from commerce.promotions.holds import PromotionHold
from commerce.promotions.model import Promotion
from commerce.promotions.ports import PromotionsUnit
from commerce.promotions.result import PromotionResult
from commerce.promotions.values import (
    BEST_FOR_CUSTOMER,
    Coupon,
    Limits,
    PromotionContext,
    PromotionPolicy,
    PromotionUse,
    normal_code,
)
from commerce.runtime import Begin, HookRelay, retried

__all__ = ["PromotionService"]

#: What generated codes are made of: no letter that can be taken for a digit (32 signs, 5 bits each).
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

#: How many books are kept: of now, of other moments, and with the promotions of codes.
_MOST_BOOKS = 4


@frozen
class _Kept:
    """A book of stored promotions, and for what it serves: one revision, from one start or end to the next."""

    revision: int
    since: datetime | None
    until: datetime | None
    coded: tuple[str, ...]
    promotions: tuple[Promotion, ...]
    book: PromotionBook

    def near(self, revision: int, at: datetime) -> bool:
        """Whether the same automatic promotions run, unchanged."""
        started = self.since is None or self.since <= at
        return self.revision == revision and started and (self.until is None or at < self.until)


@define
class PromotionService:
    """Keep promotions and their codes, price carts with them, and count their uses.

    A use is counted by reserve, commit, release; the check is inside the statement that counts, so a limit
    holds whoever races. Every command happens once per key.
    """

    begin: Begin[PromotionsUnit]
    clock: Clock
    hooks: HookRelay
    policy: PromotionPolicy = BEST_FOR_CUSTOMER
    _kept: tuple[_Kept, ...] = field(default=(), init=False)

    def add(self, promotion: Promotion) -> Promotion:
        """Store a new promotion. Again with the same facts changes nothing; `commerce.kernel.KeyReused` with others.

        Raises `InvalidPromotion` if its group has another choice.
        """
        return retried(lambda: self._add(promotion))

    def _add(self, promotion: Promotion) -> Promotion:
        with self.begin() as uow:
            for known in uow.promotions.these([promotion.id]):
                if not known.alike(promotion):
                    raise KeyReused(key=promotion.id)
                return known
            _require_choice(uow, promotion)
            promotion.take_events()  # of a try that was lost
            promotion.record(PromotionChanged(aggregate_id=promotion.id))
            uow.promotions.add(promotion)
        return promotion

    def change(self, promotion: Promotion) -> Promotion:
        """Store a promotion that was read and changed.

        Raises `InvalidPromotion` if it contradicts itself now, or its group has another choice.
        """
        promotion.require_valid()
        with self.begin() as uow:
            _require_choice(uow, promotion)
            promotion.record(PromotionChanged(aggregate_id=promotion.id))
            uow.promotions.save(promotion)
        return promotion

    def get(self, promotion_id: str) -> Promotion:
        """The promotion, or `PromotionNotFound`."""
        with self.begin() as uow:
            return uow.promotions.get(promotion_id)

    def list(self, *, cursor: str | None = None, limit: int = 50) -> Page[Promotion]:
        """All promotions by id."""
        _require_page(limit)
        with self.begin() as uow:
            found = uow.promotions.after(cursor or "", limit + 1)
        more = len(found) > limit
        return Page(tuple(found[:limit]), next=found[limit - 1].id if more else None)

    def add_code(self, coupon: Coupon) -> Coupon:
        """Let a code stand for a promotion. Again with the same facts changes nothing; `CodeTaken` with others."""
        with self.begin() as uow:
            uow.promotions.get(coupon.promotion_id)
            if coupon not in uow.coupons.these([coupon.code]):
                uow.coupons.add([coupon])
        return coupon

    def add_codes(
        self, promotion_id: str, count: int, *, prefix: str = "", length: int = 10, limit: int = 1
    ) -> tuple[str, ...]:
        """Make unique random codes, each good for ``limit`` uses. Returns them."""
        if count < 1 or length < 8:  # noqa: PLR2004 - 40 bits can no longer be guessed
            raise InvalidValue(field="count, length", reason="make at least 1 code of at least 8 signs")
        codes: set[str] = set()
        while len(codes) < count:
            codes.add(normal_code(prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))))
        made = [Coupon(code=code, promotion_id=promotion_id, limit=limit) for code in sorted(codes)]
        with self.begin() as uow:
            uow.promotions.get(promotion_id)
            uow.coupons.add(made)
        return tuple(coupon.code for coupon in made)

    def codes(self, promotion_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Coupon]:
        """The codes of a promotion."""
        _require_page(limit)
        with self.begin() as uow:
            found = uow.coupons.of(promotion_id, cursor or "", limit + 1)
        more = len(found) > limit
        return Page(tuple(found[:limit]), next=found[limit - 1].code if more else None)

    def disable_code(self, code: str) -> None:
        """Let a code stand for nothing any more. Unknown codes stay unknown."""
        with self.begin() as uow:
            for coupon in uow.coupons.these([normal_code(code)]):
                uow.coupons.replace(evolve(coupon, enabled=False))

    def evaluate(
        self,
        cart: PricedCart,
        context: PromotionContext,
        *,
        drafts: Sequence[Promotion] = (),
        gifts: Callable[[Mapping[str, int]], Mapping[str, Line]] | None = None,
    ) -> PromotionResult:
        """The cart after promotions: the automatic ones and those of the codes entered. Nothing is written.

        ``drafts`` take part as if they were stored (and instead of a stored one with their id): a what-if.
        If running promotions may give something away, ``gifts`` is asked for priced lines: SKU -> most units in,
        SKU -> line out; what it leaves out is not to be had.
        """
        codes = sorted({normal_code(code) for code in context.codes})
        with self.begin() as uow:
            coupons = uow.coupons.these(codes) if codes else ()
            coded = tuple(sorted({coupon.promotion_id for coupon in coupons}))
            book = self._book(uow, context.at, coded, drafts)
            asked = evolve(context, coupons=(*context.coupons, *coupons))
            names = sorted(book.counter_names(asked, cart))
            used = uow.counts.of(names) if names else {}
        if gifts is not None and book.gifts:
            asked = evolve(asked, gifts={**gifts(book.gifts), **context.gifts})
        return book.apply(cart, evolve(asked, used={**used, **context.used}))

    def reapply(self, cart: PricedCart, context: PromotionContext, promotion_ids: Iterable[str]) -> PromotionResult:
        """What just these stored promotions give to a cart, whatever their limits and switches say. Nothing is written.

        For goods that come back: a use that was counted must not stand in its own way.
        """
        with self.begin() as uow:
            found = uow.promotions.these(sorted(set(promotion_ids)))
            coupons = uow.coupons.these(sorted({normal_code(code) for code in context.codes}))
        book = PromotionBook([_unlimited(promotion) for promotion in found], self.policy)
        every = tuple(evolve(coupon, limit=None, enabled=True, starts_at=None, ends_at=None) for coupon in coupons)
        return book.apply(cart, evolve(context, coupons=(*context.coupons, *every)))

    def _book(
        self, uow: PromotionsUnit, at: datetime, coded: tuple[str, ...], drafts: Sequence[Promotion]
    ) -> PromotionBook:
        """The book of what runs at a moment and of what codes stand for; kept until any promotion is changed.

        The revision is read first: what is read after it is of that revision or newer, never older.
        """
        revision, kept = uow.promotions.revision(), self._kept
        near = [one for one in kept if one.near(revision, at)]
        found = next((one for one in near if one.coded == coded), None)
        if found is None:
            found = self._beside(uow, near[0], at, coded) if near else self._read(uow, revision, at, coded)
            self._kept = (found, *(one for one in kept if one.revision == revision))[:_MOST_BOOKS]
        if not drafts:
            return found.book
        stored = {promotion.id: promotion for promotion in found.promotions}
        return PromotionBook({**stored, **{draft.id: draft for draft in drafts}}.values(), self.policy)

    def _read(self, uow: PromotionsUnit, revision: int, at: datetime, coded: tuple[str, ...]) -> _Kept:
        """A new book; promotions that are known in the same version are not read again."""
        since, until = uow.promotions.turns(at)
        running = uow.promotions.running(at, coded)
        known = {(p.id, p.version): p for kept in self._kept for p in kept.promotions}
        missing = [id for id, version in running if (id, version) not in known]
        promotions = [known[key] for key in running if key in known]
        promotions += uow.promotions.these(missing) if missing else ()
        return _Kept(revision, since, until, coded, tuple(promotions), PromotionBook(promotions, self.policy))

    def _beside(self, uow: PromotionsUnit, near: _Kept, at: datetime, coded: tuple[str, ...]) -> _Kept:
        """A book for other codes than the one near by: only what they stand for is read."""
        automatic = [promotion for promotion in near.promotions if promotion.automatic and not promotion.refuses_at(at)]
        missing = sorted(set(coded).difference(promotion.id for promotion in automatic))
        promotions = (*automatic, *(uow.promotions.these(missing) if missing else ()))
        return evolve(near, coded=coded, promotions=promotions, book=PromotionBook(promotions, self.policy))

    def reserve(
        self,
        key: str,
        uses: Sequence[PromotionUse],
        *,
        customer_id: str | None = None,
        expires_at: datetime | None = None,
    ) -> None:
        """Count uses, all or none; again with the same key changes nothing.

        Without ``expires_at`` the holder must commit or release. A released or lapsed key may be reserved anew; a
        live one with other uses is a `commerce.kernel.KeyReused`. Raises `LimitReached`.
        """
        until = None if expires_at is None else aware(expires_at, "expires_at")
        wanted = tuple(sorted(uses, key=lambda use: use.promotion_id))

        def reserve() -> None:
            while True:
                try:
                    return self._reserve(key, wanted, customer_id, until)
                except LimitReached:
                    if not self.expire():
                        raise

        retried(reserve)

    def _reserve(
        self, key: str, wanted: tuple[PromotionUse, ...], customer_id: str | None, expires_at: datetime | None
    ) -> None:
        with self.begin() as uow:
            known = uow.holds.by_key(key)
            if known is not None and known.live(self.clock()):
                if known.uses != wanted:
                    raise KeyReused(key=key)
                return
            hold = known or PromotionHold(id=new_id(), key=key, customer_id=customer_id)
            if known is not None:
                uow.counts.give(known.end(expired=True))
            counted = sorted((c for use in wanted for c in use.counters), key=lambda counter: counter.name)
            full = uow.counts.take(counted) if counted else None
            if full is not None:
                promotion_id = next(use.promotion_id for use in wanted if full in use.counters)
                raise LimitReached(
                    promotion_id=promotion_id, counter=full.name.removeprefix(f"{promotion_id}/").split("/")[0]
                )
            hold.hold(wanted, expires_at)
            (uow.holds.add if known is None else uow.holds.save)(hold)

    def commit(self, key: str) -> None:
        """The uses belong to an order now. Raises `UseExpired` if it is too late."""
        self._change(key, lambda hold: hold.commit(self.clock()))

    def release(self, key: str) -> None:
        """Let go of all uses that still count. Unknown or ended already: nothing happens."""
        self._change(key, lambda hold: hold.end(), known=False)

    def give_back(self, key: str, *, part: str, amounts: Mapping[str, Money] | None = None) -> None:
        """What was taken off comes back with its units, once per ``part``: amounts by promotion id, or all of it.

        Budgets get the amounts; a use may be used again when all of its amount came back.
        """
        self._change(key, lambda hold: hold.give_back(part, amounts), known=False)

    def _change(
        self, key: str, change: Callable[[PromotionHold], Mapping[str, int] | None], *, known: bool = True
    ) -> None:
        return retried(lambda: self._try(key, change, known=known))

    def _try(self, key: str, change: Callable[[PromotionHold], Mapping[str, int] | None], *, known: bool) -> None:
        with self.begin() as uow:
            hold = uow.holds.by_key(key)
            if hold is None:
                if known:
                    raise UsesNotReserved(key=key)
                return
            before = (hold.status, hold.given, hold.left, hold.done)
            steps = change(hold)
            if before != (hold.status, hold.given, hold.left, hold.done):
                uow.holds.save(hold)
                if steps:
                    uow.counts.give(steps)

    def expire(self, limit: int = 1000) -> int:
        """Sweep holds whose time is over; returns how many. They are invalid anyway."""
        now = self.clock()
        with self.begin() as uow:
            keys = uow.holds.lapsed(now, limit)
        for key in keys:
            self._change(key, lambda hold: hold.end(expired=True) if hold.lapsed(now) else None)
        return len(keys)


def _require_page(limit: int) -> None:
    if limit < 1:
        raise InvalidValue(field="limit", reason=f"a page has 1 or more, not {limit}")


def _require_choice(uow: PromotionsUnit, promotion: Promotion) -> None:
    """Refuse another choice than the promotion's group has."""
    group = promotion.stacking.group
    mate = uow.promotions.mate(promotion.phase, group, promotion.id) if group else None
    if mate is not None:
        require_one_choice([promotion, mate])


def _unlimited(promotion: Promotion) -> Promotion:
    """The same promotion, switched on and without limits."""
    free = promotion.snapshot()
    free.enabled, free.limits = True, Limits()
    return free
