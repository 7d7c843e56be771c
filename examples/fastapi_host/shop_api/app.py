"""The application: ``uvicorn --factory shop_api.app:create_app``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from commerce import Commerce
from commerce.adapters.sql import SqlStorage
from shop_api import problems
from shop_api.routes import router


def create_app(shop: Commerce | None = None) -> FastAPI:
    """The application over a shop, which it closes at its end; without one, over ``shop.db`` in this folder."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.shop = shop or build_shop()
        yield
        app.state.shop.close()

    app = FastAPI(title="A shop", lifespan=lifespan)
    app.include_router(router)
    problems.install(app)
    return app


def build_shop() -> Commerce:
    """Where a real host passes its gateways, carriers, plugins, hooks and secret: for requests and for the worker."""
    return Commerce(currency="EUR", country="DE", storage=SqlStorage("sqlite:///shop.db").migrate())
