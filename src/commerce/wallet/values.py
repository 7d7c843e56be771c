"""What the wallet is asked with and what it answers, in money."""

from datetime import datetime

from attrs import field, frozen

from commerce.kernel import Money
from commerce.wallet.codes import normal_code
from commerce.wallet.model import Account

__all__ = ["Balance", "IssuedCard", "Liability", "Tender"]


@frozen(kw_only=True)
class Tender:
    """Stored value that somebody wants to pay with: exactly ``amount``, or as much as is there.

    ``instrument`` is a gift card code, ``credit:<customer id>`` or ``account:<account id>``. Only codes may come from a
    shopper as they are: build those with `of_code`, which lets nothing else through.
    """

    instrument: str = field(repr=False)
    amount: Money | None = None

    @classmethod
    def of_code(cls, code: str, amount: Money | None = None) -> "Tender":
        """The gift card with this code, as a person typed it."""
        return cls(instrument=normal_code(code).replace(":", ""), amount=amount)

    @classmethod
    def of_credit(cls, customer_id: str, amount: Money | None = None) -> "Tender":
        """The store credit of a customer who is known to be the one who pays."""
        return cls(instrument=f"credit:{customer_id}", amount=amount)

    @classmethod
    def of_account(cls, account_id: str, amount: Money | None = None) -> "Tender":
        """An account that was recognised before: what a process may store, since it is no code."""
        return cls(instrument=f"account:{account_id}", amount=amount)


@frozen(kw_only=True)
class IssuedCard:
    """A new gift card. The code is told once: a repeated command answers without it."""

    account: Account
    code: str | None = field(repr=False)


@frozen(kw_only=True)
class Balance:
    """What is in an account: to be spent now, later (``pending``), and held for orders in the making.

    ``expires_at`` is when the first of what can be spent expires. A customer without store credit has no ``account``.
    """

    account: Account | None
    available: Money
    pending: Money
    held: Money
    expires_at: datetime | None = None


@frozen(kw_only=True)
class Liability:
    """The books of one kind of account in one currency, from the beginning up to a moment.

    ``liability`` (what is owed) is ``available + held``, and always ``sold + granted - redeemed - breakage``.
    """

    kind: str
    currency: str
    available: Money
    held: Money
    sold: Money
    granted: Money
    redeemed: Money
    breakage: Money

    @property
    def liability(self) -> Money:
        """What the shop owes."""
        return self.available + self.held
