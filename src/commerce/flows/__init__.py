"""Business processes over several modules: each reads like the business, each step has its undo."""

from commerce.flows.aftersales import Aftersales
from commerce.flows.browsing import Browsing, Listing, Shelf
from commerce.flows.checkout import BuyerFacts, Checkout, Placement
from commerce.flows.editing import Editing, EditPreview, NewUnits, OrderEdit
from commerce.flows.errors import (
    CheckoutNotReady,
    DueMoved,
    EditNotReady,
    NothingToShip,
    NotPlacedYet,
    NoWallet,
    PlacementNotFound,
    Problem,
    ProblemKind,
    TotalMoved,
)
from commerce.flows.fulfillment import Fulfillment
from commerce.flows.importing import Article, Importing, ImportSummary
from commerce.flows.paying import Paying
from commerce.flows.quoting import Quote, Quoting, SellingPolicy
from commerce.flows.timers import TimerReport, Timers

__all__ = [
    "Aftersales",
    "Article",
    "Browsing",
    "BuyerFacts",
    "Checkout",
    "CheckoutNotReady",
    "DueMoved",
    "EditNotReady",
    "EditPreview",
    "Editing",
    "Fulfillment",
    "ImportSummary",
    "Importing",
    "Listing",
    "NewUnits",
    "NoWallet",
    "NotPlacedYet",
    "NothingToShip",
    "OrderEdit",
    "Paying",
    "Placement",
    "PlacementNotFound",
    "Problem",
    "ProblemKind",
    "Quote",
    "Quoting",
    "SellingPolicy",
    "Shelf",
    "TimerReport",
    "Timers",
    "TotalMoved",
]
