"""Which lots are spent: pure functions over any unit, for cards, credit and points alike."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from attrs import evolve, frozen

from commerce.wallet.model import Draw, Hold, Lot, StatementLine, Transaction, Wish

__all__ = ["Standing", "draw", "soonest_first", "spendable", "standing", "statement", "sums_by_lot"]

_NEVER = datetime.max.replace(tzinfo=UTC)


def soonest_first(lots: Iterable[Lot], at: datetime) -> list[Lot]:
    """The lots that may be spent, soonest to expire first; of equals the older one."""
    usable = (lot for lot in lots if lot.left and lot.active(at))
    return sorted(usable, key=lambda lot: (lot.expires_at or _NEVER, lot.active_from, lot.id))


def spendable(lots: Iterable[Lot], at: datetime) -> int:
    """How many units may be spent."""
    return sum(lot.left for lot in lots if lot.active(at))


def draw(wishes: Sequence[Wish], lots: Sequence[Lot], limit: int, at: datetime) -> list[tuple[Wish, list[Draw]]]:
    """Take at most ``limit`` units, wish by wish in their order; a wish that is not needed takes nothing.

    A wish gets what is there. Whether that is enough is for the caller to say.
    """
    left = {lot.id: lot.left for lot in lots}
    ordered = soonest_first(lots, at)
    answers, open = [], limit
    for wish in wishes:
        wanted = open if wish.amount is None else min(open, wish.amount)
        taken = []
        for lot in ordered:
            units = min(left[lot.id], wanted) if lot.account_id == wish.account_id else 0
            if units:
                taken.append(Draw(account_id=wish.account_id, kind=wish.kind, lot_id=lot.id, amount=units))
                left[lot.id] -= units
                wanted -= units
                open -= units
        answers.append((wish, taken))
    return answers


def sums_by_lot(draws: Iterable[Draw]) -> Mapping[str, int]:
    """Units by lot, in the order of lots."""
    units: dict[str, int] = {}
    for one in draws:
        units[one.lot_id] = units.get(one.lot_id, 0) + one.amount
    return dict(sorted(units.items()))


@frozen(kw_only=True)
class Standing:
    """What an account comes to at a moment, in units: to be spent now, later, and held."""

    available: int = 0
    pending: int = 0
    held: int = 0
    expires_at: datetime | None = None


def standing(lots: Sequence[Lot], holds: Iterable[Hold], at: datetime) -> Standing:
    """Count all lots of one account; what lapsed holds still keep of them counts as free."""
    freed: dict[str, int] = {}
    held = 0
    mine = {lot.id for lot in lots}
    for hold in holds:
        own = [one for one in hold.draws if one.lot_id in mine]
        if not hold.lapsed(at):
            held += sum(one.amount for one in own)
            continue
        for one in own:
            freed[one.lot_id] = freed.get(one.lot_id, 0) + one.amount
    whole = [evolve(lot, left=lot.left + freed.get(lot.id, 0)) for lot in lots]
    return Standing(
        available=spendable(whole, at),
        pending=sum(lot.left for lot in whole if lot.active_from > at),
        held=held,
        expires_at=next((lot.expires_at for lot in soonest_first(whole, at)), None),
    )


def statement(account_id: str, transactions: Iterable[Transaction]) -> list[StatementLine]:
    """The lines of one account, with what was in it after each."""
    lines, balance = [], 0
    for one in transactions:
        amount = sum(posting.amount for posting in one.postings if posting.account_id == account_id)
        balance += amount
        lines.append(
            StatementLine(
                transaction_id=one.id,
                kind=one.kind,
                at=one.at,
                amount=amount,
                balance=balance,
                unit=one.postings[0].unit,
                reference=one.reference,
                reason=one.reason,
            )
        )
    return lines
